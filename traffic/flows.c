/* A live flow is its current train. Flows lie in one array in order of appearance;
 * an open-addressing hash of indices finds one by its key. Nothing is removed but
 * by a sweep, which builds the hash anew, so linear probing needs no tombstones.
 *
 * A key has room for IPv4 addresses alone. In the table the addresses of IPv6, and
 * the pairs of ends of softwires, are numbers (intern.h), which last from one sweep
 * to the next; trains are handed on with what the numbers stand for. Which side is
 * side 0 hangs on the bytes, never on numbers. */
#include "traffic/flows.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/rng.h"
#include "traffic/first_fragments.h"
#include "traffic/intern.h"

#define SLOT_EMPTY UINT32_MAX
#define FLOWS_FIRST 4096u    /* a power of 2, as are all sizes below */
#define MARKS_FIN (MARK_FIN_0 | MARK_FIN_1)

/* Of flow_train.via: the tunnel, then for TUNNEL_SOFTWIRE 2 x the number of the pair of its ends, + 1 if side 0 is at
 * the second of them. */
#define VIA_SHIFT 4
#define VIA_TUNNEL 15u
_Static_assert(TUNNEL_COUNT <= VIA_TUNNEL + 1, "every tunnel has a number of its own");

/* Where a flow lies, and its hash, so that a search touches no flow but the right one. */
struct slot {
	uint32_t hash;
	uint32_t flow; /* SLOT_EMPTY: none */
};

struct flow_table {
	struct flow_sink sink;
	struct flow_train *flows;
	struct slot *slots;         /* twice as many as there is room for flows */
	struct first_fragments *fragments;
	uint32_t flow_count, flow_room;
	struct intern *addresses;   /* IPv6 */
	struct intern *pairs;       /* tunnel ends: two addresses, the smaller first */
};

static void clear_slots(struct flow_table *t)
{
	memset(t->slots, 0xff, sizeof(*t->slots) * 2 * t->flow_room);
}

static void widen(struct flow_table *t)
{
	must(t->flow_room <= UINT32_MAX / 8);
	t->flow_room = t->flow_room ? 2 * t->flow_room : FLOWS_FIRST;
	t->flows = must_grow(t->flows, t->flow_room, sizeof(*t->flows));
	t->slots = must_grow(t->slots, 2 * (size_t)t->flow_room, sizeof(*t->slots));
}

struct flow_table *flows_create(struct flow_sink sink)
{
	struct flow_table *t = must_alloc(1, sizeof(*t));

	t->sink = sink;
	t->fragments = first_fragments_create();
	t->addresses = intern_create(16);
	t->pairs = intern_create(2 * 16);
	widen(t);
	clear_slots(t);
	return t;
}

void flows_destroy(struct flow_table *t)
{
	if (!t)
		return;
	free(t->flows);
	free(t->slots);
	first_fragments_destroy(t->fragments);
	intern_destroy(t->addresses);
	intern_destroy(t->pairs);
	free(t);
}

struct flow_via flows_via(const struct wire_packet *outer, enum wire_tunnel tunnel)
{
	return (struct flow_via){ .tunnel = tunnel, .ends = tunnel == TUNNEL_SOFTWIRE ? outer->source_6 : NULL };
}

/* The pair of ends, and 1 if the one that sent is the second, as in flow_train.via. */
static uint32_t pair_of(struct flow_table *t, struct flow_via via)
{
	uint32_t second = memcmp(via.ends, via.ends + 16, 16) > 0, pair;
	uint8_t ends[2][16];

	memcpy(ends[second], via.ends, 16);
	memcpy(ends[!second], via.ends + 16, 16);
	pair = intern_number(t->pairs, ends[0]);
	must(pair < UINT32_MAX >> (VIA_SHIFT + 1));
	return pair << 1 | second;
}

static uint32_t hash(const struct flow_train *f)
{
	uint64_t h = mix64((uint64_t)f->address[0] << 32 | f->address[1], f->protocol | (uint64_t)f->version << 8);

	return (uint32_t)mix64(h, (uint64_t)f->via << 32 | (uint64_t)f->port[0] << 16 | f->port[1]);
}

static bool same(const struct flow_train *a, const struct flow_train *b)
{
	return a->address[0] == b->address[0] && a->address[1] == b->address[1] && a->port[0] == b->port[0] &&
	       a->port[1] == b->port[1] && a->protocol == b->protocol && a->via == b->via && a->version == b->version;
}

/* The slot that holds the key, or the empty one where it belongs. */
static struct slot *slot_of(const struct flow_table *t, const struct flow_train *key, uint32_t h)
{
	uint32_t mask = 2 * t->flow_room - 1, at = h & mask;

	while (t->slots[at].flow != SLOT_EMPTY && (t->slots[at].hash != h || !same(&t->flows[t->slots[at].flow], key)))
		at = (at + 1) & mask;
	return &t->slots[at];
}

static void empty_train(struct flow_train *f)
{
	struct train_side silent = { .first_ns = NS_NONE, .last_ns = NS_NONE };

	f->marks = f->opener_sure = 0;
	f->first_ns = f->last_ns = f->shown_first_ns = f->shown_last_ns = NS_NONE;
	f->side[0] = f->side[1] = silent;
}

