/* A new mapping in the model: limits, an address, a number. */
#include <stdlib.h>

#include "tests/model_state.h"

/* ---- counting ---- */

uint32_t count_sessions(const struct m_mapping *mapping)
{
	uint32_t n = 0;

	for (const struct m_session *s = mapping->sessions; s; s = s->next)
		n++;
	return n;
}

uint32_t count_active(const struct model *m, uint32_t subscriber, int protocol)
{
	uint32_t n = 0;

	for (const struct m_mapping *x = m->mappings; x; x = x->next)
		n += x->subscriber == subscriber && (protocol < 0 || (int)x->protocol == protocol);
	return n;
}

uint32_t count_held(const struct model *m, uint32_t subscriber, int protocol)
{
	uint32_t n = count_active(m, subscriber, protocol);

	for (const struct m_held *h = m->held; h; h = h->next)
		n += h->subscriber == subscriber && (protocol < 0 || (int)h->protocol == protocol);
	return n;
}

uint32_t count_in_use(const struct model *m, enum protocol protocol)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->setup.subscribers; i++)
		n += count_held(m, i, (int)protocol);
	return n;
}

static bool is_free(const struct model *m, uint32_t address, enum protocol protocol, uint32_t slot)
{
	for (const struct m_mapping *x = m->mappings; x; x = x->next)
		if (x->address == address && x->protocol == protocol && x->slot == slot)
			return false;
	for (const struct m_held *h = m->held; h; h = h->next)
		if (h->address == address && h->protocol == protocol && h->slot == slot)
			return false;
	return true;
}

static bool has_room(const struct model *m, uint32_t address, enum protocol protocol)
{
	for (uint32_t slot = 0; slot < m->numbers; slot++)
		if (is_free(m, address, protocol, slot))
			return true;
	return false;
}

/* ---- limits: the first that is true, in the order of enum outcome ---- */

static bool over_memory(const struct model *m, uint32_t mappings, uint32_t sessions)
{
	uint64_t limit = m->config->limits.state_bytes_per_subscriber;

	return limit &&
	       (uint64_t)mappings * NAT_MAPPING_BYTES + (uint64_t)(sessions - mappings) * NAT_SESSION_BYTES > limit;
}

static enum outcome limit_of_mapping(const struct model *m, int64_t now_ns, uint32_t subscriber, enum protocol protocol)
{
	const struct nat_limits *l = &m->config->limits;
	uint32_t of_protocol = protocol == PROTO_TCP ? l->tcp : protocol == PROTO_UDP ? l->udp : l->icmp;
	uint32_t active = count_active(m, subscriber, -1), sessions = model_sessions(m, subscriber);

	if (l->new_per_second && !bucket_has(&m->subscribers[subscriber].rate, now_ns, l->new_per_second))
		return OUT_RATE_LIMIT;
	if (l->ports_per_subscriber && active + 1 > l->ports_per_subscriber)
		return OUT_SUBSCRIBER_LIMIT;
	if (of_protocol && count_active(m, subscriber, (int)protocol) + 1 > of_protocol)
		return OUT_PROTOCOL_LIMIT;
	if (l->sessions_per_subscriber && sessions + 1 > l->sessions_per_subscriber)
		return OUT_SESSION_LIMIT;
	if (over_memory(m, active + 1, sessions + 1))
		return OUT_MEMORY_LIMIT;
	if (l->mappings_total && model_mappings(m) + 1 > l->mappings_total)
		return OUT_TABLE_FULL;
	return OUT_CREATED;
}

enum outcome limit_of_session(const struct model *m, const struct m_mapping *mapping)
{
	const struct nat_limits *l = &m->config->limits;
	uint32_t sessions = model_sessions(m, mapping->subscriber);

	if (l->sessions_per_mapping && count_sessions(mapping) + 1 > l->sessions_per_mapping)
		return OUT_SESSION_LIMIT;
	if (l->sessions_per_subscriber && sessions + 1 > l->sessions_per_subscriber)
		return OUT_SESSION_LIMIT;
	if (over_memory(m, count_active(m, mapping->subscriber, -1), sessions + 1))
		return OUT_MEMORY_LIMIT;
	return OUT_CREATED;
}

void refuse(struct model *m, int64_t now_ns, uint32_t subscriber, uint32_t address, enum protocol protocol,
            enum outcome why)
{
	const struct nat_event e = { .kind = NAT_REFUSED,
		                     .time_ns = now_ns,
		                     .subscriber = subscriber,
		                     .address = address,
		                     .protocol = protocol,
		                     .outcome = why };

	say_event(m, &e);
	notice_refused(m, now_ns, &e);
}

/* ---- which address ---- */

