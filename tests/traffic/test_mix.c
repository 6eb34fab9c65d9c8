/* The mix source: that it plays the laws it is given, and that fit_trace() finds
 * them again behind what it played, each parameter within its interval.
 * CGNSIM_SEEDS=N asks for N seeds of that. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "traffic/fit.h"
#include "traffic/mix.h"
#include "traffic/sources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define HOUR (3600 * NS_PER_S)

/* Sockets often enough and flows short enough that little of either is cut by the end. */
static struct mix_config usual(void)
{
	struct mix_config c = { .active_share = 1, .mix = { .version = MIX_VERSION, .path = (char *)(size_t)"test.json" } };
	struct mix *m = &c.mix;

	m->sockets_per_day = (struct distribution){ .kind = DIST_GAMMA, .shape = 0.8, .mean = 1500 };
	m->gaps = (struct distribution){ .kind = DIST_WEIBULL, .shape = 0.7, .scale = 0.79 };
	m->protocols[PROTO_TCP] = (struct mix_protocol){
		.share = 4,
		.fan_out = { .kind = DIST_CONSTANT, .value = 1 },
		.spacing = { .kind = DIST_CONSTANT, .value = 1 },
		.duration = { .kind = DIST_LOGNORMAL, .median = 3, .sigma = 1.2 },
		.well_known = 0.9,
		.ends = { .fin = 70, .half = 10, .reset = 10, .silent = 5, .unanswered = 5 },
	};
	m->protocols[PROTO_UDP] = (struct mix_protocol){
		.share = 6,
		.fan_out = { .kind = DIST_EXPONENTIAL, .mean = 2.5 },
		.spacing = { .kind = DIST_GAMMA, .shape = 0.5, .mean = 2 },
		.duration = { .kind = DIST_EXPONENTIAL, .mean = 5 },
		.well_known = 0.3,
		.ends = { .silent = 3, .unanswered = 1 },
	};
	m->protocols[PROTO_ICMP] = (struct mix_protocol){ .fan_out = { .kind = DIST_CONSTANT, .value = 1 } };
	m->destinations = (struct servers){ .count = 3000, .zipf = 0.9 };
	return c;
}

static struct segments play_of(const struct source *s, const struct source_setting *setting, uint32_t first, uint32_t count,
                               int64_t step_ns)
{
	struct segments out = { 0 };
	struct source_stream *st;
	bool more = true;

	st = source_mix.stream(s, setting, first, count);
	for (int64_t until = step_ns; more; until += step_ns)
		more = source_mix.next(st, until, &out);
	assert_int_equal(source_mix.left_out(st), 0);
	source_mix.end(st);
	for (size_t i = 1; i < out.count; i++)
		assert_true(out.items[i].start_ns >= out.items[i - 1].start_ns);
	return out;
}

static struct segments play(const struct mix_config *c, const struct source_setting *setting, uint32_t first, uint32_t count,
                            int64_t step_ns)
{
	struct err e = ERR_INIT;
	struct source *s = source_mix.open(c, setting, "test", &e);
	struct segments out;

	assert_non_null(s);
	out = play_of(s, setting, first, count, step_ns);
	source_mix.close(s);
	return out;
}

/* Hosts one after the other, as generate writes them. */
static struct trace *trace_of(const struct mix_config *c, const struct source_setting *setting)
{
	struct trace *t = must_alloc(1, sizeof(*t));
	struct err e = ERR_INIT;
	struct source *source = source_mix.open(c, setting, "test", &e);

	t->duration_ns = setting->end_ns;
	t->hosts = must_alloc(setting->subscribers, sizeof(*t->hosts));
	t->host_count = setting->subscribers;
	for (uint32_t k = 0; k < setting->subscribers; k++) {
		struct segments trains = play_of(source, setting, k, 1, setting->end_ns);

		t->hosts[k] = (struct trace_host){ .first = t->record_count, .count = (uint32_t)trains.count };
		t->records = must_grow(t->records, t->record_count + trains.count, sizeof(*t->records));
		for (size_t i = 0; i < trains.count; i++) {
			const struct segment *s = &trains.items[i];
			uint8_t close = s->protocol != PROTO_TCP ? CLOSE_NONE
			                : s->flags & SEG_RST     ? CLOSE_RESET
			                : s->flags & SEG_FIN_IN  ? CLOSE_FIN
			                : s->flags & SEG_FIN_OUT ? CLOSE_HALF
			                                         : CLOSE_NONE;

			t->records[t->record_count++] = (struct trace_record){ .train = *s, .close = close };
		}
		free(trains.items);
	}
	source_mix.close(source);
	return t;
}

