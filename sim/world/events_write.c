/* A section is written to a file of its own: place is left for its head, which is
 * written last, over it. */
#include "sim/world/events_format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/base/crc.h"
#include "sim/base/file.h"
#include "sim/base/must.h"

#define FLUSH_AT 65536

struct events_section {
	struct outfile file;
	struct carry_out buffer;
	struct events_clock clock;
	struct events_entry entry;
};

char *events_section_path(const char *directory, struct events_place place)
{
	return must_printf("%s/%u.%u.part", directory, place.trial, place.instance);
}

struct events_section *events_section_open(const char *path, struct events_place place, struct err *e)
{
	static const uint8_t head[EVENTS_SECTION_HEAD];
	struct events_section *s = must_alloc(1, sizeof(*s));

	s->entry.place = place;
	if (!outfile_open(&s->file, path, e)) {
		free(s);
		return NULL;
	}
	fwrite(head, 1, sizeof(head), s->file.stream);
	return s;
}

static void flush(struct events_section *s)
{
	s->entry.crc = crc32c(s->entry.crc, s->buffer.bytes, s->buffer.length);
	fwrite(s->buffer.bytes, 1, s->buffer.length, s->file.stream); /* outfile_commit() sees a failure */
	s->buffer.length = 0;
}

static void recorded(struct events_section *s, size_t before)
{
	s->entry.records++;
	s->entry.length += s->buffer.length - before;
	if (s->buffer.length >= FLUSH_AT)
		flush(s);
}

void events_section_event(struct events_section *s, const struct nat_event *event)
{
	size_t before = s->buffer.length;

	events_put_event(&s->buffer, &s->clock, event);
	recorded(s, before);
}

void events_section_train(struct events_section *s, const struct segment *train, const struct verdict *v, unsigned sight)
{
	size_t before = s->buffer.length;

	events_put_train(&s->buffer, &s->clock, train, v, sight);
	recorded(s, before);
}

static bool write_head(struct events_section *s, struct err *e)
{
	struct carry_out head = { 0 };
	bool good;

	carry_bytes(&head, EVENTS_SECTION_MAGIC, EVENTS_MAGIC_BYTES);
	carry_half(&head, EVENTS_VERSION);
	events_entry_put(&head, &s->entry);
	carry_half(&head, crc32c(0, head.bytes, head.length));
	must(head.length == EVENTS_SECTION_HEAD);
	errno = 0;
	good = (!fseeko(s->file.stream, 0, SEEK_SET) && fwrite(head.bytes, 1, head.length, s->file.stream) == head.length) ||
	       fail(e, "%s: %s", s->file.path, errno ? strerror(errno) : "could not be written");
	free(head.bytes);
	return good;
}

bool events_section_close(struct events_section *s, const struct packets *packets, struct err *e)
{
	static const struct packets none;
	size_t before = s->buffer.length;
	bool good;

	events_put_totals(&s->buffer, packets ? packets : &none);
	s->entry.totals = (uint32_t)(s->buffer.length - before);
	flush(s);
	good = write_head(s, e) && outfile_commit(&s->file, e);
	events_section_abandon(s);
	return good;
}

void events_section_abandon(struct events_section *s)
{
	if (!s)
		return;
	outfile_abandon(&s->file);
	free(s->buffer.bytes);
	free(s);
}

/* A section to be joined. */
struct part {
	const char *path;
	struct events_entry entry;
};

static FILE *part_open(struct part *p, struct err *e)
{
	uint8_t bytes[EVENTS_SECTION_HEAD];
	struct carry_in in = { bytes + EVENTS_MAGIC_BYTES, bytes + sizeof(bytes) };
	FILE *from = fopen(p->path, "rb");
	uint32_t version, crc;
	struct stat st;

	if (!from || fstat(fileno(from), &st)) {
		fail(e, "%s: %s", p->path, strerror(errno));
	} else if (fread(bytes, 1, sizeof(bytes), from) != sizeof(bytes) ||
	           memcmp(bytes, EVENTS_SECTION_MAGIC, EVENTS_MAGIC_BYTES) || !carry_take_half(&in, &version) ||
	           version != EVENTS_VERSION || !events_entry_take(&in, &p->entry) || !carry_take_half(&in, &crc) ||
	           crc != crc32c(0, bytes, sizeof(bytes) - 4)) {
		fail(e, "%s: not a section of events that this version can join", p->path);
	} else if ((uint64_t)st.st_size != EVENTS_SECTION_HEAD + p->entry.length + p->entry.totals) {
		fail(e, "%s: the section of events breaks off", p->path);
	} else {
		return from;
	}
	if (from)
		fclose(from);
	return NULL;
}

