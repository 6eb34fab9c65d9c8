/* What only datagrams need, in the model: fragments, ICMP errors, SYNs that wait; and the operator's notices. */
#include <stdlib.h>

#include "tests/model_state.h"

/* ---- ICMP errors ---- */

void send_error(struct model *m, int64_t now_ns, const struct datagram *about, uint8_t code, struct nat_path back)
{
	uint32_t rate = m->config->icmp_per_second;
	struct datagram d = {
		.ends = { .source = back.inside ? 0 : about->ends.destination, .destination = about->ends.source,
		          .protocol = IP_ICMP },
		.icmp_type = ICMP_UNREACHABLE,
		.icmp_code = code,
		.inner = about->ends,
	};

	if (!rate || is_icmp_error(about)) /* RFC 1122 section 3.2.2: never about an error */
		return;
	if (!back.inside && address_index(m, d.ends.destination) != ADDRESS_NONE) {
		struct passage p = error_in(m, &d); /* to one of its own: it comes back in (RFC 4787 REQ-9) */

		if (!passes(p.outcome))
			return;
		back = p.path;
	}
	if (!bucket_has(&m->icmp, now_ns, rate)) {
		m->icmp_withheld++;
		return;
	}
	bucket_take(&m->icmp, now_ns, rate);
	m->icmp_sent++;
	records_add(&m->said, &(struct record){ .sent = true, .sent_ns = now_ns, .datagram = d, .path = back });
}

/* RFC 5508 section 4: about a packet that came in to a host, and so as it looks inside. */
struct passage error_out(struct model *m, uint32_t subscriber, uint8_t host, struct datagram *d)
{
	struct packet_ends *about = &d->inner;
	struct m_mapping *mapping;
	enum protocol protocol;

	if (!protocol_of(about->protocol, &protocol))
		return (struct passage){ .outcome = OUT_MALFORMED };
	mapping = mapping_of_inside(m, subscriber, host, protocol, about->destination_port, about->source,
	                            remote_port_of(about->protocol, about->source_port));
	if (!mapping)
		return (struct passage){ .outcome = OUT_NO_MAPPING };
	d->ends.source = about->destination = m->setup.outside[mapping->address];
	about->destination_port = m->number[mapping->slot];
	if (protocol == PROTO_ICMP)
		about->source_port = about->destination_port;
	return (struct passage){ .outcome = OUT_ICMP_ERROR };
}

/* Can this mapping have sent to that remote endpoint? */
static bool sent_to(const struct model *m, const struct m_mapping *mapping, uint32_t remote, uint16_t remote_port)
{
	switch (m->config->mapping[mapping->protocol]) {
	case ENDPOINT_INDEPENDENT:
		return true;
	case ADDRESS_DEPENDENT:
		return mapping->remote == remote;
	default:
		return mapping->remote == remote && mapping->remote_port == remote_port;
	}
}

/* About a packet that left, as it looks outside: to whoever sent it. */
struct passage error_in(struct model *m, struct datagram *d)
{
	struct packet_ends *about = &d->inner;
	struct m_mapping *mapping;
	enum protocol protocol;

	if (!protocol_of(about->protocol, &protocol) || about->source != d->ends.destination)
		return (struct passage){ .outcome = OUT_MALFORMED };
	mapping = mapping_of_outside(m, about->source, protocol, about->source_port);
	if (!mapping || !sent_to(m, mapping, about->destination, remote_port_of(about->protocol, about->destination_port)))
		return (struct passage){ .outcome = OUT_NO_MAPPING };
	d->ends.destination = about->source = 0;
	about->source_port = mapping->port;
	if (protocol == PROTO_ICMP)
		about->destination_port = mapping->port;
	return (struct passage){ .outcome = OUT_ICMP_ERROR,
	                         .path = { .inside = true, .subscriber = mapping->subscriber, .host = mapping->host } };
}

/* ---- SYNs that nothing let in: RFC 5382 REQ-4 ---- */

