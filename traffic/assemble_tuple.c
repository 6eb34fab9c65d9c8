#include "traffic/assemble_tuple.h"

#include <string.h>

#include "traffic/assemble_host.h"

static const struct addr_range loopback = { 0x7f000000, 0x7fffffff };
static const struct addr_range link_local = { 0xa9fe0000, 0xa9feffff }; /* RFC 3927 */
static const struct addr_range multicast = { 0xe0000000, 0xefffffff };  /* RFC 5771 */

bool flow_unrouted(const uint32_t address[2], uint8_t protocol, unsigned spoke)
{
	for (int side = 0; side < 2; side++) {
		if (address[side] == 0 || address[side] == UINT32_MAX)
			return true;
		if (range_has(multicast, address[side]) && protocol != IP_TCP && !(spoke & 1u << side))
			return true;
	}
	return (range_has(loopback, address[0]) && range_has(loopback, address[1])) ||
	       (range_has(link_local, address[0]) && range_has(link_local, address[1]));
}

static bool is_link_local6(const uint8_t *a)
{
	return a[0] == 0xfe && (a[1] & 0xc0) == 0x80;
}

/* To multicast, from nobody, or with a link-local or loopback end, which IPv6 routes nowhere. */
static bool unrouted6(const uint8_t *const address[2])
{
	static const uint8_t zero[15] = { 0 };

	for (int side = 0; side < 2; side++) {
		const uint8_t *a = address[side];

		if (a[0] == 0xff || is_link_local6(a) || (!memcmp(a, zero, 15) && a[15] <= 1))
			return true;
	}
	return false;
}

static void count_tuple(struct assembly *out, const struct flow_train *f)
{
	enum wire_tunnel tunnel = f->via;
	struct tuple_count *c = f->version == 6 ? (tunnel ? &out->inside6[tunnel] : &out->outside6)
	                                        : (tunnel ? &out->inside[tunnel] : &out->outside);

	switch (f->protocol) {
	case IP_TCP:
		c->tcp++;
		break;
	case IP_UDP:
		c->udp++;
		break;
	case IP_ICMP:
		c->icmp++;
		break;
	default:
		c->other++;
		break;
	}
}

static bool has_packets(const struct flow_train *t)
{
	return t->side[0].packets || t->side[1].packets;
}

static void stretch(int64_t *first_ns, int64_t *last_ns, int64_t from_ns, int64_t to_ns)
{
	if (from_ns == NS_NONE)
		return;
	if (*first_ns == NS_NONE || from_ns < *first_ns)
		*first_ns = from_ns;
	if (*last_ns == NS_NONE || to_ns > *last_ns)
		*last_ns = to_ns;
}

static void join_side(struct train_side *a, const struct train_side *b)
{
	stretch(&a->first_ns, &a->last_ns, b->first_ns, b->last_ns);
	a->bytes += b->bytes;
	a->packets = a->packets > UINT32_MAX - b->packets ? UINT32_MAX : a->packets + b->packets;
}

/* What a tuple's trains tell together. */
struct tuple {
	struct flow_train *trains; /* in order, SEGMENT_GAP apart at least */
	size_t count;
	int64_t shown_first_ns, shown_last_ns;
	uint8_t opener, opener_sure, stations, spoke;
	uint64_t packets;
};

/* The group, in order of time, to its trains: those that a late packet has
 * brought within SEGMENT_GAP of one another become one. */
static struct tuple tuple_of(struct assembler *a)
{
	struct tuple t = { .trains = a->group, .shown_first_ns = NS_NONE, .shown_last_ns = NS_NONE };

	for (size_t i = 0; i < a->group_count; i++) {
		struct flow_train *g = &a->group[i], *last = t.count ? &t.trains[t.count - 1] : NULL;

		if (g->opener_sure > t.opener_sure || (!t.opener_sure && !t.count)) {
			t.opener = g->opener;
			t.opener_sure = g->opener_sure;
		}
		t.stations |= g->stations;
		t.spoke |= (uint8_t)((g->side[0].packets != 0) | (g->side[1].packets != 0) << 1);
		t.packets += (uint64_t)g->side[0].packets + g->side[1].packets;
		stretch(&t.shown_first_ns, &t.shown_last_ns, g->shown_first_ns, g->shown_last_ns);
		if (!has_packets(g))
			continue;
		if (last && g->first_ns - last->last_ns < SEGMENT_GAP) {
			stretch(&last->first_ns, &last->last_ns, g->first_ns, g->last_ns);
			join_side(&last->side[0], &g->side[0]);
			join_side(&last->side[1], &g->side[1]);
			last->marks = marks_after(last->marks, g->marks);
		} else {
			t.trains[t.count++] = *g;
		}
	}
	return t;
}

static enum protocol protocol_of(uint8_t iana)
{
	return iana == IP_TCP ? PROTO_TCP : iana == IP_UDP ? PROTO_UDP : PROTO_ICMP;
}

