/* The stand where numbers carry several mappings, which no plugin can do: an overloading scheme with one defect is caught
 * by the rule that it breaks, and one without by none. */
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"
#include "sim/study/stand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum defect { NO_DEFECT, SAME_TWICE, HELD_TOO_SOON, REFUSES, OUTSIDE, FAR };

struct state {
	enum defect defect;
	struct ground *ground;
};

static uint32_t found(const struct state *s, const struct request *r, uint32_t slot)
{
	return tuples_find(s->ground->tuples, &(struct tuple){ r->address, slot, r->remote, r->remote_port, r->protocol });
}

static enum outcome alloc(void *state, const struct request *r, struct binding *out)
{
	struct state *s = state;
	uint32_t count = s->ground->slots->count;

	for (int k = 0; s->defect == FAR && k < 5000; k++)
		found(s, r, 0);
	for (out->slot = 0; out->slot < count && found(s, r, out->slot) != TUPLE_FREE; out->slot++)
		if (s->defect == SAME_TWICE || (s->defect == HELD_TOO_SOON && found(s, r, out->slot) == TUPLE_HELD))
			return OUT_CREATED;
	if (s->defect == OUTSIDE)
		out->slot = count;
	else if (out->slot == count || (s->defect == REFUSES && out->slot))
		return OUT_NO_PORT;
	return OUT_CREATED;
}

static bool room(void *state, uint32_t address, enum protocol protocol)
{
	(void)state;
	(void)address;
	(void)protocol;
	return true;
}

static struct allocator create(const void *config, struct ground *ground)
{
	struct state *s = must_alloc(1, sizeof(*s));

	*s = (struct state){ *(const enum defect *)config, ground };
	return (struct allocator){ .room = room, .alloc = alloc, .destroy = free, .overloads = true, .state = s };
}

static const struct scheme_type type = { .name = "overloading", .create = create, .logs_mappings = true };

/* Two mappings towards one remote and one towards another; the first ends, others begin at once; then all that there is. */
static const struct operation list[] = {
	{ .kind = OPERATION_OPEN, .protocol = PROTO_UDP, .port = 5000, .remote = 1, .remote_port = 53 },
	{ .kind = OPERATION_OPEN, .protocol = PROTO_UDP, .port = 5001, .remote = 2, .remote_port = 53, .subscriber = 1 },
	{ .kind = OPERATION_CLOSE, .subscriber = 0 },
	{ .kind = OPERATION_WAIT, .wait_ns = NS_PER_S },
	{ .kind = OPERATION_OPEN, .protocol = PROTO_UDP, .port = 5002, .remote = 1, .remote_port = 53, .subscriber = 1 },
	{ .kind = OPERATION_OPEN, .protocol = PROTO_UDP, .port = 5003, .remote = 1, .remote_port = 53, .subscriber = 1 },
	{ .kind = OPERATION_WAIT, .wait_ns = 200 * NS_PER_S },
	{ .kind = OPERATION_FILL, .protocol = PROTO_UDP, .n = 1000 },
};

static struct finding run(enum defect defect, const struct operation *from, uint64_t checks[RULES])
{
	struct slots *slots = slots_create((struct port_range){ 1024, 1027 }, &(struct port_ranges){ 0 });
	struct scheme_pool pool = { .slots = slots, .addresses = 1, .subscribers = 2 };
	struct stand *s = stand_create(&(struct stand_setup){ .type = &type, .config = &defect, .pool = &pool,
	                                                      .hold_ns = 120 * NS_PER_S });
	struct finding finding;
	bool good = true;

	for (; from < list + sizeof(list) / sizeof(*list) && good; from++)
		good = stand_do(s, from);
	if (good)
		stand_finish(s);
	finding = *stand_finding(s);
	for (int r = 0; r < RULES; r++)
		checks[r] = stand_checks(s)[r];
	stand_destroy(s);
	slots_destroy(slots);
	return finding;
}

static void a_sound_one_is_caught_by_none(void **state)
{
	uint64_t checks[RULES];
	struct finding f = run(NO_DEFECT, list, checks);

	(void)state;
	if (f.is)
		print_error("%s\n", f.text);
	assert_false(f.is);
	assert_true(checks[RULE_ONCE] >= 64); /* four numbers towards each of 16 remotes */
	assert_true(checks[RULE_LOG] >= 64);
	assert_true(checks[RULE_FULL] && checks[RULE_REASON] && checks[RULE_WORK]);
}

static void each_defect_is_caught_by_its_rule(void **state)
{
	static const struct { enum defect defect; const struct operation *from; enum rule_id rule; } rows[] = {
		{ SAME_TWICE, list + 4, RULE_ONCE }, { HELD_TOO_SOON, list, RULE_HOLD_DOWN }, { REFUSES, list, RULE_REASON },
		{ OUTSIDE, list, RULE_POOL }, { FAR, list, RULE_WORK },
	};
	uint64_t checks[RULES];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct finding f = run(rows[i].defect, rows[i].from, checks);

		if (f.rule != rows[i].rule)
			print_error("defect %d: %s\n", (int)rows[i].defect, f.text);
		assert_true(f.is);
		assert_int_equal(f.rule, rows[i].rule);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_one_is_caught_by_none),
		cmocka_unit_test(each_defect_is_caught_by_its_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
