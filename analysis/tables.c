#include "analysis/tables.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/csv.h"
#include "sim/base/file.h"
#include "sim/base/must.h"

/* A number or null of a JSON object, reached by a path of names with dots. */
static void member(FILE *out, const cJSON *from, const char *path)
{
	char name[64];
	size_t length;

	for (; from && *path; path += length + (path[length] == '.')) {
		length = strcspn(path, ".");
		must(length < sizeof(name));
		memcpy(name, path, length);
		name[length] = '\0';
		from = cJSON_GetObjectItemCaseSensitive(from, name);
	}
	if (cJSON_IsNumber(from))
		csv_put_number(out, from->valuedouble);
	else if (cJSON_IsString(from))
		csv_put_text(out, from->valuestring);
}

static uint64_t records_in(const struct log_weight *log, int64_t from_ns, int64_t to_ns)
{
	uint64_t sum = 0;

	for (int64_t s = from_ns / NS_PER_S; s < to_ns / NS_PER_S && s < (int64_t)log->seconds; s++)
		sum += log->per_second[s];
	return sum;
}

/* One row a sample; what counts per second is the mean since the sample before, none at the first. */
static void timeseries(FILE *out, const struct result_run *run, const cJSON *schemes)
{
	double interval = (double)run->interval_ns / 1e9;

	(void)schemes;
	fputs("scheme,time_s,protocol,active,held,reserved,sessions,created_per_s,refused_per_s,records_per_s\n", out);
	for (size_t i = 0; i < run->scheme_count; i++) {
		const struct measures *m = &run->schemes[i].measures[0];
		enum protocol p = summary_headline(m);

		for (size_t k = 0; k < m->usage->sample_count; k++) {
			const struct usage_sample *s = &m->usage->samples[k];
			int64_t at = (int64_t)k * run->interval_ns;

			csv_put_text(out, run->schemes[i].name);
			fputc(',', out);
			csv_put_number(out, (double)at / 1e9);
			fprintf(out, ",%s,%llu,%llu,%llu,%llu,", protocol_name[p], (unsigned long long)s->active[p],
			        (unsigned long long)s->held[p], (unsigned long long)summary_reserved_at(m, s, p),
			        (unsigned long long)s->sessions);
			if (k) {
				csv_put_number(out, (double)s->created / interval);
				fputc(',', out);
				csv_put_number(out, (double)s->refused / interval);
				fputc(',', out);
				csv_put_number(out, (double)records_in(&m->log, at - run->interval_ns, at) / interval);
			} else {
				fputs(",,", out);
			}
			fputc('\n', out);
		}
	}
}

static void quantile_rows(FILE *out, const char *scheme, const char *measure, const uint64_t *histogram, bool tails)
{
	for (int q = 0; q <= 101; q++) {
		double share = q <= 99 ? q / 100.0 : q == 100 ? 0.999 : 1;

		if (share > 0.9 && !tails)
			return;
		csv_put_text(out, scheme);
		fprintf(out, ",%s,%g,%u\n", measure, share, histogram_quantile(histogram, USAGE_LEVELS, share));
	}
}

static void subscribers(FILE *out, const struct result_run *run, const cJSON *schemes)
{
	(void)schemes;
	fputs("scheme,measure,quantile,ports\n", out);
	for (size_t i = 0; i < run->scheme_count; i++) {
		const struct usage *u = run->schemes[i].measures[0].usage;

		quantile_rows(out, run->schemes[i].name, "active", u->level_time, run->tails);
		quantile_rows(out, run->schemes[i].name, "peak", u->peak, run->tails);
	}
}

static void row_of(FILE *out, const cJSON *from, const char *const *columns)
{
	for (; *columns; columns++) {
		fputc(',', out);
		member(out, from, *columns);
	}
	fputc('\n', out);
}

static void ambiguity(FILE *out, const struct result_run *run, const cJSON *schemes)
{
	static const char *const columns[] = {
		"evidence", "incidents", "not_reached", "window_s", "candidates.mean", "candidates.p50", "candidates.p95",
		"candidates.max", "unique_ratio", "ambiguous_ratio", "missed_ratio", "wrong_ratio", "wrong_single_ratio",
		"entropy_bits", "same_as", NULL,
	};
	const cJSON *scheme, *row;

	(void)run;
	fputs("scheme,evidence,incidents,not_reached,window_s,candidates_mean,candidates_p50,candidates_p95,candidates_max,"
	      "unique_ratio,ambiguous_ratio,missed_ratio,wrong_ratio,wrong_single_ratio,entropy_bits,same_as\n", out);
	cJSON_ArrayForEach(scheme, schemes)
		cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(scheme, "ambiguity")) {
			member(out, scheme, "name");
			row_of(out, row, columns);
		}
}