/* Could the flow have begun before the capture, or while nobody looked? */
static bool cut_begin(const struct assembler *a, const struct flow_train *first)
{
	if (first->protocol == IP_TCP)
		return !(first->marks & (MARK_SYN_0 | MARK_SYN_1));
	return first->protocol != IP_ICMP && first->first_ns - timeline_watched(a->timeline, first->first_ns)->first_ns < SILENCE;
}

/* How the flow of trains [0, count) ended; `more`: a split follows. */
static enum flow_close close_of(const struct assembler *a, const struct flow_train *trains, size_t count, bool more)
{
	const struct flow_train *last = &trains[count - 1];
	int64_t silence_ns = a->rules->split_ns[protocol_of(last->protocol)];
	uint8_t marks = 0;
	bool over;

	for (size_t i = 0; i < count; i++)
		marks = marks_after(marks, trains[i].marks);
	if ((marks & MARK_FIN_0) && (marks & MARK_FIN_1))
		return CLOSE_FIN;
	if (marks & MARK_RESET)
		return CLOSE_RESET;
	over = more || timeline_watched(a->timeline, last->last_ns)->last_ns - last->last_ns >= (silence_ns ? silence_ns : SILENCE);
	if (!over)
		return CLOSE_CENSORED;
	return marks & (MARK_FIN_0 | MARK_FIN_1) ? CLOSE_HALF : CLOSE_SILENT;
}

