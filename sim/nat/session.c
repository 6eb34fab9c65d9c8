/* A mapping's sessions: one inside it, the others in a table of their own. */
#include "sim/base/must.h"
#include "sim/nat/state.h"
#include "sim/nat/tcp.h"

static int64_t longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t session_timeout(const struct nat *nat, const struct session *s, enum protocol protocol)
{
	const struct nat_timeouts *t = &nat->config->timeouts;

	switch (protocol) {
	case PROTO_TCP:
		return tcp_timeout(s->tcp, t);
	case PROTO_UDP:
		return s->remote_port < 1024 ? t->udp_well_known : t->udp;
	default:
		return t->icmp;
	}
}

void session_expires(struct nat *nat, struct session *s, uint32_t what, int64_t expires_ns)
{
	if (!s->expires_ns || expires_ns < s->timer_ns) {
		s->timer_ns = expires_ns;
		queue_push(nat->timers, expires_ns, what);
	}
	s->expires_ns = expires_ns;
}

struct session *session_find(struct nat *nat, uint32_t entry, uint32_t remote, uint16_t remote_port, uint32_t *what)
{
	struct mapping *m = &nat->table.mappings[entry];
	struct session *s = &m->session;
	uint32_t further;

	if (s->expires_ns && s->remote == remote && s->remote_port == remote_port) {
		*what = entry * 2;
		return s;
	}
	if (m->sessions < 2 && (s->expires_ns || !m->sessions))
		return NULL;
	further = table_find_further(&nat->table, entry, remote, remote_port);
	if (further == INDEX_NONE)
		return NULL;
	*what = further * 2 + 1;
	return &nat->table.further[further].session;
}

/* The first limit that stands against one session more of a mapping that has some. */
static enum outcome admit_session(const struct nat *nat, const struct mapping *m, const struct tenant *tenant)
{
	const struct nat_limits *limits = &nat->config->limits;
	uint32_t active = tenant->active[PROTO_TCP] + tenant->active[PROTO_UDP] + tenant->active[PROTO_ICMP];

	if ((limits->sessions_per_mapping && m->sessions >= limits->sessions_per_mapping) ||
	    (limits->sessions_per_subscriber && tenant->sessions >= limits->sessions_per_subscriber))
		return OUT_SESSION_LIMIT;
	if (limits->state_bytes_per_subscriber &&
	    (uint64_t)active * NAT_MAPPING_BYTES + (uint64_t)(tenant->sessions - active + 1) * NAT_SESSION_BYTES >
	            limits->state_bytes_per_subscriber)
		return OUT_MEMORY_LIMIT;
	return OUT_CREATED;
}

static void tell_created(struct nat *nat, int64_t now_ns, const struct mapping *m, const struct session *s)
{
	nat_emit(nat, &(struct nat_event){
		.kind = NAT_SESSION_CREATED,
		.time_ns = now_ns,
		.subscriber = m->inside.subscriber,
		.address = m->address,
		.slot = m->slot,
		.count = 1,
		.protocol = m->inside.protocol,
		.port = m->inside.port,
		.remote = s->remote,
		.remote_port = s->remote_port,
	});
}

/* In the mapping itself if its own place is free, else in the table of further ones. */
static struct session *place_session(struct nat *nat, uint32_t entry, uint32_t remote, uint16_t remote_port, uint32_t *what)
{
	struct session *s = &nat->table.mappings[entry].session;
	uint32_t further;

	if (!s->expires_ns) {
		*s = (struct session){ .remote = remote, .remote_port = remote_port };
		*what = entry * 2;
		return s;
	}
	further = table_add_further(&nat->table, entry, remote, remote_port);
	*what = further * 2 + 1;
	return &nat->table.further[further].session;
}

struct session *session_begin(struct nat *nat, int64_t now_ns, uint32_t entry, uint32_t remote, uint16_t remote_port,
                              uint32_t *what, enum outcome *why)
{
	struct mapping *m = &nat->table.mappings[entry];
	struct tenant *tenant = &nat->pairing.tenants[m->inside.subscriber];
	struct session *s;

	*why = m->sessions ? admit_session(nat, m, tenant) : OUT_CREATED;
	if (*why != OUT_CREATED) {
		mapping_refuse(nat, now_ns, m->inside.subscriber, m->address, m->inside.protocol, *why);
		return NULL;
	}
	s = place_session(nat, entry, remote, remote_port, what);
	tenant->sessions++;
	if (m->sessions++)
		tell_created(nat, now_ns, m, s);
	return s;
}

bool filter_passes(struct nat *nat, uint32_t entry, uint32_t remote, uint16_t remote_port)
{
	const struct mapping *m = &nat->table.mappings[entry];
	uint32_t what;

	switch (nat->config->filtering[m->inside.protocol]) {
	case ENDPOINT_INDEPENDENT:
		return true;
	case ADDRESS_DEPENDENT:
		return (m->session.expires_ns && m->session.remote == remote) ||
		       (m->sessions > 1 || !m->session.expires_ns ? table_has_remote(&nat->table, entry, remote) : false);
	default:
		return session_find(nat, entry, remote, remote_port, &what);
	}
}

/* ---- trains ---- */