static void log_table(FILE *out, const struct result_run *run, const cJSON *schemes)
{
	static const char *const columns[] = {
		"log.format", "log.records", "log.bytes", "log.wire_bytes", "log.bytes_zstd", "log.bytes_per_subscriber_day",
		"log.records_per_second.mean", "log.records_per_second.peak", NULL,
	};
	const cJSON *scheme;

	(void)run;
	fputs("scheme,format,records,bytes,wire_bytes,bytes_zstd,bytes_per_subscriber_day,records_per_second_mean,"
	      "records_per_second_peak\n", out);
	cJSON_ArrayForEach(scheme, schemes) {
		member(out, scheme, "name");
		row_of(out, scheme, columns);
	}
}

/* Every number below `item`, with its path as the measure's name. */
static void flatten(FILE *out, const char *scheme, uint32_t replication, const char *path, const cJSON *item)
{
	const cJSON *child;

	if (cJSON_IsNumber(item)) {
		csv_put_text(out, scheme);
		fprintf(out, ",%u,", replication + 1);
		csv_put_text(out, path);
		fputc(',', out);
		csv_put_number(out, item->valuedouble);
		fputc('\n', out);
	}
	cJSON_ArrayForEach(child, item) {
		const cJSON *evidence = cJSON_GetObjectItemCaseSensitive(child, "evidence");
		const char *name = child->string ? child->string : evidence ? evidence->valuestring : "";
		char *longer = *path ? must_printf("%s.%s", path, name) : must_strdup(name);

		flatten(out, scheme, replication, longer, child);
		free(longer);
	}
}

static void replications(FILE *out, const struct result_run *run, const cJSON *schemes)
{
	(void)schemes;
	fputs("scheme,replication,measure,value\n", out);
	for (size_t i = 0; i < run->scheme_count; i++)
		for (uint32_t r = 0; r < run->replications; r++) {
			cJSON *one = summary_scheme(run, &run->schemes[i], r);

			flatten(out, run->schemes[i].name, r, "", one);
			cJSON_Delete(one);
		}
}

/* What each scheme trades: ports against log against who can be told apart. */
static void trade(FILE *out, const struct result_run *run, const cJSON *schemes)
{
	const cJSON *scheme, *row;

	(void)run;
	fputs("scheme,type,addresses,reserved,stranded,refusal_ratio,bytes_per_subscriber_day,candidates_as_logged\n", out);
	cJSON_ArrayForEach(scheme, schemes) {
		member(out, scheme, "name");
		fputc(',', out);
		member(out, scheme, "type");
		fputc(',', out);
		member(out, scheme, "ports.addresses");
		fputc(',', out);
		member(out, scheme, "ports.reserved_mean");
		fputc(',', out);
		member(out, scheme, "ports.stranded");
		fputc(',', out);
		member(out, scheme, "ports.refusal_ratio");
		fputc(',', out);
		member(out, scheme, "log.bytes_per_subscriber_day");
		fputc(',', out);
		cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(scheme, "ambiguity"))
			if (!strcmp(cJSON_GetObjectItemCaseSensitive(row, "evidence")->valuestring, "as-logged"))
				member(out, row, "candidates.mean");
		fputc('\n', out);
	}
}

/* From so many on, schemes are too many for the other figures' colours, and have one of their own. */
#define TRADE_SCHEMES 8

bool tables_write(const char *directory, const struct result_run *run, const cJSON *summary, struct err *e)
{
	static const struct {
		const char *file;
		void (*write)(FILE *out, const struct result_run *run, const cJSON *schemes);
		size_t least_schemes;
	} tables[] = {
		{ "timeseries.csv", timeseries, 0 }, { "subscribers.csv", subscribers, 0 }, { "ambiguity.csv", ambiguity, 0 },
		{ "log.csv", log_table, 0 },         { "replications.csv", replications, 0 }, { "trade.csv", trade, TRADE_SCHEMES },
	};
	const cJSON *schemes = cJSON_GetObjectItemCaseSensitive(summary, "schemes");
	bool good = true;

	for (size_t i = 0; good && i < sizeof(tables) / sizeof(*tables); i++) {
		char *path = must_printf("%s/%s", directory, tables[i].file);
		struct outfile out;

		if (run->scheme_count < tables[i].least_schemes) {
			free(path);
			continue;
		}
		good = outfile_open(&out, path, e);
		if (good) {
			tables[i].write(out.stream, run, schemes);
			good = outfile_commit(&out, e);
		}
		free(path);
	}
	return good;
}
