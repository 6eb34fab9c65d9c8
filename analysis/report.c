#include "analysis/report.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/html.h"
#include "analysis/report_parts.h"
#include "sim/base/file.h"
#include "sim/base/must.h"
#include "sim/base/simtime.h"

const char *const report_figure_stems[REPORT_FIGURES] = { "timeseries", "subscribers", "log", "ambiguity" };

struct figure_text {
	const char *title, *caption;
};
static const struct figure_text figure_texts[REPORT_FIGURES] = {
	{ "Ports over time, by scheme",
	  "A panel for each scheme, all with the same axes: the distance from the thin line (active) up to the broad one (reserved) is what "
	  "the scheme ties up without using it, and a line that climbs steadily has not settled." },
	{ "Peak ports of a subscriber",
	  "Read a limit or a block size off the bottom axis: the height of the line there is the share of subscribers who never need more. "
	  "Lines that coincide show beside each other as bands; a line ends early where the capture is too short to tell." },
	{ "Log per subscriber and day",
	  "The further right the filled dot, the more log; where schemes differ by orders of magnitude each grid line is ten times the one before." },
	{ "Candidates of a complaint",
	  "A dot at 1 means that the log leads to one subscriber; at 60, that sixty could have been meant. The bar goes from the median to the "
	  "95th percentile of incidents." },
};

struct term {
	const char *name, *means;
};
static const struct term glossary[] = {
	{ "Refused", "new connections that got no port, of all that needed one; each is counted once." },
	{ "Active, held, reserved", "ports with a live mapping; those and the ports in hold-down; those and every number that could not be given to "
	  "another subscriber now, because it lies in a block, a range or a guard time. Means over time." },
	{ "Stranded", "numbers that nobody can ever get: remainders of a division, empty slots." },
	{ "Utilisation", "active ports of all ports of the pool." },
	{ "Efficiency", "active ports of those reserved or stranded." },
	{ "Subscriber peak", "a subscriber\xe2\x80\x99s largest number of active ports in the window. It grows with the window; size limits by the ports "
	  "active at any moment." },
	{ "Neighbours\xe2\x80\x99 share", "refusals of subscribers who held less than their fair share of a full address." },
	{ "Fairness", "Jain\xe2\x80\x99s index over the active ports of subscribers of an address that refused: 1 is perfectly even." },
	{ "Port guessing", "how unpredictable the next port is, in bits, to someone who knows the public configuration and the subscriber\xe2\x80\x99s past ports." },
	{ "Log volume", "payload bytes of the log as it is really encoded; on the wire, 28 bytes of IP and UDP are added to each message." },
	{ "Incident", "a connection that a server complains about later. The server recorded some of address, port and time; its clock may be off." },
	{ "address+time, address+port+time, as-logged", "what the server recorded: no port; the port; or each server as the scenario says that it logs. "
	  "The protocol is always known." },
	{ "Candidates", "the distinct subscribers whom the operator\xe2\x80\x99s log allows for an incident, within the window of the time stamp, its resolution "
	  "and the clock error that the operator assumes." },
	{ "Unique, ambiguous, missed, wrong", "the right subscriber alone; the right one among others; nobody; only others. Wrong alone: exactly one, an innocent." },
	{ "Entropy", "mean of log2 of the number of candidates: 0 bits is certainty, 6 bits is one of 64." },
};

static const struct term files[] = {
	{ "summary.json", "every measure of every scheme, not rounded" },
	{ "manifest.json", "the resolved scenario, and what made this run" },
	{ "timeseries.csv", "ports, sessions and rates at each sample" },
	{ "subscribers.csv", "quantiles of ports over subscribers" },
	{ "ambiguity.csv", "attribution, by kind of evidence" },
	{ "log.csv", "volume and rate of the logs" },
	{ "replications.csv", "each measure of each replication" },
};

/* A label and a number that is there: "10,000 subscribers". */
static void write_fact(const struct report *r, const char **between, const char *path, const char *one, const char *many)
{
	double value = run_number(r->run->root, path);
	char text[HUMAN_TEXT];

	if (isnan(value))
		return;
	fprintf(r->out, "%s%s %s", *between, human_whole(value, text), value >= 1 && value <= 1 ? one : many);
	*between = " \xc2\xb7 ";
}