bool keep_syn(struct model *m, int64_t now_ns, const struct datagram *d)
{
	uint32_t kept = 0;
	struct m_syn *s;

	for (s = m->syns; s; s = s->next) {
		const struct packet_ends *e = &s->datagram.ends;

		kept++;
		if (!(d->tcp_flags & TCP_ACK) && e->source == d->ends.source && e->source_port == d->ends.source_port &&
		    e->destination == d->ends.destination && e->destination_port == d->ends.destination_port)
			return true; /* it is there already */
	}
	if (d->tcp_flags & TCP_ACK || address_index(m, d->ends.destination) == ADDRESS_NONE || kept == NAT_SYNS_MAX)
		return false;
	s = list_append(&m->syns, sizeof(*s));
	s->due_ns = now_ns + m->config->timeouts.tcp_incoming_syn;
	s->datagram = *d;
	return true;
}

void answer_syns(struct model *m, const struct datagram *d)
{
	for (struct m_syn *s = m->syns; s; s = s->next)
		s->answered |= s->datagram.ends.destination == d->ends.source &&
		               s->datagram.ends.destination_port == d->ends.source_port &&
		               s->datagram.ends.source == d->ends.destination &&
		               s->datagram.ends.source_port == d->ends.destination_port;
}

/* ---- fragments: RFC 6146 section 3.4 ---- */

struct m_packet *packet_of(struct model *m, bool inbound, uint32_t subscriber, uint8_t host, const struct datagram *d)
{
	for (struct m_packet *p = m->packets; p; p = p->next)
		if (p->inbound == inbound && p->subscriber == subscriber && p->host == host &&
		    p->like.ends.source == d->ends.source && p->like.ends.destination == d->ends.destination &&
		    p->like.ends.protocol == d->ends.protocol && p->like.id == d->id)
			return p;
	return NULL;
}

/* The packet it is of, remembered from now on if it was not; NULL if there is no room. */
static struct m_packet *remember(struct model *m, int64_t now_ns, bool inbound, uint32_t subscriber, uint8_t host,
                                 const struct datagram *d)
{
	struct m_packet *p = packet_of(m, inbound, subscriber, host, d);
	uint32_t packets = 0;

	if (p)
		return p;
	for (p = m->packets; p; p = p->next)
		packets++;
	if (packets == NAT_FRAGMENTS_MAX)
		return NULL;
	p = list_append(&m->packets, sizeof(*p));
	p->inbound = inbound;
	p->subscriber = subscriber;
	p->host = host;
	p->like = *d;
	p->until_ns = now_ns + m->config->timeouts.fragment;
	return p;
}

static struct passage as_the_first(const struct m_packet *p, struct datagram *d)
{
	if (passes(p->fate.outcome)) {
		d->ends.source = p->source;
		d->ends.destination = p->destination;
	}
	return p->fate;
}

struct passage rest_of_packet(struct model *m, int64_t now_ns, bool inbound, uint32_t subscriber, uint8_t host,
                              struct datagram *d)
{
	struct m_packet *p = packet_of(m, inbound, subscriber, host, d);
	uint32_t waiting = 0;
	struct m_waiting *w;

	if (p && p->decided)
		return as_the_first(p, d);
	for (w = m->waiting; w; w = w->next)
		waiting++;
	p = waiting < NAT_FRAGMENTS_MAX ? remember(m, now_ns, inbound, subscriber, host, d) : NULL;
	if (!p)
		return (struct passage){ .outcome = OUT_FRAGMENT_LOST };
	w = list_append(&m->waiting, sizeof(*w));
	w->packet = p;
	w->datagram = *d;
	return (struct passage){ .outcome = OUT_FRAGMENT_KEPT };
}

/* The first waiting fragment of a packet; NULL if there is none. */
static struct m_waiting *waiting_of(const struct model *m, const struct m_packet *p)
{
	struct m_waiting *w = m->waiting;

	while (w && w->packet != p)
		w = w->next;
	return w;
}

void start_of_packet(struct model *m, int64_t now_ns, bool inbound, uint32_t subscriber, uint8_t host,
                     const struct datagram *as_it_was, const struct datagram *d, struct passage fate)
{
	struct m_packet *p = remember(m, now_ns, inbound, subscriber, host, as_it_was);
	struct m_waiting *w;

	if (!p)
		return;
	p->decided = true;
	p->fate = fate;
	p->source = d->ends.source;
	p->destination = d->ends.destination;
	while ((w = waiting_of(m, p))) {
		struct datagram rest = w->datagram;

		list_remove(&m->waiting, w);
		as_the_first(p, &rest);
		m->datagrams[fate.outcome]++;
		if (passes(fate.outcome))
			records_add(&m->said, &(struct record){ .sent = true, .sent_ns = now_ns, .datagram = rest,
			                                        .path = fate.path });
	}
}

