/* The tables of the report: what stands in which. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report_parts.h"
#include "sim/base/must.h"

#define NOT_MEASURED "not measured in this run"
#define NO_LOG "no log is written"
#define NO_INCIDENTS "no incident was examined"
#define TOO_SHORT "capture too short: so rare a subscriber or moment cannot be told from it"

static const struct section whole[] = { { .prefix = "" } };

static const struct column overview[] = {
	{ "Ports", "Subscribers per address", NULL, "ports/subscribers_per_address", KIND_COUNT, BETTER_NEITHER, NOT_MEASURED, false },
	{ "Ports", "Refused", "of new connections", "ports/refusal_ratio", KIND_SHARE, BETTER_LESS, NOT_MEASURED, false },
	{ "Ports", "Active", "ports, mean", "ports/active_mean", KIND_COUNT, BETTER_NEITHER, NOT_MEASURED, false },
	{ "Ports", "Held", "ports, mean", "ports/held_mean", KIND_COUNT, BETTER_NEITHER, NOT_MEASURED, false },
	{ "Ports", "Reserved", "ports, mean", "ports/reserved_mean", KIND_COUNT, BETTER_LESS, NOT_MEASURED, false },
	{ "Ports", "Utilisation", "active of the pool", "ports/utilisation", KIND_SHARE, BETTER_NEITHER, NOT_MEASURED, false },
	{ "Ports", "Efficiency", "active of what is tied up", "ports/efficiency", KIND_SHARE, BETTER_MORE, NOT_MEASURED, false },
	{ "Log", "Volume", "per subscriber and day", "log/bytes_per_subscriber_day", KIND_BYTES, BETTER_LESS, NO_LOG, false },
	{ "Log", "Peak rate", "records/s", "log/records_per_second/peak", KIND_COUNT, BETTER_LESS, NO_LOG, false },
	{ "Attribution", "Candidates with port", "subscribers, mean", "ambiguity/address+port+time/candidates/mean", KIND_COUNT, BETTER_LESS,
	  NO_INCIDENTS, false },
	{ "Attribution", "Candidates without port", "subscribers, mean", "ambiguity/address+time/candidates/mean", KIND_COUNT, BETTER_LESS,
	  NO_INCIDENTS, false },
	{ "Attribution", "Unique with port", "of incidents", "ambiguity/address+port+time/unique_ratio", KIND_SHARE, BETTER_MORE,
	  NO_INCIDENTS, false },
	{ "Attribution", "Unique as logged", "of incidents", "ambiguity/as-logged/unique_ratio", KIND_SHARE, BETTER_MORE,
	  NO_INCIDENTS, false },
	{ .header = NULL },
};

static const struct column connections[] = {
	{ "Connections", "Attempted", NULL, "ports/attempted", KIND_COUNT, BETTER_NEITHER, NOT_MEASURED, false },
	{ "Connections", "Refused", NULL, "ports/refused", KIND_COUNT, BETTER_LESS, NOT_MEASURED, false },
	{ "Connections", "Subscribers refused", "of those that tried", "ports/subscribers_refused_ratio", KIND_SHARE, BETTER_LESS, NOT_MEASURED, true },
	{ "Connections", "By neighbours", "of refusals", "ports/neighbour_share", KIND_SHARE, BETTER_LESS, "nothing was refused", true },
	{ "Connections", "New, mean", "per second", "ports/created_per_second/mean", KIND_COUNT, BETTER_NEITHER, NOT_MEASURED, true },
	{ "Connections", "New, peak", "per second", "ports/created_per_second/peak", KIND_COUNT, BETTER_NEITHER, NOT_MEASURED, true },
	{ "Peaks", "Active", "ports", "ports/active_peak", KIND_COUNT, BETTER_NEITHER, NOT_MEASURED, true },
	{ "Peaks", "Sessions", NULL, "ports/sessions_peak", KIND_COUNT, BETTER_NEITHER, NOT_MEASURED, true },
	{ "Peaks", "Fullest address", "held ports", "ports/address_active_peak/max", KIND_COUNT, BETTER_LESS, NOT_MEASURED, true },
	{ "Quality", "Addresses used", NULL, "ports/addresses_used", KIND_COUNT, BETTER_NEITHER, NOT_MEASURED, true },
	{ "Quality", "Stranded", "ports", "ports/stranded", KIND_COUNT, BETTER_LESS, NOT_MEASURED, true },
	{ "Quality", "Fairness", "Jain, 1 is even", "ports/fairness_jain", KIND_COUNT, BETTER_MORE, NOT_MEASURED, true },
	{ "Quality", "Port guessing", "bits", "ports/guess_bits", KIND_COUNT, BETTER_MORE, "the scheme declares no law of its ports", true },
	{ .header = NULL },
};

static const struct column by_protocol[] = {
	{ NULL, "Active", "ports, mean", "active_mean", KIND_COUNT, BETTER_NEITHER, NOT_MEASURED, false },
	{ NULL, "Held", "ports, mean", "held_mean", KIND_COUNT, BETTER_NEITHER, NOT_MEASURED, true },
	{ NULL, "Reserved", "ports, mean", "reserved_mean", KIND_COUNT, BETTER_NEITHER, NOT_MEASURED, true },
	{ NULL, "Utilisation", "active of the pool", "utilisation", KIND_SHARE, BETTER_NEITHER, NOT_MEASURED, true },
	{ NULL, "Efficiency", "active of what is tied up", "efficiency", KIND_SHARE, BETTER_NEITHER, NOT_MEASURED, true },
	{ .header = NULL },
};

static const struct column logs[] = {
	{ NULL, "Records", NULL, "log/records", KIND_COUNT, BETTER_LESS, NO_LOG, false },
	{ NULL, "Log", "in the window", "log/bytes", KIND_BYTES, BETTER_LESS, NO_LOG, false },
	{ NULL, "On the wire", "with IP and UDP", "log/wire_bytes", KIND_BYTES, BETTER_LESS, NO_LOG, false },
	{ NULL, "Compressed", "zstd level 3", "log/bytes_zstd", KIND_BYTES, BETTER_LESS, NO_LOG, false },
	{ NULL, "Volume", "per subscriber and day", "log/bytes_per_subscriber_day", KIND_BYTES, BETTER_LESS, NO_LOG, false },
	{ NULL, "Rate, mean", "records/s", "log/records_per_second/mean", KIND_COUNT, BETTER_LESS, NO_LOG, false },
	{ NULL, "Rate, peak", "records/s", "log/records_per_second/peak", KIND_COUNT, BETTER_LESS, NO_LOG, false },
	{ .header = NULL },
};

static const struct column ambiguity[] = {
	{ NULL, "Incidents", NULL, "incidents", KIND_COUNT, BETTER_NEITHER, NO_INCIDENTS, false },
	{ NULL, "Not reached", "incidents refused", "not_reached", KIND_COUNT, BETTER_NEITHER, NO_INCIDENTS, false },
	{ NULL, "Window", "s", "window_s", KIND_COUNT, BETTER_NEITHER, NO_INCIDENTS, false },
	{ NULL, "Candidates", "mean", "candidates/mean", KIND_COUNT, BETTER_LESS, NO_INCIDENTS, false },
	{ NULL, "Candidates", "median", "candidates/p50", KIND_COUNT, BETTER_LESS, NO_INCIDENTS, false },
	{ NULL, "Candidates", "95th percentile", "candidates/p95", KIND_COUNT, BETTER_LESS, NO_INCIDENTS, false },
	{ NULL, "Candidates", "most", "candidates/max", KIND_COUNT, BETTER_LESS, NO_INCIDENTS, false },
	{ NULL, "Unique", "the right one alone", "unique_ratio", KIND_SHARE, BETTER_MORE, NO_INCIDENTS, false },
	{ NULL, "Ambiguous", "among others", "ambiguous_ratio", KIND_SHARE, BETTER_LESS, NO_INCIDENTS, false },
	{ NULL, "Missed", "nobody", "missed_ratio", KIND_SHARE, BETTER_LESS, NO_INCIDENTS, false },
	{ NULL, "Wrong", "only innocents", "wrong_ratio", KIND_SHARE, BETTER_LESS, NO_INCIDENTS, false },
	{ NULL, "Wrong alone", "one innocent", "wrong_single_ratio", KIND_SHARE, BETTER_LESS, NO_INCIDENTS, false },
	{ NULL, "Entropy", "bits", "entropy_bits", KIND_COUNT, BETTER_LESS, NO_INCIDENTS, false },
	{ .header = NULL },
};

static const struct column subscribers[] = {
	{ "Active ports at any moment", "Mean", NULL, "ports/subscriber_active/mean", KIND_COUNT, BETTER_NEITHER, NOT_MEASURED, false },
	{ "Active ports at any moment", "Variance", NULL, "ports/subscriber_active/variance", KIND_COUNT, BETTER_NEITHER, NOT_MEASURED, true },
	{ "Active ports at any moment", "50 %", NULL, "ports/subscriber_active/p50", KIND_COUNT, BETTER_NEITHER, NOT_MEASURED, false },
	{ "Active ports at any moment", "90 %", NULL, "ports/subscriber_active/p90", KIND_COUNT, BETTER_NEITHER, TOO_SHORT, false },
	{ "Active ports at any moment", "99 %", NULL, "ports/subscriber_active/p99", KIND_COUNT, BETTER_NEITHER, TOO_SHORT, false },
	{ "Active ports at any moment", "99.9 %", NULL, "ports/subscriber_active/p999", KIND_COUNT, BETTER_NEITHER, TOO_SHORT, false },
	{ "Peak in the window", "50 %", NULL, "ports/subscriber_peak/p50", KIND_COUNT, BETTER_NEITHER, NOT_MEASURED, false },
	{ "Peak in the window", "90 %", NULL, "ports/subscriber_peak/p90", KIND_COUNT, BETTER_NEITHER, TOO_SHORT, false },
	{ "Peak in the window", "99 %", NULL, "ports/subscriber_peak/p99", KIND_COUNT, BETTER_NEITHER, TOO_SHORT, false },
	{ "Peak in the window", "99.9 %", NULL, "ports/subscriber_peak/p999", KIND_COUNT, BETTER_NEITHER, TOO_SHORT, false },
	{ "Peak in the window", "Most", NULL, "ports/subscriber_peak/max", KIND_COUNT, BETTER_NEITHER, TOO_SHORT, false },
	{ "Demand if nothing were refused", "50 %", NULL, "ports/demand/p50", KIND_COUNT, BETTER_NEITHER, TOO_SHORT, true },
	{ "Demand if nothing were refused", "99 %", NULL, "ports/demand/p99", KIND_COUNT, BETTER_NEITHER, TOO_SHORT, true },
	{ "Demand if nothing were refused", "99.9 %", NULL, "ports/demand/p999", KIND_COUNT, BETTER_NEITHER, TOO_SHORT, true },
	{ "Demand if nothing were refused", "Most", NULL, "ports/demand/max", KIND_COUNT, BETTER_NEITHER, TOO_SHORT, true },
	{ .header = NULL },
};

#define NO_PACKETS "this world shows no packets"
#define NO_DELAYS  "there were none"

static const struct column connecting[] = {
	{ "TCP connections", "SYNs", NULL, "packets/syns", KIND_COUNT, BETTER_NEITHER, NO_PACKETS, false },
	{ "TCP connections", "SYNs again", NULL, "packets/syn_retries", KIND_COUNT, BETTER_LESS, NO_PACKETS, false },
	{ "TCP connections", "Set up", NULL, "packets/handshakes", KIND_COUNT, BETTER_MORE, NO_PACKETS, false },
	{ "TCP connections", "Set up late", "by another SYN", "packets/handshakes_late", KIND_COUNT, BETTER_LESS, NO_PACKETS, false },
	{ "TCP connections", "Failed", NULL, "packets/handshakes_failed", KIND_COUNT, BETTER_LESS, NO_PACKETS, false },
	{ "TCP connections", "Reset", NULL, "packets/resets", KIND_COUNT, BETTER_LESS, NO_PACKETS, false },
	{ "Until set up", "Mean", "s", "packets/setup_delay/mean", KIND_COUNT, BETTER_LESS, NO_DELAYS, false },
	{ "Until set up", "99 %", "s", "packets/setup_delay/p99", KIND_COUNT, BETTER_LESS, NO_DELAYS, false },
	{ "Until given up", "Mean", "s", "packets/failure_delay/mean", KIND_COUNT, BETTER_LESS, NO_DELAYS, false },
	{ "Until given up", "99 %", "s", "packets/failure_delay/p99", KIND_COUNT, BETTER_LESS, NO_DELAYS, false },
	{ "Until answered", "Mean", "s", "packets/answer_delay/mean", KIND_COUNT, BETTER_LESS, NO_DELAYS, false },
	{ "Until answered", "99 %", "s", "packets/answer_delay/p99", KIND_COUNT, BETTER_LESS, NO_DELAYS, false },
	{ "Goodput", "Down", "bit/s", "packets/goodput_down_bps", KIND_COUNT, BETTER_MORE, NO_PACKETS, false },
	{ "Goodput", "Up", "bit/s", "packets/goodput_up_bps", KIND_COUNT, BETTER_MORE, NO_PACKETS, false },
	{ .header = NULL },
};

static const struct column passing[] = {
	{ "Passed the CGN", "Out", NULL, "packets/packets_out", KIND_COUNT, BETTER_NEITHER, NO_PACKETS, false },
	{ "Passed the CGN", "In", NULL, "packets/packets_in", KIND_COUNT, BETTER_NEITHER, NO_PACKETS, false },
	{ "Passed the CGN", "Hairpinned", NULL, "packets/hairpins", KIND_COUNT, BETTER_NEITHER, NO_PACKETS, false },
	{ "Passed the CGN", "Fragments", NULL, "packets/fragments", KIND_COUNT, BETTER_NEITHER, NO_PACKETS, false },
	{ "Did not pass", "Refused", "no mapping", "packets/packets_refused", KIND_COUNT, BETTER_LESS, NO_PACKETS, false },
	{ "Did not pass", "Dropped", NULL, "packets/packets_dropped", KIND_COUNT, BETTER_LESS, NO_PACKETS, false },
	{ "Did not pass", "At home", "a home's NAT", "packets/home_dropped", KIND_COUNT, BETTER_LESS, NO_PACKETS, false },
	{ "Did not pass", "Too big", NULL, "packets/too_big", KIND_COUNT, BETTER_LESS, NO_PACKETS, false },
	{ "Did not pass", "Lost", "full queues", "packets/packets_lost", KIND_COUNT, BETTER_LESS, NO_PACKETS, false },
	{ "ICMP errors", "Sent", "by the CGN", "packets/icmp_sent", KIND_COUNT, BETTER_NEITHER, NO_PACKETS, false },
	{ "ICMP errors", "Held back", "by its limit", "packets/icmp_withheld", KIND_COUNT, BETTER_NEITHER, NO_PACKETS, false },
	{ "ICMP errors", "Translated", "of others", "packets/icmp_passed", KIND_COUNT, BETTER_NEITHER, NO_PACKETS, false },
	{ "ICMP errors", "Delivered", "to who asked", "packets/icmp_delivered", KIND_COUNT, BETTER_NEITHER, NO_PACKETS, false },
	{ "Flows not begun", "Port busy", "TIME-WAIT", "packets/socket_busy", KIND_COUNT, BETTER_NEITHER, NO_PACKETS, false },
	{ "Flows not begun", "From outside", NULL, "packets/opened_outside", KIND_COUNT, BETTER_NEITHER, NO_PACKETS, false },
	{ .header = NULL },
};

/* Only of a world that has packets. */
static void write_packets(const struct report *r)
{
	bool any = false;

	for (size_t i = 0; i < r->run->count; i++)
		any |= run_member(r->run->schemes[i], "packets") != NULL;
	if (!any)
		return;
	fputs("<h3>What only packets show</h3>\n", r->out);
	report_table(r, "What hosts met: connections, the time until they knew, and payload that arrived. Warm-up included", connecting, whole, 1);
	report_table(r, "What became of packets, and of the ICMP errors about them. Warm-up included", passing, whole, 1);
}

