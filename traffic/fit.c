/* Trains to flows, flows to sockets, sockets to samples. */
#include "traffic/fit.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>

#include "sim/base/must.h"

#define SECONDS_PER_DAY 86400.0

const char *const fit_end_name[FIT_ENDS] = {
	[FIT_FIN] = "fin", [FIT_HALF] = "half", [FIT_RESET] = "reset", [FIT_SILENT] = "silent", [FIT_UNANSWERED] = "unanswered",
};

/* A flow of a host, from its first outbound packet. */
struct flow {
	int64_t  start_ns, end_ns; /* NS_NONE: no outbound packet so far */
	uint32_t remote;
	uint16_t remote_port, port;
	uint8_t  protocol, host;
	uint8_t  close, cut;
	bool     answered, over;   /* over: not censored */
};

struct work {
	const struct trace *trace;
	struct fit *fit;
	struct flow *flows;        /* of one host */
	size_t flow_count;
	double *openings_s;        /* of all hosts, one after the other */
	size_t opening_count;
	struct host_times *hosts;
	uint32_t *remotes;         /* of all flows fitted */
	size_t remote_count;
};

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* One host's flows, by their numbers. */
static void gather(struct work *w, const struct trace_host *h)
{
	w->flow_count = 0;
	for (uint32_t i = h->first; i < h->first + h->count; i++) {
		const struct trace_record *r = &w->trace->records[i];
		struct flow *f = &w->flows[r->train.flow];

		if (r->train.flags & SEG_FIRST) {
			*f = (struct flow){
				.start_ns = NS_NONE, .end_ns = NS_NONE, .remote = r->train.remote, .remote_port = r->train.remote_port,
				.port = r->train.port, .protocol = r->train.protocol, .host = r->train.host, .cut = r->cut,
			};
			w->flow_count = r->train.flow >= w->flow_count ? r->train.flow + 1u : w->flow_count;
		}
		if (f->start_ns == NS_NONE && !(r->train.flags & SEG_INBOUND))
			f->start_ns = r->train.start_ns;
		f->end_ns = later(f->end_ns, later(r->train.last_out_ns, r->train.last_in_ns));
		f->answered |= r->train.first_in_ns != NS_NONE;
		f->close = r->close;
		f->over = !trace_censored(r);
	}
}

