/* Both NATs are given the same; what they say is compared. */
#include "tests/storm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/scheme/scheme.h"
#include "tests/support/schemeconf.h"

/* ---- the core, and what it says ---- */

static void hear_event(void *context, const struct nat_event *e)
{
	records_add(context, &(struct record){ .event = *e });
}

static void hear_datagram(void *context, int64_t now_ns, const struct datagram *d, struct nat_path path)
{
	records_add(context, &(struct record){ .sent = true, .sent_ns = now_ns, .datagram = *d, .path = path });
}

struct pair {
	struct world world;
	struct nat *nat;
	struct model *model;
	struct slots *slots;
	void *scheme_config;
	struct records heard;
	struct step step;
	struct passage passage[2];      /* of the core, of the model */
	struct datagram datagram[2];
	struct verdict verdict[2];
};

static void pair_open(struct pair *p, uint32_t combination, struct dice *dice)
{
	struct model_setup *s = &p->world.setup;

	*p = (struct pair){ .nat = NULL };
	world_draw(&p->world, combination, dice);
	p->slots = slots_create(s->ports, s->exclude);
	if (!p->slots) { /* everything is excluded */
		p->world.excluded.count = 0;
		p->slots = slots_create(s->ports, s->exclude);
	}
	p->scheme_config = conf_new(&scheme_session);
	memcpy(conf_member(&scheme_session, p->scheme_config, "select"), &s->select, sizeof(s->select));
	memcpy(conf_member(&scheme_session, p->scheme_config, "parity"), &s->parity, sizeof(s->parity));
	memcpy(conf_member(&scheme_session, p->scheme_config, "port_class"), &s->port_class, sizeof(s->port_class));
	p->model = model_create(s);
	p->nat = nat_create(&(struct nat_setup){
		.config = &p->world.config, .slots = p->slots, .pooling = s->pooling, .assignment = s->assignment,
		.addresses = s->addresses, .subscribers = s->subscribers, .rng_key = dice_below(dice, UINT32_MAX),
		.sink = { .context = &p->heard, .event = hear_event },
		.scheme_create = scheme_session.create, .scheme_config = p->scheme_config,
		.outside = p->world.outside, .send = hear_datagram, .send_context = &p->heard });
}

static void pair_close(struct pair *p)
{
	nat_destroy(p->nat);
	model_destroy(p->model);
	slots_destroy(p->slots);
	free(p->scheme_config);
	free(p->heard.items);
}

/* ---- as text ---- */

static void print_ends(const char *name, const struct packet_ends *e)
{
	printf(" %s{%u %08x:%u > %08x:%u}", name, e->protocol, e->source, e->source_port, e->destination,
	       e->destination_port);
}

static void print_datagram(const struct datagram *d)
{
	print_ends("ends", &d->ends);
	printf(" flags %x icmp %u/%u id %u offset %u more %d", d->tcp_flags, d->icmp_type, d->icmp_code, d->id,
	       d->offset, d->more);
	print_ends("inner", &d->inner);
}

static void print_path(struct nat_path path)
{
	printf(" to %s %u.%u", path.inside ? "inside" : "outside", path.subscriber, path.host);
}

static void print_record(const struct record *r)
{
	static const char *const kinds[] = { "created",       "ended",       "released",       "session created",
		                             "session ended", "block given", "block returned", "block free",
		                             "refused",       "interim",     "notice" };
	const struct nat_event *e = &r->event;

	if (r->sent) {
		printf("    %lld sent", (long long)r->sent_ns);
		print_datagram(&r->datagram);
		print_path(r->path);
		putchar('\n');
		return;
	}
	printf("    %lld %s since %lld subscriber %u address %d slot %u count %u step %u odds %u %s outcome %s end %u "
	       "notice %s "
	       "remote %08x:%u port %u\n",
	       (long long)e->time_ns, kinds[e->kind], (long long)e->since_ns, e->subscriber, (int)e->address, e->slot,
	       e->count, e->step, e->odds, protocol_name[e->protocol], outcome_text[e->outcome].name, e->end,
	       e->kind == NAT_NOTICE ? nat_notice_name[e->notice] : "-", e->remote, e->remote_port, e->port);
}

