/* A home: hosts, each a stack of ns-3's, the NAT before them if the scenario has
 * one, and the link to the CGN. Where a tunnel (DS-Lite, MAP) is to begin, it
 * begins here: in leave_home() and home_received(). */
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/ns3/train.h"
#include "sim/world/alone.h"
#include "sim/world/instance.h"
#include "sim/world/watch.h"

#define LAN_ADDRESS UINT32_C(0xc0a8010a) /* 192.168.1.10, the first host of a home with a NAT */

static void send_piece(void *context, uint8_t *bytes, uint32_t length)
{
	must(ns3c_send(((struct home *)context)->to_cgn, bytes, length) >= 0); /* a full queue is counted there */
}

static void leave_home(struct home *home, uint8_t *bytes)
{
	if (!ipv4_cut(bytes, ns3c_device_mtu(home->to_cgn), send_piece, home))
		home->scene->packets.sums[PACKETS_TOO_BIG]++;
}

/* As the host knows the flow of a packet that it sends. */
static struct flow_key key_of(const struct host *h, const struct datagram *d)
{
	bool icmp = d->ends.protocol == IP_ICMP;

	return (struct flow_key){
		.subscriber = h->home->subscriber,
		.host = h->number,
		.protocol = (uint8_t)(icmp ? PROTO_ICMP : d->ends.protocol == IP_TCP ? PROTO_TCP : PROTO_UDP),
		.port = d->ends.source_port,
		.remote = d->ends.destination,
		.remote_port = icmp ? 0 : d->ends.destination_port,
	};
}

/* The flow ended here: told when the CGN would have seen it. */
static void tell_refused(void *user)
{
	struct flow *f = user;
	struct scene *s = f->scene;
	struct segment train = f->record->train;
	struct verdict v = { .outcome = f->at_home };

	train.start_ns = scene_now(s);
	train.subscriber = s->share.first_subscriber + f->host->home->subscriber;
	events_section_train(s->section, &train, &v, SIGHT_BEGINS | SIGHT_NEEDS | SIGHT_AT_HOME);
}

/* The home's NAT has no number for it: the flow is lost, and the CGN never knows. */
static void refused_at_home(struct host *h, const struct datagram *was, enum outcome outcome)
{
	struct scene *s = h->home->scene;
	struct flow_key key = key_of(h, was);
	struct flow *f = flows_find(s, &key);

	if (!f || f->state & FLOW_BEGUN)
		return;
	f->state |= FLOW_BEGUN | FLOW_LOST;
	f->at_home = outcome;
	must(ns3c_at(s->sim, ns3c_now(s->sim) + s->config->access.delay_ns, tell_refused, f));
}

/* What a home refused once stays refused, as in the flow world: a SYN that comes again finds no number there. */
static bool stays_refused(struct host *h, const struct datagram *d)
{
	struct flow_key key = key_of(h, d);
	const struct flow *f = d->ends.protocol == IP_TCP && d->tcp_flags & TCP_SYN ? flows_find(h->home->scene, &key) : NULL;

	return f && outcome_is_refusal(f->at_home);
}

/* The CGN will see the flow's packets from another port. */
static void flow_renumbered(struct host *h, const struct datagram *was, const struct datagram *d)
{
	struct scene *s = h->home->scene;
	struct flow_key key = key_of(h, was);
	struct flow *f = flows_find(s, &key);

	if (!f || f->cgn_port == d->ends.source_port)
		return;
	f->cgn_port = d->ends.source_port;
	key.host = HOST_CGN;
	key.port = f->cgn_port;
	flows_know(s, &key, f);
}

void home_outbound(struct host *h, uint8_t *bytes, uint32_t length)
{
	struct home *home = h->home;
	struct scene *s = home->scene;
	struct datagram was, d;
	struct passage p;

	if (!s->cpe) {
		leave_home(home, bytes);
		return;
	}
	if (!ipv4_read(bytes, length, &was))
		return;
	if (stays_refused(h, &was)) {
		s->packets.sums[PACKETS_HOME_DROPPED]++;
		return;
	}
	d = was;
	p = nat_outbound(s->cpe, home_now(s), home->subscriber, h->number, &d);
	if (!outcome_passes(p.outcome) || p.path.inside) {
		s->packets.sums[PACKETS_HOME_DROPPED]++;
		if (outcome_is_refusal(p.outcome))
			refused_at_home(h, &was, p.outcome);
		return;
	}
	if (datagram_begins(&was) && (was.ends.protocol != IP_ICMP || icmp_is_query(was.icmp_type)))
		flow_renumbered(h, &was, &d);
	ipv4_write(bytes, &was, &d);
	leave_home(home, bytes);
}

/* An ICMP error about an echo request: no stack knows that it was sent. */
static void hear_error(const struct host *h, const struct datagram *d)
{
	struct scene *s = h->home->scene;
	struct flow_key key = { .subscriber = h->home->subscriber, .host = s->cpe ? h->number : HOST_CGN, .protocol = PROTO_ICMP,
	                        .port = d->inner.source_port, .remote = d->inner.destination };

	if (icmp_is_error(d->icmp_type) && d->inner.protocol == IP_ICMP && flows_find(s, &key))
		s->packets.sums[PACKETS_ICMP_DELIVERED]++;
}