/* Trains of the flow that begins with the first one: up to where the tuple was silent for too long. */
static size_t flow_length(const struct assembler *a, const struct flow_train *trains, size_t count)
{
	int64_t split_ns = a->rules->split_ns[protocol_of(trains->protocol)];
	size_t n = 1;

	while (n < count && (!split_ns || timeline_since(a->timeline, trains[n].first_ns) -
	                                  timeline_since(a->timeline, trains[n - 1].last_ns) < split_ns))
		n++;
	return n;
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

static int64_t since(const struct assembler *a, int64_t time_ns)
{
	return time_ns == NS_NONE ? NS_NONE : timeline_since(a->timeline, time_ns);
}

static struct trace_record record_of(const struct assembler *a, const struct flow_train *t, int side, uint32_t remote)
{
	const struct train_side *out = &t->side[side], *in = &t->side[!side];
	bool inbound = out->packets == 0;

	return (struct trace_record){
		.train = {
			.start_ns = since(a, inbound ? in->first_ns : out->first_ns),
			.last_out_ns = since(a, out->last_ns),
			.first_in_ns = since(a, in->first_ns),
			.last_in_ns = since(a, in->last_ns),
			.remote = remote,
			.remote_port = t->protocol == IP_ICMP ? 0 : t->port[!side],
			.port = t->port[side],
			.protocol = (uint8_t)protocol_of(t->protocol),
			.flags = (uint8_t)(flags_of(t->marks, side) | (inbound ? SEG_INBOUND : 0)),
		},
		.packets_out = out->packets,
		.packets_in = in->packets,
		.bytes_out = out->bytes,
		.bytes_in = in->bytes,
	};
}

/* Boyer and Moore's vote: if one address has more than half, it is the one that is left. */
static void vote(struct assembler *a, uint32_t remote)
{
	if (a->majority_lead == 0)
		a->majority = remote;
	if (remote == a->majority)
		a->majority_lead++;
	else
		a->majority_lead--;
}

/* The unspecified address is nobody's: what has it as its end is known by what it carries. */
static bool home_known(const uint8_t *home)
{
	static const uint8_t none[16] = { 0 };

	return memcmp(home, none, sizeof(none)) != 0;
}

static void place_flow(struct assembler *a, const struct flow_train *trains, size_t count, int side, bool first, bool last)
{
	const struct anonymiser *anonymiser = a->rules->anonymiser;
	uint32_t address = trains->address[side], remote = trains->address[!side];
	enum flow_close close = close_of(a, trains, count, !last);
	uint64_t number = a->flows++;
	int64_t flow_ns = since(a, trains->first_ns);
	bool cut = first && cut_begin(a, trains);
	uint8_t home[16] = { 0 };

	if (a->ends)
		memcpy(home, a->ends->address[side], sizeof(home));
	if (anonymiser && a->ends)
		anonymise6(anonymiser, home, home);
	if (anonymiser) {
		address = anonymise4(anonymiser, address);
		remote = anonymise4(anonymiser, remote);
	}
	vote(a, remote);
	for (size_t i = 0; i < count; i++) {
		struct placed *p = spool_add(a->placed);

		*p = (struct placed){ .record = record_of(a, &trains[i], side, remote), .flow_ns = flow_ns, .flow = number,
			              .is_home = home_known(home), .address = address };
		memcpy(p->home, home, sizeof(home));
		if (i == 0) {
			p->record.train.flags |= SEG_FIRST;
			p->record.cut = (uint8_t)((cut ? CUT_BEGIN : 0) | (first ? 0 : CUT_SPLIT));
		}
		if (i + 1 == count) {
			p->record.train.flags |= SEG_LAST;
			p->record.close = (uint8_t)close;
		}
	}
}

static void place_flow6(struct assembler *a, const struct flow_train *trains, size_t count, int side, bool first, bool last)
{
	const struct anonymiser *anonymiser = a->rules->anonymiser;
	struct placed6 *p = spool_add(a->flows6);
	struct trace_flow6 *f = &p->flow;
	struct train_side sum[2] = { trains->side[0], trains->side[1] };

	memset(p, 0, sizeof(*p));
	p->number = a->flows++;
	for (size_t i = 1; i < count; i++) {
		join_side(&sum[0], &trains[i].side[0]);
		join_side(&sum[1], &trains[i].side[1]);
	}
	memcpy(f->inside, a->ends->address[side], 16);
	memcpy(f->remote, a->ends->address[!side], 16);
	if (anonymiser) {
		anonymise6(anonymiser, f->inside, f->inside);
		anonymise6(anonymiser, f->remote, f->remote);
	}
	f->first_ns = since(a, trains->first_ns);
	f->last_ns = since(a, trains[count - 1].last_ns);
	f->bytes_out = sum[side].bytes;
	f->bytes_in = sum[!side].bytes;
	f->packets_out = sum[side].packets;
	f->packets_in = sum[!side].packets;
	f->port = trains->port[side];
	f->remote_port = trains->protocol == IP_ICMP ? 0 : trains->port[!side];
	f->protocol = (uint8_t)protocol_of(trains->protocol);
	f->close = (uint8_t)close_of(a, trains, count, !last);
	f->cut = (uint8_t)((first && cut_begin(a, trains) ? CUT_BEGIN : 0) | (first ? 0 : CUT_SPLIT));
}

/* Which side of the tuple is inside; false if it has no place in the trace, and that is counted. */
static bool find_side(struct assembler *a, const struct tuple *t, int *side)
{
	const struct flow_train *f = t->trains;
	struct assembly *out = a->out;
	bool six = f->version == 6;
	struct inside_case c = {
		.address = { f->address[0], f->address[1] }, .port = { f->port[0], f->port[1] },
		.opener = t->opener, .opener_sure = t->opener_sure, .ported = f->protocol != IP_ICMP,
		.cut = cut_begin(a, f), .softwire = f->via == TUNNEL_SOFTWIRE, .stations = t->stations,
	};
	enum inside_rule rule;
	enum inside_verdict verdict;

	for (int s = 0; a->ends && s < 2; s++)
		*(six ? &c.address6[s] : &c.tunnel_end[s]) = a->ends->address[s];
	verdict = inside_decide(&a->rules->inside, &c, &rule);
	if (verdict == SIDES_BOTH) {
		out->decided[rule]++;
		*(six ? &out->local6 : &out->local) += 1;
		out->local_packets += six ? 0 : t->packets;
		return false;
	}
	if (six ? unrouted6(c.address6) : flow_unrouted(f->address, f->protocol, t->spoke)) {
		*(six ? &out->unrouted6 : &out->unrouted) += 1;
		out->unrouted_packets += six ? 0 : t->packets;
		return false;
	}
	if (a->rules->answered && t->spoke != 3) {
		*(six ? &out->unanswered6 : &out->unanswered) += 1;
		out->unanswered_packets += six ? 0 : t->packets;
		return false;
	}
	out->decided[rule]++;
	*side = verdict == SIDE_1;
	return true;
}

void assemble_tuple(struct assembler *a)
{
	const struct flow_train *f = a->group;
	struct tuple t = tuple_of(a);
	bool known = f->protocol == IP_TCP || f->protocol == IP_UDP || f->protocol == IP_ICMP;
	int side;

	count_tuple(a->out, f);
	if (!f->via && f->version == 4 && known && f->protocol != IP_ICMP && t.shown_first_ns != NS_NONE)
		span_add(a->spans, t.shown_first_ns, t.shown_last_ns);
	if (!known)
		return;
	if (!t.count) {
		*(f->version == 6 ? &a->out->carriers6 : &a->out->carriers) += 1;
		return;
	}
	if (!find_side(a, &t, &side))
		return;
	for (size_t at = 0, n; at < t.count; at += n) {
		n = flow_length(a, t.trains + at, t.count - at);
		*(f->version == 6 ? &a->out->splits6 : &a->out->splits) += at > 0;
		if (f->version == 6)
			place_flow6(a, t.trains + at, n, side, at == 0, at + n == t.count);
		else
			place_flow(a, t.trains + at, n, side, at == 0, at + n == t.count);
	}
}
