/* Worlds and packets by chance. */
#include <string.h>

#include "tests/storm.h"

uint32_t dice_below(struct dice *d, uint32_t n)
{
	uint32_t drawn = 0;

	if (!d->bytes)
		return rng_below(&d->rng, n);
	for (uint32_t span = 1; span < n && d->left; span <<= 8) {
		drawn = drawn << 8 | *d->bytes++;
		d->left--;
		if (span > UINT32_MAX >> 8)
			break;
	}
	return drawn % n;
}

/* One of these; one that is there twice is twice as likely. */
#define COUNT(...) (sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t))
#define PICK(dice, ...) (((const int64_t[]){ __VA_ARGS__ })[dice_below(dice, COUNT(__VA_ARGS__))])

static int64_t seconds(struct dice *d, uint32_t most)
{
	return (1 + dice_below(d, most)) * NS_PER_S + (dice_one_in(d, 4) ? (int64_t)dice_below(d, 3) - 1 : 0);
}

/* None, more often than not. */
static uint32_t maybe(struct dice *d, uint32_t most)
{
	return dice_below(d, 5) < 3 ? 0 : 1 + dice_below(d, most);
}

static void draw_timers(struct nat_config *c, struct dice *d)
{
	c->timeouts = (struct nat_timeouts){
		.udp = seconds(d, 12),
		.udp_well_known = seconds(d, 6),
		.tcp_established = seconds(d, 20),
		.tcp_open = seconds(d, 6),
		.tcp_closing = seconds(d, 6),
		.tcp_incoming_syn = seconds(d, 6),
		.icmp = seconds(d, 6),
		.fragment = seconds(d, 3),
	};
	c->hold_down = (struct nat_hold_down){
		.time = dice_one_in(d, 4) ? 0 : seconds(d, 10),
		.tcp = (int)dice_below(d, 2),
		.same_subscriber = (int)dice_below(d, 2),
		.filtered = dice_one_in(d, 3) ? RELEASE : HOLD,
		.max_ports = maybe(d, 6),
	};
	c->inbound_refresh = dice_one_in(d, 2);
}

static void draw_limits(struct nat_config *c, struct dice *d)
{
	c->limits = (struct nat_limits){
		.ports_per_subscriber = maybe(d, 12),
		.tcp = maybe(d, 6),
		.udp = maybe(d, 6),
		.icmp = maybe(d, 3),
		.sessions_per_subscriber = maybe(d, 20),
		.sessions_per_mapping = maybe(d, 4),
		.new_per_second = maybe(d, 7),
		.mappings_total = maybe(d, 30),
		.state_bytes_per_subscriber = dice_one_in(d, 3) ? 64 + 32 * dice_below(d, 16) : 0,
	};
	c->on_full = dice_one_in(d, 4) ? FULL_EVICT_RANDOM : FULL_REFUSE;
	c->icmp_per_second = maybe(d, 6) + dice_below(d, 2) * 1000;
	c->notify = (struct nat_notify){
		.pool_high = dice_one_in(d, 2) ? 0 : (double)(1 + dice_below(d, 20)) / 20,
		.mappings_high = maybe(d, 12),
		.subscriber_high = maybe(d, 5),
		.interval = dice_below(d, 3) * NS_PER_S,
	};
	c->notify.pool_low = c->notify.pool_high * dice_below(d, 8) / 8;
}

/* Public addresses are not in order, and not in a row. */
static const uint32_t public_addresses[] = { 0xc6336407, 0xc0000201, 0xcb007109, 0xc0000203 };

#define REMOTE 0xc6120001u
static const uint16_t remote_port_list[] = { 53, 1023, 1024, 4433, 0, 2000 };
static const uint16_t inside_port_list[] = { 1021, 2000, 7, 1024, 2001, 65535, 40000, 1022, 0 };

static void draw_pool(struct world *w, struct dice *d)
{
	static const struct port_range ranges[] = {
		{ 1020, 1027 }, { 2000, 2003 }, { 1024, 1024 }, { 65530, 65535 }, { 2000, 2011 }, { 1, 3 },
	};
	struct model_setup *s = &w->setup;

	s->assignment = (int)dice_below(d, 4);
	s->select = (int)dice_below(d, 3);
	s->parity = s->select == MODEL_PRESERVE && dice_one_in(d, 2);
	s->port_class = s->select == MODEL_PRESERVE && dice_one_in(d, 2);
	s->addresses = 1 + dice_below(d, 3);
	s->subscribers = 1 + dice_below(d, 5);
	s->ports = ranges[dice_below(d, sizeof(ranges) / sizeof(*ranges))];
	memcpy(w->outside, public_addresses, sizeof(public_addresses));
	w->exclude[0] = (struct port_range){ 1022, 1022 };
	if (dice_one_in(d, 2))
		w->exclude[0] = (struct port_range){ 2001, 2002 };
	w->excluded = (struct port_ranges){ w->exclude, dice_below(d, 2) };
	s->outside = w->outside;
	s->exclude = &w->excluded;
	s->config = &w->config;
}