static bool same_train(const struct segment *a, const struct segment *b)
{
	return a->start_ns == b->start_ns && a->last_out_ns == b->last_out_ns && a->first_in_ns == b->first_in_ns &&
	       a->subscriber == b->subscriber && a->flow == b->flow && a->remote == b->remote && a->port == b->port &&
	       a->remote_port == b->remote_port && a->protocol == b->protocol && a->flags == b->flags;
}

static void a_subscriber_does_the_same_in_any_company(void **state)
{
	struct mix_config c = usual();
	struct source_setting setting = { .seed = 5, .subscribers = 20, .end_ns = HOUR / 4, .index = 2 };
	struct segments all = play(&c, &setting, 0, 20, HOUR), alone = play(&c, &setting, 7, 1, 10 * NS_PER_S);
	size_t n = 0;

	(void)state;
	assert_true(alone.count > 20);
	for (size_t i = 0; i < all.count; i++)
		if (all.items[i].subscriber == 7) {
			assert_true(n < alone.count && same_train(&all.items[i], &alone.items[n]));
			n++;
		}
	assert_int_equal(n, alone.count);
	free(all.items);
	free(alone.items);
}

/* A port is never two sockets' at once. Long flows and many sockets, so that ports come round. */
static void ports_are_not_shared(void **state)
{
	struct mix_config c = usual();
	struct source_setting setting = { .seed = 1, .subscribers = 1, .end_ns = HOUR };
	int64_t *end_ns = must_alloc(65536, sizeof(*end_ns));
	struct segments all;
	size_t again = 0;

	(void)state;
	c.mix.sockets_per_day = (struct distribution){ .kind = DIST_CONSTANT, .value = 4e6 };
	c.mix.protocols[PROTO_UDP].fan_out = c.mix.protocols[PROTO_TCP].fan_out;
	all = play(&c, &setting, 0, 1, HOUR);
	assert_true(all.count > 150000);
	for (size_t i = 0; i < all.count; i++) {
		const struct segment *s = &all.items[i];

		assert_true(s->port >= 1024);
		if (end_ns[s->port]) {
			assert_true(end_ns[s->port] < s->start_ns);
			again++;
		}
		end_ns[s->port] = s->last_out_ns;
	}
	assert_true(again > 50000);
	free(end_ns);
	free(all.items);
}

/* Flows of one socket go to remotes of their own, all 5-tuples distinct. */
static void a_sockets_flows_are_distinct(void **state)
{
	struct mix_config c = usual();
	struct source_setting setting = { .seed = 1, .subscribers = 4, .end_ns = HOUR };
	struct segments all;

	(void)state;
	c.mix.protocols[PROTO_TCP].share = 0;
	c.mix.protocols[PROTO_UDP].fan_out = (struct distribution){ .kind = DIST_CONSTANT, .value = 100 };
	c.mix.sockets_per_day = (struct distribution){ .kind = DIST_CONSTANT, .value = 48 };
	c.mix.destinations.count = 2;
	all = play(&c, &setting, 0, 4, HOUR);
	assert_true(all.count > 400);
	for (size_t i = 0; i < all.count; i++)
		for (size_t k = 0; k < i; k++) {
			const struct segment *a = &all.items[i], *b = &all.items[k];

			assert_false(a->subscriber == b->subscriber && a->port == b->port && a->remote == b->remote &&
			             a->remote_port == b->remote_port);
		}
	free(all.items);
}

/* Begun with a whole gap, bursty sources would all be late: only a third as many
 * sockets would open in the first hundredth. */
