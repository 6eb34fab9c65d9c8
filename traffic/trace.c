/* What a trace must be, whoever wrote it. traffic/trace_file.c has its bytes. */
#include "traffic/trace.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "traffic/trace_file.h"

#define HOSTS_OF_A_HOME 256u /* train.host is a byte */

static bool closed_by_tcp(uint8_t close)
{
	return close == CLOSE_FIN || close == CLOSE_HALF || close == CLOSE_RESET;
}

/* Why a record is not one, or NULL. Trains may outlast the trace (a workload's
 * flows do), but not by more than NS_LONGEST: so no sum of times overflows. */
static const char *record_fault(const struct trace_record *r, int64_t duration_ns)
{
	const struct segment *s = &r->train;
	int64_t latest = duration_ns + NS_LONGEST;
	bool inbound = s->flags & SEG_INBOUND;
	bool answered = s->first_in_ns != NS_NONE;

	if (s->protocol >= PROTO_COUNT)
		return "a protocol beyond the last";
	if (r->close >= CLOSE_COUNT)
		return "a close beyond the last";
	if (r->cut & ~(CUT_BEGIN | CUT_SPLIT))
		return "an unknown cut";
	if (s->start_ns < 0 || s->start_ns > duration_ns)
		return "a start outside the trace";
	if (inbound ? s->last_out_ns != NS_NONE : s->last_out_ns < s->start_ns || s->last_out_ns > latest)
		return "an impossible last outbound time";
	if (answered ? s->first_in_ns < 0 || s->last_in_ns < s->first_in_ns || s->last_in_ns > latest
		     : s->last_in_ns != NS_NONE)
		return "impossible inbound times";
	if (inbound && s->first_in_ns != s->start_ns)
		return "an inbound train that does not start with its first packet";
	if (s->protocol != PROTO_TCP && ((s->flags & ~(SEG_FIRST | SEG_LAST | SEG_INBOUND)) || closed_by_tcp(r->close)))
		return "TCP's marks on another protocol";
	return NULL;
}


/* What is known of a host's flows so far; a flow's number is below the number of
 * its host's records. */
enum { FLOW_UNSEEN, FLOW_OPEN, FLOW_OVER };

static struct trace_fault host_fault(const struct trace *t, const struct trace_host *h, uint8_t *seen,
                               uint64_t flows[PROTO_COUNT])
{
	uint32_t begun = 0;

	memset(seen, FLOW_UNSEEN, h->count);
	for (uint32_t i = 0; i < h->count; i++) {
		const struct trace_record *r = &t->records[h->first + i];
		const char *what = record_fault(r, t->duration_ns);
		uint8_t *state;

		if (!what && i && r->train.start_ns < r[-1].train.start_ns)
			what = "out of order";
		if (!what && r->train.host >= (h->inner_count ? h->inner_count : HOSTS_OF_A_HOME))
			what = "a host beyond the last of its home";
		if (!what && r->train.flow >= h->count)
			what = "a flow's number beyond the number of trains";
		if (what)
			return (struct trace_fault){ what, h->first + i };
		state = &seen[r->train.flow];
		if (r->train.flags & SEG_FIRST ? *state != FLOW_UNSEEN : *state != FLOW_OPEN)
			return (struct trace_fault){ "a flow's trains in disorder", h->first + i };
		if (r->train.flags & SEG_FIRST) {
			flows[r->train.protocol]++;
			begun++;
		}
		*state = r->train.flags & SEG_LAST ? FLOW_OVER : FLOW_OPEN;
	}
	for (uint32_t f = 0; f < begun; f++)
		if (seen[f] == FLOW_UNSEEN)
			return (struct trace_fault){ "a gap in the numbers of the flows", h->first };
	return (struct trace_fault){ 0 };
}

static struct trace_fault trains_fault(const struct trace *t)
{
	uint64_t flows[PROTO_COUNT] = { 0 };
	uint32_t largest = 0;
	uint64_t records = 0;
	struct trace_fault fault = { 0 };
	uint8_t *seen;

	for (uint32_t h = 0; h < t->host_count; h++) {
		must(t->hosts[h].first == records);
		records += t->hosts[h].count;
		if (t->hosts[h].count > largest)
			largest = t->hosts[h].count;
	}
	must(records == t->record_count);
	seen = must_alloc(largest, 1);
	for (uint32_t h = 0; h < t->host_count && !fault.what; h++)
		fault = host_fault(t, &t->hosts[h], seen, flows);
	free(seen);
	if (!fault.what && memcmp(flows, t->flows, sizeof(flows)))
		fault.what = "the flows are not as many as its header says";
	else if (!fault.what && t->peak_flows > flows[0] + flows[1] + flows[2])
		fault.what = "more flows alive at once than there are";
	return fault;
}

static const char *flow6_fault(const struct trace_flow6 *f, int64_t duration_ns)
{
	if (f->protocol >= PROTO_COUNT)
		return "a protocol beyond the last";
	if (f->close >= CLOSE_COUNT || (f->protocol != PROTO_TCP && closed_by_tcp(f->close)))
		return "an impossible close";
	if (f->cut & ~(CUT_BEGIN | CUT_SPLIT))
		return "an unknown cut";
	if (f->first_ns < 0 || f->last_ns < f->first_ns || f->last_ns > duration_ns)
		return "times outside the trace";
	return NULL;
}

/* Homes' lists follow one another, and homes only have one. */
static const char *homes_fault(const struct trace *t)
{
	static const uint8_t none[16] = { 0 };
	uint64_t inner = 0;

	for (uint32_t h = 0; h < t->host_count; h++) {
		const struct trace_host *host = &t->hosts[h];
		bool home = memcmp(host->home, none, sizeof(none)) != 0;

		if (home != (host->inner_count > 0) || host->inner_count > HOSTS_OF_A_HOME)
			return "a home without hosts, hosts without a home, or too many";
		must(!home || host->first_inner == inner);
		inner += host->inner_count;
		if (home && host->address != t->inner[host->first_inner])
			return "a home whose address is not its first host's";
	}
	must(inner == t->inner_count);
	return NULL;
}

struct trace_fault trace_fault(const struct trace *t)
{
	struct trace_fault fault = { .what = homes_fault(t) };

	if (!fault.what)
		fault = trains_fault(t);
	for (uint32_t i = 0; i < t->flow6_count && !fault.what; i++) {
		fault = (struct trace_fault){ flow6_fault(&t->flows6[i], t->duration_ns), i };
		if (!fault.what && i && t->flows6[i].first_ns < t->flows6[i - 1].first_ns)
			fault.what = "IPv6 flows out of order";
	}
	return fault;
}

void trace_destroy(struct trace *t)
{
	if (!t)
		return;
	free(t->hosts);
	free(t->records);
	free(t->inner);
	free(t->flows6);
	free(t);
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Of a start and an end at the same moment the start comes first: spans are closed. */
uint64_t trace_peak(int64_t *first_ns, int64_t *last_ns, size_t n)
{
	uint64_t most = 0;

	if (n) {
		qsort(first_ns, n, sizeof(*first_ns), by_value);
		qsort(last_ns, n, sizeof(*last_ns), by_value);
	}
	for (size_t begun = 0, over = 0; begun < n; begun++) {
		while (last_ns[over] < first_ns[begun])
			over++;
		if (begun + 1 - over > most)
			most = begun + 1 - over;
	}
	return most;
}
