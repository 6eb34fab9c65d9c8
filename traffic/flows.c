/* Flows lie in one array in order of appearance, trains in another; each flow
 * heads a list of its trains, the latest first. An open-addressing hash of
 * indices finds a flow by its key. Nothing is ever removed, so linear probing
 * needs no tombstones. Fragments have a table of their own, of fixed size: a new
 * first fragment takes the place of an older one with the same hash. */
#include "traffic/flows.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/rng.h"

#define SLOT_EMPTY UINT32_MAX
#define SLOTS_FIRST 1024u    /* a power of 2, as are all sizes below */
#define FRAGMENTS 65536u
#define MARKS_SYN (MARK_SYN_0 | MARK_SYN_1)
#define MARKS_FIN (MARK_FIN_0 | MARK_FIN_1)

struct fragment {
	int64_t  time_ns;
	uint32_t source, destination;
	uint32_t flow; /* SLOT_EMPTY: none */
	uint16_t identification;
	uint8_t  protocol;
};

struct flow_table {
	struct flow *flows;
	struct train *trains;
	uint32_t *slots;
	struct fragment *fragments; /* NULL until one is seen */
	uint32_t flow_count, flow_room;
	uint32_t train_count, train_room;
	uint32_t slot_count;        /* at least twice flow_count */
};

struct flow_table *flows_create(void)
{
	struct flow_table *t = must_alloc(1, sizeof(*t));

	t->slot_count = SLOTS_FIRST;
	t->slots = must_grow(NULL, t->slot_count, sizeof(*t->slots));
	for (uint32_t i = 0; i < t->slot_count; i++)
		t->slots[i] = SLOT_EMPTY;
	return t;
}

void flows_destroy(struct flow_table *t)
{
	if (!t)
		return;
	free(t->flows);
	free(t->trains);
	free(t->slots);
	free(t->fragments);
	free(t);
}

static uint64_t hash(const struct flow *f)
{
	uint64_t h = mix64((uint64_t)f->address[0] << 32 | f->address[1], f->protocol);

	return mix64(h, (uint64_t)f->port[0] << 16 | f->port[1]);
}

static bool same(const struct flow *a, const struct flow *b)
{
	return a->address[0] == b->address[0] && a->address[1] == b->address[1] && a->port[0] == b->port[0] &&
	       a->port[1] == b->port[1] && a->protocol == b->protocol;
}

/* The slot that holds the key, or the empty one where it belongs. */
static uint32_t *slot_of(const struct flow_table *t, const struct flow *key)
{
	uint32_t mask = t->slot_count - 1;
	uint32_t at = (uint32_t)hash(key) & mask;

	while (t->slots[at] != SLOT_EMPTY && !same(&t->flows[t->slots[at]], key))
		at = (at + 1) & mask;
	return &t->slots[at];
}

static void widen(struct flow_table *t)
{
	must(t->slot_count <= UINT32_MAX / 4);
	t->slot_count *= 2;
	t->slots = must_grow(t->slots, t->slot_count, sizeof(*t->slots));
	for (uint32_t i = 0; i < t->slot_count; i++)
		t->slots[i] = SLOT_EMPTY;
	for (uint32_t i = 0; i < t->flow_count; i++)
		*slot_of(t, &t->flows[i]) = i;
}

static uint32_t flow_new(struct flow_table *t, const struct flow *f)
{
	if (t->flow_count == t->flow_room) {
		must(t->flow_room <= UINT32_MAX / 4);
		t->flow_room = t->flow_room ? 2 * t->flow_room : SLOTS_FIRST / 2;
		t->flows = must_grow(t->flows, t->flow_room, sizeof(*t->flows));
	}
	t->flows[t->flow_count] = *f;
	return t->flow_count++;
}

static uint32_t train_new(struct flow_table *t, int64_t time_ns, uint32_t before)
{
	struct train_side silent = { .first_ns = NS_NONE, .last_ns = NS_NONE };

	if (t->train_count == t->train_room) {
		must(t->train_room <= UINT32_MAX / 4);
		t->train_room = t->train_room ? 2 * t->train_room : SLOTS_FIRST;
		t->trains = must_grow(t->trains, t->train_room, sizeof(*t->trains));
	}
	t->trains[t->train_count] = (struct train){
		.first_ns = time_ns,
		.last_ns = time_ns,
		.side = { silent, silent },
		.before = before,
	};
	return t->train_count++;
}