static void forget(struct model *m, struct m_packet *p)
{
	struct m_waiting *w;

	while ((w = waiting_of(m, p))) {
		list_remove(&m->waiting, w);
		m->datagrams[OUT_FRAGMENT_LOST]++;
	}
	list_remove(&m->packets, p);
}

void edge_due(struct model *m, int64_t now_ns)
{
	while (m->packets && m->packets->until_ns <= now_ns)
		forget(m, m->packets);
	while (m->syns && m->syns->due_ns <= now_ns) {
		struct m_syn s = *m->syns;

		list_remove(&m->syns, m->syns);
		if (!s.answered)
			send_error(m, now_ns, &s.datagram, ICMP_PORT_UNREACHABLE, (struct nat_path){ 0 });
	}
}

void edge_lost(struct model *m)
{
	while (m->packets)
		forget(m, m->packets);
	while (m->syns)
		list_remove(&m->syns, m->syns);
}

/* ---- notices: RFC 6888 REQ-11, RFC 8158 section 4.4 ---- */

static void give_notice(struct model *m, int64_t now_ns, enum nat_notice what, uint32_t subscriber, uint32_t address,
                        enum protocol protocol, enum outcome why)
{
	int64_t last_ns = m->noticed_ns[what];

	if (last_ns != NS_NONE && now_ns < last_ns + m->config->notify.interval)
		return;
	m->noticed_ns[what] = now_ns;
	say_event(m, &(struct nat_event){ .kind = NAT_NOTICE, .time_ns = now_ns, .subscriber = subscriber,
	                                  .address = address, .protocol = protocol, .notice = (uint8_t)what,
	                                  .outcome = why });
}

/* This share of the numbers of a protocol. */
static double share(const struct model *m, double of)
{
	return of * (double)m->numbers * (double)m->setup.addresses;
}

void notice_taken(struct model *m, int64_t now_ns, const struct m_mapping *mapping)
{
	const struct nat_notify *n = &m->config->notify;
	enum protocol protocol = mapping->protocol;

	if (n->pool_high > 0 && !m->high[protocol] && count_in_use(m, protocol) >= share(m, n->pool_high)) {
		m->high[protocol] = true;
		give_notice(m, now_ns, NOTICE_POOL_HIGH, mapping->subscriber, mapping->address, protocol, OUT_CREATED);
	}
	if (n->mappings_high && model_mappings(m) == n->mappings_high)
		give_notice(m, now_ns, NOTICE_MAPPINGS_HIGH, mapping->subscriber, mapping->address, protocol,
		            OUT_CREATED);
	if (n->subscriber_high && count_active(m, mapping->subscriber, -1) == n->subscriber_high)
		give_notice(m, now_ns, NOTICE_SUBSCRIBER_HIGH, mapping->subscriber, mapping->address, protocol,
		            OUT_CREATED);
}

void notice_released(struct model *m, int64_t now_ns, const struct m_held *h)
{
	if (!m->high[h->protocol] || count_in_use(m, h->protocol) > share(m, m->config->notify.pool_low))
		return;
	m->high[h->protocol] = false;
	give_notice(m, now_ns, NOTICE_POOL_LOW, h->subscriber, h->address, h->protocol, OUT_CREATED);
}

void notice_refused(struct model *m, int64_t now_ns, const struct nat_event *refusal)
{
	enum nat_notice what = refusal->outcome == OUT_NO_ADDRESS ? NOTICE_ADDRESSES_EXHAUSTED :
	                       refusal->outcome == OUT_NO_PORT    ? NOTICE_PORTS_EXHAUSTED :
	                                                            NOTICE_QUOTA_EXCEEDED;

	give_notice(m, now_ns, what, refusal->subscriber, refusal->address, refusal->protocol, refusal->outcome);
}
