/* Few packets come in fragments, so plain arrays, searched in line, serve. A
 * packet is forgotten `timeouts.fragment` after its first sign: the time is the
 * same for all, so the array is in order of time. */
#include "sim/nat/fragments.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/nat/translate.h"

void fragments_init(struct fragments *f)
{
	*f = (struct fragments){
		.trains = must_alloc(NAT_FRAGMENTS_MAX, sizeof(*f->trains)),
		.waiting = must_alloc(NAT_FRAGMENTS_MAX, sizeof(*f->waiting)),
	};
}

void fragments_clear(struct fragments *f)
{
	free(f->trains);
	free(f->waiting);
	*f = (struct fragments){ 0 };
}

static bool same(const struct fragment_key *a, const struct fragment_key *b)
{
	return a->source == b->source && a->destination == b->destination && a->subscriber == b->subscriber &&
	       a->id == b->id && a->protocol == b->protocol && a->host == b->host;
}

static struct fragment_train *find(const struct fragments *f, const struct fragment_key *key)
{
	for (uint32_t i = 0; i < f->train_count; i++)
		if (same(&f->trains[i].key, key))
			return &f->trains[i];
	return NULL;
}

const struct fragment_fate *fragments_fate(const struct fragments *f, const struct fragment_key *key)
{
	const struct fragment_train *t = find(f, key);

	return t && t->decided ? &t->fate : NULL;
}

static struct fragment_train *find_or_add(struct fragments *f, const struct fragment_key *key, int64_t until_ns)
{
	struct fragment_train *t = find(f, key);

	if (!t && f->train_count < NAT_FRAGMENTS_MAX) {
		t = &f->trains[f->train_count++];
		*t = (struct fragment_train){ .key = *key, .until_ns = until_ns };
	}
	return t;
}

void fragments_decide(struct fragments *f, const struct fragment_key *key, const struct fragment_fate *fate, int64_t until_ns)
{
	struct fragment_train *t = find_or_add(f, key, until_ns);

	if (!t)
		return;
	t->decided = true;
	t->fate = *fate;
}

bool fragments_keep(struct fragments *f, const struct fragment_key *key, const struct datagram *d, int64_t until_ns)
{
	if (f->waiting_count == NAT_FRAGMENTS_MAX || !find_or_add(f, key, until_ns))
		return false;
	f->waiting[f->waiting_count++] = (struct fragment_waiting){ .key = *key, .datagram = *d };
	return true;
}

bool fragments_take(struct fragments *f, const struct fragment_key *key, struct datagram *out)
{
	for (uint32_t i = 0; i < f->waiting_count; i++) {
		if (!same(&f->waiting[i].key, key))
			continue;
		*out = f->waiting[i].datagram;
		memmove(&f->waiting[i], &f->waiting[i + 1], (--f->waiting_count - i) * sizeof(*f->waiting));
		return true;
	}
	return false;
}

uint32_t fragments_forget(struct fragments *f, int64_t now_ns)
{
	uint32_t gone = 0, lost = 0;
	struct datagram d;

	for (; gone < f->train_count && f->trains[gone].until_ns <= now_ns; gone++)
		while (fragments_take(f, &f->trains[gone].key, &d))
			lost++;
	f->train_count -= gone;
	memmove(f->trains, f->trains + gone, f->train_count * sizeof(*f->trains));
	return lost;
}
