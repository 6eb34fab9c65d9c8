/* What the other side sends unasked: trains in which the host says nothing.
 *
 * The other side knows the host by the public endpoint of the mapping that carries
 * the host's packets to it, as the flow world shows the train to that mapping. Where
 * there is none it has nobody to speak to: nothing is sent, and the train is told as
 * one that met no mapping. */
#include "sim/ns3/flow.h"
#include "sim/ns3/train.h"
#include "sim/world/watch.h"

/* Its timers until now. What is to be at the CGN at time 0 leaves before. */
static void advance(struct nat *nat, int64_t now_ns)
{
	if (now_ns > 0)
		nat_advance(nat, now_ns);
}

/* The flow's mapping at the CGN now. */
static struct verdict mapping_of(const struct flow *f)
{
	const struct scene *s = f->scene;
	struct segment ends = f->record->train;
	struct verdict v;

	ends.subscriber = f->host->home->subscriber;
	if (s->cpe) {
		advance(s->cpe, home_now(s));
		v = nat_find(s->cpe, &ends);
		if (v.outcome == OUT_NO_MAPPING)
			return v;
		ends.port = v.number;
		ends.host = 0;
	}
	advance(s->nat, scene_now(s));
	v = nat_find(s->nat, &ends);
	if (v.outcome == OUT_EXEMPT)
		v.number = ends.port;
	return v;
}

/* What came of a train, as the flow world has it (sim/world/lane.c). */
static void tell(struct flow *f, struct verdict v)
{
	struct scene *s = f->scene;
	bool met = v.outcome != OUT_NO_MAPPING && v.outcome != OUT_FILTERED, begins = !(f->state & FLOW_BEGUN);
	unsigned sight = begins ? SIGHT_BEGINS | SIGHT_NEEDS : met && f->state & FLOW_UNMET ? SIGHT_NEEDS : 0;
	struct segment train = f->called->train;

	train.start_ns = scene_now(s);
	train.subscriber = s->share.first_subscriber + f->host->home->subscriber;
	events_section_train(s->section, &train, &v, sight);
	f->called = NULL;
	f->state |= FLOW_BEGUN;
	if (!met) {
		f->state |= begins ? FLOW_UNMET : 0;
		return;
	}
	f->state = (uint8_t)(f->state & ~FLOW_UNMET);
	f->state |= outcome_is_refusal(v.outcome) ? FLOW_LOST : FLOW_CREATED;
}

void calls_heard(struct scene *s, const struct datagram *was, enum outcome outcome)
{
	bool icmp = was->ends.protocol == IP_ICMP;
	struct flow_key key = {
		.subscriber = was->ends.destination, .host = HOST_OUTSIDE, .port = was->ends.destination_port,
		.protocol = (uint8_t)(icmp ? PROTO_ICMP : was->ends.protocol == IP_TCP ? PROTO_TCP : PROTO_UDP),
		.remote = was->ends.source, .remote_port = icmp ? 0 : was->ends.source_port,
	};
	struct flow *f = datagram_begins(was) ? flows_find(s, &key) : NULL;
	struct verdict v;

	if (!f || !f->called)
		return;
	v = mapping_of(f);
	v.outcome = outcome == OUT_SYN_KEPT ? OUT_FILTERED : outcome; /* the mapping is there */
	tell(f, v);
}

/* When the CGN would have seen it. */
static void is_unmet(void *user)
{
	struct flow *f = user;

	f->scene->packets.sums[PACKETS_OPENED_OUTSIDE] += !(f->state & FLOW_BEGUN);
	tell(f, (struct verdict){ .outcome = OUT_NO_MAPPING });
	flow_next_train(f);
}

static void call(struct flow *f, const struct verdict *v)
{
	struct scene *s = f->scene;
	const struct segment *t = &f->record->train;
	uint32_t address = v->outcome == OUT_EXEMPT ? f->host->home->address : s->pool[v->address];

	if (f->called)
		flows_know(s, &(struct flow_key){ .subscriber = address, .host = HOST_OUTSIDE, .port = v->number,
		                                  .protocol = t->protocol, .remote = t->remote, .remote_port = t->remote_port }, f);
	internet_calls(f, address, v->number, f->sent);
}

static void call_due(void *user)
{
	struct flow *f = user;
	struct verdict v = mapping_of(f);

	if (v.outcome != OUT_NO_MAPPING && !(f->state & FLOW_LOST))
		call(f, &v);
	if (++f->sent < f->due)
		flow_at(f, flow_comes(f, train_in_at(f->scene, f->record, f->sent)), call_due);
	else
		flow_next_train(f);
}

void call_begin(struct flow *f)
{
	bool met = mapping_of(f).outcome != OUT_NO_MAPPING;

	if (met && connection_is_called(f))
		return;
	f->called = f->record;
	f->sent = 0;
	f->due = train_in_count(f->scene, f->record);
	if (met)
		call_due(f);
	else
		flow_at(f, ns3c_now(f->scene->sim) + f->scene->config->core.delay_ns, is_unmet);
}