static bool part_append(FILE *to, struct part *p, struct err *e)
{
	uint8_t *buffer;
	FILE *from = part_open(p, e);
	uint32_t crc = 0;
	bool good;
	size_t got;

	if (!from)
		return false;
	buffer = must_alloc(FLUSH_AT, 1);
	while ((got = fread(buffer, 1, FLUSH_AT, from))) {
		crc = crc32c(crc, buffer, got);
		fwrite(buffer, 1, got, to);
	}
	good = !ferror(from) || fail(e, "%s: %s", p->path, strerror(errno));
	good = good && (crc == p->entry.crc || fail(e, "%s: the section of events is damaged: its checksum does not match", p->path));
	free(buffer);
	fclose(from);
	return good;
}

static int by_place(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	return events_place_order(&x->entry.place, &y->entry.place);
}

static bool read_parts(struct part *parts, const char *const *sections, size_t count, struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		FILE *in;

		parts[i].path = sections[i];
		in = part_open(&parts[i], e);
		if (!in)
			return false;
		fclose(in);
	}
	qsort(parts, count, sizeof(*parts), by_place);
	for (size_t i = 1; i < count; i++)
		if (!by_place(&parts[i - 1], &parts[i]))
			return fail(e, "%s: the section is of the same scheme and instance as %s", parts[i].path, parts[i - 1].path);
	return true;
}

/* Text and directory, behind the head of the file that speaks of them. */
static void put_front(struct carry_out *o, const struct events_head *head, const struct part *parts, size_t count)
{
	cJSON *json = cJSON_CreateObject(), *scenario = cJSON_Duplicate(head->scenario, 1);
	struct carry_out body = { 0 };
	size_t text_length;
	char *text;

	must(json && scenario && count <= UINT32_MAX);
	cJSON_AddStringToObject(json, "made_by", head->made_by);
	cJSON_AddStringToObject(json, "world", head->world);
	cJSON_AddNumberToObject(json, "workload", head->workload);
	cJSON_AddItemToObject(json, "scenario", scenario);
	text = cJSON_PrintUnformatted(json);
	must(text);
	text_length = strlen(text);
	must(text_length <= UINT32_MAX);
	carry_bytes(&body, text, text_length);
	for (size_t i = 0; i < count; i++)
		events_entry_put(&body, &parts[i].entry);
	carry_bytes(o, EVENTS_MAGIC, EVENTS_MAGIC_BYTES);
	carry_half(o, EVENTS_VERSION);
	carry_half(o, (uint32_t)count);
	carry_half(o, (uint32_t)text_length);
	carry_half(o, crc32c(0, body.bytes, body.length));
	carry_half(o, 0);
	carry_half(o, crc32c(0, o->bytes, o->length));
	must(o->length == EVENTS_HEAD);
	carry_bytes(o, body.bytes, body.length);
	free(body.bytes);
	free(text);
	cJSON_Delete(json);
}

bool events_join(const char *path, const struct events_head *head, const char *const *sections, size_t count, struct err *e)
{
	struct part *parts = must_alloc(count, sizeof(*parts));
	struct carry_out front = { 0 };
	struct outfile out = { 0 };
	bool good = read_parts(parts, sections, count, e) && outfile_open(&out, path, e);

	if (good) {
		put_front(&front, head, parts, count);
		fwrite(front.bytes, 1, front.length, out.stream);
	}
	for (size_t i = 0; good && i < count; i++)
		good = part_append(out.stream, &parts[i], e);
	good = good && outfile_commit(&out, e);
	outfile_abandon(&out);
	free(front.bytes);
	free(parts);
	return good;
}