/* Gives the train, with what its numbers stand for in their place. */
static void give(struct flow_table *t, const struct flow_train *f)
{
	struct flow_train out = *f;
	struct flow_ends ends;

	out.via &= VIA_TUNNEL;
	if (f->version == 6) {
		memcpy(ends.address[0], intern_bytes(t->addresses, f->address[0]), 16);
		memcpy(ends.address[1], intern_bytes(t->addresses, f->address[1]), 16);
		out.address[0] = out.address[1] = 0;
	} else if (out.via == TUNNEL_SOFTWIRE) {
		const uint8_t *pair = intern_bytes(t->pairs, f->via >> (VIA_SHIFT + 1));
		uint32_t second = f->via >> VIA_SHIFT & 1;

		memcpy(ends.address[second], pair, 16);
		memcpy(ends.address[!second], pair + 16, 16);
	} else {
		t->sink.train(t->sink.context, f, NULL);
		return;
	}
	t->sink.train(t->sink.context, &out, &ends);
}

static void hand_on(struct flow_table *t, struct flow_train *f)
{
	if (f->first_ns == NS_NONE) { /* no packet made a train */
		f->first_ns = f->shown_first_ns;
		f->last_ns = f->shown_last_ns;
	}
	if (f->first_ns != NS_NONE)
		give(t, f);
	empty_train(f);
}

static bool idle(const struct flow_train *f, int64_t now_ns)
{
	int64_t last_ns = f->last_ns > f->shown_last_ns ? f->last_ns : f->shown_last_ns;

	return last_ns == NS_NONE || now_ns - last_ns > FLOW_LIVE || last_ns - now_ns > FLOW_LIVE;
}

/* Numbers only what the flows that were kept have. */
static void number_anew(struct flow_table *t)
{
	struct intern *addresses = t->addresses, *pairs = t->pairs;

	if (!intern_count(addresses) && !intern_count(pairs))
		return;
	t->addresses = intern_create(16);
	t->pairs = intern_create(2 * 16);
	for (uint32_t i = 0; i < t->flow_count; i++) {
		struct flow_train *f = &t->flows[i];

		if (f->version == 6) {
			for (int side = 0; side < 2; side++)
				f->address[side] = intern_number(t->addresses, intern_bytes(addresses, f->address[side]));
		} else if ((f->via & VIA_TUNNEL) == TUNNEL_SOFTWIRE) {
			uint32_t pair = intern_number(t->pairs, intern_bytes(pairs, f->via >> (VIA_SHIFT + 1)));

			f->via = pair << (VIA_SHIFT + 1) | (f->via & ((2u << VIA_SHIFT) - 1));
		}
	}
	intern_destroy(addresses);
	intern_destroy(pairs);
}

/* Forgets what is idle, then makes room if that was not much. No number outlives it. */
static void sweep(struct flow_table *t, int64_t now_ns)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < t->flow_count; i++) {
		if (idle(&t->flows[i], now_ns))
			hand_on(t, &t->flows[i]);
		else
			t->flows[kept++] = t->flows[i];
	}
	t->flow_count = kept;
	number_anew(t);
	if (kept > t->flow_room / 2)
		widen(t);
	clear_slots(t);
	for (uint32_t i = 0; i < kept; i++) {
		uint32_t h = hash(&t->flows[i]);

		*slot_of(t, &t->flows[i], h) = (struct slot){ .hash = h, .flow = i };
	}
}

/* The flow of a packet that has ports or needs none, side 0 the smaller socket; *sender is
 * its side. Two equal sockets (a LAND packet) are both side 0. */
static struct flow_train flow_of(struct flow_table *t, const struct wire_packet *p, struct flow_via via, int *sender)
{
	uint32_t source = p->source, destination = p->destination;
	struct flow_train f = { .protocol = p->protocol, .version = p->version };
	int order = (source > destination) - (source < destination), from;

	if (p->version == 6) {
		order = memcmp(p->source_6, p->destination_6, 16);
		source = intern_number(t->addresses, p->source_6);
		destination = intern_number(t->addresses, p->destination_6);
	}
	from = order > 0 || (order == 0 && p->source_port > p->destination_port);
	f.address[from] = source;
	f.address[!from] = destination;
	f.port[from] = p->source_port;
	f.port[!from] = p->destination_port;
	f.via = (uint32_t)via.tunnel;
	if (via.tunnel == TUNNEL_SOFTWIRE)
		f.via |= (pair_of(t, via) ^ (from == 1)) << VIA_SHIFT;
	*sender = from;
	return f;
}

static struct flow_train *find_or_add(struct flow_table *t, struct flow_train *key, int sender)
{
	uint32_t h = hash(key);
	struct slot *slot = slot_of(t, key, h);

	if (slot->flow != SLOT_EMPTY)
		return &t->flows[slot->flow];
	key->opener = (uint8_t)sender;
	empty_train(key);
	t->flows[t->flow_count] = *key;
	*slot = (struct slot){ .hash = h, .flow = t->flow_count };
	return &t->flows[t->flow_count++];
}