static void the_beginning_is_like_the_rest(void **state)
{
	struct mix_config c = usual();
	struct source_setting setting = { .seed = 3, .subscribers = 6000, .end_ns = HOUR };
	struct segments all;
	double parts[10] = { 0 };

	(void)state;
	c.mix.protocols[PROTO_UDP].share = 0;
	c.mix.gaps = (struct distribution){ .kind = DIST_WEIBULL, .shape = 0.4, .scale = 0.3009 };
	c.mix.sockets_per_day = (struct distribution){ .kind = DIST_CONSTANT, .value = 24 * 5 };
	all = play(&c, &setting, 0, 6000, HOUR);
	for (size_t i = 0; i < all.count; i++)
		parts[all.items[i].start_ns * 10 / HOUR]++;
	for (int i = 0; i < 10; i++)
		assert_true(fabs(parts[i] / 3000 - 1) < 0.1);
	free(all.items);
}

static void silent_subscribers_are_as_many_as_asked(void **state)
{
	struct mix_config c = usual();
	struct source_setting setting = { .seed = 3, .subscribers = 2000, .end_ns = HOUR };
	bool *spoke = must_alloc(2000, sizeof(*spoke));
	struct segments all;
	unsigned count = 0;

	(void)state;
	c.active_share = 0.3;
	all = play(&c, &setting, 0, 2000, HOUR);
	for (size_t i = 0; i < all.count; i++)
		spoke[all.items[i].subscriber] = true;
	for (int k = 0; k < 2000; k++)
		count += spoke[k];
	assert_in_range(count, 520, 680);
	free(spoke);
	free(all.items);
}

static void facts_are_those_of_the_laws(void **state)
{
	struct mix_config c = usual();
	struct source_setting setting = { .seed = 9, .subscribers = 300, .end_ns = HOUR };
	struct segments all = play(&c, &setting, 0, 300, HOUR);
	struct source_facts facts;
	struct err e = ERR_INIT;
	struct source *s;

	(void)state;
	c.mix.capture = (struct mix_capture){ .duration_ns = HOUR, .hosts = 77 };
	s = source_mix.open(&c, &setting, "test", &e);
	source_mix.facts(s, &setting, &facts);
	assert_true(fabs((double)all.count / facts.flows_expected - 1) < 0.1);
	assert_true(facts.protocols[PROTO_TCP] && facts.protocols[PROTO_UDP] && !facts.protocols[PROTO_ICMP]);
	assert_true(facts.tcp_left_open);
	assert_int_equal(facts.captured_hosts, 77);
	assert_true(facts.captured_ns == HOUR);
	/* The 99th percentile of the lognormal law: 3 exp(2.326 x 1.2). */
	assert_true(fabs(seconds_from_ns(facts.longest_p99_ns) / 48.9 - 1) < 0.1);
	source_mix.close(s);
	free(all.items);
	c.mix.protocols[PROTO_TCP].ends = (struct mix_ends){ .fin = 1 };
	s = source_mix.open(&c, &setting, "test", &e);
	source_mix.facts(s, &setting, &facts);
	assert_false(facts.tcp_left_open);
	source_mix.close(s);
}

static void impossible_mixes_are_refused(void **state)
{
	static const struct source_setting setting = { .subscribers = 1, .end_ns = HOUR };
	struct mix_config c = usual();
	struct err e = ERR_INIT;

	(void)state;
	c.mix.protocols[PROTO_TCP].share = c.mix.protocols[PROTO_UDP].share = 0;
	assert_null(source_mix.open(&c, &setting, "test", &e));
	assert_string_equal(e.lines[0], "test.json: $.protocols: no protocol has a share above 0");
	err_clear(&e);
	c = usual();
	c.mix.protocols[PROTO_UDP].ends = (struct mix_ends){ 0 };
	assert_null(source_mix.open(&c, &setting, "test", &e));
	assert_non_null(strstr(e.lines[0], "test.json: $.protocols.udp.ends"));
	err_clear(&e);
	c = usual();
	c.mix.gaps = (struct distribution){ .kind = DIST_PARETO, .minimum = 1, .shape = 0.9 };
	assert_null(source_mix.open(&c, &setting, "test", &e));
	assert_non_null(strstr(e.lines[0], "test.json: $.gaps"));
	err_clear(&e);
}

