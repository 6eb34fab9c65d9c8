/* The CGN: a node without a stack around sim/nat. It is a router too: it counts
 * hops down and cuts what does not fit the next link. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/ns3/scene.h"
#include "sim/world/watch.h"

/* Where the CGN's own packets come from, inside: RFC 7335. */
#define OWN_ADDRESS UINT32_C(0xc0000001)

/* A fragment whose packet's first one has not come: the NAT keeps its fields, this its bytes. */
struct waiting {
	struct datagram as_it_came;
	int64_t until_ns;
	uint32_t length;
	uint8_t *bytes;
};

/* A packet on its way out of a device; where errors about it go. */
struct exit {
	struct scene *scene;
	struct ns3c_device *device;
	enum side side;
};

static void put_out(void *context, uint8_t *bytes, uint32_t length)
{
	struct exit *x = context;
	struct datagram d;

	capture_packet(x->scene, x->side, bytes, length);
	x->scene->packets.sums[PACKETS_FRAGMENTS] += ipv4_read(bytes, length, &d) && datagram_is_fragment(&d);
	must(ns3c_send(x->device, bytes, length) >= 0); /* a full queue is counted there */
}

static uint32_t inside_address(const struct scene *s, uint32_t subscriber)
{
	return s->homes[subscriber].address;
}

static bool is_inside(const struct scene *s, uint32_t address, uint32_t *subscriber)
{
	*subscriber = address - inside_address(s, 0);
	return *subscriber < s->share.subscribers;
}

/* Out of a device, or false: it is too long and must not be cut. */
static bool send_on(struct scene *s, enum side side, uint32_t subscriber, uint8_t *bytes)
{
	struct exit x = { .scene = s, .device = side == SIDE_INSIDE ? s->inside[subscriber] : s->outside, .side = side };

	return ipv4_cut(bytes, ns3c_device_mtu(x.device), put_out, &x);
}

/* ICMP "too big" to whoever sent it (RFC 1191 section 4). */
static void refuse_size(struct scene *s, bool from_inside, uint32_t subscriber, uint32_t mtu)
{
	uint8_t error[IPV4_ERROR_MOST];
	struct datagram d;
	uint32_t length;

	s->packets.sums[PACKETS_TOO_BIG]++;
	if (!ipv4_read(s->now_bytes, s->now_length, &d) || (d.ends.protocol == IP_ICMP && icmp_is_error(d.icmp_type)))
		return;
	length = ipv4_write_error(error, &(struct ipv4_error){
		.source = from_inside ? OWN_ADDRESS : d.ends.destination,
		.destination = d.ends.source,
		.type = ICMP_UNREACHABLE,
		.code = 4,
		.info = mtu,
	}, s->now_bytes, s->now_length);
	send_on(s, from_inside ? SIDE_INSIDE : SIDE_OUTSIDE, subscriber, error);
	(void)length;
}

/* ---- what the NAT sends by itself ---- */

static void send_error(struct scene *s, const struct datagram *d, struct nat_path path)
{
	uint8_t stub[IPV4_STUB], error[IPV4_ERROR_MOST];
	uint32_t address = path.inside ? inside_address(s, path.subscriber) : d->ends.destination;
	struct packet_ends inner = d->inner;
	const uint8_t *about = s->now_bytes;
	uint32_t length = s->now_length;
	struct datagram now;

	/* About the packet at hand, as it came, or about one long gone, of which the ends are all that is known. */
	if (!about || !ipv4_read(about, length, &now) || now.ends.source_port != inner.source_port ||
	    now.ends.destination != inner.destination) {
		if (path.inside && !inner.source)
			inner.source = address;
		ipv4_write_stub(stub, &inner);
		about = stub;
		length = sizeof(stub);
	}
	ipv4_write_error(error, &(struct ipv4_error){
		.source = path.inside ? OWN_ADDRESS : d->ends.source,
		.destination = address,
		.type = d->icmp_type,
		.code = d->icmp_code,
	}, about, length);
	send_on(s, path.inside ? SIDE_INSIDE : SIDE_OUTSIDE, path.subscriber, error);
}

