/* Lists in a process of their own: one whose calls take too long in sum breaks a rule, though each of them ends. */
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"
#include "sim/study/child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

struct state {
	struct ground *ground;
	uint32_t spins;       /* of each call */
	volatile uint32_t spun;
};

static enum outcome alloc(void *state, const struct request *r, struct binding *out)
{
	struct state *s = state;
	struct portset *ports = ground_ports(s->ground, r->address, r->protocol);

	for (uint32_t i = 0; i < s->spins; i++)
		s->spun = s->spun + i;
	out->slot = portset_find(ports, 0, s->ground->slots->count - 1, 0);
	return out->slot == SLOT_NONE ? OUT_NO_PORT : OUT_CREATED;
}

static bool room(void *state, uint32_t address, enum protocol protocol)
{
	struct state *s = state;

	return portset_free(ground_ports(s->ground, address, protocol)) > 0;
}

static struct allocator create(const void *config, struct ground *ground)
{
	struct state *s = must_alloc(1, sizeof(*s));

	s->ground = ground;
	s->spins = *(const uint32_t *)config;
	return (struct allocator){ .room = room, .alloc = alloc, .destroy = free, .state = s };
}

static const struct scheme_type type = { .name = "spinning", .create = create, .logs_mappings = true };

static struct child_answer run(uint32_t spins)
{
	struct slots *slots = slots_create((struct port_range){ 1024, 2047 }, &(struct port_ranges){ 0 });
	struct scheme_pool pool = { .slots = slots, .addresses = 1, .subscribers = 2 };
	struct operations list = { 0 };
	struct child_answer answer;

	operations_make(&list, MIX_FILL, 0, 2, slots->count);
	child_run(&(struct child_setup){ .type = &type, .config = &spins, .pool = &pool, .hold_ns = 120 * NS_PER_S, .limit_s = 60,
	                                 .seconds = 1 }, &list, NULL, &answer);
	free(list.items);
	slots_destroy(slots);
	return answer;
}

static void calls_that_end_are_good(void **state)
{
	struct child_answer a = run(1);

	(void)state;
	assert_false(a.finding.is || a.slow || a.cut);
	assert_true(a.complete);
}

static void calls_that_take_too_long_in_sum_are_not(void **state)
{
	struct child_answer a = run(10000000);

	(void)state;
	assert_true(a.finding.is && a.slow && !a.endless);
	assert_int_equal(a.finding.rule, RULE_WORK);
	assert_true(a.cpu_s > 0.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_that_end_are_good),
		cmocka_unit_test(calls_that_take_too_long_in_sum_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
