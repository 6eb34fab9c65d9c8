/* Trains of UDP and ICMP packets in the model (sim/base/packet.h): a train is a packet, but that its session's life is
 * counted from the last of it that refreshes. */
#include "sim/base/must.h"
#include "tests/model_state.h"

/* The last packet of it that refreshes; NS_NONE. */
static int64_t refreshed(const struct model *m, const struct segment *train)
{
	return m->config->inbound_refresh && train->last_in_ns > train->last_out_ns ? train->last_in_ns
	                                                                            : train->last_out_ns;
}

static void live_on(const struct model *m, const struct m_mapping *mapping, struct m_session *s, int64_t from_ns)
{
	int64_t ends_ns = from_ns + session_life(m, mapping, s);

	if (from_ns != NS_NONE && ends_ns > s->ends_ns) /* trains may overlap */
		s->ends_ns = ends_ns;
}

static enum outcome carry(struct model *m, struct m_mapping *mapping, const struct segment *train)
{
	struct m_session *s = session_of(mapping, train->remote, train->remote_port);
	bool inbound = train->flags & SEG_INBOUND;
	enum outcome why;

	if (!s && inbound && !filter_lets_in(m, mapping, train->remote, train->remote_port))
		return OUT_FILTERED;
	if (!s && inbound && !m->config->inbound_refresh)
		return OUT_REFRESHED;
	if (!s) {
		why = begin_session(m, train->start_ns, mapping, train->remote, train->remote_port, OTHER);
		if (why != OUT_CREATED)
			return why;
		s = session_of(mapping, train->remote, train->remote_port);
	}
	live_on(m, mapping, s, refreshed(m, train));
	return OUT_REFRESHED;
}

/* Refused for want of numbers, though he holds less than what everybody who is there could have. */
static bool crowded_out(const struct model *m, const struct segment *train, enum outcome why)
{
	uint32_t address = m->subscribers[train->subscriber].address;
	uint32_t own = count_held(m, train->subscriber, train->protocol);
	uint64_t others = 0, numbers = m->numbers;

	if (why != OUT_NO_PORT && why != OUT_NO_ADDRESS)
		return false;
	if (m->setup.pooling == POOLING_ARBITRARY)
		numbers *= m->setup.addresses;
	else if (address == ADDRESS_NONE)
		return true;
	for (uint32_t i = 0; i < m->setup.subscribers; i++)
		others += m->setup.pooling == POOLING_ARBITRARY ? count_held(m, i, -1) > 0
		                                                : m->subscribers[i].address == address;
	return own * others < numbers;
}

struct verdict model_show(struct model *m, const struct segment *train)
{
	const struct m_mapping like = { .subscriber = train->subscriber, .host = train->host,
	                                .protocol = (enum protocol)train->protocol, .port = train->port,
	                                .remote = train->remote, .remote_port = train->remote_port };
	struct verdict v = { .outcome = OUT_NO_MAPPING };
	struct m_mapping *mapping;

	must(like.protocol != PROTO_TCP);
	model_advance(m, train->start_ns);
	if (is_exempt(m, train->remote, train->remote_port))
		return (struct verdict){ .outcome = OUT_EXEMPT };
	mapping = mapping_of_inside(m, like.subscriber, like.host, like.protocol, like.port, like.remote,
	                            like.remote_port);
	if (!mapping && train->flags & SEG_INBOUND)
		return v;
	if (mapping) {
		v.outcome = carry(m, mapping, train);
	} else {
		v.outcome = make_mapping(m, train->start_ns, &like, &mapping);
		if (v.outcome == OUT_CREATED)
			carry(m, mapping, train);
		else
			v.crowded_out = crowded_out(m, train, v.outcome);
	}
	if (v.outcome == OUT_CREATED || v.outcome == OUT_REFRESHED) {
		v.address = mapping->address;
		v.slot = mapping->slot;
		v.number = m->number[mapping->slot];
	}
	return v;
}
