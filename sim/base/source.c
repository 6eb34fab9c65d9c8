#include "sim/base/source.h"

#include "sim/base/must.h"

struct segment *segments_add(struct segments *s)
{
	if (s->count == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->items = must_grow(s->items, s->room, sizeof(*s->items));
	}
	return &s->items[s->count++];
}
