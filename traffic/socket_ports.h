/* socket_ports - inside ports for a host's sockets, none in use twice.
 *
 * Ports run in sequence through 1024..65535 from a random start, so none is met
 * again soon. They are kept in chunks of 1008, and of each chunk only the latest
 * end of a socket is known: a chunk is entered again when all its sockets are
 * over. That is 8 bytes for 1008 ports, looked at once in 1008 sockets; what it
 * costs is that one very long socket keeps its chunk's other ports from use. */
#ifndef TRAFFIC_SOCKET_PORTS_H
#define TRAFFIC_SOCKET_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/rng.h"
#include "sim/base/simtime.h"

enum {
	SOCKET_PORT_FIRST = 1024,
	SOCKET_CHUNKS = 64,
	SOCKET_CHUNK_PORTS = 1008,
	SOCKET_PORTS = SOCKET_CHUNKS * SOCKET_CHUNK_PORTS, /* 1024 .. 65535 */
};

struct socket_ports {
	int64_t latest_ns; /* end of the latest socket from the current chunk */
	uint16_t chunk;    /* current */
	uint16_t port;     /* of the chunk, next to be given */
};

/* `ends`: by chunk, the latest end of its sockets, but for the current chunk's; they lie apart from the rest, being
 * looked at so seldom. */
static inline void socket_ports_begin(struct socket_ports *p, int64_t ends[SOCKET_CHUNKS], struct rng *r)
{
	uint32_t start = rng_below(r, SOCKET_PORTS);

	p->chunk = (uint16_t)(start / SOCKET_CHUNK_PORTS);
	p->port = (uint16_t)(start % SOCKET_CHUNK_PORTS);
	p->latest_ns = NS_NONE;
	for (int i = 0; i < SOCKET_CHUNKS; i++)
		ends[i] = NS_NONE;
}

/* Goes to the next chunk of which every socket is over; false if there is none. */
bool socket_ports_enter(struct socket_ports *p, int64_t ends[SOCKET_CHUNKS], int64_t now_ns);

/* A port for a socket from now_ns to end_ns; false if there is none. */
static inline bool socket_ports_take(struct socket_ports *p, int64_t ends[SOCKET_CHUNKS], int64_t now_ns, int64_t end_ns,
                                     uint16_t *port)
{
	if (p->port == SOCKET_CHUNK_PORTS && !socket_ports_enter(p, ends, now_ns))
		return false;
	if (end_ns > p->latest_ns)
		p->latest_ns = end_ns;
	*port = (uint16_t)(SOCKET_PORT_FIRST + p->chunk * SOCKET_CHUNK_PORTS + p->port++);
	return true;
}

#endif