/* By address, by port, by both; and of a public address, which must not be hairpinned then. */
static void draw_exempt(struct world *w, struct dice *d)
{
	static const struct exempt list[] = {
		{ { REMOTE + 1, REMOTE + 1 }, 0 }, { { REMOTE, REMOTE + 1 }, 53 }, { { 0, UINT32_MAX }, 4433 },
		{ { 0xc0000201, 0xc0000201 }, 0 },
	};

	w->config.exempt = (struct exempts){ w->exempt, dice_one_in(d, 3) ? 1 + dice_below(d, 2) : 0 };
	for (size_t i = 0; i < w->config.exempt.count; i++)
		w->exempt[i] = list[dice_below(d, 4)];
}

void world_draw(struct world *w, uint32_t combination, struct dice *d)
{
	bool by_protocol = dice_one_in(d, 2);

	*w = (struct world){ .hosts = (uint8_t)(1 + dice_below(d, 2)) };
	for (uint32_t p = 0; p < PROTO_COUNT; p++) {
		w->config.mapping[p] = (int)((combination + (by_protocol ? p : 0)) % 3);
		w->config.filtering[p] = (int)((combination / 3 + (by_protocol ? 2 * p : 0)) % 3);
	}
	w->setup.pooling = (int)(combination / 9);
	draw_timers(&w->config, d);
	draw_limits(&w->config, d);
	draw_pool(w, d);
	draw_exempt(w, d);
	w->remotes = (uint8_t)(1 + dice_below(d, 3));
	w->remote_ports = 1 + dice_below(d, sizeof(remote_port_list) / sizeof(*remote_port_list));
	w->inside_ports = 1 + dice_below(d, sizeof(inside_port_list) / sizeof(*inside_port_list));
	w->gap_ns = PICK(d, 1000, NS_PER_MS, 20 * NS_PER_MS, 100 * NS_PER_MS, 300 * NS_PER_MS);
	w->fragments = (uint32_t)PICK(d, 1000000, 20, 20, 5);
	w->ids = (uint32_t)PICK(d, 1, 3, 1000);
	w->firsts = 3;
	w->inbound_syns = (uint32_t)PICK(d, 1000000, 30, 6);
	w->losses = (uint32_t)PICK(d, 1000000, 1000, 200);
	w->trains = dice_one_in(d, 8);
	if (dice_one_in(d, 12)) { /* not quite so small */
		w->setup.subscribers = MODEL_SUBSCRIBERS;
		w->setup.ports = (struct port_range){ 2000, 2049 };
		w->inside_ports = 200;
		w->config.hold_down.time *= 4;
	}
	if (dice_one_in(d, 40)) { /* more at once than are remembered */
		w->gap_ns = 1000;
		w->config.timeouts.fragment = w->config.timeouts.tcp_incoming_syn = 3000 * NS_PER_S;
		w->fragments = dice_one_in(d, 3) ? 1000000 : 1;
		w->inbound_syns = w->fragments == 1 ? 1000000 : 2;
		w->firsts = (uint32_t)PICK(d, 3, 200); /* packets, or fragments that wait */
		w->ids = w->firsts == 3 ? 65535 : 40;
		w->losses = 1000000;
	}
}

/* ---- packets ---- */

static uint16_t draw_inside_port(const struct world *w, struct dice *d)
{
	uint32_t n = dice_below(d, w->inside_ports), listed = sizeof(inside_port_list) / sizeof(*inside_port_list);

	return n < listed ? inside_port_list[n] : (uint16_t)(2000 + n);
}

static uint16_t draw_remote_port(const struct world *w, struct dice *d)
{
	return remote_port_list[dice_below(d, w->remote_ports)];
}

static uint16_t draw_number(const struct world *w, struct dice *d)
{
	struct port_range r = w->setup.ports;

	return (uint16_t)(dice_one_in(d, 16) ? dice_below(d, 65536)
	                                     : r.lo + dice_below(d, (uint32_t)(r.hi - r.lo + 1)));
}

