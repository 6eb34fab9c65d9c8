/* One datagram: whose mapping carries it -> may it pass -> what it does to the
 * session's timer -> the ends are rewritten. A datagram from inside to a public
 * address of ours goes through both halves (hairpin). Fragments are decided with
 * the first of their packet. */
#include "sim/nat/translate.h"

#include "sim/base/must.h"
#include "sim/nat/errors.h"
#include "sim/nat/state.h"
#include "sim/nat/tcp.h"
#include "sim/nat/wire.h"

static struct passage ends_as(enum outcome outcome)
{
	return (struct passage){ .outcome = outcome };
}

/* What a TCP packet means to the state machine: the first of reset, SYN, FIN. */
static uint8_t tcp_what(const struct datagram *d, bool inbound)
{
	if (d->tcp_flags & TCP_RST)
		return SEG_RST;
	if (d->tcp_flags & TCP_SYN)
		return inbound ? SEG_SYN_IN : SEG_SYN_OUT;
	if (d->tcp_flags & TCP_FIN)
		return inbound ? SEG_FIN_IN : SEG_FIN_OUT;
	return 0;
}

/* A packet on a session that was there before it. */
static void touch(struct nat *nat, int64_t now_ns, struct session *s, uint32_t what, enum protocol protocol,
                  const struct datagram *d, bool inbound)
{
	int64_t until_ns;
	enum tcp_effect effect = TCP_RENEWS;

	if (protocol == PROTO_TCP)
		effect = tcp_packet(&s->tcp, tcp_what(d, inbound));
	else if (inbound && !nat->config->inbound_refresh)
		effect = TCP_NOTHING;
	if (effect == TCP_NOTHING)
		return;
	until_ns = now_ns + session_timeout(nat, s, protocol);
	if (effect == TCP_SHORTENS && until_ns > s->expires_ns)
		return;
	session_expires(nat, s, what, until_ns);
}

/* Begins a session with its first packet. False, told, if a limit stands against it. */
static bool begin(struct nat *nat, int64_t now_ns, uint32_t entry, uint32_t remote, uint16_t remote_port,
                  const struct datagram *d, bool inbound, enum outcome *why)
{
	enum protocol protocol = nat->table.mappings[entry].inside.protocol;
	uint32_t what;
	struct session *s = session_begin(nat, now_ns, entry, remote, remote_port, &what, why);

	if (!s)
		return false;
	if (protocol == PROTO_TCP)
		s->tcp = tcp_first(tcp_what(d, inbound));
	session_expires(nat, s, what, now_ns + session_timeout(nat, s, protocol));
	return true;
}

/* May this packet begin a session, or a mapping? An answer or a reset cannot be the first of anything. */
static bool may_begin(const struct datagram *d)
{
	if (d->ends.protocol == IP_ICMP)
		return icmp_is_query(d->icmp_type);
	return d->ends.protocol != IP_TCP || !(d->tcp_flags & TCP_RST);
}

/* The mapping that carries an outbound packet, made if need be. */
static struct passage carry_out(struct nat *nat, int64_t now_ns, uint32_t subscriber, uint8_t host, enum protocol protocol,
                                const struct datagram *d, uint32_t *entry)
{
	uint32_t remote = d->ends.destination;
	uint16_t remote_port = wire_remote_port(&d->ends, d->ends.destination_port);
	struct need need = {
		.time_ns = now_ns,
		.inside = nat_inside(nat, subscriber, host, d->ends.source_port, protocol, remote, remote_port),
		.remote = remote,
		.remote_port = remote_port,
	};
	struct verdict v = { .outcome = OUT_REFRESHED };
	enum outcome why;
	struct session *s;
	uint32_t what;

	need.hash = table_hash(&need.inside);
	*entry = table_find(&nat->table, need.hash, &need.inside);
	if (*entry == INDEX_NONE) {
		if (!may_begin(d))
			return ends_as(OUT_NO_MAPPING);
		v = mapping_create(nat, &need, entry);
		if (v.outcome != OUT_CREATED)
			return (struct passage){ .outcome = v.outcome, .crowded_out = v.crowded_out };
	}
	s = session_find(nat, *entry, remote, remote_port, &what);
	if (s)
		touch(nat, now_ns, s, what, protocol, d, false);
	else if (may_begin(d) && !begin(nat, now_ns, *entry, remote, remote_port, d, false, &why))
		return ends_as(why);
	return ends_as(v.outcome);
}

/* Does an inbound packet that the filter lets in begin a session? Only one that could refresh it. */
static bool begins_inbound(const struct nat *nat, const struct datagram *d)
{
	return d->ends.protocol == IP_TCP ? tcp_what(d, true) == SEG_SYN_IN : nat->config->inbound_refresh;
}

