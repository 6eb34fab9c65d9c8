#include "analysis/log.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/log_text.h"
#include "analysis/zstream.h"
#include "sim/base/file.h"
#include "sim/base/must.h"

#define IP_AND_UDP 28 /* bytes of header around a message */

const struct log_format *const log_formats[] = { &log_syslog, &log_csv, NULL };
const char *const log_format_choices[] = { "syslog", "csv", "none", NULL };

const struct log_format *log_format_find(const char *name)
{
	for (const struct log_format *const *f = log_formats; *f; f++)
		if (strcmp((*f)->name, name) == 0)
			return *f;
	return NULL;
}

/* What a pair of addresses takes in a mapping's record: as it was the last time. All zero is true from the start. */
struct pair {
	uint32_t inside, outside;
	uint32_t more;            /* than two addresses 0.0.0.0 */
};

enum { PAIRS = 1024 };        /* remembered by the inside address, so that neighbours do not meet */

struct log_writer {
	const struct log_config *config;
	const struct log_format *format; /* NULL: none */
	bool held[LOG_KINDS];     /* kinds that the log holds */
	bool counted;             /* records count now, */
	bool sampled;             /* and those that do are compressed */
	int64_t turn_ns;          /* when the first is to be looked at again, */
	uint64_t turn_bytes;      /* and at how many bytes the second */
	uint32_t *second;         /* this second's place in weight.per_second */
	int64_t warmup_ns, end_ns;
	uint64_t whole_below;
	struct log_weight weight;
	uint64_t message_bytes;   /* in the message that is open; 0: none is */
	int64_t message_first_ns; /* its first record; NS_NEVER while it has only the prologue */
	/* the length of a mapping's record: by kind and protocol if addresses and numbers are 0, and what each digit more adds */
	size_t fixed[2][PROTO_COUNT], per_port, per_number;
	struct pair *pairs;       /* [PAIRS]; owned */
	struct zstream *sample;   /* NULL until something is to be compressed */
	struct outfile kept;
	struct zstream *keep;     /* NULL: not kept */
};

/* ---- lengths ---- */

static size_t length_with(const struct log_writer *w, struct log_record r)
{
	return w->format->length(&r);
}

/* A format's length is a sum over the record's fields, so a few records tell the rule for mappings. */
static void learn_lengths(struct log_writer *w)
{
	const size_t least = length_with(w, (struct log_record){ .kind = LOG_MAPPING_ADD });

	for (int kind = LOG_MAPPING_ADD; kind <= LOG_MAPPING_DELETE; kind++)
		for (int p = 0; p < PROTO_COUNT; p++)
			w->fixed[kind][p] = length_with(w, (struct log_record){ .kind = (enum log_kind)kind, .protocol = (enum protocol)p });
	w->per_port = length_with(w, (struct log_record){ .kind = LOG_MAPPING_ADD, .inside_port = 10 }) - least;
	w->per_number = length_with(w, (struct log_record){ .kind = LOG_MAPPING_ADD, .lo = 10, .hi = 10 }) - least;
	w->pairs = must_alloc(PAIRS, sizeof(*w->pairs));
}

/* What the addresses take beyond those of learn_lengths(). */
static size_t pair_length(struct log_writer *w, uint32_t inside, uint32_t outside)
{
	struct pair *p = &w->pairs[inside % PAIRS];

	if (p->inside != inside || p->outside != outside)
		*p = (struct pair){
			inside, outside,
			(uint32_t)(length_with(w, (struct log_record){ .kind = LOG_MAPPING_ADD, .inside = inside, .outside = outside }) -
			           w->fixed[LOG_MAPPING_ADD][PROTO_TCP]),
		};
	return p->more;
}

static size_t length_of(struct log_writer *w, const struct log_record *r)
{
	if (r->kind > LOG_MAPPING_DELETE)
		return w->format->length(r);
	return w->fixed[r->kind][r->protocol] + pair_length(w, r->inside, r->outside) +
	       w->per_port * (number_length(r->inside_port) - 1) + w->per_number * (number_length(r->lo) - 1);
}