/* The flow that a packet shows by itself, side 0 the smaller socket; *sender is
 * its side. Two equal sockets (a LAND packet) are both side 0. */
static struct flow flow_of(const struct wire_packet *p, int *sender)
{
	bool turned = p->source > p->destination ||
	              (p->source == p->destination && p->source_port > p->destination_port);
	struct flow f = {
		.address = { p->source, p->destination },
		.port = { p->source_port, p->destination_port },
		.latest = TRAIN_NONE,
		.protocol = p->protocol,
	};

	if (turned) {
		f.address[0] = p->destination;
		f.address[1] = p->source;
		f.port[0] = p->destination_port;
		f.port[1] = p->source_port;
	}
	*sender = turned;
	return f;
}

static uint32_t find_or_add(struct flow_table *t, struct flow *key, int sender, int64_t time_ns)
{
	uint32_t *slot = slot_of(t, key);

	if (*slot != SLOT_EMPTY)
		return *slot;
	key->first_ns = key->last_ns = time_ns;
	key->opener = (uint8_t)sender;
	if (2 * (t->flow_count + 1) > t->slot_count) {
		widen(t);
		slot = slot_of(t, key);
	}
	*slot = flow_new(t, key);
	return *slot;
}

static struct fragment *fragment_of(struct flow_table *t, const struct wire_packet *p)
{
	uint64_t h = mix64((uint64_t)p->source << 32 | p->destination, (uint64_t)p->identification << 8 | p->protocol);

	return &t->fragments[h & (FRAGMENTS - 1)];
}

static void fragment_remember(struct flow_table *t, const struct wire_packet *p, uint32_t flow, int64_t time_ns)
{
	if (!t->fragments) {
		t->fragments = must_grow(NULL, FRAGMENTS, sizeof(*t->fragments));
		for (uint32_t i = 0; i < FRAGMENTS; i++)
			t->fragments[i] = (struct fragment){ .flow = SLOT_EMPTY };
	}
	*fragment_of(t, p) = (struct fragment){
		.time_ns = time_ns,
		.source = p->source,
		.destination = p->destination,
		.flow = flow,
		.identification = p->identification,
		.protocol = p->protocol,
	};
}

static uint32_t fragment_find(struct flow_table *t, const struct wire_packet *p, int64_t time_ns)
{
	const struct fragment *g;

	if (!t->fragments)
		return SLOT_EMPTY;
	g = fragment_of(t, p);
	if (g->flow == SLOT_EMPTY || g->source != p->source || g->destination != p->destination ||
	    g->identification != p->identification || g->protocol != p->protocol ||
	    time_ns - g->time_ns > FRAGMENT_LIFE || g->time_ns - time_ns > FRAGMENT_LIFE)
		return SLOT_EMPTY;
	return g->flow;
}

static uint8_t marked(uint8_t marks, uint8_t tcp_flags, int sender)
{
	bool syn = tcp_flags & WIRE_TCP_SYN;

	if (syn && !(tcp_flags & WIRE_TCP_ACK) && ((marks & MARK_RESET) || (marks & MARKS_FIN) == MARKS_FIN))
		marks = 0;
	marks &= (uint8_t)~MARK_RESET;
	if (syn)
		marks |= sender ? MARK_SYN_1 : MARK_SYN_0;
	if (tcp_flags & WIRE_TCP_FIN)
		marks |= sender ? MARK_FIN_1 : MARK_FIN_0;
	if (tcp_flags & WIRE_TCP_RST)
		marks |= MARK_RESET;
	return marks;
}

