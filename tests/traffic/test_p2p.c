/* The p2p source: who runs it, on one port each, how much the peers begin, and
 * that a subscriber does the same whoever else is streamed and however far at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/distribution.h"
#include "sim/base/must.h"
#include "traffic/sources.h"

#include <cmocka.h>

#define HOUR (3600 * NS_PER_S)

static void *field(void *config, const char *name)
{
	for (const struct param *p = source_p2p.params; p->name; p++)
		if (!strcmp(p->name, name))
			return (char *)config + p->offset;
	must(!"a parameter that p2p does not have");
	return NULL;
}

static void *config_of(double share, double inbound, uint32_t peers)
{
	void *config = must_alloc(1, source_p2p.config_size);

	*(double *)field(config, "share") = share;
	*(double *)field(config, "rate_per_day") = 24000;
	*(double *)field(config, "inbound") = inbound;
	*(struct distribution *)field(config, "duration") = (struct distribution){ .kind = DIST_CONSTANT, .value = 30 };
	*(uint32_t *)field(config, "peers") = peers;
	return config;
}

static struct segments stream(const void *config, uint32_t first, uint32_t count, int64_t step_ns)
{
	struct source_setting setting = { .seed = 7, .subscribers = 400, .end_ns = HOUR, .index = 3 };
	struct err e = { 0 };
	struct source *s = source_p2p.open(config, &setting, "$", &e);
	struct source_stream *st = source_p2p.stream(s, &setting, first, count);
	struct segments out = { 0 };

	for (int64_t until = step_ns; source_p2p.next(st, until, &out); until += step_ns)
		;
	assert_int_equal(source_p2p.left_out(st), 0);
	source_p2p.end(st);
	source_p2p.close(s);
	return out;
}

/* A quarter of 400 run it, 1000 sessions an hour each; a third come from the peers. Bounds of four standard deviations. */
static void as_many_as_asked_for(void **state)
{
	void *config = config_of(0.25, 1.0 / 3, 4000);
	struct segments trains = stream(config, 0, 400, HOUR);
	uint32_t active = 0, inbound = 0;
	uint16_t ports[400] = { 0 };

	(void)state;
	for (size_t i = 0; i < trains.count; i++) {
		const struct segment *t = &trains.items[i];

		assert_true(i == 0 || t->start_ns >= trains.items[i - 1].start_ns);
		active += !ports[t->subscriber];
		assert_true(!ports[t->subscriber] || ports[t->subscriber] == t->port); /* one socket */
		ports[t->subscriber] = t->port;
		inbound += (t->flags & SEG_INBOUND) != 0;
		assert_int_equal(t->flags & ~SEG_INBOUND, SEG_FIRST | SEG_LAST);
		assert_int_equal(t->last_out_ns, t->flags & SEG_INBOUND ? NS_NONE : t->start_ns + 30 * NS_PER_S);
		assert_in_range(t->remote, 0xc6120000, 0xc6120000 + 999); /* four peers to an address */
		assert_true(t->port >= 1024 && t->remote_port >= 1024);
		assert_int_equal(t->source, 3);
	}
	assert_in_range(active, 100 - 35, 100 + 35);
	assert_in_range(trains.count, active * 1000 - 4 * 330, active * 1000 + 4 * 330);
	assert_in_range(inbound, trains.count / 3 - 4 * 150, trains.count / 3 + 4 * 150);
	free(trains.items);
	free(config);
}

/* An endpoint is one peer: its port does not change, and an address has up to four. */
static void peers_keep_their_endpoints(void **state)
{
	void *config = config_of(1, 0, 8);
	struct segments trains = stream(config, 0, 2, HOUR);
	uint16_t seen[2][4] = { { 0 } };

	(void)state;
	for (size_t i = 0; i < trains.count; i++) {
		uint16_t *of = seen[trains.items[i].remote - 0xc6120000];
		int k = 0;

		while (k < 4 && of[k] && of[k] != trains.items[i].remote_port)
			k++;
		assert_int_not_equal(k, 4);
		of[k] = trains.items[i].remote_port;
	}
	assert_true(seen[0][3] && seen[1][3]); /* all of them were met */
	free(trains.items);
	free(config);
}

static void alone_as_in_company(void **state)
{
	void *config = config_of(0.5, 0.5, 100);
	struct segments all = stream(config, 0, 20, HOUR), one;
	size_t met = 0;

	(void)state;
	for (uint32_t k = 0; k < 20; k++) {
		size_t at = 0;

		one = stream(config, k, 1, 7 * NS_PER_S);
		for (size_t i = 0; i < all.count; i++)
			if (all.items[i].subscriber == k)
				assert_memory_equal(&all.items[i], &one.items[at++], sizeof(*one.items));
		assert_int_equal(at, one.count);
		met += at;
		free(one.items);
	}
	assert_int_equal(met, all.count);
	free(all.items);
	free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_as_asked_for),
		cmocka_unit_test(peers_keep_their_endpoints),
		cmocka_unit_test(alone_as_in_company),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