static uint32_t first_with_room(const struct model *m, uint32_t from, enum protocol protocol)
{
	for (uint32_t i = 0; i < m->setup.addresses; i++)
		if (has_room(m, (from + i) % m->setup.addresses, protocol))
			return (from + i) % m->setup.addresses;
	return ADDRESS_NONE;
}

static uint32_t subscribers_on(const struct model *m, uint32_t address)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->setup.subscribers; i++)
		n += m->subscribers[i].address == address;
	return n;
}

static uint32_t least_used(const struct model *m, enum protocol protocol)
{
	uint32_t best = ADDRESS_NONE;

	for (uint32_t a = m->setup.addresses; a-- > 0;)
		if (has_room(m, a, protocol) &&
		    (best == ADDRESS_NONE || subscribers_on(m, a) <= subscribers_on(m, best)))
			best = a;
	return best;
}

/* The address where the core says that it made the mapping. */
static uint32_t core_address(const struct model *m)
{
	const struct nat_event *e = core_event(m);

	return e && e->kind == NAT_MAPPING_CREATED ? e->address : ADDRESS_NONE;
}

/* A subscriber's hash begins at some address, always the same: the core's answers say at which. */
static uint32_t by_hash(struct model *m, uint32_t subscriber, enum protocol protocol)
{
	uint32_t *starts = &m->subscribers[subscriber].hash_starts, left = 0, answer = ADDRESS_NONE;

	for (uint32_t a = m->setup.addresses; a-- > 0;)
		if (*starts >> a & 1) {
			uint32_t from_here = first_with_room(m, a, protocol);

			if (from_here == core_address(m))
				left |= 1u << a;
			else
				answer = from_here;
		}
	if (!left)
		return answer;
	*starts = left;
	return core_address(m);
}

static uint32_t choose_address(struct model *m, uint32_t subscriber, enum protocol protocol)
{
	uint32_t core = core_address(m);

	switch (m->setup.assignment) {
	case ASSIGN_ROUND_ROBIN:
		return first_with_room(m, m->after_last, protocol);
	case ASSIGN_LEAST_USED:
		return least_used(m, protocol);
	case ASSIGN_HASH:
		return by_hash(m, subscriber, protocol);
	default:
		return core < m->setup.addresses && has_room(m, core, protocol) ? core
		                                                                : first_with_room(m, 0, protocol);
	}
}

/* ---- which number ---- */

/* The core's number if it is free and of this kind, else the first such; SLOT_NONE if there is none. */
static uint32_t any_free(const struct model *m, uint32_t address, enum protocol protocol, uint16_t port, bool of_class,
                         bool of_parity)
{
	const struct nat_event *e = core_event(m);
	uint32_t first = SLOT_NONE;

	for (uint32_t slot = m->numbers; slot-- > 0;) {
		uint16_t number = m->number[slot];

		if (!is_free(m, address, protocol, slot) || (of_class && (number < 1024) != (port < 1024)) ||
		    (of_parity && number % 2 != port % 2))
			continue;
		if (e && e->kind == NAT_MAPPING_CREATED && e->address == address && e->slot == slot)
			return slot;
		first = slot;
	}
	return first;
}

/* RFC 4787 REQ-3 and REQ-4: the port itself, else one of its class and parity, of its class, of its parity, any. */
static uint32_t preserved(const struct model *m, uint32_t address, enum protocol protocol, uint16_t port)
{
	bool class = m->setup.port_class, parity = m->setup.parity;
	uint32_t slot = slot_of(m, port);

	if (slot != SLOT_NONE && is_free(m, address, protocol, slot))
		return slot;
	slot = class && parity ? any_free(m, address, protocol, port, true, true) : SLOT_NONE;
	if (slot == SLOT_NONE && class)
		slot = any_free(m, address, protocol, port, true, false);
	if (slot == SLOT_NONE && parity)
		slot = any_free(m, address, protocol, port, false, true);
	return slot != SLOT_NONE ? slot : any_free(m, address, protocol, port, false, false);
}

static uint32_t choose_number(struct model *m, uint32_t address, const struct m_mapping *like)
{
	uint32_t *after = &m->after[address][like->protocol], slot = *after;

	switch (m->setup.select) {
	case MODEL_PRESERVE:
		return preserved(m, address, like->protocol, like->port);
	case MODEL_RANDOM:
		return any_free(m, address, like->protocol, like->port, false, false);
	default:
		while (!is_free(m, address, like->protocol, slot))
			slot = (slot + 1) % m->numbers;
		*after = (slot + 1) % m->numbers;
		return slot;
	}
}

/* A guesser who knows what the subscriber has; the other two ways are as good as known. */
static uint32_t odds(const struct model *m, const struct m_mapping *like)
{
	uint32_t own = count_held(m, like->subscriber, (int)like->protocol);

	return m->setup.select == MODEL_RANDOM && m->numbers > own ? m->numbers - own : 1;
}