/* One of its own, now and then one that is not. */
static uint32_t draw_public(const struct world *w, struct dice *d)
{
	return public_addresses[dice_one_in(d, 20) ? 3 : dice_below(d, w->setup.addresses)];
}

static uint8_t draw_protocol(struct dice *d)
{
	static const uint8_t numbers[] = { IP_TCP, IP_TCP, IP_TCP, IP_TCP, IP_UDP, IP_UDP, IP_UDP, IP_ICMP, IP_ICMP };

	return dice_one_in(d, 40) ? (uint8_t)PICK(d, 47, 50, 132, 41, 33) : numbers[dice_below(d, sizeof(numbers))];
}

static struct packet_ends draw_ends(const struct world *w, bool inbound, struct dice *d)
{
	struct packet_ends e = { .protocol = draw_protocol(d) };

	if (inbound) {
		e.source = REMOTE + dice_below(d, w->remotes);
		e.source_port = draw_remote_port(w, d);
		e.destination = draw_public(w, d);
		e.destination_port = draw_number(w, d);
	} else {
		bool hairpin = dice_one_in(d, 6);

		e.source_port = draw_inside_port(w, d);
		e.destination = hairpin ? draw_public(w, d) : REMOTE + dice_below(d, w->remotes);
		e.destination_port = hairpin ? draw_number(w, d) : draw_remote_port(w, d);
	}
	if (e.protocol == IP_ICMP) { /* both are the identifier, of the side that it is known on */
		if (inbound)
			e.source_port = e.destination_port;
		else
			e.destination_port = e.source_port;
	}
	return e;
}

static struct packet_ends turned(struct packet_ends e)
{
	return (struct packet_ends){ .source = e.destination,
		                     .destination = e.source,
		                     .source_port = e.destination_port,
		                     .destination_port = e.source_port,
		                     .protocol = e.protocol };
}

/* An error about one of its packets, about a wrong one, or about nothing that it knows. */
static void make_error(struct datagram *d, const struct packet_ends *about, bool inbound, struct dice *dice)
{
	d->icmp_type = (uint8_t)PICK(dice, ICMP_UNREACHABLE, ICMP_TIME_EXCEEDED, ICMP_QUENCH, ICMP_PARAMETER);
	d->icmp_code = (uint8_t)dice_below(dice, 4);
	d->inner = turned(*about);
	d->ends =
		(struct packet_ends){ .source = about->source, .destination = about->destination, .protocol = IP_ICMP };
	if (inbound && dice_one_in(dice, 2))
		d->ends.source = REMOTE + 77; /* a router on the way */
	if (dice_one_in(dice, 12))
		d->ends.destination++;
	if (dice_one_in(dice, 12))
		d->inner.protocol = 132;
	if (dice_one_in(dice, 12))
		d->inner.source_port++;
	if (dice_one_in(dice, 12))
		d->inner.destination_port++;
}

static void draw_kind(struct datagram *d, bool inbound, struct dice *dice)
{
	if (d->ends.protocol == IP_TCP)
		d->tcp_flags = (uint8_t)PICK(dice, TCP_SYN, TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK, TCP_ACK,
		                             TCP_FIN | TCP_ACK, TCP_FIN | TCP_ACK, TCP_RST, TCP_RST | TCP_ACK, 0,
		                             TCP_SYN | TCP_FIN, TCP_SYN | TCP_RST);
	if (d->ends.protocol != IP_ICMP)
		return;
	if (dice_one_in(dice, 4)) {
		struct packet_ends about = d->ends;

		about.protocol = draw_protocol(dice);
		make_error(d, &about, inbound, dice);
	} else {
		d->icmp_type = (uint8_t)PICK(dice, ICMP_ECHO, ICMP_ECHO, ICMP_ECHO_REPLY, ICMP_TIMESTAMP,
		                             ICMP_TIMESTAMP_REPLY, 5, 17);
	}
}

static void draw_fragment(const struct world *w, struct datagram *d, struct dice *dice)
{
	d->id = (uint16_t)dice_below(dice, w->ids);
	d->offset = dice_one_in(dice, w->firsts) ? 0 : (uint16_t)(1480 * (1 + dice_below(dice, 2)));
	d->more = d->offset == 0 || dice_one_in(dice, 2);
	if (d->offset) {
		d->ends.source_port = d->ends.destination_port = 0;
		d->tcp_flags = 0;
	}
}

