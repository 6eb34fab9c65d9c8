/* mix - a workload as laws: what `cgnsim fit` finds behind a trace, and the `mix`
 * source plays for any number of subscribers. docs/formats.md describes the file.
 *
 * Laws are those of a scenario; where they do not stand for durations a number
 * counts what it is a law of (sockets a day, mean gaps, flows of a socket). */
#ifndef TRAFFIC_MIX_H
#define TRAFFIC_MIX_H

#include "sim/base/distribution.h"
#include "sim/base/packet.h"
#include "sim/base/params.h"
#include "traffic/servers.h"

#define MIX_VERSION 1

struct mix_ends {          /* how flows end, each relative to the others */
	double fin, half, reset, silent, unanswered;
};

struct mix_protocol {
	double share;              /* of the sockets, relative to the others */
	struct distribution fan_out;   /* flows of a socket, rounded up */
	struct distribution spacing;   /* s, from one flow of a socket to the next */
	struct distribution duration;  /* s, of a flow */
	double well_known;         /* share of the flows that go to ports below 1024 */
	struct mix_ends ends;
};

struct mix_capture {       /* what stands behind the mix; 0: nobody knows */
	int64_t duration_ns;
	uint32_t hosts;
};

struct mix {
	char *path;                    /* of the file */
	uint32_t version;
	struct mix_capture capture;
	struct distribution sockets_per_day; /* over subscribers */
	struct distribution gaps;      /* between a subscriber's sockets, in units of its mean gap */
	struct mix_protocol protocols[PROTO_COUNT];
	struct servers destinations;
};

struct mix_config {        /* of the source */
	double active_share;
	struct mix mix;
};

extern const struct param mix_params[]; /* of struct mix */

#endif
