/* replay_train - one train to packets: when each is sent, by whom, and how much
 * it carries. Pure: the same record gives the same packets.
 *
 * A record has each way's first and last time, packets and bytes. The packets
 * between are put evenly where their way speaks, so that no two of the train that
 * follow one another are SEGMENT_GAP apart. Of TCP, who opened answers the SYN-ACK
 * before either says more, and each of two FINs is acknowledged, where the packets
 * suffice. The bytes of a way are dealt to its packets: TCP's as full segments among
 * empty ones, the others' evenly. */
#ifndef TRAFFIC_REPLAY_TRAIN_H
#define TRAFFIC_REPLAY_TRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/packet.h"

enum way { WAY_OUT, WAY_IN, WAYS };

/* What is asked for. Times NS_NONE and packets 0: the way is silent. */
struct train_order {
	struct {
		int64_t  first_ns, last_ns;
		uint32_t packets;  /* 0 where the way speaks: not known, as few as can be */
		uint64_t bytes;    /* IP bytes of all */
		bool     syn, fin; /* TCP: its first packet is a SYN; it sends a FIN */
		bool     answers;  /* TCP: its SYN acknowledges another */
		bool     asks;     /* TCP: and so are those between: it is not answered */
	} ways[WAYS];
	enum way lead;             /* goes first of two at the same time */
	bool     reset;            /* the train's last packet is one */
	bool     tcp;
	bool     loose;            /* it may be silent for longer: it is a whole flow */
	bool     clustered;        /* packets between are sent with the first ones */
	uint32_t header;           /* bytes of the IP and transport headers, without options */
	uint32_t full, limit;      /* most bytes behind them that a packet should have, and can have */
};

/* A packet to be sent. */
struct train_step {
	int64_t  time_ns;
	enum way way;
	uint32_t index;            /* among its way's packets, from 0 */
	uint32_t payload, options; /* bytes; options: of a SYN */
	bool     syn, fin, reset;
	bool     last;             /* of the train */
};

enum { TRAIN_ANCHORS = 2 * WAYS + 2 };

/* A train under way. */
struct train_walk {
	struct {
		uint32_t packets, sent;
		uint64_t payload;       /* of all, options not counted */
		uint64_t options;       /* of all SYNs */
		uint32_t syns;          /* its first packets */
		uint32_t talk;          /* those after them carry nothing: its FIN was sent */
		uint32_t fin;           /* which one is the FIN, if `fins` */
		uint32_t slots, skip;   /* packets that carry payload, and the first of them */
		uint32_t most;          /* that one carries; 0: evenly dealt */
		bool     fins, reset;
	} ways[WAYS];
	struct anchor {
		int64_t  time_ns;
		enum way way;
	} anchors[TRAIN_ANCHORS];       /* packets whose time is settled, in order: replay_layout.c */
	struct {
		uint32_t packets[WAYS];
	} between[TRAIN_ANCHORS - 1];
	int      anchor_count, anchor;  /* the next one */
	uint32_t step;                  /* of the packets between it and the one before */
	bool     loose, clustered;
};

/* False if the packets or bytes that were asked for cannot be had: there are more of
 * them then, or fewer bytes. */
bool train_begin(struct train_walk *w, const struct train_order *order);

/* The next packet; false: that was all. */
bool train_next(struct train_walk *w, struct train_step *step);

/* Time of the packet that comes next; NS_NEVER: none does. */
int64_t train_time(const struct train_walk *w);

/* Share x of n parts of a whole, exactly. */
uint64_t train_share(uint64_t whole, uint64_t x, uint64_t n);

#endif
