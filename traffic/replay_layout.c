/* The anchors are the first and the last packet of each way, of a handshake what answers the answer, and of a
 * close the FIN that comes before the other one. Between two that follow one another lies a stretch where one way
 * speaks, or both, or none:
 *
 *   out  |o . . . . . . . . . o|
 *   in           |i . . . . . . . . i|
 *        stretch 0   stretch 1   stretch 2
 *
 * Each stretch first gets the packets without which it would be silent for SEGMENT_GAP; what is left is dealt by
 * length, to those between handshake and close. */
#include "traffic/replay_layout.h"

#include "sim/base/must.h"

#define SILENT_MOST (SEGMENT_GAP - 1)

/* Where packets may lie that no silence needs: in the stretches from .. to - 1. */
struct room {
	int from[WAYS], to[WAYS];
};

/* The anchors that the manners ask for; -1: there is none. */
struct places {
	int answer;    /* the SYN-ACK */
	int greeted;   /* the first packet after it of who was answered */
	int parting;   /* the first FIN of two */
};

static enum way other(enum way way)
{
	return way == WAY_OUT ? WAY_IN : WAY_OUT;
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

int64_t layout_length(const struct train_walk *w, int stretch)
{
	return w->anchors[stretch + 1].time_ns - w->anchors[stretch].time_ns;
}

uint32_t layout_between(const struct train_walk *w, int stretch)
{
	return w->between[stretch].packets[WAY_OUT] + w->between[stretch].packets[WAY_IN];
}

/* Puts an anchor before the one there. */
static void anchor_insert(struct train_walk *w, int at, int64_t time_ns, enum way way)
{
	must(w->anchor_count < TRAIN_ANCHORS);
	for (int i = w->anchor_count++; i > at; i--)
		w->anchors[i] = w->anchors[i - 1];
	w->anchors[at] = (struct anchor){ time_ns, way };
}

/* In order of time; those of the same time stay in order of coming. */
static void anchor_add(struct train_walk *w, int64_t time_ns, enum way way)
{
	int at = w->anchor_count;

	while (at > 0 && w->anchors[at - 1].time_ns > time_ns)
		at--;
	anchor_insert(w, at, time_ns, way);
}

/* The way's first anchor at that place or later. */
static int anchor_from(const struct train_walk *w, int at, enum way way)
{
	for (; at < w->anchor_count; at++)
		if (w->anchors[at].way == way)
			return at;
	return -1;
}

static int last_anchor(const struct train_walk *w, enum way way)
{
	int at = w->anchor_count - 1;

	while (at >= 0 && w->anchors[at].way != way)
		at--;
	return at;
}

static void anchors_set(struct train_walk *w, const struct train_order *o)
{
	enum way order[WAYS] = { o->lead, other(o->lead) };

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

		if (n < least || !least) {
			good = good && (!n || n == least);
			n = least;
		}
		w->ways[way].packets = n;
	}
	return good;
}

/* One more packet of the way gets a place of its own, before the anchor there. False: it has none to spare. */
static bool spend(struct train_walk *w, const struct train_order *o, int at, int64_t time_ns, enum way way)
{
	uint32_t placed = 0;

	for (int i = 0; i < w->anchor_count; i++)
		placed += w->anchors[i].way == way;
	if (!o->ways[way].packets && w->ways[way].packets == placed)
		w->ways[way].packets++; /* not known: as many as it takes */
	if (w->ways[way].packets == placed)
		return false;
	anchor_insert(w, at, time_ns, way);
	return true;
}

static bool greet(struct train_walk *w, const struct train_order *o, enum greeting greeting, struct places *p)
{
	enum way server = o->ways[WAY_IN].answers ? WAY_IN : WAY_OUT, client = other(server);
	int answer = anchor_from(w, 0, server), first = anchor_from(w, 0, client);
	int64_t time_ns;

	if (!o->ways[server].answers || o->ways[client].answers || answer < 0 || first < 0 || (o->ways[client].syn && first > answer))
		return true; /* there is no handshake */
	time_ns = w->anchors[answer].time_ns + (greeting == GREETED_LATE ? SILENT_MOST : 0);
	if (greeting == GREETED_LATE && (answer + 1 == w->anchor_count || w->anchors[answer + 1].time_ns < time_ns))
		return false;
	if (greeting != GREETED_ANYHOW && first < answer && o->ways[client].last_ns >= time_ns)
		spend(w, o, answer + 1, time_ns, client);
	p->answer = answer;
	p->greeted = anchor_from(w, answer, client);
	return true;
}

/* Who speaks last sends its FIN before the other's last packet, which is a FIN too. */
static bool part(struct train_walk *w, const struct train_order *o, struct places *p)
{
	enum way last = w->anchors[w->anchor_count - 1].way;
	int farewell = last_anchor(w, other(last)), first = anchor_from(w, 0, last);
	bool begins = o->ways[last].syn || p->greeted >= 0;

	if (o->reset || !o->ways[WAY_OUT].fin || !o->ways[WAY_IN].fin || farewell < 0)
		return true; /* it is no close */
	if (farewell <= p->greeted || (o->ways[other(last)].syn && farewell == anchor_from(w, 0, other(last))))
		return false;
	if (first > farewell && (begins || o->ways[last].packets || o->ways[last].first_ns != w->anchors[farewell].time_ns))
		return false;
	p->parting = farewell;
	if (spend(w, o, farewell, w->anchors[farewell].time_ns, last))
		return true;
	p->parting = first; /* it says nothing before its FIN */
	return !begins && first < farewell;
}