static void write_facts(const struct report *r)
{
	double seconds = run_number(r->run->root, "workload/duration_s");
	const char *between = "";
	char text[DURATION_TEXT];
	int64_t ns;

	fputs("<p class=\"facts\">", r->out);
	write_fact(r, &between, "workload/subscribers", "subscriber", "subscribers");
	write_fact(r, &between, "workload/flows", "flow", "flows");
	if (duration_from_seconds(seconds, &ns))
		fprintf(r->out, "%s%s measured", between, duration_format(ns, text));
	between = " \xc2\xb7 ";
	write_fact(r, &between, "replications", "replication", "replications");
	fprintf(r->out, "%s%zu %s</p>\n", between, r->run->count, r->run->count == 1 ? "scheme" : "schemes");
}

static void write_warning(const struct report *r, size_t *count, const char *about, const char *text)
{
	if (!(*count)++)
		fputs("<aside class=\"warnings\" aria-labelledby=\"warnings\">\n<h2 id=\"warnings\">Warnings</h2>\n<ul>\n", r->out);
	fputs("<li>", r->out);
	if (about) {
		html_text(r->out, about);
		fputs(": ", r->out);
	}
	html_text(r->out, text);
	fputs("</li>\n", r->out);
}

static void write_warnings(const struct report *r)
{
	const cJSON *warning;
	size_t count = 0;

	cJSON_ArrayForEach(warning, run_member(r->run->root, "warnings"))
		if (cJSON_IsString(warning))
			write_warning(r, &count, NULL, warning->valuestring);
	for (size_t i = 0; i < r->run->count; i++)
		cJSON_ArrayForEach(warning, run_member(r->run->schemes[i], "warnings"))
			if (cJSON_IsString(warning))
				write_warning(r, &count, run_scheme_name(r->run, i), warning->valuestring);
	if (count)
		fputs("</ul>\n</aside>\n", r->out);
}

static void write_figures(const struct report *r, const struct report_input *in)
{
	size_t missing = 0;

	fputs("<section>\n<h2>Figures</h2>\n", r->out);
	for (size_t i = 0; i < REPORT_FIGURES; i++) {
		const struct figure_text *text = &figure_texts[i];

		if (!in->figures[i]) {
			missing++;
			continue;
		}
		fprintf(r->out, "<figure>\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Figure: %s\">\n", text->title);
		html_svg(r->out, in->figures[i], report_figure_stems[i], text->title);
		fprintf(r->out, "</div>\n<figcaption>%s</figcaption>\n</figure>\n", text->caption);
	}
	if (missing)
		fprintf(r->out, "<p class=\"note\">%s not there (%zu of %d): gnuplot draws them. Install it (apt-get install gnuplot-nox), "
		        "then run <code>cgnsim report</code> on this directory.</p>\n",
		        missing == REPORT_FIGURES ? "Figures are" : "Some figures are", missing, REPORT_FIGURES);
	fputs("</section>\n", r->out);
}

static void write_terms(const struct report *r, const struct term *terms, size_t count)
{
	fputs("<dl>\n", r->out);
	for (size_t i = 0; i < count; i++)
		fprintf(r->out, "<dt>%s</dt><dd>%s</dd>\n", terms[i].name, terms[i].means);
	fputs("</dl>\n", r->out);
}

static void write_scenario(const struct report *r)
{
	const cJSON *scenario = run_member(r->manifest, "scenario");
	char *text = scenario ? cJSON_Print(scenario) : NULL;

	if (!text)
		return;
	fputs("<section>\n<h2>The scenario</h2>\n<details>\n<summary>Every key, defaults resolved</summary>\n<pre>", r->out);
	html_text(r->out, text);
	fputs("</pre>\n</details>\n</section>\n", r->out);
	cJSON_free(text);
}

static void write_reproduction(const struct report *r)
{
	const char *command = run_text(r->manifest, "command"), *made_by = run_text(r->manifest, "made_by");
	const char *scenario_file = run_text(r->manifest, "scenario_file");
	double seed = run_number(r->run->root, "seed");
	const cJSON *cut;
	const char *between = "";

	fputs("<section>\n<h2>How to reproduce</h2>\n<p>The same scenario, seed and version give the same bytes, on any machine and any "
	      "number of threads.</p>\n", r->out);
	if (command) {
		fputs("<pre>", r->out);
		html_text(r->out, command);
		fputs("</pre>\n", r->out);
	}
	fputs("<p>", r->out);
	if (made_by) {
		fputs("Made by ", r->out);
		html_text(r->out, made_by);
		fputs(". ", r->out);
	}
	if (scenario_file) {
		fputs("Scenario file <code>", r->out);
		html_text(r->out, scenario_file);
		fputs("</code>. ", r->out);
	}
	if (!isnan(seed))
		fprintf(r->out, "Seed %.0f. ", seed);
	if (cJSON_GetArraySize(run_member(r->manifest, "instances")))
		fputs("Instances that share nothing, by scheme: ", r->out);
	cJSON_ArrayForEach(cut, run_member(r->manifest, "instances")) {
		const char *scheme = run_text(cut, "scheme");

		if (!scheme)
			continue;
		fputs(between, r->out);
		html_text(r->out, scheme);
		fprintf(r->out, " %.0f", run_number(cut, "instances"));
		between = ", ";
	}
	fputs("</p>\n<p>Files in this directory:</p>\n<ul>\n", r->out);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		fprintf(r->out, "<li><code>%s</code>: %s</li>\n", files[i].name, files[i].means);
	fputs("</ul>\n</section>\n", r->out);
}

