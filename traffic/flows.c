/* A live flow is its current train. Flows lie in one array in order of appearance;
 * an open-addressing hash of indices finds one by its key. Nothing is removed but
 * by a sweep, which builds the hash anew, so linear probing needs no tombstones.
 * Fragments have a table of their own, of fixed size: a new first fragment takes
 * the place of an older one with the same hash. */
#include "traffic/flows.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/rng.h"

#define SLOT_EMPTY UINT32_MAX
#define FLOWS_FIRST 4096u    /* a power of 2, as are all sizes below */
#define FRAGMENTS 65536u
#define MARKS_FIN (MARK_FIN_0 | MARK_FIN_1)
#define VIA_SHIFT 4

struct fragment {
	int64_t  time_ns;
	uint32_t address[2]; /* the flow's key */
	uint32_t via;
	uint16_t port[2];
	uint8_t  protocol, version;
	uint8_t  sender;
	bool     carried, used;
	uint32_t identification;
};

/* Where a flow lies, and its hash, so that a search touches no flow but the right one. */
struct slot {
	uint32_t hash;
	uint32_t flow; /* SLOT_EMPTY: none */
};

struct flow_table {
	struct flow_sink sink;
	struct flow_train *flows;
	struct slot *slots;         /* twice as many as there is room for flows */
	struct fragment *fragments; /* NULL until one is seen */
	uint32_t flow_count, flow_room;
	struct intern *addresses;   /* IPv6 */
	struct intern *pairs;       /* tunnel ends: two numbers of addresses, the smaller first */
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
	t->addresses = intern_create(16);
	t->pairs = intern_create(8);
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
	free(t->fragments);
	intern_destroy(t->addresses);
	intern_destroy(t->pairs);
	free(t);
}

const uint8_t *flows_address6(const struct flow_table *t, uint32_t number)
{
	return intern_bytes(t->addresses, number);
}

struct flow_via flows_via(struct flow_table *t, const struct wire_packet *outer, enum wire_tunnel tunnel)
{
	struct flow_via via = { .tunnel = tunnel };
	uint32_t ends[2], swap;

	if (tunnel != TUNNEL_SOFTWIRE)
		return via;
	ends[0] = intern_number(t->addresses, outer->source_6);
	ends[1] = intern_number(t->addresses, outer->destination_6);
	via.second = ends[0] > ends[1];
	if (via.second) {
		swap = ends[0];
		ends[0] = ends[1];
		ends[1] = swap;
	}
	via.pair = intern_number(t->pairs, (const uint8_t *)ends);
	must(via.pair < UINT32_MAX >> (VIA_SHIFT + 1));
	return via;
}

uint32_t flows_tunnel_end(const struct flow_table *t, uint32_t via, int side)
{
	uint32_t ends[2];

	memcpy(ends, intern_bytes(t->pairs, via >> (VIA_SHIFT + 1)), sizeof(ends));
	return ends[((via >> VIA_SHIFT) & 1) ^ (uint32_t)side];
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

static void hand_on(struct flow_table *t, struct flow_train *f)
{
	if (f->first_ns == NS_NONE) { /* no packet made a train */
		f->first_ns = f->shown_first_ns;
		f->last_ns = f->shown_last_ns;
	}
	if (f->first_ns != NS_NONE)
		t->sink.train(t->sink.context, f);
	empty_train(f);
}

static bool idle(const struct flow_train *f, int64_t now_ns)
{
	int64_t last_ns = f->last_ns > f->shown_last_ns ? f->last_ns : f->shown_last_ns;

	return last_ns == NS_NONE || now_ns - last_ns > FLOW_LIVE || last_ns - now_ns > FLOW_LIVE;
}

/* Forgets what is idle, then makes room if that was not much. */
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
	if (kept > t->flow_room / 2)
		widen(t);
	clear_slots(t);
	for (uint32_t i = 0; i < kept; i++) {
		uint32_t h = hash(&t->flows[i]);

		*slot_of(t, &t->flows[i], h) = (struct slot){ .hash = h, .flow = i };
	}
}

/* The flow that a packet shows by itself, side 0 the smaller socket; *sender is
 * its side. Two equal sockets (a LAND packet) are both side 0. */
static struct flow_train flow_of(struct flow_table *t, const struct wire_packet *p, struct flow_via via, int *sender)
{
	uint32_t source = p->source, destination = p->destination;
	struct flow_train f = { .protocol = p->protocol, .version = p->version };
	int from;

