/* Where numbers carry several mappings, each towards a remote endpoint of its own: the book counts by remote. */
#include "sim/base/must.h"
#include "sim/study/stand_state.h"

uint32_t stand_remote(struct stand *s, uint32_t address, uint16_t port)
{
	for (uint32_t i = 0; i < s->remote_count; i++)
		if (s->remotes[i].address == address && s->remotes[i].port == port)
			return i;
	s->remotes = must_grow(s->remotes, s->remote_count + 1, sizeof(*s->remotes));
	s->remotes[s->remote_count] = (struct remote_book){ .address = address, .port = port };
	return s->remote_count++;
}

bool stand_carry(struct stand *s, const struct live *m, uint32_t at)
{
	struct tuple key = { m->address, m->slot, m->remote, m->remote_port, m->protocol };

	tuples_take(s->ground.tuples, &key, at);
	return tuples_taken(s->ground.tuples, m->address, m->protocol, m->slot) == 1;
}

bool stand_uncarry(struct stand *s, const struct held_number *n)
{
	struct tuple key = { n->address, n->slot, n->remote, n->remote_port, n->protocol };

	tuples_give(s->ground.tuples, &key);
	return !tuples_taken(s->ground.tuples, n->address, n->protocol, n->slot);
}

bool stand_is_free_for(const struct stand *s, uint32_t address, uint32_t slot, const struct request *r)
{
	struct tuple key = { address, slot, r->remote, r->remote_port, r->protocol };

	return tuples_find(s->ground.tuples, &key) == TUPLE_FREE;
}
