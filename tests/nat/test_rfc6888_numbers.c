/* RFC 6888, REQ-7 to REQ-15: filtering, hold-down, refusals, and which numbers are given. */
#include "tests/support/packetbench.h"
#include "tests/support/conformance.h"

/* REQ-7. Anybody may answer, of any protocol, unless the filter is set otherwise (RFC 4787 REQ-8). */
static void filtering_is_endpoint_independent(void **state)
{
	struct lab b;

	(void)state;
	lab_usual(&b);
	for (int k = 0; k < 3; k++) {
		struct trip t = lab_out(&b, 0, 2, k == 0 ? udp(1, REMOTE(0), 80) : k == 1 ? tcp(1, REMOTE(0), 80, TCP_SYN) : ping(1, REMOTE(0)));
		struct trip in = lab_in(&b, 0, answer_from(t.d, REMOTE(200), 999));

		assert_int_equal(in.outcome, OUT_REFRESHED);
		assert_int_equal(in.path.subscriber, 2);
	}
	lab_close(&b);
}

/* One address, one number, two subscribers: who may have it when. */
static void open_single(struct lab *b)
{
	lab_defaults(b);
	b->addresses = 1;
	b->subscribers = 2;
	b->ports = (struct port_range){ 2000, 2000 };
}

/* REQ-8. 120 s, or as told, to the nanosecond, for each protocol, for its last holder and for others. */
static void a_number_is_held_down(void **state)
{
	static const int64_t life[PROTO_COUNT] = { [PROTO_TCP] = 240, [PROTO_UDP] = 300, [PROTO_ICMP] = 60 };

	(void)state;
	for (int p = 0; p < PROTO_COUNT; p++)
		for (int64_t hold = 0; hold <= 120; hold += 60)
			for (uint32_t who = 0; who < 2; who++) {
				struct datagram d = packet(protocol_number[p], 1, REMOTE(0), 80, TCP_SYN);
				struct lab b;
				int64_t free_ns = (life[p] + hold) * S;

				open_single(&b);
				b.config.hold_down.time = hold * S;
				lab_open(&b);
				assert_int_equal(lab_out(&b, 0, 0, d).outcome, OUT_CREATED);
				assert_true(outcome_is_refusal(lab_out(&b, free_ns - 1, who, packet(protocol_number[p], 2, REMOTE(0), 80, TCP_SYN)).outcome));
				assert_int_equal(lab_events(&b, NAT_PORT_RELEASED), 0);
				assert_int_equal(lab_out(&b, free_ns, who, d).outcome, OUT_CREATED);
				assert_int_equal(lab_last(&b, NAT_PORT_RELEASED)->time_ns, free_ns);
				assert_int_equal(lab_last(&b, NAT_PORT_RELEASED)->since_ns, life[p] * S);
				lab_close(&b);
			}
}

/* REQ-8 A. A session that was seen to close, by FINs or by a reset, frees its number at once if told so; one that only
 * fell silent does not. */
