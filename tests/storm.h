/* storm - random packets to the NAT and to the model of it (model_nat.h), both at
 * the edge of exhaustion; and what the two say, compared after each packet.
 *
 * A world is a small NAT with a random configuration: few addresses, numbers,
 * subscribers and remotes, so that the same ones meet again and again. Times are
 * awkward: at the very nanosecond at which something is due, one before, one after.
 * Everything follows from the dice, so a world can be played again. */
#ifndef TESTS_STORM_H
#define TESTS_STORM_H

#include "sim/base/rng.h"
#include "tests/model_nat.h"

/* Where chance comes from: a generator, or bytes, until they are used up. */
struct dice {
	struct rng rng;
	const uint8_t *bytes;   /* NULL: the generator */
	size_t left;
};

static inline struct dice dice_of_seed(uint64_t seed, uint64_t world)
{
	struct dice d = { .bytes = NULL };

	rng_seed(&d.rng, mix64(mix64(seed, RNG_TEST), world));
	return d;
}

uint32_t dice_below(struct dice *d, uint32_t n);  /* 0 .. n-1 */
static inline bool dice_one_in(struct dice *d, uint32_t n)
{
	return dice_below(d, n) == 0;
}
static inline bool dice_empty(const struct dice *d)
{
	return d->bytes && d->left == 0;
}

#define STORM_COMBINATIONS 27 /* mapping x filtering x pooling */

/* A world's configuration, and what its packets are drawn from. */
struct world {
	struct nat_config config;
	struct exempt exempt[2];
	struct port_range exclude[1];
	struct port_ranges excluded;
	struct model_setup setup;       /* points into this world */
	uint32_t outside[MODEL_ADDRESSES];
	uint8_t hosts, remotes;
	uint32_t inside_ports, remote_ports;
	int64_t gap_ns;                 /* between packets, about */
	uint32_t fragments;             /* one packet in so many is a fragment */
	uint32_t ids;                   /* of fragmented packets */
	uint32_t firsts;                /* one fragment in so many is its packet's first */
	uint32_t inbound_syns;          /* one packet in so many is an unsolicited SYN */
	uint32_t losses;                /* one packet in so many is a loss of state */
	bool trains;                    /* it is shown trains, not datagrams */
};

/* Combination 0 .. 26, the rest by the dice. */
void world_draw(struct world *w, uint32_t combination, struct dice *dice);
void world_print(const struct world *w);

/* What happens next. */
enum step_kind { STEP_OUT, STEP_IN, STEP_TRAIN, STEP_ADVANCE, STEP_LOSE };
struct step {
	int64_t now_ns;
	enum step_kind kind;
	uint32_t subscriber;            /* STEP_OUT */
	uint8_t host;
	struct datagram datagram;
	struct segment train;           /* STEP_TRAIN */
};
void step_draw(struct step *s, const struct world *w, const struct model *m, struct dice *dice);

/* What the storms met. */
struct tally {
	uint64_t packets, combinations[STORM_COMBINATIONS];
	uint64_t outcomes[OUT_COUNT], events[NAT_NOTICE + 1], ends[END_LOST + 1], notices[NOTICE_COUNT],
		refusals[OUT_COUNT];
	uint64_t sent_in, sent_out, icmp_withheld, hairpins, fragments_sent, ties, trains, crowded_out;
	uint64_t released_at_once, released_early; /* numbers, though there is a hold-down */
};

/* A world, drawn with the one dice, of so many packets, drawn with the other (which may be the same), or until those
 * are empty; then all timers run out, and everything must have come back. False, with both sides printed, at the first
 * difference. */
bool storm(uint32_t combination, uint64_t packets, struct dice *of_world, struct dice *dice, const char *name,
           struct tally *tally);

#endif
