/* Loading trusts nothing: lengths are held against the size of the file before
 * memory is asked for; a section is read twice, once for its checksum, so that
 * nobody is told a word of a damaged one. */
#include "sim/world/events_format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/base/crc.h"
#include "sim/base/must.h"

#define CHUNK (1u << 16)
#define TEXT_MOST (64u << 20)

struct events {
	FILE *in;
	char *path;                  /* owned */
	uint64_t size;
	struct events_head head;     /* owned */
	struct events_entry *entries; /* the directory, by place; owned */
	uint64_t *offsets;           /* where each section begins; owned */
	uint32_t count;
	uint8_t *chunk;              /* owned */
};

static bool damaged(const struct events *ev, const char *what, struct err *e)
{
	return fail(e, "%s: the event file is damaged: %s", ev->path, what);
}

static bool get(struct events *ev, void *bytes, size_t count, struct err *e)
{
	if (fread(bytes, 1, count, ev->in) == count)
		return true;
	if (ferror(ev->in))
		return fail(e, "%s: %s", ev->path, strerror(errno));
	return fail(e, "%s: the event file breaks off", ev->path);
}

/* The head of the file: how much text, and the checksum of text and directory. */
static bool read_head(struct events *ev, uint32_t *text, uint32_t *crc, struct err *e)
{
	uint8_t bytes[EVENTS_HEAD];
	struct carry_in in = { bytes + EVENTS_MAGIC_BYTES, bytes + sizeof(bytes) };
	uint32_t version = 0, zero = 0, own = 0;

	if (ev->size < EVENTS_MAGIC_BYTES || fread(bytes, 1, EVENTS_MAGIC_BYTES, ev->in) != EVENTS_MAGIC_BYTES ||
	    memcmp(bytes, EVENTS_MAGIC, EVENTS_MAGIC_BYTES))
		return fail(e, "%s: not an event file (it does not begin with " EVENTS_MAGIC ")", ev->path);
	if (!get(ev, bytes + EVENTS_MAGIC_BYTES, 4, e))
		return false;
	carry_take_half(&in, &version);
	if (version != EVENTS_VERSION)
		return fail(e, "%s: an event file of version %u, and this program reads version %d: make it anew", ev->path,
		            version, EVENTS_VERSION);
	if (!get(ev, bytes + EVENTS_MAGIC_BYTES + 4, EVENTS_HEAD - EVENTS_MAGIC_BYTES - 4, e))
		return false;
	must(carry_take_half(&in, &ev->count) && carry_take_half(&in, text) && carry_take_half(&in, crc) &&
	     carry_take_half(&in, &zero) && carry_take_half(&in, &own) && in.at == in.end);
	if (own != crc32c(0, bytes, EVENTS_HEAD - 4))
		return damaged(ev, "the checksum of its header does not match", e);
	return (!zero && *text <= TEXT_MOST) || damaged(ev, "its header says what none can", e);
}

static bool take_text(struct events *ev, const char *text, size_t length, struct err *e)
{
	cJSON *json = cJSON_ParseWithLength(text, length);
	const cJSON *made_by = cJSON_GetObjectItemCaseSensitive(json, "made_by");
	const cJSON *world = cJSON_GetObjectItemCaseSensitive(json, "world");
	const cJSON *workload = cJSON_GetObjectItemCaseSensitive(json, "workload");
	cJSON *scenario = cJSON_GetObjectItemCaseSensitive(json, "scenario");
	bool good = cJSON_IsString(made_by) && cJSON_IsString(world) && cJSON_IsNumber(workload) && workload->valuedouble >= 0 &&
	            workload->valuedouble <= UINT32_MAX && cJSON_IsObject(scenario);

	if (good)
		ev->head = (struct events_head){
			.scenario = cJSON_DetachItemViaPointer(json, scenario),
			.world = must_strdup(world->valuestring),
			.made_by = must_strdup(made_by->valuestring),
			.workload = (uint32_t)workload->valuedouble,
		};
	cJSON_Delete(json);
	return good || damaged(ev, "its text does not say what it is of", e);
}

static bool take_directory(struct events *ev, struct carry_in *in, uint64_t offset, struct err *e)
{
	ev->entries = must_alloc(ev->count, sizeof(*ev->entries));
	ev->offsets = must_alloc(ev->count, sizeof(*ev->offsets));
	for (uint32_t i = 0; i < ev->count; i++) {
		struct events_entry *entry = &ev->entries[i];

		if (!events_entry_take(in, entry) || entry->records > entry->length ||
		    (i && events_place_order(&entry[-1].place, &entry->place) >= 0))
			return damaged(ev, "its directory says what none can", e);
		if (entry->length > ev->size - offset || entry->totals > ev->size - offset - entry->length)
			return fail(e, "%s: the event file breaks off", ev->path);
		ev->offsets[i] = offset;
		offset += entry->length + entry->totals;
	}
	return offset == ev->size || fail(e, "%s: the event file has more behind its end", ev->path);
}

static bool read_front(struct events *ev, struct err *e)
{
	uint32_t text, crc;
	uint64_t length;
	struct carry_in in;
	uint8_t *bytes;
	bool good;

	if (!read_head(ev, &text, &crc, e))
		return false;
	length = text + (uint64_t)ev->count * EVENTS_ENTRY;
	if (EVENTS_HEAD + length > ev->size)
		return fail(e, "%s: the event file breaks off", ev->path);
	bytes = must_alloc(length, 1);
	in = (struct carry_in){ bytes + text, bytes + length };
	good = get(ev, bytes, length, e) &&
	       (crc32c(0, bytes, length) == crc || damaged(ev, "the checksum of its directory does not match", e)) &&
	       take_text(ev, (const char *)bytes, text, e) && take_directory(ev, &in, EVENTS_HEAD + length, e);
	free(bytes);
	return good;
}