/* ---- together ---- */

/* Where a number can be had; OUT_CREATED, or why there is none. *at is where it was looked for. */
static enum outcome find_address(struct model *m, const struct m_mapping *like, uint32_t *at)
{
	struct m_subscriber *s = &m->subscribers[like->subscriber];
	bool pairs = m->setup.pooling != POOLING_ARBITRARY;
	uint32_t other;

	*at = s->address;
	if (s->address == ADDRESS_NONE) {
		*at = choose_address(m, like->subscriber, like->protocol);
		if (*at == ADDRESS_NONE)
			return OUT_NO_ADDRESS;
		if (pairs)
			s->address = *at;
		m->after_last = (*at + 1) % m->setup.addresses;
		return OUT_CREATED;
	}
	if (has_room(m, s->address, like->protocol))
		return OUT_CREATED;
	if (m->setup.pooling != POOLING_SOFT_PAIRED)
		return OUT_NO_PORT;
	other = choose_address(m, like->subscriber, like->protocol);
	if (other == ADDRESS_NONE)
		return OUT_NO_PORT;
	*at = other;
	m->after_last = (other + 1) % m->setup.addresses;
	return OUT_CREATED;
}

/* Whom the core evicted, if it may have; else the first who may be. An address that was drawn may have nobody. */
static struct m_mapping *victim(const struct model *m, uint32_t address, enum protocol protocol)
{
	const struct nat_event *e = core_event(m);
	struct m_mapping *first = NULL;
	bool drawn_may_be_empty = false;

	for (struct m_mapping *x = m->mappings; x; x = x->next) {
		if (x->protocol != protocol || (address != ADDRESS_NONE && x->address != address))
			continue;
		if (e && (e->kind == NAT_MAPPING_ENDED || e->kind == NAT_SESSION_ENDED) && e->address == x->address &&
		    e->slot == x->slot && e->protocol == protocol)
			return x;
		first = first ? first : x;
	}
	for (uint32_t a = 0; address == ADDRESS_NONE && a < m->setup.addresses; a++) {
		bool empty = true;

		for (struct m_mapping *x = m->mappings; x; x = x->next)
			empty &= x->protocol != protocol || x->address != a;
		drawn_may_be_empty |= empty;
	}
	return drawn_may_be_empty && e && e->kind == NAT_REFUSED ? NULL : first;
}

/* RFC 6888 REQ-8 B: his own held number back, the longest held first. Or, against REQ-11, somebody's mapping ends. */
static bool make_room(struct model *m, int64_t now_ns, const struct m_mapping *like, uint32_t address)
{
	struct m_mapping *x;

	if (m->config->hold_down.same_subscriber == RELEASE)
		for (struct m_held *h = m->held; h; h = h->next)
			if (h->subscriber == like->subscriber && h->protocol == like->protocol &&
			    (address == ADDRESS_NONE || h->address == address)) {
				give_back(m, now_ns, h);
				return true;
			}
	if (m->config->on_full != FULL_EVICT_RANDOM)
		return false;
	x = victim(m, address, like->protocol);
	if (x)
		cut_mapping(m, now_ns, x, END_EVICTED);
	return x;
}

enum outcome make_mapping(struct model *m, int64_t now_ns, const struct m_mapping *like, struct m_mapping **out)
{
	struct m_subscriber *s = &m->subscribers[like->subscriber];
	enum outcome why = limit_of_mapping(m, now_ns, like->subscriber, like->protocol);
	uint32_t address = s->address, slot, guess;
	struct m_mapping *next;

	if (why == OUT_CREATED) {
		why = find_address(m, like, &address);
		if (why != OUT_CREATED && make_room(m, now_ns, like, address))
			why = find_address(m, like, &address);
	}
	if (why != OUT_CREATED) {
		refuse(m, now_ns, like->subscriber, address, like->protocol, why);
		return why;
	}
	slot = choose_number(m, address, like);
	guess = odds(m, like);
	*out = list_append(&m->mappings, sizeof(**out));
	next = (*out)->next;
	**out = *like;
	(*out)->next = next;
	(*out)->address = address;
	(*out)->slot = slot;
	(*out)->created_ns = now_ns;
	if (m->config->limits.new_per_second)
		bucket_take(&s->rate, now_ns, m->config->limits.new_per_second);
	say_event(m, &(struct nat_event){
		.kind = NAT_MAPPING_CREATED, .time_ns = now_ns, .subscriber = like->subscriber, .address = address,
		.slot = slot, .count = 1, .odds = guess, .protocol = like->protocol, .port = like->port });
	notice_taken(m, now_ns, *out);
	return OUT_CREATED;
}