static bool over(uint8_t marks)
{
	return (marks & MARK_RESET) || (marks & MARKS_FIN) == MARKS_FIN;
}

uint8_t marks_after(uint8_t before, uint8_t after)
{
	if ((after & MARK_OPEN) && over(before))
		return after;
	return (uint8_t)((before & ~MARK_RESET) | after);
}

/* `late`: later packets of the train came before. */
static uint8_t marked(uint8_t marks, uint8_t tcp_flags, int sender, bool late)
{
	uint8_t new = 0;

	if (tcp_flags & WIRE_TCP_SYN)
		new |= (uint8_t)((sender ? MARK_SYN_1 : MARK_SYN_0) | (tcp_flags & WIRE_TCP_ACK ? 0 : MARK_OPEN));
	if (tcp_flags & WIRE_TCP_FIN)
		new |= sender ? MARK_FIN_1 : MARK_FIN_0;
	if (late)
		return marks | new;
	if (tcp_flags & WIRE_TCP_RST)
		new |= MARK_RESET;
	return marks_after(marks, new);
}

static void learn_opener(struct flow_train *f, const struct wire_packet *p, int sender, int64_t time_ns)
{
	if (f->opener_sure)
		return;
	if (p->protocol == IP_TCP && (p->tcp_flags & WIRE_TCP_SYN)) {
		f->opener = (uint8_t)(p->tcp_flags & WIRE_TCP_ACK ? !sender : sender);
		f->opener_sure = 1;
	} else if (p->protocol == IP_ICMP && !p->later_fragment) {
		f->opener = (uint8_t)(p->echo_reply ? !sender : sender);
		f->opener_sure = 1;
	} else if (f->first_ns == NS_NONE || time_ns < f->first_ns) {
		f->opener = (uint8_t)sender;
	}
}

/* Stretches the closed span to hold the time; an empty one begins there. */
static void stretch(int64_t *first_ns, int64_t *last_ns, int64_t time_ns)
{
	if (*first_ns == NS_NONE || time_ns < *first_ns)
		*first_ns = time_ns;
	if (*last_ns == NS_NONE || time_ns > *last_ns)
		*last_ns = time_ns;
}

static void train_add(struct flow_train *f, const struct wire_packet *p, int sender, int64_t time_ns)
{
	struct train_side *side = &f->side[sender];

	if (p->protocol == IP_TCP)
		f->marks = marked(f->marks, p->tcp_flags, sender, f->last_ns != NS_NONE && time_ns < f->last_ns);
	stretch(&f->first_ns, &f->last_ns, time_ns);
	stretch(&side->first_ns, &side->last_ns, time_ns);
	side->packets += side->packets < UINT32_MAX;
	side->bytes += p->length;
}

/* A later fragment, with the ports of the first one, to *whole; or why it is to be counted nowhere. */
static enum reason whole_of(struct flow_table *t, const struct wire_packet *p, struct flow_via via, enum reason seen,
                            int64_t time_ns, struct wire_packet *whole)
{
	const struct first_fragment *g = first_fragments_find(t->fragments, p, via, time_ns);

	if (g && g->carried)
		return REASON_CARRIED;
	if (!g && seen != REASON_PROTOCOL)
		return REASON_FRAGMENT;
	*whole = *p;
	if (g) {
		whole->source_port = g->source_port;
		whole->destination_port = g->destination_port;
	}
	return REASON_NONE;
}

enum reason flows_add(struct flow_table *t, const struct wire_packet *p, struct flow_via via, uint8_t stations,
                      enum reason seen, int64_t time_ns)
{
	struct wire_packet whole;
	struct flow_train key, *f;
	int sender;

	if (p->later_fragment) {
		enum reason nowhere = whole_of(t, p, via, seen, time_ns, &whole);

		if (nowhere != REASON_NONE)
			return nowhere;
		p = &whole;
	} else if (p->first_fragment && seen != REASON_PROTOCOL) {
		first_fragments_add(t->fragments, p, via, seen == REASON_CARRIED, time_ns);
	}
	if (t->flow_count == t->flow_room)
		sweep(t, time_ns);
	key = flow_of(t, p, via, &sender);
	f = find_or_add(t, &key, sender);
	if (seen == REASON_NONE && f->first_ns != NS_NONE &&
	    (time_ns - f->last_ns >= SEGMENT_GAP || f->first_ns - time_ns >= SEGMENT_GAP))
		hand_on(t, f);
	f->stations |= (uint8_t)(sender ? (stations & 1) << 1 | (stations & 2) >> 1 : stations);
	if (!p->later_fragment)
		stretch(&f->shown_first_ns, &f->shown_last_ns, time_ns);
	if (seen != REASON_NONE)
		return seen;
	learn_opener(f, p, sender, time_ns);
	train_add(f, p, sender, time_ns);
	return REASON_NONE;
}

void flows_finish(struct flow_table *t)
{
	for (uint32_t i = 0; i < t->flow_count; i++)
		hand_on(t, &t->flows[i]);
	t->flow_count = 0;
	clear_slots(t);
}
