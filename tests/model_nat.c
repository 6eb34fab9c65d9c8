/* A packet's way through the model. */
#include "tests/model_nat.h"

#include "tests/model_state.h"

/* ---- its own words for what the headers say ---- */

bool passes(enum outcome o)
{
	return o == OUT_CREATED || o == OUT_REFRESHED || o == OUT_EXEMPT || o == OUT_ICMP_ERROR;
}

bool refused(enum outcome o)
{
	switch (o) {
	case OUT_PROTOCOL_UNSUPPORTED:
	case OUT_RATE_LIMIT:
	case OUT_SUBSCRIBER_LIMIT:
	case OUT_PROTOCOL_LIMIT:
	case OUT_SESSION_LIMIT:
	case OUT_MEMORY_LIMIT:
	case OUT_TABLE_FULL:
	case OUT_NO_ADDRESS:
	case OUT_NO_PORT:
		return true;
	default:
		return false;
	}
}

uint32_t address_index(const struct model *m, uint32_t address)
{
	for (uint32_t i = 0; i < m->setup.addresses; i++)
		if (m->setup.outside[i] == address)
			return i;
	return ADDRESS_NONE;
}

uint32_t slot_of(const struct model *m, uint16_t number)
{
	for (uint32_t i = 0; i < m->numbers; i++)
		if (m->number[i] == number)
			return i;
	return SLOT_NONE;
}

bool protocol_of(uint8_t number, enum protocol *out)
{
	*out = number == IP_TCP ? PROTO_TCP : number == IP_UDP ? PROTO_UDP : PROTO_ICMP;
	return number == IP_TCP || number == IP_UDP || number == IP_ICMP;
}

bool is_icmp_error(const struct datagram *d)
{
	return d->ends.protocol == IP_ICMP && (d->icmp_type == ICMP_UNREACHABLE || d->icmp_type == ICMP_QUENCH ||
	                                       d->icmp_type == ICMP_TIME_EXCEEDED || d->icmp_type == ICMP_PARAMETER);
}

static bool is_query(const struct datagram *d)
{
	return d->icmp_type == ICMP_ECHO || d->icmp_type == ICMP_TIMESTAMP;
}

/* Neither an error nor a query nor an answer to one: nothing says whose it is. */
static bool is_other_icmp(const struct datagram *d)
{
	return d->ends.protocol == IP_ICMP && !is_icmp_error(d) && !is_query(d) && d->icmp_type != ICMP_ECHO_REPLY &&
	       d->icmp_type != ICMP_TIMESTAMP_REPLY;
}

uint16_t remote_port_of(uint8_t protocol, uint16_t port)
{
	return protocol == IP_ICMP ? 0 : port;
}

static enum tcp_input input_of(const struct datagram *d, bool inbound)
{
	if (d->ends.protocol != IP_TCP)
		return OTHER;
	if (d->tcp_flags & TCP_RST)
		return RST;
	if (d->tcp_flags & TCP_SYN)
		return inbound ? SYN_IN : SYN_OUT;
	if (d->tcp_flags & TCP_FIN)
		return inbound ? FIN_IN : FIN_OUT;
	return OTHER;
}

/* ---- who is it ---- */

struct m_mapping *mapping_of_inside(const struct model *m, uint32_t subscriber, uint8_t host, enum protocol protocol,
                                    uint16_t port, uint32_t remote, uint16_t remote_port)
{
	int depends = m->config->mapping[protocol];

	for (struct m_mapping *x = m->mappings; x; x = x->next) {
		if (x->subscriber != subscriber || x->host != host || x->protocol != protocol || x->port != port)
			continue;
		if (depends == ENDPOINT_INDEPENDENT ||
		    (x->remote == remote && (depends == ADDRESS_DEPENDENT || x->remote_port == remote_port)))
			return x;
	}
	return NULL;
}

struct m_mapping *mapping_of_outside(const struct model *m, uint32_t address, enum protocol protocol, uint16_t number)
{
	uint32_t index = address_index(m, address), slot = slot_of(m, number);

	for (struct m_mapping *x = m->mappings; x; x = x->next)
		if (x->address == index && x->protocol == protocol && x->slot == slot)
			return x;
	return NULL;
}