static void to_inside(const struct scene *s, struct datagram *d, uint32_t subscriber)
{
	d->ends.destination = inside_address(s, subscriber);
	if (d->ends.protocol == IP_ICMP && icmp_is_error(d->icmp_type))
		d->inner.source = d->ends.destination;
}

static void drop_waiting(struct scene *s, uint32_t i)
{
	free(s->waiting[i].bytes);
	s->waiting[i] = s->waiting[--s->waiting_count];
}

static void send_fragment(struct scene *s, const struct datagram *d, struct nat_path path)
{
	for (uint32_t i = 0; i < s->waiting_count; i++) {
		struct waiting *w = &s->waiting[i];
		struct datagram now = *d;

		if (w->as_it_came.id != d->id || w->as_it_came.offset != d->offset || w->as_it_came.ends.protocol != d->ends.protocol)
			continue;
		if (path.inside)
			to_inside(s, &now, path.subscriber);
		ipv4_write(w->bytes, &w->as_it_came, &now);
		send_on(s, path.inside ? SIDE_INSIDE : SIDE_OUTSIDE, path.subscriber, w->bytes);
		drop_waiting(s, i);
		return;
	}
}

static void nat_sends(void *context, int64_t now_ns, const struct datagram *d, struct nat_path path)
{
	(void)now_ns;
	if (d->offset)
		send_fragment(context, d, path);
	else
		send_error(context, d, path);
}

static void keep_waiting(struct scene *s, const struct datagram *d, const uint8_t *bytes)
{
	int64_t now_ns = scene_now(s);
	struct waiting *w;

	for (uint32_t i = s->waiting_count; i-- > 0;)
		if (s->waiting[i].until_ns <= now_ns)
			drop_waiting(s, i);
	if (s->waiting_count == NAT_FRAGMENTS_MAX)
		return;
	w = &s->waiting[s->waiting_count++];
	*w = (struct waiting){ .as_it_came = *d, .length = ipv4_length(bytes), .until_ns = now_ns + s->job->trial->nat.timeouts.fragment };
	w->bytes = must_alloc(w->length, 1);
	memcpy(w->bytes, bytes, w->length);
}

/* ---- what is written down ---- */

/* Of the packet's own mapping: a hairpin to nobody made one too. */
static struct verdict verdict_of(const struct flow *f, const struct datagram *was, const struct passage *p)
{
	struct verdict v = { .outcome = p->left, .crowded_out = p->crowded_out };

	if (p->left == OUT_CREATED || p->left == OUT_REFRESHED)
		v = nat_find(f->scene->nat, &(struct segment){
			.subscriber = f->host->home->subscriber,
			.port = was->ends.source_port,
			.protocol = f->record->train.protocol,
			.remote = f->record->train.remote,
			.remote_port = f->record->train.remote_port,
		});
	v.outcome = p->left;
	return v;
}

/* The flow's first packet at the CGN, one that made or would have made a mapping, or neither. */
static void tell(struct scene *s, struct flow *f, const struct datagram *was, const struct passage *p)
{
	bool begins = !(f->state & FLOW_BEGUN), refused = outcome_is_refusal(p->left), carried = outcome_passes(p->left);
	unsigned sight = begins                    ? SIGHT_BEGINS | SIGHT_NEEDS
	                 : f->state & FLOW_UNMET   ? SIGHT_NEEDS
	                 : f->state & FLOW_CREATED ? 0
	                                           : SIGHT_RETRY;
	struct segment train = f->record->train;
	struct verdict v;

	if (!begins && !refused && (p->left != OUT_CREATED || !carried))
		if (f->state & FLOW_CREATED || !carried)
			return;
	train.start_ns = scene_now(s);
	train.subscriber = s->share.first_subscriber + f->host->home->subscriber;
	train.port = was->ends.source_port;
	v = verdict_of(f, was, p);
	events_section_train(s->section, &train, &v, sight);
	if (carried && sight & SIGHT_RETRY)
		f->shift_ns = train.start_ns - f->record->train.start_ns;
	f->state = (uint8_t)((f->state & ~FLOW_UNMET) | FLOW_BEGUN | (carried ? FLOW_CREATED : 0));
	if (refused && !(f->state & FLOW_CREATED) && !(was->ends.protocol == IP_TCP && s->job->trial->nat.retry != RETRY_NONE))
		f->state |= FLOW_LOST;
}

