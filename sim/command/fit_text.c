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
	const char *before = "; ";
	uint64_t seen = 0;

	for (int i = 0; i < FIT_ENDS; i++)
		seen += p->ends[i];
	fprintf(to, "%-14s  %.1f%% of sockets, %" PRIu64 " flows; %.1f%% to ports below 1024; %.1f%% of one moment", protocol_name[which],
	        100 * (double)p->sockets / (double)sockets, p->flows, 100 * (double)p->well_known / (double)p->flows,
	        100 * (double)p->instant / (double)p->flows);
	for (int i = 0; i < FIT_ENDS; i++)
		if (p->ends[i]) {
			fprintf(to, "%s%s %.1f%%", before, fit_end_name[i], 100 * (double)p->ends[i] / (double)seen);
			before = ", ";
		}
	fputc('\n', to);
}

void fit_print(const struct fit *f, const char *trace, FILE *to)
{
	struct fit_item items[FIT_ITEMS_MOST];
	size_t count = fit_items(f, items);
	uint64_t sockets = 0;

	for (int p = 0; p < PROTO_COUNT; p++)
		sockets += f->protocols[p].sockets;
	fprintf(to, "%s: %" PRIu32 " hosts, %" PRIu64 " flows; fitted: what began from %.6g s to %.6g s, %" PRIu64 " sockets\n", trace,
	        f->hosts, f->flows, seconds_from_ns(f->from_ns), seconds_from_ns(f->to_ns), sockets);
	if (f->began_before)
		fprintf(to, "left out        %" PRIu64 " flows that began before, or may have\n", f->began_before);
	if (f->inbound_only)
		fprintf(to, "left out        %" PRIu64 " flows without a packet from inside\n", f->inbound_only);
	if (f->after_the_end)
		fprintf(to, "left out        %" PRIu64 " flows that began at the very end\n", f->after_the_end);
	if (f->one_way)
		fprintf(to, "one way         no packet came in: every flow counts as answered, one FIN as two\n");
	for (int p = 0; p < PROTO_COUNT; p++)
		if (f->protocols[p].sockets)
			print_protocol(f, p, sockets, to);
	fputs("laws, with 99% intervals\n", to);
	for (size_t i = 0; i < count; i++)
		print_item(&items[i], to);
}