struct events *events_open(const char *path, struct err *e)
{
	struct events *ev = must_alloc(1, sizeof(*ev));
	struct stat st;
	bool good = false;

	ev->path = must_strdup(path);
	ev->in = fopen(path, "rb");
	if (!ev->in || fstat(fileno(ev->in), &st))
		fail(e, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		fail(e, "%s: not a regular file, as an event file must be", path);
	else {
		ev->size = (uint64_t)st.st_size;
		good = read_front(ev, e);
	}
	if (good) {
		ev->chunk = must_alloc(CHUNK, 1);
		return ev;
	}
	events_close(ev);
	return NULL;
}

void events_close(struct events *ev)
{
	if (!ev)
		return;
	if (ev->in)
		fclose(ev->in);
	cJSON_Delete(ev->head.scenario);
	free(ev->head.world);
	free(ev->head.made_by);
	free(ev->entries);
	free(ev->offsets);
	free(ev->chunk);
	free(ev->path);
	free(ev);
}

const struct events_head *events_head(const struct events *ev)
{
	return &ev->head;
}

/* The entry of a place; NULL: there is none. */
static const struct events_entry *find(const struct events *ev, struct events_place place)
{
	size_t low = 0, high = ev->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = events_place_order(&ev->entries[middle].place, &place);

		if (!order)
			return &ev->entries[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

bool events_hold(const struct events *ev, struct events_place place)
{
	return find(ev, place) != NULL;
}

static bool section_damaged(const struct events *ev, const struct events_entry *entry, const char *what, struct err *e)
{
	return fail(e, "%s: the event file is damaged in the section of scheme %u, instance %u: %s", ev->path,
	            entry->place.trial, entry->place.instance, what);
}

static bool go_to(struct events *ev, uint64_t offset, struct err *e)
{
	return !fseeko(ev->in, (off_t)offset, SEEK_SET) || fail(e, "%s: %s", ev->path, strerror(errno));
}

static bool check_sum(struct events *ev, const struct events_entry *entry, uint64_t offset, struct err *e)
{
	uint64_t left = entry->length + entry->totals;
	uint32_t crc = 0;

	if (!go_to(ev, offset, e))
		return false;
	while (left) {
		size_t part = left < CHUNK ? (size_t)left : CHUNK;

		if (!get(ev, ev->chunk, part, e))
			return false;
		crc = crc32c(crc, ev->chunk, part);
		left -= part;
	}
	return crc == entry->crc || section_damaged(ev, entry, "its checksum does not match", e);
}

/* The records of a section, a chunk at a time. */
struct window {
	struct carry_in in;
	uint64_t left;         /* bytes of records not yet in the chunk */
};

/* Moves what is left to the chunk's begin and fills it up. */
static bool refill(struct events *ev, struct window *w, struct err *e)
{
	size_t have = (size_t)(w->in.end - w->in.at), part = CHUNK - have;

	if (!w->left || have >= EVENTS_RECORD_MOST)
		return true;
	memmove(ev->chunk, w->in.at, have);
	part = w->left < part ? (size_t)w->left : part;
	w->in = (struct carry_in){ ev->chunk, ev->chunk + have + part };
	w->left -= part;
	return get(ev, ev->chunk + have, part, e);
}

static bool read_records(struct events *ev, const struct events_entry *entry, const struct events_bounds *bounds,
                         struct events_taker taker, struct err *e)
{
	struct window w = { { ev->chunk, ev->chunk }, entry->length };
	struct events_ledger *ledger = events_ledger_create(bounds);
	struct events_clock clock = { 0 };
	bool good = true;

	for (uint64_t i = 0; good && i < entry->records; i++) {
		struct events_record r = { 0 };

		good = refill(ev, &w, e);
		if (!good)
			break;
		good = (events_take(&w.in, &clock, bounds, &r) && (r.is_train || events_ledger_event(ledger, &r.event))) ||
		       section_damaged(ev, entry, "it says what cannot have happened", e);
		if (good && r.is_train)
			taker.train(taker.context, &r.train, &r.verdict, r.sight);
		else if (good)
			taker.event(taker.context, &r.event);
	}
	events_ledger_destroy(ledger);
	return good && ((!w.left && w.in.at == w.in.end) || section_damaged(ev, entry, "its records have another length", e));
}

bool events_read(struct events *ev, struct events_place place, const struct events_bounds *bounds, struct events_taker taker,
                 struct packets *packets, struct err *e)
{
	const struct events_entry *entry = find(ev, place);
	uint8_t totals[EVENTS_TOTALS_MOST];
	struct carry_in in;
	uint64_t offset;

	if (!entry)
		return fail(e, "%s: there is no section of scheme %u, instance %u", ev->path, place.trial, place.instance);
	offset = ev->offsets[entry - ev->entries];
	in = (struct carry_in){ totals, totals + entry->totals };
	if (!check_sum(ev, entry, offset, e) || !go_to(ev, offset + entry->length, e) || !get(ev, totals, entry->totals, e))
		return false;
	if (!events_take_totals(&in, packets))
		return section_damaged(ev, entry, "its totals are malformed", e);
	return go_to(ev, offset, e) && read_records(ev, entry, bounds, taker, e);
}
