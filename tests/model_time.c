/* Time in the model: TCP states, timers, ends, hold-down. */
#include "sim/base/must.h"
#include "tests/model_state.h"

/* ---- RFC 6146 section 3.5.2.2, with the resets of RFC 7857 section 2.2 ---- */

enum timer_rule {
	KEEP,    /* the timer runs on */
	RENEW,   /* it starts again, at the new state's life */
	SHORTEN, /* the same, unless that were later */
};

/* Two things are cgnsim's own: a reset while opening changes nothing, and an outbound SYN on what was seen to close
 * begins a new connection, where the RFC waits for the timer. */
static const struct {
	enum tcp_state next;
	enum timer_rule timer;
} tcp_table[TCP_STATES][TCP_INPUTS] = {
	[INIT_OUT] = {
		[SYN_OUT] = { INIT_OUT, RENEW },       [SYN_IN] = { ESTABLISHED, RENEW },
		[FIN_OUT] = { INIT_OUT, KEEP },        [FIN_IN] = { INIT_OUT, KEEP },
		[RST]     = { INIT_OUT, KEEP },        [OTHER]  = { INIT_OUT, KEEP },
	},
	[INIT_IN] = { /* whoever is outside cannot keep it open by himself */
		[SYN_OUT] = { ESTABLISHED, RENEW },    [SYN_IN] = { INIT_IN, KEEP },
		[FIN_OUT] = { INIT_IN, KEEP },         [FIN_IN] = { INIT_IN, KEEP },
		[RST]     = { INIT_IN, KEEP },         [OTHER]  = { INIT_IN, KEEP },
	},
	[ESTABLISHED] = {
		[SYN_OUT] = { ESTABLISHED, RENEW },    [SYN_IN] = { ESTABLISHED, RENEW },
		[FIN_OUT] = { FIN_OUT_RCV, RENEW },    [FIN_IN] = { FIN_IN_RCV, RENEW },
		[RST]     = { TRANS, SHORTEN },        [OTHER]  = { ESTABLISHED, RENEW },
	},
	[FIN_OUT_RCV] = {
		[SYN_OUT] = { FIN_OUT_RCV, RENEW },    [SYN_IN] = { FIN_OUT_RCV, RENEW },
		[FIN_OUT] = { FIN_OUT_RCV, RENEW },    [FIN_IN] = { FINS_RCV, RENEW },
		[RST]     = { TRANS, SHORTEN },        [OTHER]  = { FIN_OUT_RCV, RENEW },
	},
	[FIN_IN_RCV] = {
		[SYN_OUT] = { FIN_IN_RCV, RENEW },     [SYN_IN] = { FIN_IN_RCV, RENEW },
		[FIN_OUT] = { FINS_RCV, RENEW },       [FIN_IN] = { FIN_IN_RCV, RENEW },
		[RST]     = { TRANS, SHORTEN },        [OTHER]  = { FIN_IN_RCV, RENEW },
	},
	[FINS_RCV] = {
		[SYN_OUT] = { INIT_OUT, RENEW },       [SYN_IN] = { FINS_RCV, KEEP },
		[FIN_OUT] = { FINS_RCV, KEEP },        [FIN_IN] = { FINS_RCV, KEEP },
		[RST]     = { FINS_RCV, KEEP },        [OTHER]  = { FINS_RCV, KEEP },
	},
	[TRANS] = {
		[SYN_OUT] = { INIT_OUT, RENEW },       [SYN_IN] = { ESTABLISHED, RENEW },
		[FIN_OUT] = { ESTABLISHED, RENEW },    [FIN_IN] = { ESTABLISHED, RENEW },
		[RST]     = { TRANS, KEEP },           [OTHER]  = { ESTABLISHED, RENEW },
	},
};

/* CLOSED, and its first packet; in the middle of a connection it is as if established. */
static const enum tcp_state tcp_begins[TCP_INPUTS] = {
	[SYN_OUT] = INIT_OUT, [SYN_IN] = INIT_IN, [FIN_OUT] = FIN_OUT_RCV, [FIN_IN] = FIN_IN_RCV, [OTHER] = ESTABLISHED,
};

/* How long a session lives after the packet that last counted. */
int64_t session_life(const struct model *m, const struct m_mapping *mapping, const struct m_session *s)
{
	const struct nat_timeouts *t = &m->config->timeouts;

	if (mapping->protocol == PROTO_ICMP)
		return t->icmp;
	if (mapping->protocol == PROTO_UDP)
		return s->remote_port <= 1023 ? t->udp_well_known : t->udp;
	switch (s->tcp) {
	case INIT_OUT:
	case INIT_IN:
		return t->tcp_open;
	case FIN_OUT_RCV:
	case FIN_IN_RCV: /* TCP_EST alone, without the transitory rest */
		return t->tcp_established > t->tcp_closing ? t->tcp_established - t->tcp_closing : t->tcp_established;
	case FINS_RCV:
	case TRANS:
		return t->tcp_closing;
	default:
		return t->tcp_established;
	}
}