static void learn_opener(struct flow *f, const struct wire_packet *p, int sender)
{
	if (f->opener_sure)
		return;
	if (p->protocol == IP_TCP && (p->tcp_flags & WIRE_TCP_SYN)) {
		f->opener = (uint8_t)(p->tcp_flags & WIRE_TCP_ACK ? !sender : sender);
		f->opener_sure = 1;
	} else if (p->protocol == IP_ICMP && !p->later_fragment) {
		f->opener = (uint8_t)(p->echo_reply ? !sender : sender);
		f->opener_sure = 1;
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

static void train_add(struct flow_table *t, struct flow *f, const struct wire_packet *p, int sender, int64_t time_ns)
{
	struct train *train = f->latest == TRAIN_NONE ? NULL : &t->trains[f->latest];
	struct train_side *side;

	if (!train || time_ns - train->last_ns >= SEGMENT_GAP || train->first_ns - time_ns >= SEGMENT_GAP) {
		f->latest = train_new(t, time_ns, f->latest);
		train = &t->trains[f->latest];
	}
	stretch(&train->first_ns, &train->last_ns, time_ns);
	side = &train->side[sender];
	stretch(&side->first_ns, &side->last_ns, time_ns);
	side->packets += side->packets < UINT32_MAX;
	side->bytes += p->length;
	if (p->protocol == IP_TCP)
		train->marks = marked(train->marks, p->tcp_flags, sender);
}

enum reason flows_add(struct flow_table *t, const struct wire_packet *p, enum reason seen, int64_t time_ns)
{
	int sender;
	struct flow key = flow_of(p, &sender);
	struct flow *f;
	uint32_t index;

	if (seen == REASON_NONE && p->later_fragment) {
		index = fragment_find(t, p, time_ns);
		if (index == SLOT_EMPTY)
			return REASON_FRAGMENT;
		sender = t->flows[index].address[0] != p->source;
	} else {
		index = find_or_add(t, &key, sender, time_ns);
	}
	f = &t->flows[index];
	f->packets++;
	f->sent |= (uint8_t)(1 << sender);
	if (!p->later_fragment)
		stretch(&f->first_ns, &f->last_ns, time_ns);
	if (seen != REASON_NONE)
		return seen;
	if (p->first_fragment)
		fragment_remember(t, p, index, time_ns);
	learn_opener(f, p, sender);
	if (p->protocol == IP_TCP)
		f->marks = marked(f->marks, p->tcp_flags, sender);
	train_add(t, f, p, sender, time_ns);
	return REASON_NONE;
}

uint32_t flows_count(const struct flow_table *t)
{
	return t->flow_count;
}

const struct flow *flows_at(const struct flow_table *t, uint32_t index)
{
	must(index < t->flow_count);
	return &t->flows[index];
}

static int by_time(const void *a, const void *b)
{
	const struct train *x = a, *y = b;

	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	return (x->last_ns > y->last_ns) - (x->last_ns < y->last_ns);
}

static void join_side(struct train_side *a, const struct train_side *b)
{
	if (b->first_ns != NS_NONE) {
		stretch(&a->first_ns, &a->last_ns, b->first_ns);
		stretch(&a->first_ns, &a->last_ns, b->last_ns);
	}
	a->bytes += b->bytes;
	a->packets = a->packets > UINT32_MAX - b->packets ? UINT32_MAX : a->packets + b->packets;
}

static void join(struct train *a, const struct train *b)
{
	stretch(&a->first_ns, &a->last_ns, b->last_ns);
	join_side(&a->side[0], &b->side[0]);
	join_side(&a->side[1], &b->side[1]);
	a->marks |= b->marks;
}

uint32_t flow_trains(const struct flow_table *t, const struct flow *f, struct train **scratch, uint32_t *room)
{
	uint32_t count = 0, kept = 0;
	bool ordered = true;
	struct train *out;

	for (uint32_t i = f->latest; i != TRAIN_NONE; i = t->trains[i].before)
		count++;
	if (count > *room) {
		*room = count;
		*scratch = must_grow(*scratch, count, sizeof(**scratch));
	}
	out = *scratch;
	for (uint32_t i = f->latest, at = count; i != TRAIN_NONE; i = t->trains[i].before)
		out[--at] = t->trains[i];
	for (uint32_t i = 1; i < count; i++)
		ordered = ordered && out[i].first_ns >= out[i - 1].last_ns;
	if (!ordered)
		qsort(out, count, sizeof(*out), by_time);
	for (uint32_t i = 0; i < count; i++) {
		if (kept && out[i].first_ns - out[kept - 1].last_ns < SEGMENT_GAP)
			join(&out[kept - 1], &out[i]);
		else
			out[kept++] = out[i];
	}
	return kept;
}