/* A TCP train renews the session from its last packet on. What only shortens a life is a reset: it does not renew what
 * it ends. A connection that was refused is one of its SYN, at the train's start. */
static void refresh_tcp(struct nat *nat, struct session *s, uint32_t what, const struct segment *train)
{
	bool begins = !s->expires_ns;
	int64_t last = longer(train->last_out_ns, train->last_in_ns), until_ns;
	enum tcp_effect effect = tcp_train(&s->tcp, train->flags, begins);

	if (effect == TCP_NOTHING)
		return;
	if (train->flags & SEG_RST && tcp_opening(s->tcp))
		last = train->start_ns;
	until_ns = last + session_timeout(nat, s, PROTO_TCP);
	if (effect == TCP_SHORTENS && last == train->start_ns && until_ns > s->expires_ns)
		return;
	session_expires(nat, s, what, until_ns);
}

/* Moves the session's expiry to what the train makes it, and its queue entry if need be. */
static void refresh(struct nat *nat, struct session *s, uint32_t what, const struct segment *train)
{
	int64_t last = nat->config->inbound_refresh ? longer(train->last_out_ns, train->last_in_ns) : train->last_out_ns;

	if (train->protocol == PROTO_TCP)
		refresh_tcp(nat, s, what, train);
	else if (last != NS_NONE) /* trains may overlap */
		session_expires(nat, s, what, longer(last + session_timeout(nat, s, train->protocol), s->expires_ns));
}

/* May a train from outside begin a session on a mapping that lets it in? Only if that would refresh anything. */
static bool begins_inbound(const struct nat *nat, const struct segment *train)
{
	return train->protocol == PROTO_TCP ? train->flags & SEG_SYN_IN : nat->config->inbound_refresh;
}

/* Shows a mapping the train: its session is refreshed, or begun. */
static enum outcome show_mapping(struct nat *nat, uint32_t entry, const struct segment *train)
{
	bool inbound = train->flags & SEG_INBOUND;
	uint32_t what;
	struct session *s = session_find(nat, entry, train->remote, train->remote_port, &what);
	enum outcome why;

	if (s) {
		refresh(nat, s, what, train);
		return OUT_REFRESHED;
	}
	if (inbound && !filter_passes(nat, entry, train->remote, train->remote_port))
		return OUT_FILTERED;
	if (inbound && !begins_inbound(nat, train))
		return OUT_REFRESHED; /* carried by the mapping; it has no state of its own */
	s = session_begin(nat, train->start_ns, entry, train->remote, train->remote_port, &what, &why);
	if (!s)
		return why;
	refresh(nat, s, what, train);
	return OUT_REFRESHED;
}

static struct inside inside_of(const struct nat *nat, const struct segment *train)
{
	return nat_inside(nat, train->subscriber, train->host, train->port, train->protocol, train->remote,
	                  train->remote_port);
}

void nat_prefetch(const struct nat *nat, const struct segment *train)
{
	struct inside inside = inside_of(nat, train);

	table_prefetch(&nat->table, table_hash(&inside));
}

static struct verdict verdict_of(const struct nat *nat, uint32_t entry, enum outcome outcome)
{
	const struct mapping *m = &nat->table.mappings[entry];

	return (struct verdict){
		.outcome = outcome,
		.address = m->address,
		.slot = m->slot,
		.number = slots_number(nat->ground.slots, m->slot),
	};
}

static struct verdict nowhere(enum outcome outcome)
{
	return (struct verdict){ .outcome = outcome, .address = ADDRESS_NONE };
}

static bool is_exempt(const struct nat *nat, const struct segment *train)
{
	return nat->config->exempt.count && destination_is_exempt(nat->config, train->remote, train->remote_port);
}

struct verdict nat_find(const struct nat *nat, const struct segment *train)
{
	struct inside inside = inside_of(nat, train);
	uint32_t entry;

	if (is_exempt(nat, train))
		return nowhere(OUT_EXEMPT);
	entry = table_find(&nat->table, table_hash(&inside), &inside);
	return entry == INDEX_NONE ? nowhere(OUT_NO_MAPPING) : verdict_of(nat, entry, OUT_REFRESHED);
}

static struct verdict show_new(struct nat *nat, const struct segment *train, const struct inside *inside, uint32_t hash)
{
	struct need need = { .time_ns = train->start_ns, .inside = *inside, .hash = hash, .remote = train->remote,
	                     .remote_port = train->remote_port };
	uint32_t entry;
	struct verdict v = mapping_create(nat, &need, &entry);

	if (v.outcome == OUT_CREATED)
		show_mapping(nat, entry, train);
	return v;
}

struct verdict nat_show(struct nat *nat, const struct segment *train)
{
	struct inside inside = inside_of(nat, train);
	uint32_t hash = table_hash(&inside), entry;

	nat_advance(nat, train->start_ns);
	if (is_exempt(nat, train))
		return nowhere(OUT_EXEMPT);
	entry = table_find(&nat->table, hash, &inside);
	if (entry == INDEX_NONE) {
		if (train->flags & SEG_INBOUND)
			return nowhere(OUT_NO_MAPPING);
		return show_new(nat, train, &inside, hash);
	}
	return verdict_of(nat, entry, show_mapping(nat, entry, train));
}