/* --- there and back ------------------------------------------------------- */

struct check {
	const char *name;
	double truth, low, high;
};

static unsigned law_checks(struct check *out, const char *name, const struct law_choice *c, enum law law, const double *truth)
{
	const struct law_fit *f = &c->fits[c->chosen];

	if (!c->count || f->law != law) {
		print_message("    %s: %s\n", name, c->count ? law_types[f->law].name : "constant");
		out[0] = (struct check){ name, 0, 1, -1 };
		return 1;
	}
	for (size_t i = 0; i < law_types[law].count; i++)
		out[i] = (struct check){ name, truth[i], f->low[i], f->high[i] };
	return (unsigned)law_types[law].count;
}

static unsigned checks_of(const struct fit *f, struct check *out)
{
	const struct fit_protocol *tcp = &f->protocols[PROTO_TCP], *udp = &f->protocols[PROTO_UDP];
	const struct host_fit *h = &f->openings;
	unsigned n = 0;

	/* A gamma law of shape 0.8 of so few hosts may be an exponential law, and then is called that. */
	for (size_t i = 0; i < h->rates.count; i++)
		if (h->rates.fits[i].law == LAW_GAMMA) {
			out[n++] = (struct check){ "their shape", 0.8, h->rates.fits[i].low[0], h->rates.fits[i].high[0] };
			out[n++] = (struct check){ "sockets a day", 1500, h->rates.fits[i].low[1], h->rates.fits[i].high[1] };
		}
	out[n++] = (struct check){ "gaps' shape", 0.7, h->gap_low[0], h->gap_high[0] };
	n += law_checks(out + n, "tcp duration", &tcp->duration.choice, LAW_LOGNORMAL, (const double[]){ 3, 1.2 });
	n += law_checks(out + n, "udp duration", &udp->duration.choice, LAW_EXPONENTIAL, (const double[]){ 5 });
	n += law_checks(out + n, "udp fan-out", &udp->fan_out.choice, LAW_EXPONENTIAL, (const double[]){ 2.5 });
	n += law_checks(out + n, "udp spacing", &udp->spacing.choice, LAW_GAMMA, (const double[]){ 0.5, 2 });
	out[n++] = (struct check){ "zipf", 0.9, f->destinations.zipf_low, f->destinations.zipf_high };
	out[n++] = (struct check){ "servers", 3000, f->destinations.count_low, f->destinations.count_high };
	return n;
}

static bool near(uint64_t part, uint64_t all, double share)
{
	return fabs((double)part / (double)all - share) < 5 * sqrt(share * (1 - share) / (double)all);
}

static void what_is_played_is_found_again(void **state)
{
	const char *text = getenv("CGNSIM_SEEDS");
	unsigned count = text ? (unsigned)strtoul(text, NULL, 10) : 1, allowed = count >= 20 ? count / 20 : 1, bad = 0, missed[20] = { 0 }, n = 0;
	struct mix_config c = usual();
	struct check checks[20];

	(void)state;
	for (unsigned seed = 0; seed < count; seed++) {
		struct source_setting setting = { .seed = 100 + seed, .subscribers = 150, .end_ns = 5 * HOUR / 4 };
		struct trace *t = trace_of(&c, &setting);
		struct err e = ERR_INIT;
		struct fit f;

		assert_true(fit_trace(t, "t", &f, &e));
		n = checks_of(&f, checks);
		for (unsigned i = 0; i < n; i++)
			missed[i] += !(checks[i].low <= checks[i].truth && checks[i].truth <= checks[i].high);
		assert_int_equal(f.inbound_only + f.began_before, 0);
		assert_true(near(f.protocols[PROTO_TCP].sockets, f.protocols[PROTO_TCP].sockets + f.protocols[PROTO_UDP].sockets, 0.4));
		assert_true(near(f.protocols[PROTO_TCP].ends[FIT_RESET], f.protocols[PROTO_TCP].flows, 0.1));
		assert_true(near(f.protocols[PROTO_TCP].ends[FIT_UNANSWERED], f.protocols[PROTO_TCP].flows, 0.05));
		assert_true(near(f.protocols[PROTO_UDP].ends[FIT_UNANSWERED], f.protocols[PROTO_UDP].flows, 0.25));
		assert_true(near(f.protocols[PROTO_UDP].well_known, f.protocols[PROTO_UDP].flows, 0.3));
		fit_clear(&f);
		trace_destroy(t);
	}
	for (unsigned i = 0; i < n; i++) {
		print_message("    %-14s held by %u of %u\n", checks[i].name, count - missed[i], count);
		bad += missed[i] > allowed;
	}
	assert_int_equal(bad, 0);
}