/* ---- what counts, and what of it is compressed ---- */

/* How it is from `time_ns` on, until turn_ns. */
static __attribute__((noinline)) void turn_second(struct log_writer *w, int64_t time_ns)
{
	size_t second = (size_t)((time_ns - w->warmup_ns) / NS_PER_S);

	w->counted = time_ns < w->end_ns;
	w->turn_ns = NS_NEVER;
	if (!w->counted)
		return;
	w->second = &w->weight.per_second[second];
	w->turn_ns = w->warmup_ns + (int64_t)(second + 1) * NS_PER_S;
	if (w->turn_ns > w->end_ns)
		w->turn_ns = w->end_ns;
}

/* How it is from this many bytes on, until turn_bytes. */
static __attribute__((noinline)) void turn_block(struct log_writer *w)
{
	uint64_t at = w->weight.bytes, block;

	w->sampled = at < w->whole_below;
	w->turn_bytes = w->whole_below;
	if (w->sampled)
		return;
	block = (at - w->whole_below) / LOG_SAMPLE_BLOCK;
	w->sampled = block % LOG_SAMPLE_EVERY == 0;
	w->turn_bytes += (w->sampled ? block + 1 : (block / LOG_SAMPLE_EVERY + 1) * LOG_SAMPLE_EVERY) * LOG_SAMPLE_BLOCK;
}

static void compress(struct log_writer *w, const char *text, size_t length)
{
	if (!w->sample)
		w->sample = zstream_create(NULL);
	zstream_feed(w->sample, text, length);
	w->weight.sample_bytes += length;
}

static void write_prologue(struct log_writer *w)
{
	size_t length = strlen(w->format->prologue);

	compress(w, w->format->prologue, length);
	if (w->keep)
		zstream_feed(w->keep, w->format->prologue, length);
	w->weight.bytes = w->message_bytes = length;
	w->message_first_ns = NS_NEVER;
}

static bool holds(const struct log_writer *w, enum log_kind kind)
{
	if (!w->format || (w->config->events == LOG_CREATE && log_kind_is_delete(kind)))
		return false;
	return log_kind_is_block(kind) || log_kind_is_session(kind) == w->config->destinations;
}

struct log_writer *log_open(const struct log_setup *setup, struct err *e)
{
	struct log_writer *w = must_alloc(1, sizeof(*w));

	must(setup->warmup_ns <= setup->end_ns);
	w->config = setup->config;
	w->format = log_format_find(log_format_choices[setup->config->format]);
	w->warmup_ns = setup->warmup_ns;
	w->end_ns = setup->end_ns;
	w->whole_below = setup->whole_below;
	w->weight.seconds = (size_t)((setup->end_ns - setup->warmup_ns + NS_PER_S - 1) / NS_PER_S);
	w->weight.per_second = must_alloc(w->weight.seconds, sizeof(*w->weight.per_second));
	if (setup->keep_path && w->format) {
		if (!outfile_open(&w->kept, setup->keep_path, e)) {
			log_abandon(w);
			return NULL;
		}
		w->keep = zstream_create(w->kept.stream);
	}
	for (int kind = 0; kind < LOG_KINDS; kind++)
		w->held[kind] = holds(w, (enum log_kind)kind);
	if (w->format)
		learn_lengths(w);
	if (w->format && w->format->prologue)
		write_prologue(w);
	w->turn_ns = setup->warmup_ns;
	turn_block(w);
	return w;
}

static void pack(struct log_writer *w, int64_t time_ns, size_t length)
{
	bool full = w->message_bytes + length > LOG_MESSAGE_MAX;
	bool late = w->message_first_ns != NS_NEVER && time_ns - w->message_first_ns >= w->config->flush_ns;

	if (w->message_bytes > 0 && (full || late)) {
		w->weight.messages++;
		w->message_bytes = 0;
	}
	if (w->message_bytes == 0 || w->message_first_ns == NS_NEVER)
		w->message_first_ns = time_ns;
	w->message_bytes += length;
}

