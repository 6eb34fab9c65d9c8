#include <inttypes.h>
#include <math.h>

#include "sim/command/fit_items.h"

static void print_item(const struct fit_item *item, FILE *to)
{
	fprintf(to, "%-14s  %-17s", item->name, item->law);
	for (size_t i = 0; i < item->count; i++) {
		fprintf(to, "%s%s %.4g", i ? ", " : "  ", item->parameters[i].name, item->parameters[i].value);
		if (item->parameters[i].high < HUGE_VAL)
			fprintf(to, " (%.4g-%.4g)", item->parameters[i].low, item->parameters[i].high);
	}
	fprintf(to, "\n%-14s  %.0f values", "", item->values);
	if (item->censored > 0)
		fprintf(to, ", %.0f cut off", item->censored);
	if (item->censored > item->values / 2)
		fprintf(to, " (most: the tail is a guess)");
	if (!isnan(item->ks))
		fprintf(to, "; KS %.3f", item->ks);
	if (item->instead_of)
		fprintf(to, "; BIC took %s, whose interval holds this", item->instead_of);
	fputc('\n', to);
}

static void print_protocol(const struct fit *f, int which, uint64_t sockets, FILE *to)
{
	const struct fit_protocol *p = &f->protocols[which];
	const char *before = "";
	uint64_t seen = 0;

	for (int i = 0; i < FIT_ENDS; i++)
		seen += p->ends[i];
	fprintf(to, "%-14s  %.1f%% of sockets, %" PRIu64 " flows; %.1f%% to ports below 1024", protocol_name[which],
	        100 * (double)p->sockets / (double)sockets, p->flows, 100 * (double)p->well_known / (double)p->flows);
	if (p->watched)
		fprintf(to, "; of %" PRIu64 " watched %.1f%% of one moment", p->watched, 100 * (double)p->instant / (double)p->watched);
	if (seen)
		fprintf(to, "; of %" PRIu64 " ends seen ", seen);
	for (int i = 0; i < FIT_ENDS; i++)
		if (p->ends[i]) {
			fprintf(to, "%s%s %.1f%%", before, fit_end_name[i], 100 * p->end_share[i]);
			before = ", ";
		}
	fputc('\n', to);
}

/* What the capture was too short for, or not in one piece. */
static void print_window(const struct fit *f, FILE *to)
{
	const struct fit_part *first = &f->windows.parts[0];

	if (f->windows.count > 1)
		fprintf(to, "parts           %zu, a day or more apart: a host counts once in each, and what it did between them nobody saw\n",
		        f->windows.count);
	if (f->windows.any_beginning)
		fprintf(to, "beginnings      none was surely seen: a flow counts from where it is first seen\n");
	if (f->windows.shortened && f->windows.count == 1)
		fprintf(to, "silence         of %.3g s taken for an end: the capture is too short for %.0f s\n",
		        seconds_from_ns(first->end_ns - first->flows_to_ns[PROTO_TCP]), seconds_from_ns(f->silence_ns));
	else if (f->windows.shortened)
		fprintf(to, "silence         of two thirds of a part taken for an end where it is too short for %.0f s\n",
		        seconds_from_ns(f->silence_ns));
}

static void print_left_out(const struct fit *f, FILE *to)
{
	if (f->began_before)
		fprintf(to, "left out        %" PRIu64 " flows that began before, or may have\n", f->began_before);
	if (f->inbound_only)
		fprintf(to, "left out        %" PRIu64 " flows without a packet from inside\n", f->inbound_only);
	if (f->after_the_end)
		fprintf(to, "left out        %" PRIu64 " flows of durations and ends: they began too late for their ends to be seen\n",
		        f->after_the_end);
	if (f->one_way)
		fprintf(to, "one way         no packet came in: every flow counts as answered, one FIN as two\n");
}

void fit_print(const struct fit *f, const char *trace, FILE *to)
{
	struct fit_item items[FIT_ITEMS_MOST];
	size_t count = fit_items(f, items);
	const struct fit_windows *w = &f->windows;
	uint64_t sockets = 0;

	for (int p = 0; p < PROTO_COUNT; p++)
		sockets += f->protocols[p].sockets;
	fprintf(to, "%s: %" PRIu32 " hosts, %" PRIu64 " flows; fitted: %" PRIu64 " sockets opened from %.6g s to %.6g s\n", trace,
	        f->hosts, f->flows, sockets, seconds_from_ns(w->parts[0].opened_from_ns), seconds_from_ns(w->parts[w->count - 1].end_ns));
	print_window(f, to);
	print_left_out(f, to);
	for (int p = 0; p < PROTO_COUNT; p++)
		if (f->protocols[p].sockets)
			print_protocol(f, p, sockets, to);
	fputs("laws, with 99% intervals\n", to);
	for (size_t i = 0; i < count; i++)
		print_item(&items[i], to);
}

void fit_warn(const struct fit *f, FILE *to)
{
	const struct host_fit *h = &f->openings;

	if (h->tied)
		fprintf(to, "cgnsim: warning: the hosts' mean rate was set to what was counted, %.4g sockets a day: the pauses between their bursts are "
		            "longer than the capture\n", h->measured);
	else if (!(h->fitted_mean < HOST_FIT_ABOVE * h->measured && h->measured < HOST_FIT_ABOVE * h->fitted_mean))
		fprintf(to, "cgnsim: warning: the law of the hosts' rates has a mean of %.4g sockets a day, and %.4g were counted of each host\n",
		        h->fitted_mean, h->measured);
}
