/* replay_route - does an interface lead out into the world? The kernel's routes, asked for over rtnetlink. */
#ifndef TRAFFIC_REPLAY_ROUTE_H
#define TRAFFIC_REPLAY_ROUTE_H

#include <stdbool.h>

#include "sim/base/err.h"

/* Do unicast routes to half of all IPv4 addresses or more, or of the IPv6 addresses that are in use (2000::/3), leave by
 * the interface: one, or several together, of whatever table, as any of their next hops? A next hop that the kernel
 * does not name counts. False with `e` set if it cannot be known. */
bool route_leads_out(unsigned interface, bool *out, struct err *e);

#endif