static void print_train(const struct segment *t, const struct verdict v[2])
{
	printf("  train %s out until %lld in until %lld remote %08x:%u port %u flags %x:", protocol_name[t->protocol],
	       (long long)t->last_out_ns, (long long)t->last_in_ns, t->remote, t->remote_port, t->port, t->flags);
	for (int i = 0; i < 2; i++)
		printf(" %s %d.%u number %u crowded_out %d", outcome_text[v[i].outcome].name, (int)v[i].address,
		       v[i].slot, v[i].number, v[i].crowded_out);
	putchar('\n');
}

static void print_side(const char *name, const struct passage *p, const struct datagram *d, const struct records *said)
{
	printf("  %s: %s", name, outcome_text[p->outcome].name);
	print_path(p->path);
	print_datagram(d);
	putchar('\n');
	for (uint32_t i = 0; i < said->count; i++)
		print_record(&said->items[i]);
}

void world_print(const struct world *w)
{
	static const char *const depends[] = { "ei", "ad", "apd" };
	const struct nat_config *c = &w->config;
	const struct model_setup *s = &w->setup;
	const struct nat_limits *l = &c->limits;

	printf("  mapping %s %s %s filtering %s %s %s pooling %d assignment %d select %d parity %d class %d\n",
	       depends[c->mapping[0]], depends[c->mapping[1]], depends[c->mapping[2]], depends[c->filtering[0]],
	       depends[c->filtering[1]], depends[c->filtering[2]], s->pooling, s->assignment, s->select, s->parity,
	       s->port_class);
	printf("  addresses %u subscribers %u ports %u-%u, %zu excluded from %u-%u; exempt %zu on_full %d "
	       "inbound_refresh %d icmp %u\n",
	       s->addresses, s->subscribers, s->ports.lo, s->ports.hi, w->excluded.count, w->exclude[0].lo,
	       w->exclude[0].hi, c->exempt.count, c->on_full, c->inbound_refresh, c->icmp_per_second);
	printf("  hold %lld tcp %d same %d filtered %d max %u; limits %u %u %u %u, sessions %u %u, rate %u, total %u, "
	       "bytes %u\n",
	       (long long)c->hold_down.time, c->hold_down.tcp, c->hold_down.same_subscriber, c->hold_down.filtered,
	       c->hold_down.max_ports, l->ports_per_subscriber, l->tcp, l->udp, l->icmp, l->sessions_per_subscriber,
	       l->sessions_per_mapping, l->new_per_second, l->mappings_total, l->state_bytes_per_subscriber);
	printf("  timeouts udp %lld %lld tcp %lld %lld %lld syn %lld icmp %lld fragment %lld; notify %g %g %u %u "
	       "%lld\n",
	       (long long)c->timeouts.udp, (long long)c->timeouts.udp_well_known,
	       (long long)c->timeouts.tcp_established, (long long)c->timeouts.tcp_open,
	       (long long)c->timeouts.tcp_closing, (long long)c->timeouts.tcp_incoming_syn, (long long)c->timeouts.icmp,
	       (long long)c->timeouts.fragment, c->notify.pool_high, c->notify.pool_low, c->notify.mappings_high,
	       c->notify.subscriber_high, (long long)c->notify.interval);
}

/* ---- compared ---- */

static bool same_ends(const struct packet_ends *a, const struct packet_ends *b)
{
	return a->source == b->source && a->destination == b->destination && a->source_port == b->source_port &&
	       a->destination_port == b->destination_port && a->protocol == b->protocol;
}

static bool same_datagram(const struct datagram *a, const struct datagram *b)
{
	return same_ends(&a->ends, &b->ends) && same_ends(&a->inner, &b->inner) && a->tcp_flags == b->tcp_flags &&
	       a->icmp_type == b->icmp_type && a->icmp_code == b->icmp_code && a->id == b->id &&
	       a->offset == b->offset && a->more == b->more;
}

static bool same_path(struct nat_path a, struct nat_path b)
{
	return a.inside == b.inside && a.subscriber == b.subscriber && a.host == b.host;
}

static bool same_event(const struct nat_event *a, const struct nat_event *b)
{
	return a->time_ns == b->time_ns && a->since_ns == b->since_ns && a->kind == b->kind &&
	       a->subscriber == b->subscriber && a->address == b->address && a->slot == b->slot &&
	       a->count == b->count && a->step == b->step && a->odds == b->odds && a->protocol == b->protocol &&
	       a->outcome == b->outcome && a->end == b->end && a->notice == b->notice && a->remote == b->remote &&
	       a->remote_port == b->remote_port && a->port == b->port;
}

