/* replay - a trace as packets: frames in order of time.
 *
 * Each train is sent as its record says: by whom, when first and last, how many
 * packets and bytes each way, SYN, FIN and reset; TCP with sequence numbers that go
 * on from train to train, and nothing sent twice. A trace holds no payload: the
 * bytes are made up. docs/captures.md says what import makes of the packets. */
#ifndef TRAFFIC_REPLAY_H
#define TRAFFIC_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/err.h"
#include "traffic/trace.h"

/* Takes one frame. Times never go back, and count from the trace's first packet. False with `e` set: stop. */
struct replay_taker {
	void *context;
	bool (*frame)(void *context, int64_t time_ns, const uint8_t *bytes, size_t length, struct err *e);
};

struct replay_options {
	int64_t until_ns;          /* nothing later is sent; NS_NEVER: all */
	bool opener_only;          /* private addresses told nothing when the trace was imported, and will not */
	/* If set: called now and then with how much is sent, 0 to 1, and the packets so far. */
	void (*progress)(void *context, double share, uint64_t packets);
	void *progress_context;
};

struct replay_report {
	uint64_t frames, bytes;    /* bytes of frames */
	uint64_t packets[PROTO_COUNT];
	uint64_t packets6;         /* IPv6 flows' */
	uint64_t marks;            /* frames that are no flow's: replay_mark.h, and homes told of */
	uint64_t trains, flows[PROTO_COUNT], flows6; /* begun */
	uint64_t resized;          /* trains whose packets or bytes could not be had as the trace says */
	uint64_t unclosed;         /* flows that will not be seen to end as the trace says */
	uint64_t merged;           /* flows that will be seen as part of another one of their 5-tuple */
	uint64_t seams_lost;       /* gaps of a day whose edges will not be seen as the trace says */
	int64_t  last_ns;          /* of the last frame */
};

bool replay(const struct trace *t, const struct replay_options *options, struct replay_taker taker,
            struct replay_report *report, struct err *e);

#endif
