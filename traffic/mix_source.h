/* mix_source - what the files of the source `mix` share: mix.c opens a mix and says
 * what it holds, mix_play.c plays it. */
#ifndef TRAFFIC_MIX_SOURCE_H
#define TRAFFIC_MIX_SOURCE_H

#include "sim/base/rng.h"
#include "sim/base/source.h"
#include "traffic/mix.h"

#define MIX_MOMENTS 65536 /* gaps that a first one is drawn from, and sockets that means are taken of */

enum end { END_FIN, END_HALF, END_RESET, END_SILENT, END_UNANSWERED, ENDS };

struct source {
	const struct mix *mix;
	double active_share;
	struct server_alias *servers;
	double shares[PROTO_COUNT];     /* of sockets, cumulative; the last is 1 */
	double ends[PROTO_COUNT][ENDS]; /* of flows, cumulative; the last is 1 */
	double gap_unit;                /* mean of the gaps' law, ns for 1 */
	double *moments;                /* sums of gaps so far, in units of the mean */
	double mean_fan_out;            /* flows of a socket, over protocols */
	int64_t longest_p99_ns;
};

/* The first place whose cumulative share is above a number drawn. */
uint32_t mix_pick(const double *cumulative, uint32_t count, struct rng *r);
uint32_t mix_fan_out(const struct mix_protocol *p, struct rng *r); /* 1 at least */

/* The source's own, as sim/base/source.h has them. */
struct source_stream *mix_stream(const struct source *s, const struct source_setting *setting, uint32_t first, uint32_t count);
bool mix_next(struct source_stream *st, int64_t until_ns, struct segments *out);
uint64_t mix_left_out(const struct source_stream *st);
void mix_end(struct source_stream *st);

#endif