/* --- what may have begun before, what was cut off -------------------------- */

static struct trace_record record(uint8_t protocol, uint16_t port, uint32_t flow, double from_s, double to_s, uint8_t close,
                                  uint8_t cut)
{
	return (struct trace_record){
		.train = { .start_ns = (int64_t)(from_s * 1e9), .last_out_ns = (int64_t)(to_s * 1e9), .first_in_ns = (int64_t)(from_s * 1e9),
		           .last_in_ns = (int64_t)(to_s * 1e9), .flow = flow, .remote = 1 + flow, .remote_port = 443, .port = port,
		           .protocol = protocol, .flags = SEG_FIRST | SEG_LAST },
		.close = close, .cut = cut,
	};
}

static void what_was_cut_off_is_told_apart(void **state)
{
	struct trace_record records[] = {
		record(PROTO_UDP, 2000, 0, 10, 11, CLOSE_SILENT, CUT_BEGIN),  /* may have begun before: within silence_ns */
		record(PROTO_TCP, 2001, 1, 100, 140, CLOSE_FIN, CUT_BEGIN),   /* no SYN */
		record(PROTO_TCP, 2002, 2, 110, 112, CLOSE_FIN, 0),
		record(PROTO_UDP, 2003, 3, 120, 121, CLOSE_SILENT, 0),
		record(PROTO_UDP, 2003, 4, 130, 133, CLOSE_SILENT, 0),        /* the same socket, another remote */
		record(PROTO_UDP, 2003, 5, 300, 301, CLOSE_SILENT, 0),        /* idle for more than 120 s: another socket */
		record(PROTO_UDP, 2004, 6, 310, 310, CLOSE_SILENT, 0),        /* one moment */
		record(PROTO_UDP, 2005, 7, 330, 350, CLOSE_CENSORED, 0),      /* alive when the last silence begins, at 340 */
		record(PROTO_UDP, 2006, 8, 395, 396, CLOSE_CENSORED, 0),      /* only ever inbound, below */
		record(PROTO_UDP, 2007, 9, 270, 271, CLOSE_SILENT, 0),        /* a socket of which more comes after 280, 120 s before the end */
		record(PROTO_UDP, 2007, 10, 290, 291, CLOSE_SILENT, 0),
		record(PROTO_UDP, 2008, 11, 390, 399, CLOSE_CENSORED, 0),     /* too late for its end to be looked for */
	};
	struct trace_host host = { .count = sizeof(records) / sizeof(*records) };
	struct trace t = { .duration_ns = 400 * NS_PER_S, .silence_ns = 60 * NS_PER_S, .hosts = &host, .host_count = 1,
	                   .records = records, .record_count = host.count };
	const struct fit_protocol *udp, *tcp;
	struct err e = ERR_INIT;
	struct fit f;

	(void)state;
	records[8].train.flags |= SEG_INBOUND;
	records[8].train.last_out_ns = NS_NONE;
	assert_true(fit_trace(&t, "t", &f, &e));
	udp = &f.protocols[PROTO_UDP];
	tcp = &f.protocols[PROTO_TCP];
	assert_int_equal(f.flows, 12);
	assert_int_equal(f.began_before, 2);
	assert_int_equal(f.inbound_only, 1);
	assert_int_equal(tcp->flows, 1);
	assert_int_equal(tcp->sockets, 1);
	assert_int_equal(f.after_the_end, 1);
	assert_int_equal(udp->flows, 8);
	assert_int_equal(udp->sockets, 6);
	assert_int_equal(udp->watched, 7);
	assert_int_equal(udp->instant, 1);
	assert_int_equal(udp->ends[FIT_SILENT], 6);
	assert_true(udp->duration.choice.values == 6 && udp->duration.choice.censored == 1);
	assert_true(udp->duration.sample.ranges[0].low == 10); /* at 340, not at 350, where it was last seen */
	assert_true(udp->fan_out.choice.values == 2 && udp->fan_out.choice.censored == 1);
	assert_true(udp->spacing.sample.exact == 2 && udp->spacing.sample.x[0] == 10 && udp->spacing.sample.x[1] == 20);
	assert_true(f.openings.hosts == 1 && fabs(f.openings.measured / 86400 - 7. / 340) < 1e-9);
	assert_false(f.windows.shortened);
	fit_clear(&f);
	/* Two silences do not go into it: half of what is left is for the beginnings. */
	t.silence_ns = 250 * NS_PER_S;
	assert_true(fit_trace(&t, "t", &f, &e));
	assert_int_equal(f.windows.parts[0].flows_to_ns[PROTO_UDP], 150 * NS_PER_S);
	assert_int_equal(f.windows.parts[0].from_ns[PROTO_UDP], 75 * NS_PER_S);
	assert_int_equal(f.windows.parts[0].from_ns[PROTO_TCP], 0);
	assert_false(f.windows.shortened);
	fit_clear(&f);
	/* Nor one and a half: two thirds of the capture count as one. */
	t.silence_ns = 300 * NS_PER_S;
	assert_true(fit_trace(&t, "t", &f, &e));
	assert_true(f.windows.shortened);
	assert_int_equal(f.windows.parts[0].flows_to_ns[PROTO_UDP] / NS_PER_S, 133);
	fit_clear(&f);
	/* The time of --split is the silence, of flows and of sockets. */
	t.silence_ns = 60 * NS_PER_S;
	t.split_ns[PROTO_UDP] = 30 * NS_PER_S;
	records[7].close = CLOSE_SILENT; /* as import then has it */
	assert_true(fit_trace(&t, "t", &f, &e));
	assert_int_equal(f.windows.parts[0].flows_to_ns[PROTO_UDP], 370 * NS_PER_S);
	assert_int_equal(f.windows.parts[0].sockets_to_ns[PROTO_UDP], 370 * NS_PER_S);
	assert_true(f.protocols[PROTO_UDP].duration.choice.censored == 0); /* the flow of 330 to 350 is over */
	fit_clear(&f);
	t.split_ns[PROTO_UDP] = 0;
	t.duration_ns = 0;
	assert_false(fit_trace(&t, "t", &f, &e));
	t.record_count = 0;
	assert_false(fit_trace(&t, "t", &f, &e));
	assert_int_equal(e.count, 2);
	err_clear(&e);
}