/* The mapping that carries an inbound packet. */
static enum outcome carry_in(struct nat *nat, int64_t now_ns, enum protocol protocol, const struct datagram *d, uint32_t *entry)
{
	uint32_t remote = d->ends.source, what;
	uint16_t remote_port = wire_remote_port(&d->ends, d->ends.source_port);
	struct session *s;
	enum outcome why;

	*entry = wire_holder(nat, d->ends.destination, protocol, d->ends.destination_port, remote, remote_port);
	if (*entry == INDEX_NONE)
		return OUT_NO_MAPPING;
	if (!filter_passes(nat, *entry, remote, remote_port))
		return OUT_FILTERED;
	s = session_find(nat, *entry, remote, remote_port, &what);
	if (s)
		touch(nat, now_ns, s, what, protocol, d, true);
	else if (begins_inbound(nat, d) && !begin(nat, now_ns, *entry, remote, remote_port, d, true, &why))
		return why;
	return OUT_REFRESHED;
}

/* ---- whole packets and first fragments ---- */

/* An inbound SYN that nothing let in may be half of a simultaneous open. */
static enum outcome keep_syn(struct nat *nat, int64_t now_ns, const struct datagram *d, enum outcome why)
{
	bool syn = d->ends.protocol == IP_TCP && tcp_what(d, true) == SEG_SYN_IN && !(d->tcp_flags & TCP_ACK);

	if (!syn || edge_find(nat->edge, d->ends.destination) == ADDRESS_NONE || !unsolicited_keep(&nat->edge->syns, d, now_ns + nat->config->timeouts.tcp_incoming_syn))
		return why;
	return OUT_SYN_KEPT;
}

static struct passage enter(struct nat *nat, int64_t now_ns, struct datagram *d)
{
	enum protocol protocol;
	enum outcome outcome;
	uint32_t entry;
	const struct mapping *m;

	if (d->ends.protocol == IP_ICMP && icmp_is_error(d->icmp_type))
		return error_inbound(nat, d);
	if (!wire_protocol(d->ends.protocol, &protocol) ||
	    (protocol == PROTO_ICMP && !icmp_is_query(d->icmp_type) && !icmp_is_answer(d->icmp_type)))
		return ends_as(OUT_PROTOCOL_UNSUPPORTED);
	outcome = carry_in(nat, now_ns, protocol, d, &entry);
	if (outcome == OUT_NO_MAPPING || outcome == OUT_FILTERED)
		return ends_as(keep_syn(nat, now_ns, d, outcome));
	if (outcome != OUT_REFRESHED)
		return ends_as(outcome);
	m = &nat->table.mappings[entry];
	d->ends.destination = 0;
	d->ends.destination_port = m->inside.port;
	if (protocol == PROTO_ICMP)
		d->ends.source_port = m->inside.port;
	return (struct passage){ .outcome = outcome, .path = wire_inward(m) };
}

static struct passage leave(struct nat *nat, int64_t now_ns, uint32_t subscriber, uint8_t host, struct datagram *d)
{
	struct nat_path back = { .inside = true, .subscriber = subscriber, .host = host };
	enum protocol protocol;
	struct passage p;
	uint32_t entry;
	struct wire_end out;

	if (d->ends.protocol == IP_ICMP && icmp_is_error(d->icmp_type))
		return error_outbound(nat, subscriber, host, d);
	if (!wire_protocol(d->ends.protocol, &protocol) ||
	    (protocol == PROTO_ICMP && !icmp_is_query(d->icmp_type) && !icmp_is_answer(d->icmp_type)))
		return ends_as(OUT_PROTOCOL_UNSUPPORTED);
	p = carry_out(nat, now_ns, subscriber, host, protocol, d, &entry);
	if (outcome_is_refusal(p.outcome))
		error_send(nat, now_ns, d, ICMP_HOST_UNREACHABLE, back);
	if (!outcome_passes(p.outcome))
		return p;
	out = wire_outside(nat, &nat->table.mappings[entry]);
	d->ends.source = out.address;
	d->ends.source_port = out.number;
	if (protocol == PROTO_ICMP)
		d->ends.destination_port = out.number;
	if (protocol == PROTO_TCP && tcp_what(d, false) == SEG_SYN_OUT)
		unsolicited_answer(&nat->edge->syns, &d->ends);
	return p;
}

/* RFC 4787 REQ-9: it left with its public source, so it comes in like any other. A mapping that it made stays made. */
static struct passage hairpin(struct nat *nat, int64_t now_ns, struct datagram *d, struct passage left)
{
	struct passage p;