static struct room room_of(const struct train_walk *w, const struct places *p)
{
	struct room r = { .to = { w->anchor_count - 1, w->anchor_count - 1 } };

	if (p->parting >= 0)
		r.to[w->anchors[p->parting].way] = p->parting;
	for (int way = 0; way < WAYS && p->greeted >= 0; way++)
		for (int s = p->greeted; s < r.to[way] && !r.from[way]; s++)
			r.from[way] = speaks(w, s, (enum way)way) ? s : 0;
	return r;
}

/* Gives each stretch what it needs not to be silent for too long: of those that one way speaks in, or both. */
static bool deal_needed(struct train_walk *w, const struct train_order *o, bool both, uint32_t spare[WAYS])
{
	bool good = true;

	for (int s = 0; s + 1 < w->anchor_count; s++) {
		bool does[WAYS] = { speaks(w, s, WAY_OUT), speaks(w, s, WAY_IN) };
		uint64_t needed = layout_length(w, s) > 0 ? (uint64_t)((layout_length(w, s) - 1) / SILENT_MOST) : 0;

		if ((does[WAY_OUT] && does[WAY_IN]) != both)
			continue;
		for (int way = 0; way < WAYS && needed; way++) {
			uint32_t taken = spare[way] < needed ? spare[way] : (uint32_t)needed;

			if (!does[way])
				continue;
			w->between[s].packets[way] += taken;
			spare[way] -= taken;
			needed -= taken;
		}
		if (needed && (does[WAY_OUT] || does[WAY_IN])) { /* more than were asked for */
			enum way way = does[WAY_OUT] ? WAY_OUT : WAY_IN;

			must(needed < UINT32_MAX - w->ways[way].packets);
			w->between[s].packets[way] += (uint32_t)needed;
			w->ways[way].packets += (uint32_t)needed;
			good = good && !o->ways[way].packets;
		}
	}
	return good;
}

/* What is left, where there is room, by length. */
static void deal_rest(struct train_walk *w, enum way way, uint32_t spare, const struct room *r)
{
	int64_t total = 0;
	uint32_t left = spare;
	int last = -1;

	for (int s = r->from[way]; s < r->to[way]; s++)
		if (speaks(w, s, way)) {
			total += layout_length(w, s);
			last = s;
		}
	must(!spare || last >= 0);
	for (int s = r->from[way]; s <= last && left; s++) {
		uint32_t part = left;

		if (!speaks(w, s, way))
			continue;
		if (s != last && !w->clustered && total)
			part = (uint32_t)train_share(spare, (uint64_t)layout_length(w, s), (uint64_t)total);
		part = part < left ? part : left;
		w->between[s].packets[way] += part;
		left -= part;
	}
}

static bool deal_packets(struct train_walk *w, const struct train_order *o, const struct places *p)
{
	struct room r = room_of(w, p);
	uint32_t spare[WAYS];
	bool good = true;

	for (int way = 0; way < WAYS; way++)
		spare[way] = w->ways[way].packets;
	for (int i = 0; i < w->anchor_count; i++)
		spare[w->anchors[i].way]--;
	for (int both = 0; both < 2 && !w->loose; both++)
		good = deal_needed(w, o, both, spare) && good;
	for (int way = 0; way < WAYS; way++)
		deal_rest(w, (enum way)way, spare[way], &r);
	return good;
}

/* The way's packets before that anchor. */
static uint32_t packets_before(const struct train_walk *w, int anchor, enum way way)
{
	uint32_t n = 0;

	for (int i = 0; i < anchor; i++)
		n += w->between[i].packets[way] + (w->anchors[i].way == way);
	return n;
}

static void set_marks(struct train_walk *w, const struct train_order *o, const struct places *p)
{
	for (int i = 0; i < WAYS; i++) {
		enum way way = (enum way)i;
		uint32_t n = w->ways[way].packets;
		bool parts = p->parting >= 0 && w->anchors[p->parting].way == way;
		uint32_t marks;

		if (!n)
			continue;
		w->ways[way].reset = o->reset && last_anchor(w, way) == w->anchor_count - 1;
		w->ways[way].fins = o->ways[way].fin;
		marks = (uint32_t)w->ways[way].reset + w->ways[way].fins;
		w->ways[way].fin = parts ? packets_before(w, p->parting, way) : n - 1 - (w->ways[way].reset && n > 1);
		w->ways[way].talk = parts ? w->ways[way].fin + 1 : n;
		w->ways[way].syns = o->ways[way].syn;
		if (o->ways[way].asks)
			w->ways[way].syns = n > marks ? n - marks : 1;
		else if (o->ways[way].syn && p->answer >= 0 && w->anchors[p->answer].way != way)
			w->ways[way].syns = packets_before(w, p->answer, way); /* again, while there is no answer */
	}
}

bool layout_make(struct train_walk *w, const struct train_order *o, struct manners manners)
{
	struct places p = { -1, -1, -1 };
	bool good;

	*w = (struct train_walk){ .loose = o->loose, .clustered = o->clustered };
	good = count_packets(w, o);
	anchors_set(w, o);
	if (!w->anchor_count)
		return good;
	if (!greet(w, o, manners.greeting, &p) || (manners.parted && !part(w, o, &p)))
		return false;
	good = deal_packets(w, o, &p) && good;
	set_marks(w, o, &p);
	return good;
}
