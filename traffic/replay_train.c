#include "traffic/replay_train.h"

#include "sim/base/must.h"
#include "traffic/replay_layout.h"

enum { OPTIONS_MOST = 40, OPTIONS_USUAL = 12, SMALL = 256 };

__extension__ typedef unsigned __int128 wide;

uint64_t train_share(uint64_t whole, uint64_t x, uint64_t n)
{
	return (uint64_t)((wide)whole * x / n);
}

/* Which packets carry so many bytes: those without a mark if they can, else a FIN, a reset, a SYN too. */
static void choose_slots(struct train_walk *w, enum way way, const struct train_order *o, uint32_t plain, uint64_t bytes)
{
	uint32_t syns = w->ways[way].syns, talk = w->ways[way].talk, to = syns + plain, skip = syns;

	if (o->tcp && bytes > (uint64_t)(to - skip) * o->full && w->ways[way].fins && to < talk)
		to++;
	if (bytes > (uint64_t)(to - skip) * o->limit)
		to = talk;
	if (bytes > (uint64_t)(to - skip) * o->limit)
		skip = 0;
	w->ways[way].skip = skip;
	w->ways[way].slots = to - skip;
}

/* Which packets of a way carry its bytes. False: there are too many, or too few. */
static bool deal_bytes(struct train_walk *w, enum way way, const struct train_order *o)
{
	uint32_t n = w->ways[way].packets, syns = w->ways[way].syns, talk = w->ways[way].talk;
	uint32_t marks = (uint32_t)w->ways[way].fins + w->ways[way].reset, plain = talk - syns > marks ? talk - syns - marks : 0;
	uint64_t headers = (uint64_t)n * o->header, bytes = o->ways[way].bytes, room;
	bool good = bytes >= headers || (!o->ways[way].packets && !bytes);
	uint64_t left = bytes > headers ? bytes - headers : 0, most;

	if (!n)
		return true;
	if (syns) {
		most = plain || (talk > syns && left > OPTIONS_MOST * (uint64_t)syns) ? OPTIONS_USUAL : OPTIONS_MOST;
		most *= syns;
		w->ways[way].options = (left < most ? left : most) & ~UINT64_C(3);
		left -= w->ways[way].options;
	}
	choose_slots(w, way, o, plain, left);
	room = (uint64_t)w->ways[way].slots * (o->limit - (syns && !w->ways[way].skip ? OPTIONS_MOST : 0));
	if (left > room) {
		left = room;
		good = false;
	}
	w->ways[way].payload = left;
	w->ways[way].most = o->tcp && left <= (uint64_t)w->ways[way].slots * o->full ? o->full : 0;
	/* it falls silent early only if that makes no segment larger */
	return good && (talk == n || w->ways[way].most || left > (uint64_t)(n - syns) * o->full);
}

static bool lay_out(struct train_walk *w, const struct train_order *o, struct manners manners)
{
	bool good = layout_make(w, o, manners);

	good = deal_bytes(w, WAY_OUT, o) && good;
	return deal_bytes(w, WAY_IN, o) && good;
}

bool train_begin(struct train_walk *w, const struct train_order *o)
{
	bool good = false;

	/* the best manners that there is room for; none of the last ones takes any */
	for (int greeting = GREETED; greeting <= GREETED_ANYHOW && !good; greeting++)
		for (int parted = 1; parted >= 0 && !good; parted--)
			good = lay_out(w, o, (struct manners){ (enum greeting)greeting, parted });
	return good;
}

static uint32_t payload(const struct train_walk *w, enum way way, uint32_t index)
{
	uint64_t left = w->ways[way].payload, slots = w->ways[way].slots, most = w->ways[way].most, full, number,
	         rest, spared;
	uint32_t slot;

	if (index < w->ways[way].skip || index - w->ways[way].skip >= slots)
		return 0;
	slot = index - w->ways[way].skip;
	if (!most)
		return (uint32_t)(left / slots + (slot < left % slots));
	full = (left + most - 1) / most;
	number = train_share(full, slot + 1u, slots);
	if (number == train_share(full, slot, slots))
		return 0;
	rest = left - (full - 1) * most;
	spared = full > 1 && rest < SMALL ? SMALL - rest : 0; /* the one before spares the last some */
	return (uint32_t)(number == full ? rest + spared : number == full - 1 ? most - spared : most);
}

static uint32_t options(const struct train_walk *w, enum way way, uint32_t index)
{
	uint64_t words = w->ways[way].options / 4, syns = w->ways[way].syns;

	return 4 * (uint32_t)(train_share(words, index + 1u, syns) - train_share(words, index, syns));
}

int64_t train_time(const struct train_walk *w)
{
	int64_t from_ns;
	uint32_t n;

	if (w->anchor == w->anchor_count)
		return NS_NEVER;
	if (!w->anchor || w->step == (n = layout_between(w, w->anchor - 1)))
		return w->anchors[w->anchor].time_ns;
	from_ns = w->anchors[w->anchor - 1].time_ns;
	if (w->clustered)
		return from_ns;
	return from_ns + (int64_t)train_share((uint64_t)layout_length(w, w->anchor - 1), w->step + 1u, n + 1u);
}

bool train_next(struct train_walk *w, struct train_step *step)
{
	int64_t time_ns = train_time(w);
	enum way way;

	if (time_ns == NS_NEVER)
		return false;
	if (!w->anchor || w->step == layout_between(w, w->anchor - 1)) {
		way = w->anchors[w->anchor++].way;
		w->step = 0;
	} else {
		uint32_t out = w->between[w->anchor - 1].packets[WAY_OUT], n = layout_between(w, w->anchor - 1);

		way = train_share(out, w->step + 1u, n) > train_share(out, w->step, n) ? WAY_OUT : WAY_IN;
		w->step++;
	}
	*step = (struct train_step){ .time_ns = time_ns, .way = way, .index = w->ways[way].sent++ };
	step->payload = payload(w, way, step->index);
	step->syn = step->index < w->ways[way].syns;
	step->options = step->syn ? options(w, way, step->index) : 0;
	step->last = w->anchor == w->anchor_count;
	step->reset = step->last && w->ways[way].reset;
	step->fin = w->ways[way].fins && step->index == w->ways[way].fin;
	return true;
}
