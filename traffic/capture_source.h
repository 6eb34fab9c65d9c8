/* capture_source - what the files of the source `capture` share: capture.c opens a
 * trace and says what it holds, capture_play.c plays it. */
#ifndef TRAFFIC_CAPTURE_SOURCE_H
#define TRAFFIC_CAPTURE_SOURCE_H

#include "sim/base/addr.h"
#include "sim/base/source.h"
#include "traffic/trace.h"

enum { SCALE_REPLAY, SCALE_BOOTSTRAP };
enum { EXTEND_ONCE, EXTEND_LOOP };

struct capture_config {
	char *file;
	int scale;
	int extend;
	double active_share;
	/* of a capture; a trace was imported with its own */
	struct addr_ranges inside;
	bool inside_opener, answered;
	int64_t split_ns;
};

struct source {
	struct trace *trace;
	const struct capture_config *config;
	int64_t length_ns;       /* of a lap */
	uint32_t *host_flows;    /* by host */
	int64_t *before_ns;      /* by record: start of its flow's train before; NS_NONE: there is none */
	int64_t longest_p99_ns;
};

/* Which host a subscriber is, and where it begins; both draws and that of its
 * being active at all are made in any case, so that none depends on what another
 * is for. False: it stays silent. */
bool capture_draw_host(const struct source *s, const struct source_setting *setting, uint32_t subscriber, uint32_t *host,
                       int64_t *phase_ns);

static inline int64_t capture_later(int64_t a, int64_t b)
{
	return a > b ? a : b; /* NS_NONE is less than any time */
}

/* The source's own, as sim/base/source.h has them. */
struct source_stream *capture_stream(const struct source *s, const struct source_setting *setting, uint32_t first,
                                     uint32_t count);
bool capture_next(struct source_stream *st, int64_t until_ns, struct segments *out);
uint64_t capture_left_out(const struct source_stream *st);
void capture_end(struct source_stream *st);

#endif
