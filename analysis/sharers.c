#include "analysis/sharers.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"

#define NONE UINT32_MAX

struct record {
	int64_t  begin_ns;
	uint32_t inside;
	uint32_t next;         /* of the number, younger; of a free one, the next free one */
};

struct sharers {
	uint32_t *oldest;      /* by number; owned */
	struct record *records; /* owned */
	uint32_t count, room, free;
};

struct sharers *sharers_create(void)
{
	struct sharers *s = must_alloc(1, sizeof(*s));

	s->oldest = must_grow(NULL, 65536, sizeof(*s->oldest));
	memset(s->oldest, 0xff, 65536 * sizeof(*s->oldest));
	s->free = NONE;
	return s;
}

void sharers_destroy(struct sharers *s)
{
	if (!s)
		return;
	free(s->oldest);
	free(s->records);
	free(s);
}

static uint32_t take_record(struct sharers *s)
{
	uint32_t at = s->free;

	if (at != NONE) {
		s->free = s->records[at].next;
		return at;
	}
	if (s->count == s->room) {
		s->room = s->room * 2 + 64;
		s->records = must_grow(s->records, s->room, sizeof(*s->records));
	}
	return s->count++;
}

void sharers_add(struct sharers *s, uint16_t number, uint32_t inside, int64_t begin_ns)
{
	uint32_t added = take_record(s), *link = &s->oldest[number];

	while (*link != NONE)
		link = &s->records[*link].next;
	*link = added;
	s->records[added] = (struct record){ .begin_ns = begin_ns, .inside = inside, .next = NONE };
}

bool sharers_remove(struct sharers *s, uint16_t number, uint32_t inside)
{
	uint32_t *link = &s->oldest[number], at;

	while (*link != NONE && s->records[*link].inside != inside)
		link = &s->records[*link].next;
	at = *link;
	if (at == NONE)
		return false;
	*link = s->records[at].next;
	s->records[at].next = s->free;
	s->free = at;
	return true;
}

bool sharers_began_at(const struct sharers *s, uint16_t number, uint32_t inside, int64_t time_ns)
{
	for (uint32_t at = s->oldest[number]; at != NONE; at = s->records[at].next)
		if (s->records[at].inside == inside && s->records[at].begin_ns == time_ns)
			return true;
	return false;
}

uint32_t *sharers_of(const struct sharers *s, uint16_t number, size_t *count)
{
	uint32_t *list;

	*count = 0;
	for (uint32_t at = s->oldest[number]; at != NONE; at = s->records[at].next)
		++*count;
	list = must_alloc(*count, sizeof(*list));
	for (uint32_t at = s->oldest[number], i = 0; at != NONE; at = s->records[at].next)
		list[i++] = s->records[at].inside;
	return list;
}
