/* Three passes: every flow is given its host (or is left out), the flows are
 * sorted by host and time and numbered, and their trains are laid down and
 * sorted by start within each host. */
#include "traffic/assemble.h"

#include <stdlib.h>

#include "sim/base/must.h"

static const struct addr_range private_ranges[] = {
	{ 0x0a000000, 0x0affffff }, /* RFC 1918 */
	{ 0xac100000, 0xac1fffff },
	{ 0xc0a80000, 0xc0a8ffff },
	{ 0x64400000, 0x647fffff }, /* RFC 6598 */
};

static const struct addr_range loopback = { 0x7f000000, 0x7fffffff };
static const struct addr_range link_local = { 0xa9fe0000, 0xa9feffff }; /* RFC 3927 */
static const struct addr_range multicast = { 0xe0000000, 0xefffffff };  /* RFC 5771 */

static bool within(const struct addr_range *items, size_t count, uint32_t addr)
{
	for (size_t i = 0; i < count; i++)
		if (range_has(items[i], addr))
			return true;
	return false;
}

bool flow_unrouted(const struct flow *f)
{
	const uint32_t *a = f->address;

	for (int side = 0; side < 2; side++) {
		if (a[side] == 0 || a[side] == UINT32_MAX)
			return true;
		if (range_has(multicast, a[side]) && f->protocol != IP_TCP && !(f->sent & 1 << side))
			return true;
	}
	return (range_has(loopback, a[0]) && range_has(loopback, a[1])) ||
	       (range_has(link_local, a[0]) && range_has(link_local, a[1]));
}

static bool is_inside(const struct addr_ranges *inside, uint32_t addr)
{
	if (inside->count)
		return within(inside->items, inside->count, addr);
	return within(private_ranges, sizeof(private_ranges) / sizeof(private_ranges[0]), addr);
}

/* A flow of the trace: its host's side, and what it is sorted by. */
struct entry {
	int64_t  first_ns;
	uint32_t address;
	uint32_t flow;
	int      side;
};

static int by_host(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	return (x->flow > y->flow) - (x->flow < y->flow);
}

static int by_start(const void *a, const void *b)
{
	const struct segment *x = &((const struct trace_record *)a)->train;
	const struct segment *y = &((const struct trace_record *)b)->train;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return (x->flow > y->flow) - (x->flow < y->flow);
}

/* Most TCP and UDP flows alive at once, of all flows or (entries not NULL) of those. */
static uint64_t peak(const struct flow_table *flows, const struct entry *entries, uint32_t count)
{
	int64_t *first = must_alloc(count, sizeof(*first));
	int64_t *last = must_alloc(count, sizeof(*last));
	size_t n = 0;
	uint64_t most;

	for (uint32_t i = 0; i < count; i++) {
		const struct flow *f = flows_at(flows, entries ? entries[i].flow : i);

		if (f->protocol != IP_TCP && f->protocol != IP_UDP)
			continue;
		first[n] = f->first_ns;
		last[n++] = f->last_ns;
	}
	most = trace_peak(first, last, n);
	free(first);
	free(last);
	return most;
}

/* Finds the flow's place, or counts why it has none. */
static bool place(const struct flow *f, const struct addr_ranges *inside, struct assembly *out, int *side)
{
	bool in[2] = { is_inside(inside, f->address[0]), is_inside(inside, f->address[1]) };

	if (in[0] && in[1]) {
		out->local_flows++;
		out->local_packets += f->packets;
		return false;
	}
	if (flow_unrouted(f)) {
		out->unrouted_flows++;
		out->unrouted_packets += f->packets;
		return false;
	}
	*side = in[0] || in[1] ? in[1] : f->opener;
	return true;
}

static bool count_protocol(const struct flow *f, struct assembly *out)
{
	switch (f->protocol) {
	case IP_TCP:
		out->tcp++;
		return true;
	case IP_UDP:
		out->udp++;
		return true;
	case IP_ICMP:
		out->icmp++;
		return true;
	default:
		out->other++;
		return false;
	}
}

static enum flow_close close_of(const struct flow *f)
{
	bool fin_0 = f->marks & MARK_FIN_0, fin_1 = f->marks & MARK_FIN_1;

	if (fin_0 && fin_1)
		return CLOSE_FIN;
	if (f->marks & MARK_RESET)
		return CLOSE_RESET;
	return fin_0 || fin_1 ? CLOSE_HALF : CLOSE_NONE;
}

static uint8_t flags_of(uint8_t marks, int side)
{
	uint8_t flags = 0;

	if (marks & (side ? MARK_SYN_1 : MARK_SYN_0))
		flags |= SEG_SYN_OUT;
	if (marks & (side ? MARK_SYN_0 : MARK_SYN_1))
		flags |= SEG_SYN_IN;
	if (marks & (side ? MARK_FIN_1 : MARK_FIN_0))
		flags |= SEG_FIN_OUT;
	if (marks & (side ? MARK_FIN_0 : MARK_FIN_1))
		flags |= SEG_FIN_IN;
	if (marks & MARK_RESET)
		flags |= SEG_RST;
	return flags;
}