/* A capture stitched together from two, days apart: each has its own window, and a host counts in each by itself. */
static void parts_are_windows_of_their_own(void **state)
{
	const double day = 86400;
	struct trace_record records[] = {
		record(PROTO_TCP, 2000, 0, 10, 20, CLOSE_FIN, 0),
		record(PROTO_TCP, 2001, 1, 120, 180, CLOSE_CENSORED, 0),            /* alive at 130, 60 s before the first part ends */
		record(PROTO_TCP, 2002, 2, 150, 190, CLOSE_CENSORED, 0),            /* begun too late in it */
		record(PROTO_TCP, 2003, 3, 190 + day, 195 + day, CLOSE_FIN, 0),
		record(PROTO_TCP, 2004, 4, 390 + day, 390 + day, CLOSE_CENSORED, 0),
	};
	struct trace_host host = { .count = sizeof(records) / sizeof(*records) };
	struct trace t = { .duration_ns = 86790 * NS_PER_S, .silence_ns = 60 * NS_PER_S, .hosts = &host, .host_count = 1,
	                   .records = records, .record_count = host.count };
	const struct fit_protocol *tcp;
	struct err e = ERR_INIT;
	struct fit f;

	(void)state;
	assert_true(fit_trace(&t, "t", &f, &e));
	tcp = &f.protocols[PROTO_TCP];
	assert_int_equal(f.windows.count, 2);
	assert_int_equal(f.windows.parts[0].end_ns, 190 * NS_PER_S);
	assert_int_equal(f.windows.parts[1].begin_ns, 86590 * NS_PER_S);
	assert_int_equal(tcp->watched, 2 + 1);
	assert_int_equal(f.after_the_end, 2);
	assert_true(tcp->duration.choice.censored == 1 && tcp->duration.sample.ranges[0].low == 10);
	fit_clear(&f);
}