/* The time cut to the log's resolution. Dividing by a constant is far cheaper, and most formats have this one. */
static int64_t tick_of(const struct log_writer *w, int64_t time_ns)
{
	return w->format->resolution_ns == NS_PER_MS ? time_ns - time_ns % NS_PER_MS
	                                             : time_ns - time_ns % w->format->resolution_ns;
}

/* Really encodes the record, for the sample and the kept file. */
static __attribute__((noinline)) size_t write_text(struct log_writer *w, const struct log_record *r)
{
	char text[LOG_LINE_MAX];
	size_t length = w->format->encode(r, text);

	if (w->keep)
		zstream_feed(w->keep, text, length);
	if (w->counted && w->sampled)
		compress(w, text, length);
	return length;
}

bool log_write(struct log_writer *w, const struct log_record *r, struct log_record *shown)
{
	int64_t time_ns = r->time_ns;
	size_t length;

	if (!w->held[r->kind])
		return false;
	if (time_ns >= w->turn_ns)
		turn_second(w, time_ns);
	if (shown != r)
		*shown = *r;
	shown->time_ns = tick_of(w, time_ns);
	length = w->keep || (w->counted && w->sampled) ? write_text(w, shown) : length_of(w, shown);
	if (!w->counted) {
		w->weight.records_before += time_ns < w->warmup_ns;
		return true;
	}
	w->weight.records++;
	w->weight.bytes += length;
	if (w->weight.bytes >= w->turn_bytes)
		turn_block(w);
	++*w->second;
	pack(w, time_ns, length);
	return true;
}

bool log_close(struct log_writer *w, struct log_weight *out, struct err *e)
{
	bool good = true;

	if (w->message_bytes > 0)
		w->weight.messages++;
	if (w->sample)
		w->weight.sample_zstd = zstream_finish(w->sample);
	if (w->keep) {
		zstream_finish(w->keep);
		good = outfile_commit(&w->kept, e);
	}
	*out = w->weight;
	free(w->pairs);
	free(w);
	return good;
}

void log_abandon(struct log_writer *w)
{
	if (!w)
		return;
	zstream_destroy(w->sample);
	zstream_destroy(w->keep);
	outfile_abandon(&w->kept);
	log_weight_clear(&w->weight);
	free(w->pairs);
	free(w);
}

void log_weight_add(struct log_weight *to, const struct log_weight *from)
{
	to->records += from->records;
	to->records_before += from->records_before;
	to->bytes += from->bytes;
	to->messages += from->messages;
	to->sample_bytes += from->sample_bytes;
	to->sample_zstd += from->sample_zstd;
	if (to->seconds < from->seconds) {
		to->per_second = must_grow(to->per_second, from->seconds, sizeof(*to->per_second));
		memset(to->per_second + to->seconds, 0, (from->seconds - to->seconds) * sizeof(*to->per_second));
		to->seconds = from->seconds;
	}
	for (size_t s = 0; s < from->seconds; s++)
		to->per_second[s] += from->per_second[s];
}

void log_weight_clear(struct log_weight *w)
{
	free(w->per_second);
	*w = (struct log_weight){ 0 };
}

uint64_t log_weight_wire(const struct log_weight *w)
{
	return w->bytes + w->messages * IP_AND_UDP;
}

/* The product of two sums over a country's logs does not fit in 64 bits. */
uint64_t log_weight_zstd(const struct log_weight *w)
{
	__extension__ typedef unsigned __int128 wide;

	if (w->sample_bytes == 0)
		return 0;
	return (uint64_t)((wide)w->bytes * w->sample_zstd / w->sample_bytes);
}