struct m_session *session_of(const struct m_mapping *mapping, uint32_t remote, uint16_t remote_port)
{
	for (struct m_session *s = mapping->sessions; s; s = s->next)
		if (s->remote == remote && s->remote_port == remote_port)
			return s;
	return NULL;
}

/* RFC 4787 section 5: only remotes that it has a session with, or their addresses. */
bool filter_lets_in(const struct model *m, const struct m_mapping *mapping, uint32_t remote, uint16_t remote_port)
{
	int depends = m->config->filtering[mapping->protocol];

	if (depends == ENDPOINT_INDEPENDENT)
		return true;
	for (struct m_session *s = mapping->sessions; s; s = s->next)
		if (s->remote == remote && (depends == ADDRESS_DEPENDENT || s->remote_port == remote_port))
			return true;
	return false;
}

/* ---- sessions begin and go on ---- */

enum outcome begin_session(struct model *m, int64_t now_ns, struct m_mapping *mapping, uint32_t remote,
                           uint16_t remote_port, enum tcp_input in)
{
	bool further = mapping->sessions;
	enum outcome why = further ? limit_of_session(m, mapping) : OUT_CREATED;
	struct m_session *s;

	if (why != OUT_CREATED) {
		refuse(m, now_ns, mapping->subscriber, mapping->address, mapping->protocol, why);
		return why;
	}
	s = list_append(&mapping->sessions, sizeof(*s));
	s->remote = remote;
	s->remote_port = remote_port;
	session_first(m, now_ns, mapping, s, in);
	if (further)
		say_event(m, &(struct nat_event){
			.kind = NAT_SESSION_CREATED, .time_ns = now_ns, .subscriber = mapping->subscriber,
			.address = mapping->address, .slot = mapping->slot, .count = 1, .protocol = mapping->protocol,
			.port = mapping->port, .remote = remote, .remote_port = remote_port });
	return OUT_CREATED;
}

/* An answer or a reset begins nothing. */
static bool may_begin(const struct datagram *d)
{
	return d->ends.protocol == IP_ICMP ? is_query(d) : input_of(d, false) != RST;
}

static enum outcome carry_out(struct model *m, int64_t now_ns, uint32_t subscriber, uint8_t host,
                              enum protocol protocol, const struct datagram *d, struct m_mapping **mapping)
{
	uint16_t remote_port = remote_port_of(d->ends.protocol, d->ends.destination_port);
	const struct m_mapping like = { .subscriber = subscriber, .host = host, .protocol = protocol,
	                                .port = d->ends.source_port, .remote = d->ends.destination,
	                                .remote_port = remote_port };
	enum outcome outcome = OUT_REFRESHED, why;
	struct m_session *s;

	*mapping = mapping_of_inside(m, subscriber, host, protocol, like.port, like.remote, remote_port);
	if (!*mapping && !may_begin(d))
		return OUT_NO_MAPPING;
	if (!*mapping) {
		outcome = make_mapping(m, now_ns, &like, mapping);
		if (outcome != OUT_CREATED)
			return outcome;
	}
	s = session_of(*mapping, like.remote, remote_port);
	if (s) {
		session_again(m, now_ns, *mapping, s, input_of(d, false), false);
	} else if (may_begin(d)) {
		why = begin_session(m, now_ns, *mapping, like.remote, remote_port, input_of(d, false));
		if (why != OUT_CREATED)
			return why;
	}
	return outcome;
}

/* ---- in and out ---- */

static struct passage in(struct model *m, int64_t now_ns, struct datagram *d)
{
	uint16_t remote_port = remote_port_of(d->ends.protocol, d->ends.source_port);
	struct passage p = { .outcome = OUT_PROTOCOL_UNSUPPORTED };
	struct m_mapping *mapping;
	enum protocol protocol;
	struct m_session *s;