static void look(struct scene *s, uint32_t subscriber, const struct datagram *was, const struct datagram *d, const struct passage *p)
{
	bool query = was->ends.protocol == IP_ICMP && icmp_is_query(was->icmp_type);
	bool syn = was->ends.protocol == IP_TCP && was->tcp_flags & TCP_SYN;
	enum protocol protocol = was->ends.protocol == IP_TCP ? PROTO_TCP : was->ends.protocol == IP_UDP ? PROTO_UDP : PROTO_ICMP;
	struct flow *f;

	if (!datagram_begins(was) || (was->ends.protocol == IP_ICMP && !query))
		return;
	if (protocol == PROTO_TCP && !syn && p->left == OUT_REFRESHED)
		return;
	f = flows_find(s, &(struct flow_key){ .subscriber = subscriber, .host = HOST_CGN, .protocol = (uint8_t)protocol,
	                                      .port = was->ends.source_port, .remote = was->ends.destination,
	                                      .remote_port = query ? 0 : was->ends.destination_port });
	if (f && !(f->state & FLOW_LOST))
		tell(s, f, was, p);
	if (f && syn && outcome_passes(p->outcome) && !p->path.inside)
		internet_answers(s, d, !(f->state & FLOW_SILENT));
}

/* ---- the two ways through ---- */

static void count(struct scene *s, const struct passage *p, bool out)
{
	uint64_t *sums = s->packets.sums;

	if (outcome_is_refusal(p->outcome))
		sums[PACKETS_REFUSED]++;
	else if (p->outcome == OUT_ICMP_ERROR)
		sums[PACKETS_ICMP_PASSED]++;
	else if (outcome_passes(p->outcome))
		sums[!out ? PACKETS_IN : p->path.inside ? PACKETS_HAIRPIN : PACKETS_OUT]++;
	else if (p->outcome != OUT_FRAGMENT_KEPT && p->outcome != OUT_SYN_KEPT)
		sums[PACKETS_DROPPED]++;
}

/* Hands on what the NAT let pass. */
static void pass(struct scene *s, const struct passage *p, const struct datagram *was, struct datagram *d, uint8_t *bytes,
                 bool from_inside, uint32_t subscriber)
{
	enum side side = p->path.inside ? SIDE_INSIDE : SIDE_OUTSIDE;

	if (p->path.inside && p->outcome != OUT_EXEMPT)
		to_inside(s, d, p->path.subscriber);
	ipv4_write(bytes, was, d);
	if (!ipv4_hop(bytes)) {
		s->packets.sums[PACKETS_DROPPED]++;
		return;
	}
	if (!send_on(s, side, p->path.subscriber, bytes))
		refuse_size(s, from_inside, subscriber, ns3c_device_mtu(side == SIDE_INSIDE ? s->inside[p->path.subscriber] : s->outside));
}

static void from_inside(struct scene *s, uint8_t *bytes, const struct datagram *was, uint32_t subscriber)
{
	struct datagram d = *was;
	struct passage p = nat_outbound(s->nat, scene_now(s), subscriber, 0, &d);

	count(s, &p, true);
	look(s, subscriber, was, &d, &p);
	if (p.outcome == OUT_FRAGMENT_KEPT)
		keep_waiting(s, was, bytes);
	else if (outcome_passes(p.outcome))
		pass(s, &p, was, &d, bytes, true, subscriber);
}