/* Of one of its sessions, if it has any: most packets are. */
static bool draw_of_session(struct step *s, const struct model *m, struct dice *dice)
{
	bool inbound = s->kind == STEP_IN;
	struct model_session known;

	if (dice_one_in(dice, s->kind == STEP_IN ? 8 : 2) || !model_session(m, dice_below(dice, 4096), &known))
		return false;
	s->subscriber = known.subscriber;
	s->host = known.host;
	s->datagram.ends = inbound ? known.inbound : known.outbound;
	draw_kind(&s->datagram, inbound, dice);
	if (dice_one_in(dice, 10))
		make_error(&s->datagram, inbound ? &known.inbound : &known.outbound, inbound, dice);
	return true;
}

/* Small steps, none, or to the nanosecond at which something is due, or to one beside it. */
static int64_t draw_time(int64_t now_ns, const struct world *w, const struct model *m, struct dice *dice)
{
	uint32_t how = dice_below(dice, 100);
	int64_t due = how < 96 ? model_first_due(m) : model_due(m, dice_below(dice, 4096)), at;

	if (how < 70)
		return now_ns + dice_below(dice, (uint32_t)(2 * w->gap_ns));
	if (how < 82)
		return now_ns;
	if (how < 84) /* a part of a second, as rates count it */
		return now_ns + NS_PER_S / (1 + dice_below(dice, 7)) + dice_below(dice, 3) - 1;
	if (how == 99 && dice_one_in(dice, 20))
		return now_ns + 100 * NS_PER_S;
	at = due == NS_NEVER ? now_ns : due + dice_below(dice, 3) - 1;
	if (w->gap_ns == 1000 && at > now_ns + NS_PER_S) /* a world in which time passes slowly */
		at = now_ns + 1;
	return at > now_ns ? at : now_ns;
}

/* Some packets out, some in, or in alone. Times within it are small, or beside another timer. */
static void draw_train(struct step *s, const struct world *w, struct dice *dice)
{
	bool icmp = dice_one_in(dice, 3), inbound = dice_one_in(dice, 4);
	int64_t last_ns = s->now_ns + dice_below(dice, 3) * w->gap_ns;
	struct segment *t = &s->train;

	s->kind = STEP_TRAIN;
	*t = (struct segment){
		.start_ns = s->now_ns,
		.last_out_ns = inbound ? NS_NONE : last_ns,
		.first_in_ns = NS_NONE,
		.last_in_ns = NS_NONE,
		.subscriber = s->subscriber,
		.host = s->host,
		.port = draw_inside_port(w, dice),
		.remote = REMOTE + dice_below(dice, w->remotes),
		.remote_port = icmp ? 0 : draw_remote_port(w, dice),
		.protocol = icmp ? PROTO_ICMP : PROTO_UDP,
		.flags = inbound ? SEG_INBOUND : 0,
	};
	if (inbound || dice_one_in(dice, 2)) {
		t->first_in_ns = s->now_ns;
		t->last_in_ns = s->now_ns + dice_below(dice, 3) * w->gap_ns;
	}
}

void step_draw(struct step *s, const struct world *w, const struct model *m, struct dice *dice)
{
	int64_t now_ns = draw_time(s->now_ns, w, m, dice);
	uint32_t what = dice_below(dice, 100);

	*s = (struct step){ .now_ns = now_ns, .kind = what < 60 ? STEP_OUT : what < 97 ? STEP_IN : STEP_ADVANCE };
	if (dice_one_in(dice, w->losses))
		s->kind = STEP_LOSE;
	s->subscriber = dice_below(dice, w->setup.subscribers);
	s->host = (uint8_t)dice_below(dice, w->hosts);
	if (s->kind == STEP_LOSE || s->kind == STEP_ADVANCE)
		return;
	if (w->trains) {
		draw_train(s, w, dice);
		return;
	}
	if (dice_one_in(dice, w->inbound_syns)) {
		s->kind = STEP_IN;
		s->datagram.ends = draw_ends(w, true, dice);
		s->datagram.ends.protocol = IP_TCP;
		s->datagram.tcp_flags = TCP_SYN;
	} else if (!draw_of_session(s, m, dice)) {
		s->datagram.ends = draw_ends(w, s->kind == STEP_IN, dice);
		draw_kind(&s->datagram, s->kind == STEP_IN, dice);
	}
	if (s->kind == STEP_OUT)
		s->datagram.ends.source = 0x64400000 + s->subscriber;
	if (dice_one_in(dice, w->fragments))
		draw_fragment(w, &s->datagram, dice);
}
