#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/addr.h"
#include "sim/base/addr6.h"
#include "sim/base/must.h"
#include "sim/base/simtime.h"
#include "sim/command/command.h"
#include "traffic/trace.h"

static const struct command_option options[] = {
	{ .name = "csv", .help = "every train, one line each; then every IPv6 flow, which has no host" },
	{ .name = "json", .help = "the summary as JSON" },
	{ 0 },
};

static const char *const close_name[CLOSE_COUNT] = {
	[CLOSE_NONE] = "none",
	[CLOSE_FIN] = "fin",
	[CLOSE_HALF] = "half",
	[CLOSE_RESET] = "reset",
	[CLOSE_SILENT] = "silent",
	[CLOSE_CENSORED] = "censored",
};

struct summary {
	uint64_t closes[CLOSE_COUNT]; /* TCP flows */
	uint32_t p50, p90, p99, max;  /* flows per host */
	uint64_t censored;            /* flows of any protocol that the trace does not see end */
	uint32_t homes;
};

static int by_count(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The smallest value that at least `percent` of 100 do not exceed. */
static uint32_t quantile(const uint32_t *sorted, uint32_t count, uint32_t percent)
{
	uint64_t rank = ((uint64_t)count * percent + 99) / 100;

	return count ? sorted[rank ? rank - 1 : 0] : 0;
}

static struct summary summarise(const struct trace *t)
{
	struct summary s = { 0 };
	uint32_t *flows = must_alloc(t->host_count, sizeof(*flows));

	for (uint32_t h = 0; h < t->host_count; h++) {
		s.homes += t->hosts[h].inner_count > 0;
		for (uint32_t i = 0; i < t->hosts[h].count; i++) {
			const struct trace_record *r = &t->records[t->hosts[h].first + i];

			flows[h] += (r->train.flags & SEG_FIRST) != 0;
			s.censored += (r->train.flags & SEG_FIRST) != 0;
			s.censored -= (r->train.flags & SEG_LAST) && r->close != CLOSE_CENSORED;
			if (r->train.protocol == PROTO_TCP && (r->train.flags & SEG_LAST))
				s.closes[r->close]++;
		}
	}
	qsort(flows, t->host_count, sizeof(*flows), by_count);
	s.p50 = quantile(flows, t->host_count, 50);
	s.p90 = quantile(flows, t->host_count, 90);
	s.p99 = quantile(flows, t->host_count, 99);
	s.max = quantile(flows, t->host_count, 100);
	free(flows);
	return s;
}

static void print_json(const struct trace *t)
{
	struct summary s = summarise(t);
	cJSON *root = cJSON_CreateObject(), *o;
	char *text;

	o = cJSON_AddObjectToObject(root, "flows");
	for (int p = 0; p < PROTO_COUNT; p++)
		cJSON_AddNumberToObject(o, protocol_name[p], (double)t->flows[p]);
	cJSON_AddNumberToObject(root, "flows_ipv6", t->flow6_count);
	cJSON_AddNumberToObject(root, "hosts", t->host_count);
	cJSON_AddNumberToObject(root, "duration_s", seconds_from_ns(t->duration_ns));
	cJSON_AddNumberToObject(root, "first_s", seconds_from_ns(t->epoch_ns));
	cJSON_AddNumberToObject(root, "peak_flows", (double)t->peak_flows);
	o = cJSON_AddObjectToObject(root, "per_host");
	cJSON_AddNumberToObject(o, "p50", s.p50);
	cJSON_AddNumberToObject(o, "p90", s.p90);
	cJSON_AddNumberToObject(o, "p99", s.p99);
	cJSON_AddNumberToObject(o, "max", s.max);
	cJSON_AddNumberToObject(root, "trains", t->record_count);
	cJSON_AddNumberToObject(root, "homes", s.homes);
	cJSON_AddNumberToObject(root, "censored_flows", (double)s.censored);
	cJSON_AddNumberToObject(root, "silence_s", seconds_from_ns(t->silence_ns));
	o = cJSON_AddObjectToObject(root, "split_s");
	for (int p = 0; p < PROTO_COUNT; p++)
		cJSON_AddNumberToObject(o, protocol_name[p], seconds_from_ns(t->split_ns[p]));
	cJSON_AddBoolToObject(root, "anonymised", t->anonymised);
	o = cJSON_AddObjectToObject(root, "tcp_closes");
	for (int c = 0; c < CLOSE_COUNT; c++)
		cJSON_AddNumberToObject(o, close_name[c], (double)s.closes[c]);
	text = cJSON_Print(root);
	must(text);
	puts(text);
	free(text);
	cJSON_Delete(root);
}

static void print_text(const struct trace *t)
{
	struct summary s = summarise(t);

	for (int p = 0; p < PROTO_COUNT; p++)
		printf("%-5s flows   %12" PRIu64 "\n", protocol_name[p], t->flows[p]);
	if (t->flow6_count)
		printf("ipv6  flows   %12" PRIu32 "  beside\n", t->flow6_count);
	printf("peak flows    %12" PRIu64 "  TCP and UDP alive at once\n", t->peak_flows);
	printf("trains        %12" PRIu32 "\n", t->record_count);
	printf("hosts         %12" PRIu32 "\n", t->host_count);
	if (s.homes)
		printf("              %12" PRIu32 "  of them homes behind DS-Lite\n", s.homes);
	printf("flows a host  %12" PRIu32 "  median; 90%% at most %" PRIu32 ", 99%% at most %" PRIu32 ", largest %" PRIu32 "\n",
	       s.p50, s.p90, s.p99, s.max);
	printf("duration      %12.3f  s\n", seconds_from_ns(t->duration_ns));
	printf("first packet  %12.3f  s since 1970\n", seconds_from_ns(t->epoch_ns));
	printf("tcp ended by  %12" PRIu64 "  FIN both ways\n", s.closes[CLOSE_FIN]);
	printf("              %12" PRIu64 "  FIN one way\n", s.closes[CLOSE_HALF]);
	printf("              %12" PRIu64 "  reset\n", s.closes[CLOSE_RESET]);
	printf("              %12" PRIu64 "  silence\n", s.closes[CLOSE_SILENT]);
	printf("              %12" PRIu64 "  the end of the capture: not known how\n", s.closes[CLOSE_CENSORED]);
	if (s.closes[CLOSE_NONE])
		printf("              %12" PRIu64 "  nothing that was seen\n", s.closes[CLOSE_NONE]);
	printf("censored      %12" PRIu64 "  flows of any protocol that outlast the trace, as far as it knows\n", s.censored);
	if (t->anonymised)
		puts("addresses are anonymised");
}

/* Seconds with all nine digits; nothing for a time that is none. */
static void print_time(int64_t ns, char end)
{
	if (ns != NS_NONE)
		printf("%" PRId64 ".%09" PRId64, ns / NS_PER_S, ns % NS_PER_S);
	putchar(end);
}

static void print_flags(uint8_t flags)
{
	static const char *const names[8] = { "first", "last", "syn-out", "syn-in", "fin-out", "fin-in", "rst", "inbound" };
	bool any = false;

	for (int i = 0; i < 8; i++)
		if (flags & 1 << i) {
			printf("%s%s", any ? "+" : "", names[i]);
			any = true;
		}
}

static void print_cut(uint8_t cut)
{
	printf("%s%s%s,", cut & CUT_BEGIN ? "begin" : "", cut == (CUT_BEGIN | CUT_SPLIT) ? "+" : "",
	       cut & CUT_SPLIT ? "split" : "");
}

static const char *address6(const uint8_t *bytes, char text[ADDR6_TEXT])
{
	struct addr6 a = { .length = 128 };

	memcpy(a.bytes, bytes, sizeof(a.bytes));
	return addr6_format(&a, text);
}

static void print_traffic(uint32_t packets_out, uint32_t packets_in, uint64_t bytes_out, uint64_t bytes_in)
{
	printf("%" PRIu32 ",%" PRIu32 ",%" PRIu64 ",%" PRIu64 ",", packets_out, packets_in, bytes_out, bytes_in);
}

static void print_train(const struct trace *t, const struct trace_record *r)
{
	const struct segment *s = &r->train;
	const struct trace_host *h = &t->hosts[s->subscriber];
	uint32_t inside = h->inner_count ? t->inner[h->first_inner + s->host] : h->address;
	char text[ADDR_TEXT], home[ADDR6_TEXT];

	printf("%" PRIu32 ",%s,", s->subscriber, addr_format(inside, text));
	printf("%" PRIu32 ",%s,%u,", s->flow, protocol_name[s->protocol], s->port);
	printf("%s,%u,", addr_format(s->remote, text), s->remote_port);
	print_time(s->start_ns, ',');
	print_time(s->last_out_ns, ',');
	print_time(s->first_in_ns, ',');
	print_time(s->last_in_ns, ',');
	print_traffic(r->packets_out, r->packets_in, r->bytes_out, r->bytes_in);
	printf("%s,", s->flags & SEG_LAST ? close_name[r->close] : "");
	print_cut(s->flags & SEG_FIRST ? r->cut : 0);
	print_flags(s->flags);
	printf(",%s,", h->inner_count ? address6(h->home, home) : "");
	print_time(s->last_out_ns > s->last_in_ns ? s->last_out_ns : s->last_in_ns, '\n');
}

/* Of an IPv6 flow a trace knows the whole, and not which side sent when. */
static void print_flow6(const struct trace_flow6 *f)
{
	char inside[ADDR6_TEXT], remote[ADDR6_TEXT];

	printf(",%s,,%s,%u,%s,%u,", address6(f->inside, inside), protocol_name[f->protocol], f->port, address6(f->remote, remote),
	       f->remote_port);
	print_time(f->first_ns, ',');
	printf(",,,");
	print_traffic(f->packets_out, f->packets_in, f->bytes_out, f->bytes_in);
	printf("%s,", close_name[f->close]);
	print_cut(f->cut);
	print_flags(SEG_FIRST | SEG_LAST);
	printf(",,");
	print_time(f->last_ns, '\n');
}

static void print_csv(const struct trace *t)
{
	puts("host,address,flow,protocol,port,remote,remote_port,start_s,last_out_s,first_in_s,last_in_s,"
	     "packets_out,packets_in,bytes_out,bytes_in,close,cut,flags,home,last_s");
	for (uint32_t i = 0; i < t->record_count; i++)
		print_train(t, &t->records[i]);
	for (uint32_t i = 0; i < t->flow6_count; i++)
		print_flow6(&t->flows6[i]);
}

static int run(int argc, char **argv)
{
	struct arguments args;
	struct err e = ERR_INIT;
	struct trace *t = NULL;
	int status = arguments_parse(&args, &command_trace, argc, argv, 1, 1);

	if (status >= 0)
		return status;
	if (arguments_has(&args, "csv") && arguments_has(&args, "json")) {
		status = command_misused(&command_trace, "--csv and --json exclude each other");
		goto out;
	}
	t = trace_load(args.words[0], &e);
	if (!t) {
		status = command_failed(&e);
		goto out;
	}
	if (arguments_has(&args, "csv"))
		print_csv(t);
	else if (arguments_has(&args, "json"))
		print_json(t);
	else
		print_text(t);
	status = EXIT_DONE;
out:
	trace_destroy(t);
	arguments_clear(&args);
	return status;
}

const struct command command_trace = {
	.name = "trace",
	.usage = "trace TRACE [--csv | --json]",
	.summary = "says what a flow trace holds",
	.options = options,
	.run = run,
};
