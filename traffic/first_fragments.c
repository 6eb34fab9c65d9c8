/* A table of fixed size, by hash: a new first fragment takes the place of an older one
 * with the same. */
#include "traffic/first_fragments.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/rng.h"

#define FRAGMENTS 65536u /* a power of 2 */

/* What fragments of one datagram share; what is not there is 0. */
struct datagram {
	uint8_t  source[16], destination[16];  /* IPv4: the first 4 bytes */
	uint8_t  tunnel_ends[2][16];           /* of its source, of its destination */
	uint32_t identification, tunnel;
	uint32_t protocol, version;
};
_Static_assert(sizeof(struct datagram) == 80, "no padding: it is compared and hashed as bytes");

struct entry {
	struct datagram of;
	int64_t  time_ns;
	bool     used;
	struct first_fragment first;
};

struct first_fragments {
	struct entry *entries; /* NULL until there is one */
};

struct first_fragments *first_fragments_create(void)
{
	return must_alloc(1, sizeof(struct first_fragments));
}

void first_fragments_destroy(struct first_fragments *f)
{
	if (!f)
		return;
	free(f->entries);
	free(f);
}

static struct datagram datagram_of(const struct wire_packet *p, struct flow_via via)
{
	struct datagram d = { .identification = p->identification, .tunnel = (uint32_t)via.tunnel, .protocol = p->protocol,
		              .version = p->version };

	memcpy(d.source, p->version == 6 ? p->source_6 : (const uint8_t *)&p->source, p->version == 6 ? 16 : 4);
	memcpy(d.destination, p->version == 6 ? p->destination_6 : (const uint8_t *)&p->destination, p->version == 6 ? 16 : 4);
	if (via.tunnel == TUNNEL_SOFTWIRE)
		memcpy(d.tunnel_ends, via.ends, sizeof(d.tunnel_ends));
	return d;
}

/* The place of the first fragment's ports. */
static struct entry *entry_of(struct first_fragments *f, const struct datagram *d)
{
	uint64_t words[sizeof(*d) / 8], h = 0;

	memcpy(words, d, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		h = mix64(h, words[i]);
	return &f->entries[h & (FRAGMENTS - 1)];
}

void first_fragments_add(struct first_fragments *f, const struct wire_packet *p, struct flow_via via, bool carried,
                         int64_t time_ns)
{
	struct datagram d = datagram_of(p, via);

	if (!f->entries)
		f->entries = must_alloc(FRAGMENTS, sizeof(*f->entries));
	*entry_of(f, &d) = (struct entry){
		.of = d,
		.time_ns = time_ns,
		.first = { .source_port = p->source_port, .destination_port = p->destination_port, .carried = carried },
		.used = true,
	};
}

const struct first_fragment *first_fragments_find(struct first_fragments *f, const struct wire_packet *p, struct flow_via via,
                                                  int64_t time_ns)
{
	struct datagram d = datagram_of(p, via);
	const struct entry *g = f->entries ? entry_of(f, &d) : NULL;

	if (!g || !g->used || memcmp(&g->of, &d, sizeof(d)) || time_ns - g->time_ns > FRAGMENT_LIFE ||
	    g->time_ns - time_ns > FRAGMENT_LIFE)
		return NULL;
	return &g->first;
}
