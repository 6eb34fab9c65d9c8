#include "traffic/socket_ports.h"

bool socket_ports_enter(struct socket_ports *p, int64_t ends[SOCKET_CHUNKS], int64_t now_ns)
{
	ends[p->chunk] = p->latest_ns;
	for (unsigned i = 1; i <= SOCKET_CHUNKS; i++) {
		unsigned chunk = (p->chunk + i) % SOCKET_CHUNKS;

		if (ends[chunk] < now_ns) {
			p->chunk = (uint16_t)chunk;
			p->port = 0;
			p->latest_ns = NS_NONE;
			return true;
		}
	}
	return false;
}