void session_first(struct model *m, int64_t now_ns, const struct m_mapping *mapping, struct m_session *s,
                   enum tcp_input in)
{
	s->tcp = tcp_begins[in];
	s->ends_ns = now_ns + session_life(m, mapping, s);
}

void session_again(struct model *m, int64_t now_ns, const struct m_mapping *mapping, struct m_session *s,
                   enum tcp_input in, bool inbound)
{
	enum timer_rule rule = inbound && !m->config->inbound_refresh ? KEEP : RENEW; /* RFC 4787 REQ-6 */
	int64_t ends_ns;

	if (mapping->protocol == PROTO_TCP) {
		rule = tcp_table[s->tcp][in].timer;
		s->tcp = tcp_table[s->tcp][in].next;
	}
	ends_ns = now_ns + session_life(m, mapping, s);
	if (rule == RENEW || (rule == SHORTEN && ends_ns < s->ends_ns))
		s->ends_ns = ends_ns;
}

/* ---- so many a second ---- */

static int64_t bucket_level(const struct m_bucket *b, int64_t now_ns, uint32_t n)
{
	int64_t full = (int64_t)n * (NS_PER_S / n), level = b->level_ns + (now_ns - b->last_ns);

	return !b->used || level > full ? full : level;
}

bool bucket_has(const struct m_bucket *b, int64_t now_ns, uint32_t n)
{
	return bucket_level(b, now_ns, n) >= NS_PER_S / n;
}

void bucket_take(struct m_bucket *b, int64_t now_ns, uint32_t n)
{
	*b = (struct m_bucket){ .used = true,
		                .last_ns = now_ns,
		                .level_ns = bucket_level(b, now_ns, n) - NS_PER_S / n };
}

/* ---- ends ---- */

/* The pairing ends when the subscriber has nothing left. */
static void released(struct model *m, int64_t now_ns, const struct m_held *h)
{
	say_event(m, &(struct nat_event){
		.kind = NAT_PORT_RELEASED, .time_ns = now_ns, .since_ns = h->ended_ns, .subscriber = h->subscriber,
		.address = h->address, .slot = h->slot, .count = 1, .protocol = h->protocol });
	notice_released(m, now_ns, h);
	if (!count_held(m, h->subscriber, -1))
		m->subscribers[h->subscriber].address = ADDRESS_NONE;
}

void give_back(struct model *m, int64_t now_ns, struct m_held *h)
{
	struct m_held gone = *h;

	list_remove(&m->held, h);
	released(m, now_ns, &gone);
}

/* RFC 6888 REQ-8, its exceptions A to C, and after loss of state. */
static bool holds_down(const struct model *m, const struct m_mapping *mapping, enum nat_end why, bool seen_to_close)
{
	const struct nat_hold_down *h = &m->config->hold_down;

	if (h->time == 0 || why == END_EVICTED)
		return false;
	if (why == END_LOST)
		return true;
	if (h->tcp == RELEASE && seen_to_close)
		return false;
	return !(h->filtered == RELEASE && m->config->filtering[mapping->protocol] != ENDPOINT_INDEPENDENT);
}

static void end_mapping(struct model *m, int64_t now_ns, struct m_mapping *mapping, enum nat_end why,
                        bool seen_to_close)
{
	struct m_mapping gone = *mapping;
	struct m_held h = { .ended_ns = now_ns,
		            .subscriber = gone.subscriber,
		            .address = gone.address,
		            .slot = gone.slot,
		            .protocol = gone.protocol };
	uint32_t held = 0;

	list_remove(&m->mappings, mapping);
	say_event(m, &(struct nat_event){ .kind = NAT_MAPPING_ENDED,
	                                  .time_ns = now_ns,
	                                  .since_ns = gone.created_ns,
	                                  .subscriber = gone.subscriber,
	                                  .address = gone.address,
	                                  .slot = gone.slot,
	                                  .count = 1,
	                                  .protocol = gone.protocol,
	                                  .port = gone.port,
	                                  .end = (uint8_t)why });
	if (!holds_down(m, &gone, why, seen_to_close)) {
		released(m, now_ns, &h);
		return;
	}
	*(struct m_held *)list_append(&m->held, sizeof(h)) = h;
	for (const struct m_held *x = m->held; x; x = x->next)
		held++;
	if (m->config->hold_down.max_ports && held > m->config->hold_down.max_ports)
		give_back(m, now_ns, m->held); /* the longest held */
}

static void end_session(struct model *m, int64_t now_ns, struct m_mapping *mapping, struct m_session *s,
                        enum nat_end why)
{
	bool last = !mapping->sessions->next;
	bool seen_to_close = mapping->protocol == PROTO_TCP && (s->tcp == FINS_RCV || s->tcp == TRANS);

	if (!last)
		say_event(m, &(struct nat_event){
			.kind = NAT_SESSION_ENDED, .time_ns = now_ns, .subscriber = mapping->subscriber,
			.address = mapping->address, .slot = mapping->slot, .count = 1, .protocol = mapping->protocol,
			.port = mapping->port, .remote = s->remote, .remote_port = s->remote_port });
	list_remove(&mapping->sessions, s);
	if (last)
		end_mapping(m, now_ns, mapping, why, seen_to_close);
}