static void write_page(const struct report *r, const struct report_input *in)
{
	const char *name = run_text(r->run->root, "scenario"), *question = run_text(r->manifest, "scenario/description");
	char *title = must_printf("%s: schemes of sharing IPv4 addresses compared", name ? name : "cgnsim");

	html_begin(r->out, title);
	free(title);
	fputs("<header>\n<h1>", r->out);
	html_text(r->out, name ? name : "A run of cgnsim");
	fputs("</h1>\n", r->out);
	if (question && *question) {
		fputs("<p class=\"question\">", r->out);
		html_text(r->out, question);
		fputs("</p>\n", r->out);
	}
	write_facts(r);
	fputs("</header>\n<section>\n<h2>The answer</h2>\n", r->out);
	report_answer(r);
	fputs("</section>\n", r->out);
	write_warnings(r);
	fputs("<section>\n<h2>The schemes side by side</h2>\n", r->out);
	report_overview(r);
	fputs("</section>\n", r->out);
	write_figures(r, in);
	fputs("<section>\n<h2>Further tables</h2>\n", r->out);
	report_details(r);
	fputs("</section>\n<section>\n<h2>What the measures mean</h2>\n", r->out);
	write_terms(r, glossary, sizeof(glossary) / sizeof(*glossary));
	fputs("</section>\n", r->out);
	write_scenario(r);
	write_reproduction(r);
	html_end(r->out);
}

bool report_write(FILE *out, const struct report_input *in, struct err *e)
{
	char *summary_path = must_printf("%s/summary.json", in->dir);
	char *manifest_path = must_printf("%s/manifest.json", in->dir);
	struct run_summary run = { 0 };
	struct cJSON *manifest = NULL;
	bool ok = false;

	if (!run_summary_parse(&run, in->summary, in->summary_length, summary_path, e))
		goto out;
	manifest = run_json_parse(in->manifest, in->manifest_length, manifest_path, e);
	if (!manifest)
		goto out;
	write_page(&(struct report){ .out = out, .run = &run, .manifest = manifest }, in);
	ok = true;
out:
	run_summary_clear(&run);
	cJSON_Delete(manifest);
	free(summary_path);
	free(manifest_path);
	return ok;
}

static char *read_of(const char *dir, const char *stem, const char *ending, size_t *length, struct err *e)
{
	char *path = must_printf("%s/%s.%s", dir, stem, ending);
	char *text = NULL;

	if (strcmp(ending, "svg") || !access(path, F_OK))
		text = file_read(path, length, e);
	free(path);
	return text;
}

bool report_make(const char *dir, struct err *e)
{
	struct report_input in = { .dir = dir };
	char *path = must_printf("%s/report.html", dir);
	char *summary = read_of(dir, "summary", "json", &in.summary_length, e);
	char *manifest = summary ? read_of(dir, "manifest", "json", &in.manifest_length, e) : NULL;
	char *figures[REPORT_FIGURES] = { NULL };
	size_t faults = e->count, length;
	struct outfile file = { 0 };
	bool ok = false;

	if (!summary || !manifest)
		goto out;
	for (size_t i = 0; i < REPORT_FIGURES; i++)
		in.figures[i] = figures[i] = read_of(dir, report_figure_stems[i], "svg", &length, e);
	if (e->count > faults)
		goto out;
	in.summary = summary;
	in.manifest = manifest;
	ok = outfile_open(&file, path, e) && report_write(file.stream, &in, e) && outfile_commit(&file, e);
out:
	outfile_abandon(&file);
	for (size_t i = 0; i < REPORT_FIGURES; i++)
		free(figures[i]);
	free(summary);
	free(manifest);
	free(path);
	return ok;
}