static bool same_record(const struct record *a, const struct record *b)
{
	if (a->sent != b->sent)
		return false;
	if (!a->sent)
		return same_event(&a->event, &b->event);
	return a->sent_ns == b->sent_ns && same_datagram(&a->datagram, &b->datagram) && same_path(a->path, b->path);
}

/* Where it is carried, if it is. */
static bool same_verdict(const struct verdict *a, const struct verdict *b)
{
	if (a->outcome != b->outcome || a->crowded_out != b->crowded_out)
		return false;
	return (a->outcome != OUT_CREATED && a->outcome != OUT_REFRESHED) ||
	       (a->address == b->address && a->slot == b->slot && a->number == b->number);
}

static bool same_said(const struct pair *p)
{
	const struct records *model = model_said(p->model);

	if (p->heard.count != model->count)
		return false;
	for (uint32_t i = 0; i < model->count; i++)
		if (!same_record(&p->heard.items[i], &model->items[i]))
			return false;
	return p->passage[0].outcome == p->passage[1].outcome && same_path(p->passage[0].path, p->passage[1].path) &&
	       same_datagram(&p->datagram[0], &p->datagram[1]) && same_verdict(&p->verdict[0], &p->verdict[1]);
}

/* What both tell when they are asked. */
static bool same_state(const struct pair *p, uint32_t first, uint32_t last)
{
	bool same = nat_mappings(p->nat) == model_mappings(p->model) &&
	            nat_icmp_sent(p->nat) == model_icmp_sent(p->model) &&
	            nat_icmp_withheld(p->nat) == model_icmp_withheld(p->model);

	for (int o = 0; o < OUT_COUNT; o++)
		same &= nat_datagrams(p->nat)[o] == model_datagrams(p->model, (enum outcome)o);
	for (uint32_t s = first; s <= last; s++) {
		same &= nat_sessions(p->nat, s) == model_sessions(p->model, s) &&
		        nat_address_of(p->nat, s) == model_address_of(p->model, s);
		for (int k = 0; k < PROTO_COUNT; k++)
			same &= nat_active(p->nat, s, (enum protocol)k) == model_active(p->model, s, (enum protocol)k);
	}
	return same;
}

/* ---- tallied ---- */

static void tally_record(struct tally *t, const struct pair *p, const struct record *r)
{
	const struct nat_event *e = &r->event;
	int64_t hold_ns = p->world.config.hold_down.time;

	if (r->sent) {
		if (r->datagram.offset)
			t->fragments_sent++;
		else if (r->path.inside)
			t->sent_in++;
		else
			t->sent_out++;
		return;
	}
	t->events[e->kind]++;
	if (e->kind == NAT_MAPPING_ENDED)
		t->ends[e->end]++;
	if (e->kind == NAT_NOTICE)
		t->notices[e->notice]++;
	if (e->kind == NAT_REFUSED)
		t->refusals[e->outcome]++;
	if (e->kind == NAT_PORT_RELEASED && hold_ns) {
		t->released_at_once += e->since_ns == e->time_ns;
		t->released_early += e->since_ns != e->time_ns && e->since_ns + hold_ns != e->time_ns;
	}
}

static void tally_step(struct tally *t, const struct pair *p)
{
	t->packets++;
	if (p->step.kind == STEP_OUT || p->step.kind == STEP_IN)
		t->outcomes[p->passage[0].outcome]++;
	t->trains += p->step.kind == STEP_TRAIN;
	t->crowded_out += p->verdict[0].crowded_out;
	t->hairpins += p->step.kind == STEP_OUT && p->passage[0].path.inside;
	for (uint32_t i = 0; i < p->heard.count; i++) {
		const struct nat_event *e = &p->heard.items[i].event;

		tally_record(t, p, &p->heard.items[i]);
		t->ties += i > 0 && e->kind == NAT_MAPPING_ENDED && e->time_ns == e[0].time_ns && e->end == END_IDLE &&
		           p->heard.items[i - 1].event.kind == NAT_MAPPING_ENDED &&
		           p->heard.items[i - 1].event.time_ns == e->time_ns;
	}
}

/* ---- played ---- */

