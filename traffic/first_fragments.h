/* first_fragments - what later fragments of a datagram do not say: the ports, which only
 * the first one has. Datagrams in different tunnels are different ones, whatever
 * addresses they have. */
#ifndef TRAFFIC_FIRST_FRAGMENTS_H
#define TRAFFIC_FIRST_FRAGMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "traffic/flows.h"

struct first_fragments; /* opaque */

struct first_fragment {
	uint16_t source_port, destination_port;
	bool     carried; /* the datagram carries a tunnel */
};

struct first_fragments *first_fragments_create(void);
void first_fragments_destroy(struct first_fragments *f); /* NULL is fine */

void first_fragments_add(struct first_fragments *f, const struct wire_packet *p, struct flow_via via, bool carried,
                         int64_t time_ns);

/* The first fragment of a later one's datagram, if it was seen within FRAGMENT_LIFE; valid until the next is added.
 * NULL: it was not. */
const struct first_fragment *first_fragments_find(struct first_fragments *f, const struct wire_packet *p, struct flow_via via,
                                                  int64_t time_ns);

#endif