static enum protocol protocol_of(const struct flow *f)
{
	return f->protocol == IP_TCP ? PROTO_TCP : f->protocol == IP_UDP ? PROTO_UDP : PROTO_ICMP;
}

static int64_t since(int64_t time_ns, int64_t epoch_ns)
{
	return time_ns == NS_NONE ? NS_NONE : time_ns - epoch_ns;
}

static struct trace_record record_of(const struct flow *f, int side, const struct train *train, int64_t epoch_ns)
{
	const struct train_side *out = &train->side[side], *in = &train->side[!side];
	bool inbound = out->packets == 0;

	return (struct trace_record){
		.train = {
			.start_ns = since(inbound ? in->first_ns : out->first_ns, epoch_ns),
			.last_out_ns = since(out->last_ns, epoch_ns),
			.first_in_ns = since(in->first_ns, epoch_ns),
			.last_in_ns = since(in->last_ns, epoch_ns),
			.remote = f->address[!side],
			.remote_port = f->protocol == IP_ICMP ? 0 : f->port[!side],
			.port = f->port[side],
			.protocol = (uint8_t)protocol_of(f),
			.flags = (uint8_t)(flags_of(train->marks, side) | (inbound ? SEG_INBOUND : 0)),
		},
		.packets_out = out->packets,
		.packets_in = in->packets,
		.bytes_out = out->bytes,
		.bytes_in = in->bytes,
	};
}

/* What the passes hand on. */
struct work {
	const struct flow_table *flows;
	struct trace *trace;
	uint32_t record_room, host_room;
	struct train *scratch;
	uint32_t scratch_room;
};

static struct trace_record *record_add(struct work *w)
{
	struct trace *t = w->trace;

	if (t->record_count == w->record_room) {
		must(w->record_room <= UINT32_MAX / 4);
		w->record_room = w->record_room ? 2 * w->record_room : 256;
		t->records = must_grow(t->records, w->record_room, sizeof(*t->records));
	}
	return &t->records[t->record_count++];
}

static struct trace_host *host_add(struct work *w, uint32_t address)
{
	struct trace *t = w->trace;

	if (t->host_count == w->host_room) {
		w->host_room = w->host_room ? 2 * w->host_room : 64;
		t->hosts = must_grow(t->hosts, w->host_room, sizeof(*t->hosts));
	}
	t->hosts[t->host_count] = (struct trace_host){ .address = address, .first = t->record_count };
	return &t->hosts[t->host_count++];
}

static void add_flow(struct work *w, const struct entry *entry, uint32_t number)
{
	const struct flow *f = flows_at(w->flows, entry->flow);
	uint32_t count = flow_trains(w->flows, f, &w->scratch, &w->scratch_room);

	for (uint32_t i = 0; i < count; i++) {
		struct trace_record *r = record_add(w);

		*r = record_of(f, entry->side, &w->scratch[i], w->trace->epoch_ns);
		r->train.flow = number;
		r->train.subscriber = w->trace->host_count - 1;
		if (i == 0)
			r->train.flags |= SEG_FIRST;
		if (i + 1 == count) {
			r->train.flags |= SEG_LAST;
			r->close = (uint8_t)close_of(f);
		}
	}
	w->trace->flows[protocol_of(f)]++;
}

static void lay_down(struct work *w, const struct entry *entries, uint32_t count)
{
	struct trace *t = w->trace;
	uint32_t i = 0;

	while (i < count) {
		struct trace_host *h = host_add(w, entries[i].address);

		for (uint32_t number = 0; i < count && entries[i].address == h->address; i++)
			add_flow(w, &entries[i], number++);
		h->count = t->record_count - h->first;
		qsort(&t->records[h->first], h->count, sizeof(*t->records), by_start);
	}
}

struct trace *assemble(const struct flow_table *flows, const struct addr_ranges *inside, int64_t epoch_ns,
                       int64_t duration_ns, struct assembly *out)
{
	struct work w = { .flows = flows, .trace = must_alloc(1, sizeof(*w.trace)) };
	struct entry *entries = must_alloc(flows_count(flows), sizeof(*entries));
	uint32_t count = 0;

	*out = (struct assembly){ 0 };
	w.trace->epoch_ns = epoch_ns;
	w.trace->duration_ns = duration_ns;
	for (uint32_t i = 0; i < flows_count(flows); i++) {
		const struct flow *f = flows_at(flows, i);
		int side;

		if (!count_protocol(f, out) || !place(f, inside, out, &side))
			continue;
		entries[count++] = (struct entry){
			.first_ns = f->first_ns,
			.address = f->address[side],
			.flow = i,
			.side = side,
		};
	}
	qsort(entries, count, sizeof(*entries), by_host);
	lay_down(&w, entries, count);
	out->peak_flows = peak(flows, NULL, flows_count(flows));
	w.trace->peak_flows = peak(flows, entries, count);
	free(entries);
	free(w.scratch);
	return w.trace;
}
