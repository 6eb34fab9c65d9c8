/* A random packet storm: the NAT against its model (model_nat.h), in many small
 * worlds, over every mapping x filtering x pooling combination.
 *
 * CGNSIM_STORM_PACKETS: how many in all, 10^6 if it is not set.
 * CGNSIM_STORM_WORLD: only this world, as a difference names it. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/storm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define SEED 4
#define PACKETS_OF_A_WORLD 2500

static struct tally tally;

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static bool play_world(uint64_t world, uint64_t packets)
{
	struct dice dice = dice_of_seed(SEED, world);
	char name[64];

	snprintf(name, sizeof(name), "seed %d, world %llu", SEED, (unsigned long long)world);
	return storm((uint32_t)(world % STORM_COMBINATIONS), packets, &dice, &dice, name, &tally);
}

static void nat_does_as_its_model(void **state)
{
	uint64_t packets = setting("CGNSIM_STORM_PACKETS", 1000000), only = setting("CGNSIM_STORM_WORLD", UINT64_MAX);
	uint64_t worlds = (packets + PACKETS_OF_A_WORLD - 1) / PACKETS_OF_A_WORLD;

	(void)state;
	if (only != UINT64_MAX) {
		assert_true(play_world(only, PACKETS_OF_A_WORLD));
		skip();
	}
	for (uint64_t world = 0; world < worlds; world++)
		assert_true(play_world(world, PACKETS_OF_A_WORLD));
	assert_true(tally.packets >= packets);
	printf("%llu packets in %llu worlds\n", (unsigned long long)tally.packets, (unsigned long long)worlds);
}

static void expect_met(const char *what, const char *which, uint64_t times)
{
	printf("  %-10s %-22s %10llu\n", what, which, (unsigned long long)times);
	if (!times)
		fail_msg("the storm never met %s %s", what, which);
}

/* What other schemes give alone. */
static bool of_session_scheme(int outcome)
{
	return outcome != OUT_BLOCK_LIMIT && outcome != OUT_RANGE_FULL && outcome != OUT_NO_BLOCK &&
	       outcome != OUT_TRIES_EXHAUSTED;
}

/* A storm that does not reach a branch proves nothing of it. */
static void storm_met_everything(void **state)
{
	static const struct { int kind; const char *name; } events[] = {
		{ NAT_MAPPING_CREATED, "mapping created" }, { NAT_MAPPING_ENDED, "mapping ended" },
		{ NAT_PORT_RELEASED, "port released" },     { NAT_SESSION_CREATED, "session created" },
		{ NAT_SESSION_ENDED, "session ended" },     { NAT_REFUSED, "refused" },
		{ NAT_NOTICE, "notice" },
	};
	static const char *const ends[] = { "idle", "evicted", "lost" };

	(void)state;
	if (tally.packets < 1000000)
		skip();
	for (int c = 0; c < STORM_COMBINATIONS; c++)
		assert_true(tally.combinations[c] > 0);
	for (int o = 0; o < OUT_COUNT; o++)
		if (of_session_scheme(o))
			expect_met("outcome", outcome_text[o].name, tally.outcomes[o]);
	for (int o = OUT_RATE_LIMIT; o < OUT_COUNT; o++)
		if (of_session_scheme(o))
			expect_met("refusal", outcome_text[o].name, tally.refusals[o]);
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++)
		expect_met("event", events[i].name, tally.events[events[i].kind]);
	for (int i = 0; i <= END_LOST; i++)
		expect_met("end", ends[i], tally.ends[i]);
	for (int i = 0; i < NOTICE_COUNT; i++)
		expect_met("notice", nat_notice_name[i], tally.notices[i]);
	expect_met("datagram", "sent inside", tally.sent_in);
	expect_met("datagram", "sent outside", tally.sent_out);
	expect_met("datagram", "that had waited", tally.fragments_sent);
	expect_met("datagram", "hairpinned", tally.hairpins);
	expect_met("ICMP error", "withheld", tally.icmp_withheld);
	expect_met("number", "not held down", tally.released_at_once);
	expect_met("number", "released early", tally.released_early);
	expect_met("train", "shown", tally.trains);
	expect_met("subscriber", "crowded out", tally.crowded_out);
	expect_met("mappings", "ended together", tally.ties);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nat_does_as_its_model),
		cmocka_unit_test(storm_met_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
