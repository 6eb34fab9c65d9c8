/* The anchors, at most four, are the first and the last packet of each way. Between
 * two that follow one another lies a stretch where one way speaks, or both, or none:
 *
 *   out  |o . . . . . . . . . o|
 *   in           |i . . . . . . . . i|
 *        stretch 0   stretch 1   stretch 2
 *
 * Each stretch first gets the packets without which it would be silent for
 * SEGMENT_GAP; what is left is dealt by length. */
#include "traffic/replay_train.h"

#include "sim/base/must.h"

enum { TOTAL_MOST = 65535, OPTIONS_MOST = 40, OPTIONS_USUAL = 12, SMALL = 256 };

__extension__ typedef unsigned __int128 wide;

#define SILENT_MOST (SEGMENT_GAP - 1)

/* Share x of n parts of a whole, exactly. */
static uint64_t share(uint64_t whole, uint64_t x, uint64_t n)
{
	return (uint64_t)((wide)whole * x / n);
}

/* Do the anchor's fellows of this way lie on both sides of stretch i? */
static bool speaks(const struct train_walk *w, int stretch, enum way way)
{
	bool before = false, after = false;

	for (int i = 0; i < w->anchor_count; i++)
		if (w->anchors[i].way == way)
			*(i <= stretch ? &before : &after) = true;
	return before && after;
}

static int64_t length(const struct train_walk *w, int stretch)
{
	return w->anchors[stretch + 1].time_ns - w->anchors[stretch].time_ns;
}

/* Puts an anchor in order of time; those of the same time stay in order of coming. */
static void anchor_add(struct train_walk *w, int64_t time_ns, enum way way)
{
	int at = w->anchor_count++;

	for (; at > 0 && w->anchors[at - 1].time_ns > time_ns; at--)
		w->anchors[at] = w->anchors[at - 1];
	w->anchors[at] = (struct anchor){ time_ns, way };
}

static void anchors_set(struct train_walk *w, const struct train_order *o)
{
	enum way order[WAYS] = { o->lead, o->lead == WAY_OUT ? WAY_IN : WAY_OUT };

	for (int i = 0; i < WAYS; i++)
		if (w->ways[order[i]].packets)
			anchor_add(w, o->ways[order[i]].first_ns, order[i]);
	for (int i = 0; i < WAYS; i++)
		if (w->ways[order[i]].packets > 1)
			anchor_add(w, o->ways[order[i]].last_ns, order[i]);
}

/* How many packets each way sends at least. */
static bool count_packets(struct train_walk *w, const struct train_order *o)
{
	bool good = true;

	for (int way = 0; way < WAYS; way++) {
		uint32_t n = o->ways[way].packets;
		uint32_t least = o->ways[way].first_ns == NS_NONE ? 0 : o->ways[way].first_ns == o->ways[way].last_ns ? 1 : 2;

		if (least && o->ways[way].syn && !n && least == 2)
			least = 3; /* it also answers, or sends */
		if (n < least || !least) {
			good = good && (!n || n == least);
			n = least;
		}
		w->ways[way].packets = n;
	}
	return good;
}

/* Packets that are not anchors: first where they are needed, then by length. */
static bool deal_packets(struct train_walk *w, const struct train_order *o)
{
	uint32_t spare[WAYS];
	bool good = true;

	for (int way = 0; way < WAYS; way++)
		spare[way] = w->ways[way].packets > 2 ? w->ways[way].packets - 2 : 0;
	for (int shared = 0; shared < 2; shared++)
		for (int s = 0; s + 1 < w->anchor_count; s++) {
			bool out = speaks(w, s, WAY_OUT), in = speaks(w, s, WAY_IN);
			uint64_t needed = length(w, s) > 0 ? (uint64_t)((length(w, s) - 1) / SILENT_MOST) : 0;

			if ((out && in) != shared || w->loose)
				continue;
			for (int way = 0; way < WAYS && needed; way++) {
				uint32_t taken = spare[way] < needed ? spare[way] : (uint32_t)needed;

				if (!(way == WAY_OUT ? out : in))
					continue;
				w->between[s].packets[way] += taken;
				spare[way] -= taken;
				needed -= taken;
			}
			if (needed && (out || in)) { /* more than were asked for */
				enum way way = out ? WAY_OUT : WAY_IN;

				must(needed < UINT32_MAX - w->ways[way].packets);
				w->between[s].packets[way] += (uint32_t)needed;
				w->ways[way].packets += (uint32_t)needed;
				good = good && !o->ways[way].packets;
			}
		}
	for (int way = 0; way < WAYS; way++) {
		int64_t total = 0;
		uint32_t left = spare[way];
		int last = -1;

		for (int s = 0; s + 1 < w->anchor_count; s++)
			if (speaks(w, s, (enum way)way)) {
				total += length(w, s);
				last = s;
			}
		for (int s = 0; s + 1 < w->anchor_count && left; s++) {
			uint32_t part = left;

			if (!speaks(w, s, (enum way)way))
				continue;
			if (s != last)
				part = w->clustered || !total ? left : (uint32_t)share(spare[way], (uint64_t)length(w, s), (uint64_t)total);
			part = part < left ? part : left;
			w->between[s].packets[way] += part;
			left -= part;
		}
	}
	return good;
}