void report_overview(const struct report *r)
{
	report_table(r, "Every scheme on the same workload. Ports are those of the busier of TCP and UDP.", overview, whole, 1);
	fputs("<p class=\"legend\"><span class=\"best\">Bold and underlined</span>: the best of the schemes in that column, where they differ.", r->out);
	if (run_number(r->run->root, "replications") > 1)
		fputs(" \xc2\xb1 is the half-width of the 95 % confidence interval over the replications; "
		      "values within each other\xe2\x80\x99s intervals share the mark.", r->out);
	fputs("</p>\n", r->out);
}

/* The names that members of an object (or `evidence` of a list's items) have
 * in any scheme, each once, in the order met. */
struct names {
	const char *items[32];
	size_t count;
};

static void names_add(struct names *n, const char *name)
{
	if (!name)
		return;
	for (size_t i = 0; i < n->count; i++)
		if (!strcmp(n->items[i], name))
			return;
	if (n->count < sizeof(n->items) / sizeof(*n->items))
		n->items[n->count++] = name;
}

static struct names names_of(const struct report *r, const char *path)
{
	struct names n = { .count = 0 };

	for (size_t i = 0; i < r->run->count; i++) {
		const cJSON *member = run_member(r->run->schemes[i], path);
		const cJSON *item;

		cJSON_ArrayForEach(item, member)
			if (cJSON_IsArray(member))
				names_add(&n, run_text(item, "evidence"));
			else if (!cJSON_IsNumber(item) || item->valuedouble > 0)
				names_add(&n, item->string);
	}
	return n;
}

