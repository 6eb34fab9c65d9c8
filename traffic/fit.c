/* Trains to flows, flows to sockets, sockets to samples. */
#include "traffic/fit.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>

#include "sim/base/must.h"

#define SECONDS_PER_DAY 86400.0

/* A flow of a host, from its first outbound packet. */
struct flow {
	int64_t  start_ns, end_ns; /* NS_NONE: no outbound packet so far */
	uint32_t remote;
	uint16_t remote_port, port;
	uint8_t  protocol, host;
	uint8_t  close, cut, fins;
	bool     answered, goes_on; /* goes_on: beyond the trace */
};

/* When a socket of a host was opened. */
struct opening {
	size_t part;
	double at_s;
};

struct work {
	const struct trace *trace;
	struct fit *fit;
	struct flow *flows;        /* of one host */
	struct opening *openings;
	size_t flow_count, opening_count;
	double *openings_s;        /* of all hosts, one after the other */
	size_t time_count;
	struct host_times *hosts;  /* in each part */
	size_t host_count, host_room;
	uint32_t *remotes;         /* of all flows fitted */
	size_t remote_count;
	struct fit_ending *endings[PROTO_COUNT];
	size_t ending_count[PROTO_COUNT];
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
		f->fins |= r->train.flags & (SEG_FIN_OUT | SEG_FIN_IN);
		f->goes_on = !(r->train.flags & SEG_LAST);
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

/* A flow that is over, though the capture may not have gone on for long enough for the trace to say so. */
static enum fit_end end_of(const struct work *w, const struct flow *f)
{
	if (!f->answered && !w->fit->one_way)
		return FIT_UNANSWERED;
	switch (f->close) {
	case CLOSE_FIN:
		return FIT_FIN;
	case CLOSE_RESET:
		return FIT_RESET;
	default:
		return f->protocol != PROTO_TCP || !f->fins ? FIT_SILENT : w->fit->one_way ? FIT_FIN : FIT_HALF;
	}
}

static const struct fit_part *part_of(const struct work *w, const struct flow *f)
{
	return &w->fit->windows.parts[fit_windows_part(&w->fit->windows, f->start_ns)];
}

/* Cut off by the end of a file that another one followed within a day, with a silence left until the part's own end. */
static bool ends_at_seam(const struct work *w, const struct flow *f)
{
	return f->close == CLOSE_CENSORED && part_of(w, f)->end_ns - f->end_ns >= w->fit->windows.silence_ns[f->protocol];
}

/* How it lasted and ended, as far as that is known at the end of its window. */
static void watch_flow(struct work *w, const struct flow *f, int64_t to_ns)
{
	struct fit_protocol *p = &w->fit->protocols[f->protocol];
	bool seam = ends_at_seam(w, f), over = f->end_ns <= to_ns && !f->goes_on && !seam;
	double lasted_s = seconds_from_ns((over || (seam && f->end_ns < to_ns) ? f->end_ns : to_ns) - f->start_ns);
	enum fit_end end = over ? end_of(w, f) : FIT_ENDS;

	w->endings[f->protocol][w->ending_count[f->protocol]++] = (struct fit_ending){ lasted_s, end };
	p->watched++;
	if (over)
		p->ends[end]++;
	if (lasted_s > 0)
		sample_add(&p->duration.sample, lasted_s, over ? lasted_s : HUGE_VAL);
	else
		p->instant++;
}

static void take_flow(struct work *w, const struct flow *f)
{
	struct fit_protocol *p = &w->fit->protocols[f->protocol];
	int64_t to_ns = part_of(w, f)->flows_to_ns[f->protocol];

	p->flows++;
	p->well_known += f->protocol != PROTO_ICMP && f->remote_port < 1024;
	w->remotes[w->remote_count++] = f->remote;
	if (f->start_ns < to_ns)
		watch_flow(w, f, to_ns);
	else
		w->fit->after_the_end++;
}

/* May it have begun before it was first seen: before the capture, or before a file that follows another within a day? */
static bool may_be_older(const struct work *w, const struct flow *f)
{
	const struct fit_part *part = part_of(w, f);

	if (f->protocol == PROTO_TCP)
		return f->cut & CUT_BEGIN;
	return f->start_ns < part->from_ns[f->protocol] ||
	       (f->cut & CUT_BEGIN && f->start_ns - part->begin_ns >= w->fit->windows.silence_ns[f->protocol]);
}

/* Was its beginning seen? Else it is counted among what is left out. */
static bool is_whole(struct work *w, const struct flow *f)
{
	struct fit *fit = w->fit;

	fit->flows++;
	if (f->start_ns == NS_NONE)
		fit->inbound_only++;
	else if (!fit->windows.any_beginning && may_be_older(w, f))
		fit->began_before++;
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

/* A socket's flows; its first decides whether its opening was seen. What follows a flow that
 * began before the window's end is known, whatever it is: the capture goes on for a silence. So
 * a socket with a flow after that end has more than those before it, and one without
 * has all of its flows. */
static void take_socket(struct work *w, const struct flow *flows, size_t count)
{
	struct fit_protocol *p = &w->fit->protocols[flows->protocol];
	const struct fit_windows *windows = &w->fit->windows;
	int64_t first_ns = NS_NONE, before_ns = NS_NONE, to_ns = NS_NONE;
	bool opened = false, before_whole = false;
	size_t fan_out = 0, in_time = 0, part = 0;

	for (size_t i = 0; i < count; i++) {
		bool whole = is_whole(w, &flows[i]);

		if (whole)
			take_flow(w, &flows[i]);
		if (flows[i].start_ns == NS_NONE)
			continue;
		if (!fan_out++) {
			opened = whole;
			first_ns = flows[i].start_ns;
			part = fit_windows_part(windows, first_ns);
			to_ns = windows->parts[part].sockets_to_ns[flows->protocol];
		} else if (whole && before_whole && before_ns < to_ns) {
			add_spacing(&p->spacing.sample, flows[i].start_ns - before_ns);
		}
		in_time += flows[i].start_ns < to_ns;
		before_ns = flows[i].start_ns;
		before_whole = whole;
	}
	if (!opened)
		return;
	if (in_time)
		sample_add(&p->fan_out.sample, (double)in_time - (in_time == fan_out), in_time < fan_out ? HUGE_VAL : (double)fan_out);
	if (first_ns >= windows->parts[part].opened_from_ns) {
		p->sockets++;
		w->openings[w->opening_count++] = (struct opening){ part, seconds_from_ns(first_ns - windows->parts[part].opened_from_ns) };
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

static int by_opening(const void *a, const void *b)
{
	const struct opening *x = a, *y = b;

	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	return (x->at_s > y->at_s) - (x->at_s < y->at_s);
}

/* The host in one part of the capture: `count` openings. */
static void add_times(struct work *w, size_t part, const struct opening *openings, size_t count)
{
	const struct fit_part *p = &w->fit->windows.parts[part];
	struct host_times *h;

	if (w->host_count == w->host_room) {
		w->host_room = w->host_room ? w->host_room * 2 : 64;
		w->hosts = must_grow(w->hosts, w->host_room, sizeof(*w->hosts));
	}
	h = &w->hosts[w->host_count++];
	*h = (struct host_times){ .at_s = w->openings_s + w->time_count, .count = count,
	                          .span_s = seconds_from_ns(p->end_ns - p->opened_from_ns) };
	for (size_t i = 0; i < count; i++)
		w->openings_s[w->time_count++] = openings[i].at_s;
}

static void take_host(struct work *w, uint32_t which)
{
	size_t begin = 0;
	int64_t end_ns = NS_NONE;

	w->opening_count = 0;
	gather(w, &w->trace->hosts[which]);
	qsort(w->flows, w->flow_count, sizeof(*w->flows), by_socket);
	for (size_t i = 0; i < w->flow_count; i++) {
		const struct flow *f = &w->flows[i];

		if (i > begin && (!same_port(f, f - 1) ||
		                  (end_ns != NS_NONE && f->start_ns - w->fit->windows.socket_ns[f->protocol] > end_ns))) {
			take_socket(w, &w->flows[begin], i - begin);
			begin = i;
			end_ns = NS_NONE;
		}
		if (f->start_ns != NS_NONE)
			end_ns = later(end_ns, f->end_ns);
	}
	if (w->flow_count)
		take_socket(w, &w->flows[begin], w->flow_count - begin);
	qsort(w->openings, w->opening_count, sizeof(*w->openings), by_opening);
	if (!w->opening_count)
		add_times(w, 0, NULL, 0);
	for (size_t i = 0, to; i < w->opening_count; i = to) {
		for (to = i; to < w->opening_count && w->openings[to].part == w->openings[i].part; to++)
			continue;
		add_times(w, w->openings[i].part, &w->openings[i], to - i);
	}
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

static void make_room(struct work *w)
{
	const struct trace *t = w->trace;
	uint32_t largest = 0;

	for (uint32_t h = 0; h < t->host_count; h++)
		largest = t->hosts[h].count > largest ? t->hosts[h].count : largest;
	w->flows = must_alloc(largest, sizeof(*w->flows));
	w->openings = must_alloc(largest, sizeof(*w->openings));
	w->openings_s = must_alloc(t->record_count, sizeof(*w->openings_s));
	w->remotes = must_alloc(t->record_count, sizeof(*w->remotes));
	for (int p = 0; p < PROTO_COUNT; p++)
		w->endings[p] = must_alloc(t->record_count, sizeof(*w->endings[p]));
}

static void fit_hosts(struct work *w)
{
	struct fit *f = w->fit;

	host_fit(w->hosts, w->host_count, !w->trace->silence_ns, &f->openings);
	f->host_rates = must_alloc(w->host_count, sizeof(*f->host_rates));
	f->host_rate_count = w->host_count;
	for (size_t i = 0; i < w->host_count; i++)
		f->host_rates[i] = (double)w->hosts[i].count / w->hosts[i].span_s * SECONDS_PER_DAY;
	qsort(f->host_rates, w->host_count, sizeof(*f->host_rates), by_time);
}

static void fit_protocol(struct work *w, int which)
{
	struct fit_protocol *p = &w->fit->protocols[which];

	choose(&p->duration, LAWS_ALL);
	choose(&p->fan_out, LAWS_ALL);
	p->fan_out.choice.constant = fmax(1, ceil(p->fan_out.choice.constant));
	choose(&p->spacing, LAWS_ALL);
	fit_end_shares(w->endings[which], w->ending_count[which], p->end_share);
}

static void work_clear(struct work *w)
{
	free(w->flows);
	free(w->openings);
	free(w->openings_s);
	free(w->hosts);
	for (int p = 0; p < PROTO_COUNT; p++)
		free(w->endings[p]);
}

static bool find_laws(const struct trace *t, bool any_beginning, struct fit *out)
{
	struct work w = { .trace = t, .fit = out };

	*out = (struct fit){ .hosts = t->host_count, .silence_ns = t->silence_ns, .one_way = !comes_back(t) };
	fit_windows_make(t, any_beginning, &out->windows);
	make_room(&w);
	for (uint32_t h = 0; h < t->host_count; h++)
		take_host(&w, h);
	fit_hosts(&w);
	for (int p = 0; p < PROTO_COUNT; p++)
		fit_protocol(&w, p);
	fit_destinations(w.remotes, count_remotes(w.remotes, w.remote_count), &out->destinations);
	out->destination_flows = w.remotes;
	work_clear(&w);
	return w.time_count > 0;
}

bool fit_trace(const struct trace *t, const char *name, struct fit *out, struct err *e)
{
	*out = (struct fit){ 0 };
	if (!t->record_count)
		return fail(e, "%s: no flow in it crosses from inside to outside: there is nothing to fit", name);
	if (t->duration_ns <= 0)
		return fail(e, "%s: all its packets are of one moment: no rate can be told; a capture of minutes is wanted", name);
	gsl_set_error_handler_off();
	if (find_laws(t, false, out))
		return true;
	fit_clear(out);
	if (find_laws(t, true, out))
		return true;
	fit_clear(out);
	return fail(e, "%s: none of its flows has a packet from inside: there is nothing to fit", name);
}

void fit_clear(struct fit *f)
{
	host_fit_clear(&f->openings);
	fit_windows_clear(&f->windows);
	free(f->host_rates);
	free(f->destination_flows);
	for (int p = 0; p < PROTO_COUNT; p++) {
		sample_clear(&f->protocols[p].duration.sample);
		sample_clear(&f->protocols[p].fan_out.sample);
		sample_clear(&f->protocols[p].spacing.sample);
	}
	*f = (struct fit){ 0 };
}