/* Which packets of a way carry its bytes. */
static bool deal_bytes(struct train_walk *w, enum way way, const struct train_order *o)
{
	uint32_t n = w->ways[way].packets, bare;
	uint64_t headers = (uint64_t)n * o->header, bytes = o->ways[way].bytes;
	bool good = bytes >= headers || (!o->ways[way].packets && !bytes);
	uint64_t left = bytes > headers ? bytes - headers : 0, most;

	if (!n)
		return true;
	w->ways[way].fin = o->ways[way].fin;
	bare = w->ways[way].reset;
	bare += w->ways[way].fin && n > bare;
	w->ways[way].syns = o->ways[way].asks && n > bare ? n - bare : o->ways[way].syn;
	w->ways[way].skip = w->ways[way].syns;
	bare += w->ways[way].syns;
	if (bare >= n) { /* nothing but marks: SYNs carry all, or the last packet */
		w->ways[way].skip = w->ways[way].syns == n || w->ways[way].syns > 1 ? 0 : n - 1;
		bare = w->ways[way].skip ? n - 1 : n - (w->ways[way].syns ? w->ways[way].syns : 1);
	}
	if (w->ways[way].syns) {
		most = w->ways[way].skip == 0 ? OPTIONS_MOST * (uint64_t)w->ways[way].syns : OPTIONS_USUAL;
		w->ways[way].options = (left < most ? left : most) & ~UINT64_C(3);
		left -= w->ways[way].options;
	}
	w->ways[way].slots = n - bare;
	if (left > (uint64_t)w->ways[way].slots * (TOTAL_MOST - o->header - OPTIONS_MOST)) {
		left = (uint64_t)w->ways[way].slots * (TOTAL_MOST - o->header - OPTIONS_MOST);
		good = false;
	}
	w->ways[way].payload = left;
	w->ways[way].most = o->tcp && left <= (uint64_t)w->ways[way].slots * o->full ? o->full : 0;
	return good;
}

/* The way of the last packet of all. */
static enum way last_way(const struct train_walk *w)
{
	return w->anchors[w->anchor_count - 1].way;
}

bool train_begin(struct train_walk *w, const struct train_order *o)
{
	bool good;

	*w = (struct train_walk){ .loose = o->loose, .clustered = o->clustered };
	good = count_packets(w, o);
	anchors_set(w, o);
	if (!w->anchor_count)
		return good;
	good = deal_packets(w, o) && good;
	w->ways[last_way(w)].reset = o->reset;
	good = deal_bytes(w, WAY_OUT, o) && good;
	return deal_bytes(w, WAY_IN, o) && good;
}

static uint32_t between(const struct train_walk *w, int stretch)
{
	return w->between[stretch].packets[WAY_OUT] + w->between[stretch].packets[WAY_IN];
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
	number = share(full, slot + 1u, slots);
	if (number == share(full, slot, slots))
		return 0;
	rest = left - (full - 1) * most;
	spared = full > 1 && rest < SMALL ? SMALL - rest : 0; /* the one before spares the last some */
	return (uint32_t)(number == full ? rest + spared : number == full - 1 ? most - spared : most);
}

static uint32_t options(const struct train_walk *w, enum way way, uint32_t index)
{
	uint64_t words = w->ways[way].options / 4, syns = w->ways[way].syns;

	return 4 * (uint32_t)(share(words, index + 1u, syns) - share(words, index, syns));
}

int64_t train_time(const struct train_walk *w)
{
	int64_t from_ns;
	uint32_t n;

	if (w->anchor == w->anchor_count)
		return NS_NEVER;
	if (!w->anchor || w->step == (n = between(w, w->anchor - 1)))
		return w->anchors[w->anchor].time_ns;
	from_ns = w->anchors[w->anchor - 1].time_ns;
	if (w->clustered)
		return from_ns;
	return from_ns + (int64_t)share((uint64_t)length(w, w->anchor - 1), w->step + 1u, n + 1u);
}

bool train_next(struct train_walk *w, struct train_step *step)
{
	int64_t time_ns = train_time(w);
	enum way way;

	if (time_ns == NS_NEVER)
		return false;
	if (!w->anchor || w->step == between(w, w->anchor - 1)) {
		way = w->anchors[w->anchor++].way;
		w->step = 0;
	} else {
		uint32_t out = w->between[w->anchor - 1].packets[WAY_OUT], n = between(w, w->anchor - 1);

		way = share(out, w->step + 1u, n) > share(out, w->step, n) ? WAY_OUT : WAY_IN;
		w->step++;
	}
	*step = (struct train_step){ .time_ns = time_ns, .way = way, .index = w->ways[way].sent++ };
	step->payload = payload(w, way, step->index);
	step->syn = step->index < w->ways[way].syns;
	step->options = step->syn ? options(w, way, step->index) : 0;
	step->last = w->anchor == w->anchor_count;
	step->reset = step->last && w->ways[way].reset;
	step->fin = w->ways[way].fin &&
	            step->index + 1 + (w->ways[way].reset && w->ways[way].packets > 1) == w->ways[way].packets;
	return true;
}