static void closed_tcp_may_be_free_at_once(void **state)
{
	static const struct { const char *packets; bool closes; } rows[] = {
		{ "SsFf", true }, { "SsR", true }, { "Ssr", true }, { "Ss", false }, { "S", false }, { "SsF", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int told = 0; told < 2; told++) {
			struct lab b;
			int64_t end;

			open_single(&b);
			b.config.hold_down.tcp = told ? RELEASE : HOLD;
			lab_open(&b);
			end = lab_end_of_all(&b, lab_walk(&b, rows[i].packets));
			assert_int_equal(lab_last(&b, NAT_PORT_RELEASED)->time_ns, end + (told && rows[i].closes ? 0 : 120 * S));
			lab_close(&b);
		}
}

/* REQ-8 B. Where its last holder may have it back, it alone has it at once; with ranges of its own, nobody else can. */
static void its_last_holder_may_have_it_back(void **state)
{
	(void)state;
	for (int told = 0; told < 2; told++)
		for (uint32_t who = 0; who < 2; who++) {
			bool given = told && who == 0;
			struct lab b;

			open_single(&b);
			b.config.hold_down.same_subscriber = told ? RELEASE : HOLD;
			lab_open(&b);
			lab_out(&b, 0, 0, udp(1, REMOTE(0), 80));
			assert_int_equal(lab_out(&b, 300 * S, who, udp(2, REMOTE(0), 80)).outcome,
			                 given ? OUT_CREATED : who ? OUT_NO_ADDRESS : OUT_NO_PORT);
			assert_int_equal(lab_events(&b, NAT_PORT_RELEASED), given);
			/* The hold-down that was cut short does not end the new life. */
			nat_advance(b.nat, 420 * S);
			assert_int_equal(nat_mappings(b.nat), given);
			assert_int_equal(lab_in(&b, 420 * S, udp(80, PUBLIC(0), 2000)).outcome, given ? OUT_REFRESHED : OUT_NO_MAPPING);
			lab_close(&b);
		}
}

/* REQ-8 B. The longest held of several, of the right protocol, while others' stay held. */
static void the_longest_held_comes_back_first(void **state)
{
	struct lab b;
	uint16_t number[3];

	(void)state;
	lab_defaults(&b);
	b.addresses = 1;
	b.ports = (struct port_range){ 2000, 2003 };
	b.config.hold_down.same_subscriber = RELEASE;
	lab_open(&b);
	lab_out(&b, 0, 1, udp(9, REMOTE(0), 80));
	for (uint16_t k = 0; k < 3; k++)
		number[k] = lab_out(&b, (k + 1) * S, 0, udp(k, REMOTE(0), 80)).d.ends.source_port;
	lab_out(&b, 290 * S, 0, ping(1, REMOTE(0)));
	for (uint16_t k = 0; k < 3; k++)
		assert_int_equal(lab_out(&b, 350 * S, 0, udp((uint16_t)(10 + k), REMOTE(0), 80)).d.ends.source_port, number[k]);
	assert_int_equal(lab_out(&b, 350 * S, 0, udp(20, REMOTE(0), 80)).outcome, OUT_NO_PORT);
	lab_close(&b);
}

/* REQ-8 C. Where the filter depends on the remote, if told so; never with endpoint-independent filtering. */
static void filtered_numbers_may_be_free_at_once(void **state)
{
	(void)state;
	for (int filtering = ENDPOINT_INDEPENDENT; filtering <= ADDRESS_AND_PORT_DEPENDENT; filtering++)
		for (int told = 0; told < 2; told++) {
			struct lab b;

			open_single(&b);
			b.config.filtering[PROTO_UDP] = filtering;
			b.config.hold_down.filtered = told ? RELEASE : HOLD;
			lab_open(&b);
			lab_out(&b, 0, 0, udp(1, REMOTE(0), 80));
			lab_end_of_all(&b, 0);
			assert_int_equal(lab_last(&b, NAT_PORT_RELEASED)->time_ns,
			                 (told && filtering != ENDPOINT_INDEPENDENT ? 300 : 420) * S);
			lab_close(&b);
		}
}

/* REQ-8. At most so many are held: the longest held goes when one more comes. */
static void held_numbers_may_be_bounded(void **state)
{
	struct lab b;

	(void)state;
	lab_defaults(&b);
	b.config.hold_down.max_ports = 3;
	lab_open(&b);
	for (uint16_t k = 0; k < 10; k++)
		lab_out(&b, k * S, 0, udp(k, REMOTE(0), 80));
	for (int64_t k = 0; k < 10; k++) {
		nat_advance(b.nat, (300 + k) * S);
		assert_int_equal(lab_events(&b, NAT_PORT_RELEASED), k < 3 ? 0 : k - 2);
		if (k >= 3)
			assert_int_equal(lab_last(&b, NAT_PORT_RELEASED)->since_ns, (300 + k - 3) * S);
	}
	lab_close(&b);
}

/* REQ-8. A crash: what was in use is held for 120 s from then, whatever the exceptions; what was held stays held; nothing
 * is left of mappings, fragments and SYNs. */
static void what_was_in_use_at_a_loss_of_state_is_held(void **state)
{
	struct lab b;
	struct trip t;
	struct datagram d;

	(void)state;
	lab_defaults(&b);
	b.config.filtering[PROTO_TCP] = b.config.filtering[PROTO_UDP] = ADDRESS_DEPENDENT;
	b.config.hold_down = (struct nat_hold_down){ .time = 120 * S, .tcp = RELEASE, .filtered = RELEASE };
	lab_open(&b);
	lab_walk(&b, "SsFf");
	lab_out(&b, 35 * S, 0, tcp(5000, REMOTE(1), 80, TCP_ACK));
	t = lab_out(&b, 40 * S, 1, udp(1, REMOTE(0), 80));
	d = answer_from(t.d, REMOTE(9), 9);
	d.ends.protocol = IP_TCP;
	d.tcp_flags = TCP_SYN;
	assert_int_equal(lab_in(&b, 45 * S, d).outcome, OUT_SYN_KEPT);
	d = udp(0, REMOTE(0), 0);
	d.offset = 8;
	assert_int_equal(lab_out(&b, 45 * S, 0, d).outcome, OUT_FRAGMENT_KEPT);
	nat_lose_state(b.nat, 46 * S);
	assert_int_equal(nat_mappings(b.nat), 0);
	assert_int_equal(nat_sessions(b.nat, 0) + nat_sessions(b.nat, 1), 0);
	assert_int_equal(lab_last(&b, NAT_MAPPING_ENDED)->end, END_LOST);
	assert_int_equal(nat_datagrams(b.nat)[OUT_FRAGMENT_LOST], 1);
	assert_int_equal(lab_in(&b, 47 * S, answer(t.d)).outcome, OUT_NO_MAPPING);
	nat_advance(b.nat, 166 * S - 1);
	assert_int_equal(lab_events(&b, NAT_PORT_RELEASED), 0);
	nat_advance(b.nat, 166 * S);
	assert_int_equal(lab_events(&b, NAT_PORT_RELEASED), 2);
	assert_int_equal(lab_out(&b, 167 * S, 1, udp(1, REMOTE(0), 80)).outcome, OUT_CREATED);
	assert_int_equal(b.told_count, 0);
	lab_close(&b);
}

/* REQ-11 A, D. On a limit and on exhaustion: the packet goes nowhere, as it was; every mapping lives on, and as long. */
static void a_refusal_touches_no_mapping(void **state)
{
	(void)state;
	for (int limit = 0; limit < 2; limit++) {
		struct lab b;
		struct trip t[4];

		lab_defaults(&b);
		b.addresses = 1;
		b.ports = (struct port_range){ 2000, 2003 };
		b.config.limits.ports_per_subscriber = limit ? 2 : 0;
		lab_open(&b);
		for (uint32_t k = 0; k < 4; k++)
			t[k] = lab_out(&b, k * S, k % 2, udp((uint16_t)k, REMOTE(0), 80));
		for (uint16_t k = 0; k < 100; k++) {
			struct datagram d = udp((uint16_t)(100 + k), REMOTE(0), 80);
			struct trip refused = lab_out(&b, 10 * S, k % 2, d);

			assert_int_equal(refused.outcome, limit ? OUT_SUBSCRIBER_LIMIT : OUT_NO_PORT);
			assert_true(same_datagram(refused.d, d));
		}
		for (uint32_t k = 0; k < 4; k++)
			assert_int_equal(lab_in(&b, 20 * S, answer(t[k].d)).d.ends.destination_port, k);
		assert_int_equal(lab_end_of_all(&b, 20 * S), 303 * S);
		assert_int_equal(lab_events(&b, NAT_MAPPING_ENDED), 4);
		lab_close(&b);
	}
}

/* REQ-11 B. Host unreachable to the sender, ten a second at most; the rest is counted. */
static void refusals_are_told_to_the_sender_at_a_bounded_rate(void **state)
{
	struct lab b;

	(void)state;
	lab_defaults(&b);
	b.config.icmp_per_second = 10;
	b.config.limits.ports_per_subscriber = 1;
	lab_open(&b);
	lab_out(&b, 0, 0, udp(1, REMOTE(0), 80));
	for (int k = 0; k < 100; k++)
		lab_out(&b, 1 * S, 0, udp(2, REMOTE(0), 80));
	assert_int_equal(b.told_count, 10);
	assert_int_equal(nat_icmp_sent(b.nat), 10);
	assert_int_equal(nat_icmp_withheld(b.nat), 90);
	assert_int_equal(b.told[0].d.icmp_type, ICMP_UNREACHABLE);
	assert_int_equal(b.told[0].d.icmp_code, 1);
	assert_true(b.told[0].path.inside);
	lab_out(&b, 1 * S + 100 * NS_PER_MS - 1, 0, udp(2, REMOTE(0), 80));
	assert_int_equal(b.told_count, 10);
	lab_out(&b, 1 * S + 100 * NS_PER_MS, 0, udp(2, REMOTE(0), 80));
	assert_int_equal(b.told_count, 11);
	lab_close(&b);
}

/* REQ-11 C. Addresses exhausted, ports exhausted, quota exceeded: each is told with the refusal behind it, at most once
 * in an interval, apart from each other. */
static void the_operator_is_notified_of_refusals(void **state)
{
	struct lab b;
	const struct nat_event *e;

	(void)state;
	lab_defaults(&b);
	b.addresses = 1;
	b.ports = (struct port_range){ 2000, 2001 };
	b.config.limits.icmp = 1;
	lab_open(&b);
	lab_out(&b, 0, 0, udp(1, REMOTE(0), 80));
	lab_out(&b, 0, 0, udp(2, REMOTE(0), 80));
	lab_out(&b, 0, 0, ping(1, REMOTE(0)));
	lab_out(&b, 10 * S, 0, udp(3, REMOTE(0), 80));
	e = lab_last(&b, NAT_NOTICE);
	assert_true(e->notice == NOTICE_PORTS_EXHAUSTED && e->outcome == OUT_NO_PORT && e->subscriber == 0 && e->address == 0);
	lab_out(&b, 10 * S, 1, udp(3, REMOTE(0), 80));
	e = lab_last(&b, NAT_NOTICE);
	assert_true(e->notice == NOTICE_ADDRESSES_EXHAUSTED && e->outcome == OUT_NO_ADDRESS && e->subscriber == 1);
	lab_out(&b, 10 * S, 0, ping(2, REMOTE(0)));
	e = lab_last(&b, NAT_NOTICE);
	assert_true(e->notice == NOTICE_QUOTA_EXCEEDED && e->outcome == OUT_PROTOCOL_LIMIT && e->protocol == PROTO_ICMP);
	assert_int_equal(lab_events(&b, NAT_NOTICE), 3);
	lab_out(&b, 70 * S - 1, 0, udp(3, REMOTE(0), 80));
	assert_int_equal(lab_events(&b, NAT_NOTICE), 3);
	lab_out(&b, 70 * S, 0, udp(3, REMOTE(0), 80));
	assert_int_equal(lab_events(&b, NAT_NOTICE), 4);
	assert_int_equal(lab_events(&b, NAT_REFUSED), 5);
	lab_close(&b);
}

static size_t notices(const struct lab *b, enum nat_notice what)
{
	size_t n = 0;

	for (size_t i = 0; i < b->event_count; i++)
		n += b->events[i].kind == NAT_NOTICE && b->events[i].notice == what;
	return n;
}

/* REQ-11 C. Thresholds: numbers in use to 60% and back to 20%, of one protocol; mappings of all; a subscriber's. */
static void thresholds_are_told(void **state)
{
	struct lab b;

	(void)state;
	lab_defaults(&b);
	b.addresses = 1;
	b.ports = (struct port_range){ 2000, 2009 };
	b.config.hold_down.time = 0;
	b.config.notify = (struct nat_notify){ .pool_high = 0.6, .pool_low = 0.2, .mappings_high = 5, .subscriber_high = 3, .interval = S };
	lab_open(&b);
	for (int round = 0; round < 2; round++) {
		int64_t t0 = round * 1000 * S;

		lab_out(&b, t0, 0, ping(1, REMOTE(0))); /* of another protocol: not among the numbers of UDP */
		for (uint16_t k = 0; k < 7; k++) {
			lab_out(&b, t0 + k * S, k % 2, udp(k, REMOTE(0), 80));
			assert_int_equal(notices(&b, NOTICE_POOL_HIGH), round + (k >= 5));
			assert_int_equal(notices(&b, NOTICE_MAPPINGS_HIGH), round + (k >= 3));
			assert_int_equal(notices(&b, NOTICE_SUBSCRIBER_HIGH), 2 * round + (k >= 2) + (k >= 5));
		}
		for (int k = 0; k < 7; k++) {
			nat_advance(b.nat, t0 + (300 + k) * S);
			assert_int_equal(notices(&b, NOTICE_POOL_LOW), round + (k >= 4));
		}
		assert_int_equal(lab_events(&b, NAT_NOTICE), 5 * (round + 1)); /* and nothing else is */
	}
	/* A kind comes at most once in an interval: the second subscriber's is not told. */
	for (uint16_t k = 0; k < 6; k++)
		lab_out(&b, 3000 * S, k / 3, udp(k, REMOTE(0), 80));
	assert_int_equal(notices(&b, NOTICE_SUBSCRIBER_HIGH), 5);
	assert_int_equal(lab_events(&b, NAT_NOTICE), 13);
	lab_close(&b);
}

/* What RFC 6269 section 5.1 names and REQ-11 D forbids, to be measured: with `evict-random` another's mapping goes, is
 * said to have been evicted, and its number is given at once. */
static void eviction_is_only_on_demand(void **state)
{
	struct lab b;

	(void)state;
	open_single(&b);
	b.config.on_full = FULL_EVICT_RANDOM;
	lab_open(&b);
	lab_out(&b, 0, 0, udp(1, REMOTE(0), 80));
	lab_out(&b, 0, 0, udp(1, REMOTE(1), 80)); /* two sessions: both go */
	assert_int_equal(lab_out(&b, 1 * S, 1, udp(1, REMOTE(0), 80)).outcome, OUT_CREATED);
	assert_int_equal(lab_last(&b, NAT_MAPPING_ENDED)->end, END_EVICTED);
	assert_int_equal(lab_last(&b, NAT_MAPPING_ENDED)->subscriber, 0);
	assert_int_equal(nat_sessions(b.nat, 0), 0);
	assert_int_equal(nat_mappings(b.nat), 1);
	assert_int_equal(lab_in(&b, 1 * S, udp(80, PUBLIC(0), 2000)).path.subscriber, 1);
	lab_close(&b);
}

/* REQ-13. Nobody is refused while a number is free: 2,000 mappings on four addresses of 500, and not one more. */
static void every_number_can_be_used(void **state)
{
	struct lab b;

	(void)state;
	lab_defaults(&b);
	b.pooling = POOLING_ARBITRARY;
	b.ports = (struct port_range){ 1024, 1523 };
	lab_open(&b);
	for (uint16_t k = 0; k < 2000; k++)
		assert_int_equal(lab_out(&b, 0, k % 8, udp(k, REMOTE(0), 80)).outcome, OUT_CREATED);
	assert_int_equal(lab_out(&b, 0, 0, udp(5000, REMOTE(0), 80)).outcome, OUT_NO_ADDRESS);
	lab_close(&b);
}

/* REQ-15. Over 64,000 draws from 64 free numbers each comes as often as the others (chi-square of 63 degrees: 103 in one
 * case of a thousand), and what is declared to a guesser is one in 64. */
static void numbers_are_hard_to_guess(void **state)
{
	struct lab b;
	uint32_t count[64] = { 0 };
	double chi = 0;

	(void)state;
	lab_defaults(&b);
	b.addresses = 1;
	b.ports = (struct port_range){ 4096, 4159 };
	b.config.hold_down.time = 0;
	lab_open(&b);
	for (int64_t k = 0; k < 64000; k++) {
		count[lab_out(&b, k * 300 * S, 0, udp((uint16_t)k, REMOTE(0), 80)).d.ends.source_port - 4096]++;
		assert_int_equal(lab_last(&b, NAT_MAPPING_CREATED)->odds, 64);
	}
	for (int i = 0; i < 64; i++)
		chi += ((double)count[i] - 1000) * ((double)count[i] - 1000) / 1000;
	assert_true(chi < 103);
	lab_close(&b);
}

static const struct requirement rows[] = {
	SHOWN("REQ-7", "Endpoint-independent filtering", filtering_is_endpoint_independent),
	SHOWN("REQ-8", "A number is nobody's for 120 s, or as long as told, after its last mapping", a_number_is_held_down),
	SHOWN("REQ-8 A", "But not a TCP one whose session was seen to close, where told so", closed_tcp_may_be_free_at_once),
	SHOWN("REQ-8 B", "Nor one whose next holder is its last one, where told so", its_last_holder_may_have_it_back),
	SHOWN("REQ-8 B", "The longest held comes back first", the_longest_held_comes_back_first),
	SHOWN("REQ-8 C", "Nor where the filter depends on the remote, if told so", filtered_numbers_may_be_free_at_once),
	SHOWN("REQ-8", "How many are held may be bounded", held_numbers_may_be_bounded),
	SHOWN("REQ-8", "What was in use when state was lost is held, whatever the exceptions",
	      what_was_in_use_at_a_loss_of_state_is_held),
	NOT_HERE("REQ-9", "A protocol by which subscribers control mappings, such as PCP", "no host here asks for a mapping"),
	NOT_HERE("REQ-10", "Management by a standard such as RFC 4008", "a simulation is managed by its scenario; notices are events"),
	SHOWN("REQ-11 A, D", "What is refused is dropped, and no mapping is ended to make room", a_refusal_touches_no_mapping),
	SHOWN("REQ-11 B", "The sender is told by ICMP type 3, code 1, at a bounded rate",
	      refusals_are_told_to_the_sender_at_a_bounded_rate),
	SHOWN("REQ-11 C", "The operator is notified, each kind at a bounded rate", the_operator_is_notified_of_refusals),
	SHOWN("REQ-11 C", "And of thresholds crossed, where set", thresholds_are_told),
	NOT_HERE("REQ-11 C", "The notification is an SNMP trap or the like", "notices are events; logs may carry them"),
	SHOWN("REQ-11 D", "Eviction happens only where a scenario asks for it, to be measured", eviction_is_only_on_demand),
	SHOWN("REQ-13", "Port utilisation: nobody is refused while a number is free", every_number_can_be_used),
	SHOWN("REQ-15", "Outside numbers are hard to guess", numbers_are_hard_to_guess),
};

int main(int argc, char **argv)
{
	const struct requirements table = { "RFC 6888: carrier-grade NAT, REQ-7 to REQ-15", "tests/nat/test_rfc6888_numbers.c",
	                                    rows, sizeof(rows) / sizeof(*rows) };

	return conformance_main(argc, argv, &table);
}