static void play(struct pair *p)
{
	const struct step *s = &p->step;

	p->heard.count = 0;
	for (int side = 0; side < 2; side++) {
		struct datagram *d = &p->datagram[side];
		struct passage *passage = &p->passage[side];

		*d = s->datagram;
		*passage = (struct passage){ .outcome = OUT_CREATED };
		p->verdict[side] = (struct verdict){ .outcome = OUT_CREATED };
		if (side)
			model_follow(p->model, &p->heard);
		if (s->kind == STEP_TRAIN)
			p->verdict[side] = side ? model_show(p->model, &s->train) : nat_show(p->nat, &s->train);
		else if (s->kind == STEP_OUT)
			*passage = side ? model_outbound(p->model, s->now_ns, s->subscriber, s->host, d) :
			                  nat_outbound(p->nat, s->now_ns, s->subscriber, s->host, d);
		else if (s->kind == STEP_IN)
			*passage = side ? model_inbound(p->model, s->now_ns, d) : nat_inbound(p->nat, s->now_ns, d);
		else if (side)
			(s->kind == STEP_LOSE ? model_lose_state : model_advance)(p->model, s->now_ns);
		else
			(s->kind == STEP_LOSE ? nat_lose_state : nat_advance)(p->nat, s->now_ns);
	}
}

static bool differs(const struct pair *p, const char *name, uint64_t packet)
{
	static const char *const kinds[] = { "out", "in", "train", "advance", "lose state" };

	printf("%s, packet %llu, at %lld: the NAT and its model differ\n", name, (unsigned long long)packet,
	       (long long)p->step.now_ns);
	world_print(&p->world);
	printf("  %s %u.%u", kinds[p->step.kind], p->step.subscriber, p->step.host);
	print_datagram(&p->step.datagram);
	putchar('\n');
	print_train(&p->step.train, p->verdict);
	print_side("the NAT", &p->passage[0], &p->datagram[0], &p->heard);
	print_side("the model", &p->passage[1], &p->datagram[1], model_said(p->model));
	printf("  mappings %u, %u; ICMP sent %llu, %llu, withheld %llu, %llu\n", nat_mappings(p->nat),
	       model_mappings(p->model), (unsigned long long)nat_icmp_sent(p->nat),
	       (unsigned long long)model_icmp_sent(p->model), (unsigned long long)nat_icmp_withheld(p->nat),
	       (unsigned long long)model_icmp_withheld(p->model));
	for (uint32_t s = 0; s < p->world.setup.subscribers; s++)
		printf("  subscriber %u: address %d, %d; sessions %u, %u\n", s, (int)nat_address_of(p->nat, s),
		       (int)model_address_of(p->model, s), nat_sessions(p->nat, s), model_sessions(p->model, s));
	fflush(stdout);
	return false;
}

static bool nothing_is_left(const struct pair *p)
{
	bool nothing = nat_mappings(p->nat) == 0 && model_first_due(p->model) == NS_NEVER;

	for (uint32_t s = 0; s < p->world.setup.subscribers; s++)
		nothing &= nat_address_of(p->nat, s) == ADDRESS_NONE && nat_sessions(p->nat, s) == 0;
	return nothing;
}

bool storm(uint32_t combination, uint64_t packets, struct dice *of_world, struct dice *dice, const char *name,
           struct tally *tally)
{
	struct pair p;
	bool good = true;

	pair_open(&p, combination, of_world);
	for (uint64_t n = 0; good && n < packets && !dice_empty(dice); n++) {
		uint32_t who;

		step_draw(&p.step, &p.world, p.model, dice);
		who = p.step.subscriber;
		play(&p);
		good = (same_said(&p) &&
		        (n % 64 ? same_state(&p, who, who) : same_state(&p, 0, p.world.setup.subscribers - 1))) ||
		       differs(&p, name, n);
		if (good)
			tally_step(tally, &p);
	}
	p.step = (struct step){ .kind = STEP_ADVANCE, .now_ns = p.step.now_ns + NS_PER_DAY };
	if (good) {
		play(&p);
		good = (same_said(&p) && same_state(&p, 0, p.world.setup.subscribers - 1) && nothing_is_left(&p)) ||
		       differs(&p, name, packets);
	}
	tally->combinations[combination]++;
	tally->icmp_withheld += nat_icmp_withheld(p.nat);
	pair_close(&p);
	return good;
}