	if (!outcome_passes(left.outcome) || edge_find(nat->edge, d->ends.destination) == ADDRESS_NONE)
		return left;
	p = enter(nat, now_ns, d);
	if (p.outcome == OUT_REFRESHED)
		p.outcome = left.outcome;
	return p;
}

/* A whole packet, or the first fragment of one. What cannot go on is left as it was. */
static struct passage begins_outbound(struct nat *nat, int64_t now_ns, uint32_t subscriber, uint8_t host, struct datagram *d)
{
	const struct datagram as_it_was = *d;
	struct passage left, p;

	if (nat->config->exempt.count &&
	    destination_is_exempt(nat->config, d->ends.destination, wire_remote_port(&d->ends, d->ends.destination_port)))
		return (struct passage){ .outcome = OUT_EXEMPT, .left = OUT_EXEMPT };
	left = leave(nat, now_ns, subscriber, host, d);
	p = hairpin(nat, now_ns, d, left);
	p.left = left.outcome;
	if (!outcome_passes(p.outcome))
		*d = as_it_was;
	return p;
}

/* ---- fragments ---- */

static struct fragment_key key_of(uint32_t subscriber, uint8_t host, const struct datagram *d)
{
	return (struct fragment_key){
		.source = d->ends.source,
		.destination = d->ends.destination,
		.subscriber = subscriber,
		.host = host,
		.id = d->id,
		.protocol = d->ends.protocol,
	};
}

/* The rest of a packet ends as its first fragment did. */
static struct passage follow(const struct fragment_fate *fate, struct datagram *d)
{
	if (outcome_passes(fate->outcome)) {
		d->ends.source = fate->source;
		d->ends.destination = fate->destination;
	}
	return (struct passage){ .outcome = fate->outcome, .path = fate->path };
}

static struct passage later_fragment(struct nat *nat, int64_t now_ns, const struct fragment_key *key, struct datagram *d)
{
	struct fragments *f = &nat->edge->fragments;
	const struct fragment_fate *fate = fragments_fate(f, key);

	if (fate)
		return follow(fate, d);
	return ends_as(fragments_keep(f, key, d, now_ns + nat->config->timeouts.fragment) ? OUT_FRAGMENT_KEPT : OUT_FRAGMENT_LOST);
}

/* The first fragment's end decides the others': those that waited go now. */
static void first_fragment(struct nat *nat, int64_t now_ns, const struct fragment_key *key, const struct datagram *d,
                           struct passage p)
{
	struct edge *e = nat->edge;
	struct fragment_fate fate = { .outcome = p.outcome, .source = d->ends.source, .destination = d->ends.destination,
	                              .path = p.path };
	struct datagram rest;

	fragments_decide(&e->fragments, key, &fate, now_ns + nat->config->timeouts.fragment);
	while (fragments_take(&e->fragments, key, &rest)) {
		struct passage q = follow(&fate, &rest);

		e->count[q.outcome]++;
		if (outcome_passes(q.outcome) && e->send)
			e->send(e->send_context, now_ns, &rest, q.path);
	}
}

/* ---- the two ways in ---- */

static struct passage counted(struct nat *nat, struct passage p)
{
	nat->edge->count[p.outcome]++;
	return p;
}

struct passage nat_outbound(struct nat *nat, int64_t now_ns, uint32_t subscriber, uint8_t host, struct datagram *d)
{
	struct fragment_key key = key_of(subscriber, host, d);
	struct passage p;

	must(nat->edge && subscriber < nat->ground.subscribers);
	nat_advance(nat, now_ns);
	if (!datagram_begins(d))
		return counted(nat, later_fragment(nat, now_ns, &key, d));
	p = begins_outbound(nat, now_ns, subscriber, host, d);
	if (datagram_is_fragment(d))
		first_fragment(nat, now_ns, &key, d, p);
	return counted(nat, p);
}

struct passage nat_inbound(struct nat *nat, int64_t now_ns, struct datagram *d)
{
	struct fragment_key key = key_of(UINT32_MAX, 0, d);
	struct passage p;

	must(nat->edge);
	nat_advance(nat, now_ns);
	if (!datagram_begins(d))
		return counted(nat, later_fragment(nat, now_ns, &key, d));
	p = enter(nat, now_ns, d);
	if (datagram_is_fragment(d))
		first_fragment(nat, now_ns, &key, d, p);
	return counted(nat, p);
}

const uint64_t *nat_datagrams(const struct nat *nat)
{
	return nat->edge->count;
}

uint64_t nat_icmp_sent(const struct nat *nat)
{
	return nat->edge->icmp_sent;
}

uint64_t nat_icmp_withheld(const struct nat *nat)
{
	return nat->edge->icmp_withheld;
}
