/* sample_run - a small run's directory with plausible numbers: the scenario of
 * the interface's page, three schemes, one hour. For the tests of figures and
 * report; not measured by anything. */
#ifndef TESTS_ANALYSIS_SAMPLE_RUN_H
#define TESTS_ANALYSIS_SAMPLE_RUN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"

struct sample_scheme {
	const char *name, *type;
	double refused_ratio, held, reserved, stranded, log_bytes_a_day, records_peak, without_port;
};

#define SAMPLE_SUBSCRIBERS 10000
#define SAMPLE_POOL 10321440.0 /* 160 addresses x 64,509 numbers */
#define SAMPLE_ACTIVE 1184000.0
#define SAMPLE_ATTEMPTED 13750000.0

static const struct sample_scheme sample_schemes[] = {
	{ "per-session", "session", 0, 1642000, 1642000, 0, 7312000, 9112, 62.1 },
	{ "rfc7768", "block", 0, 1642000, 2731000, 480, 3216, 41, 62.4 },
	{ "rfc7422", "deterministic", 0.00031, 1642000, 10080000, 241440, 0, 0, 62.5 },
};
#define SAMPLE_SCHEMES (sizeof(sample_schemes) / sizeof(*sample_schemes))

static inline FILE *sample_open(const char *dir, const char *name)
{
	char *path = must_printf("%s/%s", dir, name);
	FILE *out = fopen(path, "wb");

	must(out);
	free(path);
	return out;
}

static inline void sample_evidence(FILE *out, const char *evidence, double mean, unsigned p50, unsigned p95, double unique, const char *same_as)
{
	fprintf(out, "    { \"evidence\": \"%s\", \"incidents\": 10000, \"not_reached\": 3, \"window_s\": 3,\n"
	        "      \"candidates\": { \"mean\": %g, \"p50\": %u, \"p95\": %u, \"max\": %u }, \"unique_ratio\": %g, \"ambiguous_ratio\": %g,\n"
	        "      \"missed_ratio\": 0, \"wrong_ratio\": 0, \"wrong_single_ratio\": 0, \"entropy_bits\": %g, \"same_as\": %s%s%s }",
	        evidence, mean, p50, p95, p95, unique, 1 - unique, mean > 1 ? 5.9 * (1 - unique) : 0,
	        same_as ? "\"" : "", same_as ? same_as : "null", same_as ? "\"" : "");
}