static void write_reasons(const struct report *r, const char *caption, const char *path)
{
	struct names reasons = names_of(r, path);
	struct column columns[33] = { 0 };
	char *paths[32];

	if (!reasons.count)
		return;
	for (size_t i = 0; i < reasons.count; i++) {
		paths[i] = must_printf("%s/%s", path, reasons.items[i]);
		columns[i] = (struct column){ .header = reasons.items[i], .unit = "connections", .path = paths[i], .better = BETTER_LESS };
	}
	report_table(r, caption, columns, whole, 1);
	for (size_t i = 0; i < reasons.count; i++)
		free(paths[i]);
}

static void write_refusals(const struct report *r)
{
	fputs("<h3>Refusals by reason</h3>\n", r->out);
	if (!names_of(r, "ports/refused_by").count)
		fputs("<p>No connection was refused.</p>\n", r->out);
	write_reasons(r, "New connections refused, by the first reason that applied", "ports/refused_by");
	write_reasons(r, "Connections refused at home, by the subscriber\xe2\x80\x99s own NAT: they never reached the shared one",
	              "ports/cpe/refused_by");
}

/* The other evidence that every scheme answers the same as this one; NULL if there is none. */
static const char *same_as_of(const struct report *r, const char *prefix)
{
	char *path = must_printf("%ssame_as", prefix);
	const char *first = run_text(r->run->schemes[0], path);

	for (size_t i = 1; first && i < r->run->count; i++) {
		const char *other = run_text(r->run->schemes[i], path);

		if (!other || strcmp(first, other))
			first = NULL;
	}
	free(path);
	return first;
}