/* Did the core, where the model stands, end this session? */
static bool core_ended(const struct model *m, const struct m_mapping *mapping, const struct m_session *s)
{
	const struct nat_event *e = core_event(m);

	if (!e || e->address != mapping->address || e->slot != mapping->slot || e->protocol != mapping->protocol)
		return false;
	return mapping->sessions->next
	               ? e->kind == NAT_SESSION_ENDED && e->remote == s->remote && e->remote_port == s->remote_port
	               : e->kind == NAT_MAPPING_ENDED;
}

void cut_mapping(struct model *m, int64_t now_ns, struct m_mapping *mapping, enum nat_end why)
{
	for (bool last = false; !last;) {
		struct m_session *which = mapping->sessions;

		last = !which->next;
		for (struct m_session *s = mapping->sessions; s; s = s->next)
			if (core_ended(m, mapping, s))
				which = s;
		end_session(m, now_ns, mapping, which, why);
	}
}

void model_lose_state(struct model *m, int64_t now_ns)
{
	model_advance(m, now_ns);
	while (m->mappings) {
		struct m_mapping *which = m->mappings;

		for (struct m_mapping *x = m->mappings; x; x = x->next)
			for (struct m_session *s = x->sessions; s; s = s->next)
				if (core_ended(m, x, s))
					which = x;
		cut_mapping(m, now_ns, which, END_LOST);
	}
	edge_lost(m);
}

/* ---- what is due ---- */

static void earlier(int64_t *first, int64_t t)
{
	if (t < *first)
		*first = t;
}

int64_t model_first_due(const struct model *m)
{
	int64_t first = NS_NEVER;

	for (const struct m_held *h = m->held; h; h = h->next)
		earlier(&first, h->ended_ns + m->config->hold_down.time);
	for (const struct m_mapping *x = m->mappings; x; x = x->next)
		for (const struct m_session *s = x->sessions; s; s = s->next)
			earlier(&first, s->ends_ns);
	for (const struct m_syn *s = m->syns; s; s = s->next)
		earlier(&first, s->due_ns);
	for (const struct m_packet *p = m->packets; p; p = p->next)
		earlier(&first, p->until_ns);
	return first;
}

/* One of the sessions that end now: the one that the core ended, if there are several. False if there is none. */
static bool end_one_session(struct model *m, int64_t now_ns)
{
	struct m_mapping *which = NULL;
	struct m_session *its = NULL;

	for (struct m_mapping *x = m->mappings; x; x = x->next)
		for (struct m_session *s = x->sessions; s; s = s->next)
			if (s->ends_ns == now_ns && (!which || core_ended(m, x, s))) {
				which = x;
				its = s;
			}
	if (which)
		end_session(m, now_ns, which, its, END_IDLE);
	return which;
}

/* At equal times: hold-downs, sessions, then what only datagrams need. */
void model_advance(struct model *m, int64_t now_ns)
{
	for (;;) {
		int64_t t = model_first_due(m);

		if (t > now_ns)
			return;
		if (m->held && m->held->ended_ns + m->config->hold_down.time == t)
			give_back(m, t, m->held);
		else if (!end_one_session(m, t))
			edge_due(m, t);
	}
}

/* ---- for who makes up packets ---- */

static uint32_t count_all_sessions(const struct model *m)
{
	uint32_t n = 0;

	for (const struct m_mapping *x = m->mappings; x; x = x->next)
		n += count_sessions(x);
	return n;
}

static const struct m_session *nth_session(const struct model *m, uint32_t n, const struct m_mapping **mapping)
{
	for (*mapping = m->mappings; *mapping; *mapping = (*mapping)->next)
		for (const struct m_session *s = (*mapping)->sessions; s; s = s->next)
			if (n-- == 0)
				return s;
	must(!"a session beyond the last");
	return NULL;
}

bool model_session(const struct model *m, uint32_t n, struct model_session *out)
{
	static const uint8_t number[PROTO_COUNT] = { IP_TCP, IP_UDP, IP_ICMP };
	uint32_t all = count_all_sessions(m);
	const struct m_mapping *x;
	const struct m_session *s;
	bool icmp;

	if (!all)
		return false;
	s = nth_session(m, n % all, &x);
	icmp = x->protocol == PROTO_ICMP;
	*out = (struct model_session){
		.subscriber = x->subscriber,
		.host = x->host,
		.outbound = { .destination = s->remote, .source_port = x->port,
		              .destination_port = icmp ? x->port : s->remote_port, .protocol = number[x->protocol] },
		.inbound = { .source = s->remote, .destination = m->setup.outside[x->address],
		             .source_port = icmp ? m->number[x->slot] : s->remote_port,
		             .destination_port = m->number[x->slot], .protocol = number[x->protocol] },
	};
	return true;
}

int64_t model_due(const struct model *m, uint32_t n)
{
	uint32_t all = count_all_sessions(m);
	const struct m_mapping *x;

	return all ? nth_session(m, n % all, &x)->ends_ns : model_first_due(m);
}