static inline void sample_summary_scheme(FILE *out, const struct sample_scheme *s, const char *name)
{
	double refused = s->refused_ratio * SAMPLE_ATTEMPTED;

	fprintf(out, "  { \"name\": %s, \"type\": \"%s\",\n  \"ports\": {\n"
	        "    \"addresses\": 160, \"addresses_used\": 160, \"subscribers_per_address\": 62.5,\n"
	        "    \"attempted\": %.0f, \"created\": %.0f, \"refused\": %.0f, \"refused_by\": {%s%.0f%s}, \"refusal_ratio\": %g,\n"
	        "    \"retries\": 0, \"created_late\": 0, \"recreated\": 0, \"subscribers_refused_ratio\": %g, \"neighbour_share\": 0,\n",
	        name, s->type, SAMPLE_ATTEMPTED, SAMPLE_ATTEMPTED - refused, refused, refused > 0 ? " \"range-full\": " : " \"no-port\": ", refused, " ",
	        s->refused_ratio, 8 * s->refused_ratio);
	fprintf(out, "    \"created_per_second\": { \"mean\": 3819.4, \"peak\": 4102 }, \"sessions_peak\": 1201500, \"active_peak\": 1201500,\n"
	        "    \"active_mean\": %g, \"held_mean\": %g, \"reserved_mean\": %g, \"stranded\": %g, \"utilisation\": %g, \"efficiency\": %g,\n"
	        "    \"by_protocol\": { \"tcp\": { \"active_mean\": 0, \"held_mean\": 0, \"reserved_mean\": 0, \"utilisation\": 0, \"efficiency\": 0 },\n"
	        "      \"udp\": { \"active_mean\": %g, \"held_mean\": %g, \"reserved_mean\": %g, \"utilisation\": %g, \"efficiency\": %g } },\n",
	        SAMPLE_ACTIVE, s->held, s->reserved, s->stranded, SAMPLE_ACTIVE / SAMPLE_POOL, SAMPLE_ACTIVE / (s->reserved + s->stranded),
	        SAMPLE_ACTIVE, s->held, s->reserved, SAMPLE_ACTIVE / SAMPLE_POOL, SAMPLE_ACTIVE / (s->reserved + s->stranded));
	fputs("    \"subscriber_active\": { \"mean\": 118.4, \"variance\": 118.9, \"p50\": 118, \"p90\": 132, \"p99\": null, \"p999\": null },\n"
	      "    \"subscriber_peak\": { \"p50\": 146, \"p90\": 157, \"p99\": null, \"p999\": null, \"max\": null },\n"
	      "    \"address_active_peak\": { \"p50\": 7900, \"p99\": null, \"max\": null }, \"demand\": null,\n"
	      "    \"fairness_jain\": 1, \"guess_bits\": 15.98 },\n", out);
	fprintf(out, "  \"log\": { \"format\": \"syslog\", \"records\": %.0f, \"bytes\": %.0f, \"wire_bytes\": %.0f, \"bytes_zstd\": %.0f,\n"
	        "    \"bytes_per_subscriber_day\": %g, \"records_per_second\": { \"mean\": %g, \"peak\": %g }, \"by_format\": {} },\n",
	        s->records_peak * 3000, s->log_bytes_a_day * 417, s->log_bytes_a_day * 425, s->log_bytes_a_day * 62,
	        s->log_bytes_a_day, s->records_peak * 0.83, s->records_peak);
	fputs("  \"ambiguity\": [\n", out);
	sample_evidence(out, "address+time", s->without_port, 62, 63, 0, NULL);
	fputs(",\n", out);
	sample_evidence(out, "address+port+time", 1, 1, 1, 1, NULL);
	fputs(",\n", out);
	sample_evidence(out, "address+time+destination", s->without_port, 62, 63, 0, "address+time");
	fputs(",\n", out);
	sample_evidence(out, "as-logged", s->without_port / 2, 1, 63, 0.501, NULL);
	fputs(" ],\n  \"warnings\": [] }", out);
}

/* `strange`: the JSON text of the first scheme's name; NULL for its own. */
static inline void sample_summary(FILE *out, const char *strange)
{
	fputs("{ \"format\": 1, \"scenario\": \"quickstart\", \"seed\": 1, \"replications\": 1,\n"
	      "  \"workload\": { \"flows\": 13750000, \"subscribers\": 10000, \"duration_s\": 3600, \"tcp\": 0, \"udp\": 13750000, \"icmp\": 0 },\n"
	      "  \"schemes\": [\n", out);
	for (size_t i = 0; i < SAMPLE_SCHEMES; i++) {
		char *name = i == 0 && strange ? must_strdup(strange) : must_printf("\"%s\"", sample_schemes[i].name);

		sample_summary_scheme(out, &sample_schemes[i], name);
		fputs(i + 1 < SAMPLE_SCHEMES ? ",\n" : "\n", out);
		free(name);
	}
	fputs("  ],\n  \"warnings\": [\"the capture lasts 15m: quantiles above 0.9 are left out\"] }\n", out);
}

static inline void sample_manifest(FILE *out)
{
	fputs("{ \"format\": 1, \"made_by\": \"cgnsim 0.1.0\", \"scenario_file\": \"scenarios/quickstart.json\",\n"
	      "  \"command\": \"cgnsim run scenarios/quickstart.json\",\n"
	      "  \"instances\": [{ \"scheme\": \"per-session\", \"instances\": 40 }, { \"scheme\": \"rfc7768\", \"instances\": 40 },\n"
	      "    { \"scheme\": \"rfc7422\", \"instances\": 40 }],\n"
	      "  \"scenario\": { \"name\": \"quickstart\", \"description\": \"Which of three ways to share 160 addresses among 10,000 homes ties up "
	      "the fewest ports, logs least, and still tells who it was?\",\n"
	      "    \"seed\": 1, \"subscribers\": { \"count\": 10000, \"prefix\": \"100.64.0.0/10\" }, \"evidence\": { \"port_logged\": 0.5 },\n"
	      "    \"plan\": { \"refusal\": 1e-4, \"confidence\": 0.95 } } }\n", out);
}

