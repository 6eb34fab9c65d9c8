/* replay_layout - where the packets of a train lie: which have a time of their own, and how many lie between. */
#ifndef TRAFFIC_REPLAY_LAYOUT_H
#define TRAFFIC_REPLAY_LAYOUT_H

#include "traffic/replay_train.h"

/* Who was answered acknowledges it before either says more, and each FIN is acknowledged, as far as there are
 * packets for it beside those that a silence needs. */
struct manners {
	enum greeting {
		GREETED,        /* at once */
		GREETED_LATE,   /* as late as may be, so that the packet also breaks a silence */
		GREETED_ANYHOW, /* by a packet whose time is settled */
	} greeting;
	bool parted;
};

/* Lays an empty train out: its anchors, packets, SYNs, FINs, and which may carry payload. False if the manners, or
 * the packets that were asked for, cannot be had. */
bool layout_make(struct train_walk *w, const struct train_order *o, struct manners manners);

/* Packets that both ways send between the anchor of that number and the next. */
uint32_t layout_between(const struct train_walk *w, int stretch);

/* From that anchor to the next. */
int64_t layout_length(const struct train_walk *w, int stretch);

#endif