/* A request that nobody answers in the trace. */
static bool is_call(const struct scene *s, const struct datagram *d, const uint8_t *bytes)
{
	const struct trace_record *r = NULL;

	if (d->icmp_type == ICMP_ECHO && ipv4_length(bytes) >= IPV4_ECHO + HEAD_BYTES)
		r = head_record(s, head_read(bytes + IPV4_ECHO));
	return r && r->train.flags & SEG_INBOUND;
}

/* Echoes that no stack is to see: answers, for none has asked, and calls. Nor the rest of what was cut. */
static bool is_echo(const struct host *h, const struct datagram *d, const uint8_t *bytes)
{
	struct scene *s = h->home->scene;
	struct head head;
	uint32_t data;

	if (d->ends.protocol != IP_ICMP || (datagram_begins(d) && d->icmp_type != ICMP_ECHO_REPLY && !is_call(s, d, bytes)))
		return false;
	if (echo_whole(s, h, d, bytes, &head, &data))
		host_heard(s, head, data);
	return true;
}

static void home_received(struct ns3c_device *device, uint8_t *bytes, uint32_t length, void *user)
{
	struct home *home = user;
	struct scene *s = home->scene;
	struct host *h = &home->hosts[0];
	struct datagram was, d;
	struct passage p;

	(void)device;
	if (!ipv4_read(bytes, length, &was))
		return;
	d = was;
	if (s->cpe) {
		p = nat_inbound(s->cpe, home_now(s), &d);
		if (!outcome_passes(p.outcome) || p.path.host >= home->host_count) {
			s->packets.sums[PACKETS_HOME_DROPPED]++;
			return;
		}
		h = &home->hosts[p.path.host];
		d.ends.destination = h->address;
		if (p.outcome == OUT_ICMP_ERROR)
			d.inner.source = h->address;
		ipv4_write(bytes, &was, &d);
	}
	if (d.ends.protocol == IP_ICMP)
		hear_error(h, &d);
	if (!is_echo(h, &d, bytes) && ns3c_tap_deliver(h->tap, bytes, length) < 0)
		s->packets.sums[PACKETS_HOME_DROPPED]++;
}

static void host_sends(struct ns3c_device *tap, uint8_t *bytes, uint32_t length, void *user)
{
	(void)tap;
	home_outbound(user, bytes, length);
}

static bool open_host(struct host *h, uint32_t mtu)
{
	h->node = ns3c_add_host(h->home->scene->sim);
	h->tap = h->node ? ns3c_add_tap(h->node, mtu, host_sends, h) : NULL;
	return h->tap && !ns3c_address(h->tap, h->address, 32) && !ns3c_route(h->tap, 0, 0, 0);
}

static bool open_home(struct home *home, struct err *e)
{
	struct scene *s = home->scene;

	home->node = ns3c_add_raw(s->sim, home_received, home);
	home->hosts = must_alloc(home->host_count, sizeof(*home->hosts));
	for (uint32_t i = 0; home->node && i < home->host_count; i++) {
		struct host *h = &home->hosts[i];

		*h = (struct host){ .home = home, .number = (uint8_t)i, .address = s->cpe ? LAN_ADDRESS + i : home->address };
		if (!open_host(h, s->config->access.mtu))
			return fail(e, "ns-3: %s", ns3c_error());
	}
	return home->node || fail(e, "ns-3: %s", ns3c_error());
}

static void ignore_event(void *context, const struct nat_event *event)
{
	(void)context;
	(void)event;
}

/* One NAT for all homes, each with an address of its own, as in the flow world (sim/world/cpe.c). */
static void open_cpe(struct scene *s)
{
	const struct cpe_config *cpe = &s->job->trial->cpe;

	s->cpe_config = (struct nat_config){ .timeouts = cpe->timeouts };
	s->cpe_slots = slots_create(cpe->ports, &(struct port_ranges){ 0 });
	s->cpe_outside = must_alloc(s->share.subscribers, sizeof(*s->cpe_outside));
	for (uint32_t k = 0; k < s->share.subscribers; k++)
		s->cpe_outside[k] = s->homes[k].address;
	s->cpe = nat_create(&(struct nat_setup){
		.config = &s->cpe_config,
		.slots = s->cpe_slots,
		.addresses = s->share.subscribers,
		.subscribers = s->share.subscribers,
		.rng_key = mix64(mix64(s->job->workload->seed, RNG_CPE), s->job->instance),
		.sink = { .event = ignore_event },
		.scheme_create = alone_create,
		.outside = s->cpe_outside,
	});
}

bool homes_open(struct scene *s, struct err *e)
{
	bool cpe = behind_cpe(s->job->trial);

	for (uint32_t k = 0; k < s->share.subscribers; k++) {
		s->homes[k].scene = s;
		s->homes[k].subscriber = k;
		s->homes[k].address = s->job->workload->inside.first + s->share.first_subscriber + k;
	}
	if (cpe)
		open_cpe(s);
	for (uint32_t k = 0; k < s->share.subscribers; k++)
		if (!open_home(&s->homes[k], e))
			return false;
	return true;
}

void homes_close(struct scene *s)
{
	for (uint32_t k = 0; k < s->share.subscribers; k++) {
		for (uint32_t i = 0; s->homes[k].hosts && i < s->homes[k].host_count; i++)
			hosts_close(&s->homes[k].hosts[i]);
		free(s->homes[k].hosts);
	}
	nat_destroy(s->cpe);
	free(s->cpe_outside);
	slots_destroy(s->cpe_slots);
}