	if (is_icmp_error(d))
		return error_in(m, d);
	if (!protocol_of(d->ends.protocol, &protocol) || is_other_icmp(d))
		return p;
	mapping = mapping_of_outside(m, d->ends.destination, protocol, d->ends.destination_port);
	p.outcome = !mapping ? OUT_NO_MAPPING :
	            filter_lets_in(m, mapping, d->ends.source, remote_port) ? OUT_REFRESHED : OUT_FILTERED;
	if (p.outcome != OUT_REFRESHED) {
		if (input_of(d, true) == SYN_IN && keep_syn(m, now_ns, d))
			p.outcome = OUT_SYN_KEPT;
		return p;
	}
	s = session_of(mapping, d->ends.source, remote_port);
	if (s) {
		session_again(m, now_ns, mapping, s, input_of(d, true), true);
	} else if (protocol == PROTO_TCP ? input_of(d, true) == SYN_IN : m->config->inbound_refresh) {
		enum outcome why = begin_session(m, now_ns, mapping, d->ends.source, remote_port, input_of(d, true));

		if (why != OUT_CREATED)
			return (struct passage){ .outcome = why };
	}
	d->ends.destination = 0; /* the caller's to fill in */
	d->ends.destination_port = mapping->port;
	if (protocol == PROTO_ICMP)
		d->ends.source_port = mapping->port;
	p.path = (struct nat_path){ .inside = true, .subscriber = mapping->subscriber, .host = mapping->host };
	return p;
}

static struct passage out(struct model *m, int64_t now_ns, uint32_t subscriber, uint8_t host, struct datagram *d)
{
	struct passage p = { .outcome = OUT_PROTOCOL_UNSUPPORTED };
	struct m_mapping *mapping;
	enum protocol protocol;

	if (is_icmp_error(d))
		return error_out(m, subscriber, host, d);
	if (!protocol_of(d->ends.protocol, &protocol) || is_other_icmp(d))
		return p;
	p.outcome = carry_out(m, now_ns, subscriber, host, protocol, d, &mapping);
	if (refused(p.outcome)) /* RFC 6888 REQ-11 A */
		send_error(m, now_ns, d, ICMP_HOST_UNREACHABLE,
		           (struct nat_path){ .inside = true, .subscriber = subscriber, .host = host });
	if (!passes(p.outcome))
		return p;
	d->ends.source = m->setup.outside[mapping->address];
	d->ends.source_port = m->number[mapping->slot];
	if (protocol == PROTO_ICMP)
		d->ends.destination_port = d->ends.source_port;
	if (input_of(d, false) == SYN_OUT)
		answer_syns(m, d);
	return p;
}

/* RFC 6888 REQ-6. */
bool is_exempt(const struct model *m, uint32_t remote, uint16_t remote_port)
{
	for (size_t i = 0; i < m->config->exempt.count; i++) {
		const struct exempt *x = &m->config->exempt.items[i];

		if (remote >= x->addresses.first && remote <= x->addresses.last &&
		    (x->port == 0 || x->port == remote_port))
			return true;
	}
	return false;
}

static struct passage out_and_back(struct model *m, int64_t now_ns, uint32_t subscriber, uint8_t host,
                                   struct datagram *d)
{
	struct passage left, entered;

	if (is_exempt(m, d->ends.destination, remote_port_of(d->ends.protocol, d->ends.destination_port)))
		return (struct passage){ .outcome = OUT_EXEMPT };
	left = out(m, now_ns, subscriber, host, d);
	if (!passes(left.outcome) || address_index(m, d->ends.destination) == ADDRESS_NONE)
		return left;
	entered = in(m, now_ns, d); /* RFC 4787 REQ-9: with its public source */
	if (entered.outcome == OUT_REFRESHED)
		entered.outcome = left.outcome;
	return entered;
}

struct passage model_outbound(struct model *m, int64_t now_ns, uint32_t subscriber, uint8_t host, struct datagram *d)
{
	const struct datagram as_it_was = *d;
	struct passage p;

	model_advance(m, now_ns);
	if (d->offset) {
		p = rest_of_packet(m, now_ns, false, subscriber, host, d);
	} else {
		p = out_and_back(m, now_ns, subscriber, host, d);
		if (!passes(p.outcome))
			*d = as_it_was;
		if (d->more)
			start_of_packet(m, now_ns, false, subscriber, host, &as_it_was, d, p);
	}
	m->datagrams[p.outcome]++;
	return p;
}

struct passage model_inbound(struct model *m, int64_t now_ns, struct datagram *d)
{
	const struct datagram as_it_was = *d;
	struct passage p;

	model_advance(m, now_ns);
	if (d->offset) {
		p = rest_of_packet(m, now_ns, true, 0, 0, d);
	} else {
		p = in(m, now_ns, d);
		if (d->more)
			start_of_packet(m, now_ns, true, 0, 0, &as_it_was, d, p);
	}
	m->datagrams[p.outcome]++;
	return p;
}