/* Ports in order, each port's flows in order of start. Those without a start go first. */
static int by_socket(const void *a, const void *b)
{
	const struct flow *x = a, *y = b;

	if (x->host != y->host)
		return x->host < y->host ? -1 : 1;
	if (x->protocol != y->protocol)
		return x->protocol < y->protocol ? -1 : 1;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

static enum fit_end end_of(const struct work *w, const struct flow *f)
{
	if (!f->answered && !w->fit->one_way)
		return FIT_UNANSWERED;
	switch (f->close) {
	case CLOSE_FIN:
		return FIT_FIN;
	case CLOSE_HALF:
		return w->fit->one_way ? FIT_FIN : FIT_HALF;
	case CLOSE_RESET:
		return FIT_RESET;
	default:
		return FIT_SILENT;
	}
}

static void take_flow(struct work *w, const struct flow *f)
{
	struct fit_protocol *p = &w->fit->protocols[f->protocol];
	double lasted_s = seconds_from_ns(f->end_ns - f->start_ns);

	p->flows++;
	p->well_known += f->protocol != PROTO_ICMP && f->remote_port < 1024;
	w->remotes[w->remote_count++] = f->remote;
	if (f->over)
		p->ends[end_of(w, f)]++;
	if (lasted_s > 0)
		sample_add(&p->duration.sample, lasted_s, f->over ? lasted_s : HUGE_VAL);
	else if (f->over)
		p->instant++;
}

/* Can it be fitted? Else it is counted among what is left out. */
static bool is_whole(struct work *w, const struct flow *f)
{
	struct fit *fit = w->fit;

	fit->flows++;
	if (f->start_ns == NS_NONE)
		fit->inbound_only++;
	else if (f->start_ns < fit->from_ns || (f->protocol == PROTO_TCP && f->cut & CUT_BEGIN))
		fit->began_before++;
	else if (f->start_ns >= fit->to_ns)
		fit->after_the_end++;
	else
		return true;
	return false;
}

/* Two flows of one moment are half of what most captures can tell apart. */
static void add_spacing(struct sample *s, int64_t spacing_ns)
{
	double spacing_s = seconds_from_ns(spacing_ns >= NS_PER_US ? spacing_ns : NS_PER_US / 2);

	sample_add(s, spacing_s, spacing_s);
}

/* A socket's flows; its first decides whether its opening was seen. */
static void take_socket(struct work *w, const struct flow *flows, size_t count)
{
	struct fit_protocol *p = &w->fit->protocols[flows->protocol];
	bool opened = false, over = true;
	int64_t before_ns = NS_NONE;
	size_t fan_out = 0;

	for (size_t i = 0; i < count; i++) {
		bool whole = is_whole(w, &flows[i]);

		if (whole)
			take_flow(w, &flows[i]);
		if (flows[i].start_ns == NS_NONE)
			continue;
		if (!fan_out++)
			opened = whole;
		else if (whole && before_ns >= w->fit->from_ns)
			add_spacing(&p->spacing.sample, flows[i].start_ns - before_ns);
		before_ns = flows[i].start_ns;
		over &= flows[i].over;
	}
	if (!opened)
		return;
	p->sockets++;
	sample_add(&p->fan_out.sample, (double)fan_out - 1, over ? (double)fan_out : HUGE_VAL);
	for (size_t i = 0; i < count; i++)
		if (flows[i].start_ns != NS_NONE) {
			w->openings_s[w->opening_count++] = seconds_from_ns(flows[i].start_ns - w->fit->from_ns);
			break;
		}
}

static bool same_port(const struct flow *a, const struct flow *b)
{
	return a->host == b->host && a->protocol == b->protocol && a->port == b->port;
}

static int by_time(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void take_host(struct work *w, uint32_t which)
{
	size_t first_opening = w->opening_count, begin = 0;
	int64_t end_ns = NS_NONE;

	gather(w, &w->trace->hosts[which]);
	qsort(w->flows, w->flow_count, sizeof(*w->flows), by_socket);
	for (size_t i = 0; i < w->flow_count; i++) {
		const struct flow *f = &w->flows[i];

		if (i > begin && (!same_port(f, f - 1) || (end_ns != NS_NONE && f->start_ns - FIT_SOCKET_OVER > end_ns))) {
			take_socket(w, &w->flows[begin], i - begin);
			begin = i;
			end_ns = NS_NONE;
		}
		if (f->start_ns != NS_NONE)
			end_ns = later(end_ns, f->end_ns);
	}
	if (w->flow_count)
		take_socket(w, &w->flows[begin], w->flow_count - begin);
	w->hosts[which].count = w->opening_count - first_opening;
	qsort(w->openings_s + first_opening, w->hosts[which].count, sizeof(*w->openings_s), by_time);
	w->hosts[which].at_s = w->openings_s + first_opening;
	w->fit->host_rates[which] =
		(double)w->hosts[which].count / seconds_from_ns(w->fit->to_ns - w->fit->from_ns) * SECONDS_PER_DAY;
}

static int by_address(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Addresses become how often each is met. */
static size_t count_remotes(uint32_t *remotes, size_t count)
{
	size_t met = 0;

	qsort(remotes, count, sizeof(*remotes), by_address);
	for (size_t i = 0; i < count;) {
		uint32_t address = remotes[i];
		size_t begin = i;

		while (i < count && remotes[i] == address)
			i++;
		remotes[met++] = (uint32_t)(i - begin);
	}
	return met;
}

static void choose(struct fitted *f, unsigned laws)
{
	sample_settle(&f->sample, FIT_VALUES_MOST);
	law_choose(&f->sample, laws, &f->choice);
}

/* Does any train have packets both ways? */
static bool comes_back(const struct trace *t)
{
	for (uint32_t i = 0; i < t->record_count; i++)
		if (t->records[i].train.first_in_ns != NS_NONE && t->records[i].train.last_out_ns != NS_NONE)
			return true;
	return false;
}

bool fit_trace(const struct trace *t, const char *name, struct fit *out, struct err *e)
{
	struct work w = { .trace = t, .fit = out };
	uint32_t largest = 0;

	*out = (struct fit){ .hosts = t->host_count, .to_ns = t->duration_ns };
	if (!t->record_count)
		return fail(e, "%s: no flow in it crosses from inside to outside: there is nothing to fit", name);
	if (t->duration_ns <= 0)
		return fail(e, "%s: all its packets are of one moment: no rate can be told; a capture of minutes is wanted", name);
	gsl_set_error_handler_off();
	out->from_ns = 2 * t->silence_ns < t->duration_ns ? t->silence_ns : 0;
	out->one_way = !comes_back(t);
	out->host_rates = must_alloc(t->host_count, sizeof(*out->host_rates));
	for (uint32_t h = 0; h < t->host_count; h++)
		largest = t->hosts[h].count > largest ? t->hosts[h].count : largest;
	w.flows = must_alloc(largest, sizeof(*w.flows));
	w.openings_s = must_alloc(t->record_count, sizeof(*w.openings_s));
	w.remotes = must_alloc(t->record_count, sizeof(*w.remotes));
	w.hosts = must_alloc(t->host_count, sizeof(*w.hosts));
	for (uint32_t h = 0; h < t->host_count; h++)
		take_host(&w, h);
	host_fit(w.hosts, t->host_count, seconds_from_ns(out->to_ns - out->from_ns), !t->silence_ns, &out->openings);
	qsort(out->host_rates, t->host_count, sizeof(*out->host_rates), by_time);
	for (int p = 0; p < PROTO_COUNT; p++) {
		choose(&out->protocols[p].duration, LAWS_ALL);
		choose(&out->protocols[p].fan_out, LAWS_ALL);
		out->protocols[p].fan_out.choice.constant = fmax(1, ceil(out->protocols[p].fan_out.choice.constant));
		choose(&out->protocols[p].spacing, LAWS_ALL);
	}
	fit_destinations(w.remotes, count_remotes(w.remotes, w.remote_count), &out->destinations);
	free(w.flows);
	free(w.openings_s);
	out->destination_flows = w.remotes;
	free(w.hosts);
	if (w.opening_count)
		return true;
	fit_clear(out);
	return fail(e, "%s: of none of its flows the beginning was seen: there is nothing to fit", name);
}

void fit_clear(struct fit *f)
{
	host_fit_clear(&f->openings);
	free(f->host_rates);
	free(f->destination_flows);
	for (int p = 0; p < PROTO_COUNT; p++) {
		sample_clear(&f->protocols[p].duration.sample);
		sample_clear(&f->protocols[p].fan_out.sample);
		sample_clear(&f->protocols[p].spacing.sample);
	}
	*f = (struct fit){ 0 };
}