/* CSV of a name: `strange` as RFC 4180 writes it, or the scheme's own. */
static inline const char *sample_name(size_t scheme, const char *strange)
{
	return scheme == 0 && strange ? strange : sample_schemes[scheme].name;
}

static inline void sample_tables(const char *dir, const char *strange)
{
	FILE *series = sample_open(dir, "timeseries.csv"), *subscribers = sample_open(dir, "subscribers.csv");
	FILE *log = sample_open(dir, "log.csv"), *ambiguity = sample_open(dir, "ambiguity.csv");

	fputs("scheme,time_s,protocol,active,held,reserved,sessions,created_per_s,refused_per_s,records_per_s\n", series);
	fputs("scheme,measure,quantile,ports\n", subscribers);
	fputs("scheme,format,records,bytes,wire_bytes,bytes_zstd,bytes_per_subscriber_day,records_per_second_mean,records_per_second_peak\n", log);
	fputs("scheme,evidence,incidents,not_reached,window_s,candidates_mean,candidates_p50,candidates_p95,candidates_max,unique_ratio,"
	      "ambiguous_ratio,missed_ratio,wrong_ratio,wrong_single_ratio,entropy_bits,same_as\n", ambiguity);
	for (size_t i = 0; i < SAMPLE_SCHEMES; i++) {
		const struct sample_scheme *s = &sample_schemes[i];
		const char *name = sample_name(i, strange);

		for (unsigned k = 0; k < 360; k++) {
			unsigned wave = k * 7919 % 113 * 97; /* noise without chance */

			fprintf(series, "%s,%u,udp,%.0f,%.0f,%.0f,%.0f,%s,0,0\n", name, k * 10, SAMPLE_ACTIVE + wave, s->held + wave,
			        s->reserved + (i < 2 ? wave : 0), SAMPLE_ACTIVE + wave, k ? "3819.4" : "");
		}
		for (unsigned q = 0; q <= 90; q++) {
			fprintf(subscribers, "%s,active,%g,%u\n", name, q / 100.0, 96 + q * 40 / 100);
			fprintf(subscribers, "%s,peak,%g,%u\n", name, q / 100.0, 126 + q * (100 + q) / 450);
		}
		fprintf(log, "%s,syslog,%.0f,%.0f,%.0f,%.0f,%g,%g,%g\n", name, s->records_peak * 3000, s->log_bytes_a_day * 417,
		        s->log_bytes_a_day * 425, s->log_bytes_a_day * 62, s->log_bytes_a_day, s->records_peak * 0.83, s->records_peak);
		fprintf(ambiguity, "%s,address+time,10000,3,3,%g,62,63,63,0,1,0,0,0,5.9,\n", name, s->without_port);
		fprintf(ambiguity, "%s,address+port+time,10000,3,3,1,1,1,1,1,0,0,0,0,0,\n", name);
		fprintf(ambiguity, "%s,address+time+destination,10000,3,3,%g,62,63,63,0,1,0,0,0,5.9,address+time\n", name, s->without_port);
		fprintf(ambiguity, "%s,as-logged,10000,3,3,%g,1,63,63,0.501,0.499,0,0,0,2.9,\n", name, s->without_port / 2);
	}
	must(!fclose(series) && !fclose(subscribers) && !fclose(log) && !fclose(ambiguity));
}

/* Writes the directory's files, but for figures and report. A strange name is
 * given as JSON and as a CSV field; both NULL for the sample's own. */
static inline void sample_run(const char *dir, const char *strange_json, const char *strange_csv)
{
	FILE *summary = sample_open(dir, "summary.json"), *manifest = sample_open(dir, "manifest.json");

	sample_summary(summary, strange_json);
	sample_manifest(manifest);
	must(!fclose(summary) && !fclose(manifest));
	sample_tables(dir, strange_csv);
}

#endif