static void from_outside(struct scene *s, uint8_t *bytes, const struct datagram *was)
{
	struct datagram d = *was;
	uint32_t subscriber;
	struct passage p;

	if (is_inside(s, was->ends.destination, &subscriber)) /* from an exempt destination */
		p = (struct passage){ .outcome = OUT_EXEMPT, .path = { .inside = true, .subscriber = subscriber } };
	else
		p = nat_inbound(s->nat, scene_now(s), &d);
	count(s, &p, false);
	calls_heard(s, was, p.outcome);
	if (p.outcome == OUT_FRAGMENT_KEPT)
		keep_waiting(s, was, bytes);
	else if (outcome_passes(p.outcome))
		pass(s, &p, was, &d, bytes, false, 0);
}

static void received(struct ns3c_device *device, uint8_t *bytes, uint32_t length, void *user)
{
	struct scene *s = user;
	bool out = device != s->outside;
	uint8_t as_it_came[IPV4_ERROR_MOST];
	uint32_t subscriber;
	struct datagram d;

	capture_packet(s, out ? SIDE_INSIDE : SIDE_OUTSIDE, bytes, length);
	if (!ipv4_read(bytes, length, &d)) {
		s->packets.sums[PACKETS_MALFORMED]++;
		return;
	}
	s->now_length = length < sizeof(as_it_came) ? length : sizeof(as_it_came);
	s->now_bytes = memcpy(as_it_came, bytes, s->now_length);
	if (!out)
		from_outside(s, bytes, &d);
	else if (is_inside(s, d.ends.source, &subscriber))
		from_inside(s, bytes, &d, subscriber);
	else
		s->packets.sums[PACKETS_DROPPED]++;
	s->now_bytes = NULL;
}

static void nat_does(void *context, const struct nat_event *event)
{
	struct scene *s = context;

	events_section_event(s->section, event);
}

bool cgn_open(struct scene *s, struct ns3c_node **node, struct err *e)
{
	const struct trial *trial = s->job->trial;
	const struct share *share = &s->share;
	const struct packet_link *link = &s->config->access;

	s->slots = slots_create(trial->pool.ports, &trial->pool.exclude);
	must(s->slots);
	s->pool = must_alloc(share->addresses, sizeof(*s->pool));
	for (uint32_t i = 0; i < share->addresses; i++)
		s->pool[i] = pool_config_address(&trial->pool, (uint64_t)share->first_address + i);
	s->nat = nat_create(&(struct nat_setup){
		.config = &trial->nat,
		.slots = s->slots,
		.pooling = trial->pool.pooling,
		.assignment = trial->pool.assignment,
		.addresses = share->addresses,
		.first_address = share->first_address,
		.subscribers = share->subscribers,
		.first_subscriber = share->first_subscriber,
		.rng_key = nat_key(s->job->workload, trial, 0, s->job->instance),
		.sink = { .context = s, .event = nat_does },
		.scheme_create = trial->scheme->create,
		.scheme_config = trial->scheme_config,
		.outside = s->pool,
		.send = nat_sends,
		.send_context = s,
	});
	s->waiting = must_alloc(NAT_FRAGMENTS_MAX, sizeof(*s->waiting));
	s->inside = must_alloc(share->subscribers, sizeof(*s->inside));
	*node = ns3c_add_raw(s->sim, received, s);
	if (!*node)
		return fail(e, "ns-3: %s", ns3c_error());
	for (uint32_t k = 0; k < share->subscribers; k++)
		if (ns3c_join(s->homes[k].node, *node, &(struct ns3c_link){
			.bits_per_second = (uint64_t)link->rate,
			.delay_ns = link->delay_ns,
			.queue_packets = s->config->queue,
			.mtu = link->mtu,
		}, &s->homes[k].to_cgn, &s->inside[k]))
			return fail(e, "ns-3: %s", ns3c_error());
	return true;
}

void cgn_close(struct scene *s)
{
	if (s->nat) {
		s->packets.sums[PACKETS_ICMP_SENT] = nat_icmp_sent(s->nat);
		s->packets.sums[PACKETS_ICMP_WITHHELD] = nat_icmp_withheld(s->nat);
	}
	nat_destroy(s->nat);
	while (s->waiting_count)
		drop_waiting(s, s->waiting_count - 1);
	free(s->waiting);
	free(s->inside);
	free(s->pool);
	slots_destroy(s->slots);
}