/* One table with a section for each name below `path`. */
static void write_sections(const struct report *r, const char *caption, const struct column *columns, const char *path)
{
	struct names n = names_of(r, path);
	struct section sections[32];
	char *prefixes[32];

	for (size_t i = 0; i < n.count; i++) {
		prefixes[i] = must_printf("%s/%s/", path, n.items[i]);
		sections[i] = (struct section){ .title = n.items[i], .prefix = prefixes[i], .same_as = same_as_of(r, prefixes[i]) };
	}
	if (n.count)
		report_table(r, caption, columns, sections, n.count);
	else
		fputs("<p>Not measured in this run.</p>\n", r->out);
	for (size_t i = 0; i < n.count; i++)
		free(prefixes[i]);
}

void report_details(const struct report *r)
{
	write_refusals(r);
	fputs("<h3>Connections, peaks and quality</h3>\n", r->out);
	report_table(r, "Connections offered to each scheme, the largest totals on the sampling grid, and how evenly and unpredictably it deals",
	             connections, whole, 1);
	fputs("<h3>Ports by protocol</h3>\n", r->out);
	write_sections(r, "A number reserved in a block or range is reserved in every protocol", by_protocol, "ports/by_protocol");
	fputs("<h3>Ports of a subscriber</h3>\n", r->out);
	report_table(r, "That share of subscribers (and moments) stays at or below so many ports", subscribers, whole, 1);
	write_packets(r);
	fputs("<h3>Log</h3>\n", r->out);
	report_table(r, "Bytes of the real encoded log in the measured window", logs, whole, 1);
	fputs("<h3>Attribution, by what the server recorded</h3>\n", r->out);
	write_sections(r, "Of the incidents that reached a server: what the operator\xe2\x80\x99s log makes of them. "
	               "Unique, ambiguous, missed and wrong sum to 100 %", ambiguity, "ambiguity");
}