	if (p->version == 6) {
		source = intern_number(t->addresses, p->source_6);
		destination = intern_number(t->addresses, p->destination_6);
	}
	from = source > destination || (source == destination && p->source_port > p->destination_port);
	f.address[from] = source;
	f.address[!from] = destination;
	f.port[from] = p->source_port;
	f.port[!from] = p->destination_port;
	f.via = (uint32_t)via.tunnel;
	if (via.tunnel == TUNNEL_SOFTWIRE)
		f.via |= (via.pair << 1 | (via.second ^ (from == 1))) << VIA_SHIFT;
	*sender = from;
	return f;
}

static struct flow_train *find_or_add(struct flow_table *t, struct flow_train *key, int sender, int64_t time_ns)
{
	uint32_t h = hash(key);
	struct slot *slot = slot_of(t, key, h);

	if (slot->flow != SLOT_EMPTY)
		return &t->flows[slot->flow];
	if (t->flow_count == t->flow_room) {
		sweep(t, time_ns);
		slot = slot_of(t, key, h);
	}
	key->opener = (uint8_t)sender;
	empty_train(key);
	t->flows[t->flow_count] = *key;
	*slot = (struct slot){ .hash = h, .flow = t->flow_count };
	return &t->flows[t->flow_count++];
}

/* A packet's way here, which its fragments share: a flow's `via`, seen from the sender. */
static uint32_t way_of(uint32_t via, int sender)
{
	return (via & VIA_TUNNEL) == TUNNEL_SOFTWIRE ? via ^ (uint32_t)sender << VIA_SHIFT : via;
}

/* `key` is the first fragment's flow, or, of a later one, all but its ports. */
static struct fragment *fragment_of(struct flow_table *t, const struct flow_train *key, int sender, uint32_t identification)
{
	uint64_t h = mix64((uint64_t)key->address[sender] << 32 | key->address[!sender],
	                   (uint64_t)identification << 8 | key->protocol);

	h = mix64(h, way_of(key->via, sender));
	return &t->fragments[h & (FRAGMENTS - 1)];
}

static void fragment_remember(struct flow_table *t, const struct flow_train *key, int sender, uint32_t identification,
                              bool carried, int64_t time_ns)
{
	if (!t->fragments)
		t->fragments = must_alloc(FRAGMENTS, sizeof(*t->fragments));
	*fragment_of(t, key, sender, identification) = (struct fragment){
		.time_ns = time_ns,
		.address = { key->address[0], key->address[1] },
		.via = key->via,
		.port = { key->port[0], key->port[1] },
		.protocol = key->protocol,
		.version = key->version,
		.sender = (uint8_t)sender,
		.carried = carried,
		.used = true,
		.identification = identification,
	};
}

/* Gives the key of a later fragment, and its sender, the ports of the first. */
static const struct fragment *fragment_find(struct flow_table *t, struct flow_train *key, int *sender,
                                            uint32_t identification, int64_t time_ns)
{
	const struct fragment *g = t->fragments ? fragment_of(t, key, *sender, identification) : NULL;

	if (!g || !g->used || g->address[g->sender] != key->address[*sender] ||
	    g->address[!g->sender] != key->address[!*sender] || g->identification != identification ||
	    g->protocol != key->protocol || g->version != key->version || way_of(g->via, g->sender) != way_of(key->via, *sender) ||
	    time_ns - g->time_ns > FRAGMENT_LIFE || g->time_ns - time_ns > FRAGMENT_LIFE)
		return NULL;
	*sender = g->sender;
	key->via = g->via;
	for (int side = 0; side < 2; side++) {
		key->address[side] = g->address[side];
		key->port[side] = g->port[side];
	}
	return g;
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

enum reason flows_add(struct flow_table *t, const struct wire_packet *p, struct flow_via via, uint8_t stations,
                      enum reason seen, int64_t time_ns)
{
	int sender;
	struct flow_train key = flow_of(t, p, via, &sender), *f;

	if (p->later_fragment) {
		const struct fragment *g = fragment_find(t, &key, &sender, p->identification, time_ns);

		if (g && g->carried)
			return REASON_CARRIED;
		if (!g && seen != REASON_PROTOCOL)
			return REASON_FRAGMENT;
	} else if (p->first_fragment && seen != REASON_PROTOCOL) {
		fragment_remember(t, &key, sender, p->identification, seen == REASON_CARRIED, time_ns);
	}
	f = find_or_add(t, &key, sender, time_ns);
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
