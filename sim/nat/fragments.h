/* fragments - the rest of a packet takes the ports of its first fragment
 * (RFC 6146 section 3.4): what became of first fragments, and fragments that
 * came before theirs. Bounded in number (NAT_FRAGMENTS_MAX each) and in time. */
#ifndef SIM_NAT_FRAGMENTS_H
#define SIM_NAT_FRAGMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/outcome.h"
#include "sim/base/simtime.h"
#include "sim/nat/nat.h"

/* Of which packet it is a fragment (RFC 791: source, destination, protocol, id; and whose it is). */
struct fragment_key {
	uint32_t source, destination, subscriber; /* UINT32_MAX: from outside */
	uint16_t id;
	uint8_t  protocol, host;
};

/* What became of the first fragment, and so becomes of the rest. */
struct fragment_fate {
	enum outcome outcome;
	uint32_t source, destination;   /* as translated */
	struct nat_path path;
};

struct fragment_train {             /* a packet in fragments */
	struct fragment_key key;
	int64_t  until_ns;
	bool     decided;               /* its first fragment has come */
	struct fragment_fate fate;
};

struct fragment_waiting {
	struct fragment_key key;
	struct datagram datagram;
};

struct fragments {
	struct fragment_train *trains;  /* oldest first */
	uint32_t train_count;
	struct fragment_waiting *waiting; /* in the order in which they came */
	uint32_t waiting_count;
};

void fragments_init(struct fragments *f);
void fragments_clear(struct fragments *f);

/* What the first fragment's fate was; NULL if it has not come, or is forgotten. */
const struct fragment_fate *fragments_fate(const struct fragments *f, const struct fragment_key *key);

/* The first fragment's fate. Its packet is remembered until `until_ns` if it was not known, and if there is room. */
void fragments_decide(struct fragments *f, const struct fragment_key *key, const struct fragment_fate *fate, int64_t until_ns);

/* Keeps a fragment that came before its first. False: no room. */
bool fragments_keep(struct fragments *f, const struct fragment_key *key, const struct datagram *d, int64_t until_ns);

/* Takes the first kept fragment of this packet. False if there is none. */
bool fragments_take(struct fragments *f, const struct fragment_key *key, struct datagram *out);

/* When the oldest packet is forgotten; NS_NEVER if there is none. */
static inline int64_t fragments_next(const struct fragments *f)
{
	return f->train_count ? f->trains[0].until_ns : NS_NEVER;
}

/* Forgets packets that are due. Returns how many kept fragments went with them. */
uint32_t fragments_forget(struct fragments *f, int64_t now_ns);

#endif