/* Two files an hour apart are one part. What the first one's end cut off lasted as long as it was seen, at least, and what may
 * have begun before the second is left out; the file's last 60 s say of the rest that it was over. */
static void seams_cut_flows_off(void **state)
{
	struct trace_record records[] = {
		record(PROTO_UDP, 2000, 0, 100, 110, CLOSE_SILENT, 0),
		record(PROTO_UDP, 2001, 1, 150, 190, CLOSE_CENSORED, 0),        /* the first file ends at 200 */
		record(PROTO_UDP, 2002, 2, 160, 160, CLOSE_CENSORED, 0),        /* of one moment as far as was seen */
		record(PROTO_UDP, 2003, 3, 3810, 3815, CLOSE_SILENT, CUT_BEGIN),
		record(PROTO_UDP, 2004, 4, 3900, 3905, CLOSE_SILENT, 0),
	};
	struct trace_host host = { .count = sizeof(records) / sizeof(*records) };
	struct trace t = { .duration_ns = 4200 * NS_PER_S, .silence_ns = 60 * NS_PER_S, .hosts = &host, .host_count = 1,
	                   .records = records, .record_count = host.count };
	const struct fit_protocol *udp;
	struct err e = ERR_INIT;
	struct fit f;

	(void)state;
	assert_true(fit_trace(&t, "t", &f, &e));
	udp = &f.protocols[PROTO_UDP];
	assert_int_equal(f.windows.count, 1);
	assert_int_equal(f.began_before, 1);
	assert_int_equal(udp->ends[FIT_SILENT], 2);
	assert_true(udp->duration.choice.values == 3 && udp->duration.choice.censored == 1);
	assert_true(udp->duration.sample.ranges[0].low == 40);
	fit_clear(&f);
}

/* Half are unanswered, at once; the others close late, and most of them live on: those that were seen to end are of the former. */
static void ends_of_flows_that_live_on_are_not_left_out(void **state)
{
	struct fit_ending flows[2000];
	double share[FIT_ENDS];

	(void)state;
	for (size_t i = 0; i < 2000; i++) {
		double lasts = 1 + (double)(i * 7 % 100), watched = (double)(i * 13 % 110);

		flows[i] = i % 2 ? (struct fit_ending){ 0, FIT_UNANSWERED }
		                 : (struct fit_ending){ lasts < watched ? lasts : watched, lasts < watched ? FIT_FIN : FIT_ENDS };
	}
	fit_end_shares(flows, 2000, share);
	assert_true(fabs(share[FIT_UNANSWERED] - 0.5) < 0.02 && fabs(share[FIT_FIN] - 0.5) < 0.02);
	fit_end_shares(flows, 0, share);
	assert_true(share[FIT_FIN] == 0 && share[FIT_SILENT] == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_subscriber_does_the_same_in_any_company),
		cmocka_unit_test(ports_are_not_shared),
		cmocka_unit_test(a_sockets_flows_are_distinct),
		cmocka_unit_test(the_beginning_is_like_the_rest),
		cmocka_unit_test(silent_subscribers_are_as_many_as_asked),
		cmocka_unit_test(facts_are_those_of_the_laws),
		cmocka_unit_test(impossible_mixes_are_refused),
		cmocka_unit_test(what_is_played_is_found_again),
		cmocka_unit_test(what_was_cut_off_is_told_apart),
		cmocka_unit_test(parts_are_windows_of_their_own), cmocka_unit_test(seams_cut_flows_off),
		cmocka_unit_test(ends_of_flows_that_live_on_are_not_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
