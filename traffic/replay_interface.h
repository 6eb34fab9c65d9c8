/* replay_interface - frames onto a network interface, at the pace of their times. */
#ifndef TRAFFIC_REPLAY_INTERFACE_H
#define TRAFFIC_REPLAY_INTERFACE_H

#include "traffic/replay.h"

struct replay_interface; /* opaque */

/* `speed` > 0: 2 sends in half the time. Refuses an interface that is down, and, unless `force`, one that leads out into
 * the world (replay_route.h). NULL with `e` set; EXIT_LACKS if the privilege is missing. */
struct replay_interface *replay_interface_open(const char *name, double speed, bool force, struct err *e);

struct replay_taker replay_interface_taker(struct replay_interface *i);

/* Latest that a frame was sent behind its time. */
int64_t replay_interface_late(const struct replay_interface *i);

void replay_interface_close(struct replay_interface *i); /* NULL is fine */

#endif
