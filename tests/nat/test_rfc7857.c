/* RFC 7857, the updates to what is asked of a NAT, section by section. */
#include "tests/support/packetbench.h"
#include "tests/support/conformance.h"

/* Figure 1, an edge at a time, as RFC 6146's states in test_rfc6146.c, here with timers that tell the states apart. */
static void the_states_of_figure_1(void **state)
{
	enum { OPENING = 11, CLOSING = 13, IDLE = 1000 };
	static const struct { const char *packets; int64_t life; } edges[] = {
		{ "S", OPENING },                    /* CLOSED -> INIT */
		{ "Ss", IDLE },                      /* INIT -> ESTABLISHED */
		{ "SsF", IDLE - CLOSING },           /* -> C FIN RCV */
		{ "Ssf", IDLE - CLOSING },           /* -> S FIN RCV */
		{ "SsFf", CLOSING }, { "SsfF", CLOSING }, /* -> both */
		{ "SsR", CLOSING }, { "Ssr", CLOSING },   /* -> TRANS */
		{ "SsRA", IDLE }, { "Ssra", IDLE },       /* TRANS -> ESTABLISHED */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++) {
		struct lab b;
		int64_t last;

		lab_defaults(&b);
		b.config.timeouts.tcp_open = OPENING * S;
		b.config.timeouts.tcp_closing = CLOSING * S;
		b.config.timeouts.tcp_established = IDLE * S;
		lab_open(&b);
		last = lab_walk(&b, edges[i].packets);
		assert_int_equal(lab_end_of_all(&b, last) - last, edges[i].life * S);
		lab_close(&b);
	}
}

/* Section 2.1. Each transitory timer moves what it is of, and nothing else; open may be below four minutes. */
static void open_and_closing_are_set_apart(void **state)
{
	static const struct { int64_t open, closing; } rows[] = { { 30, 240 }, { 240, 20 } };

	(void)state;
	for (size_t i = 0; i < 2; i++)
		for (int closing = 0; closing < 2; closing++) {
			struct lab b;
			int64_t last;

			lab_defaults(&b);
			b.config.timeouts.tcp_open = rows[i].open * S;
			b.config.timeouts.tcp_closing = rows[i].closing * S;
			lab_open(&b);
			last = lab_walk(&b, closing ? "SsFf" : "S");
			assert_int_equal(lab_end_of_all(&b, last) - last, (closing ? rows[i].closing : rows[i].open) * S);
			lab_close(&b);
		}
}

/* Section 2.2. The reset itself is translated, either way; the mapping waits four minutes; data restores it. */
static void a_reset_is_carried_and_waited_for(void **state)
{
	(void)state;
	for (int inbound = 0; inbound < 2; inbound++)
		for (int data = 0; data < 2; data++) {
			struct lab b;
			struct trip t, r;

			lab_usual(&b);
			t = lab_out(&b, 0, 0, tcp(5000, REMOTE(0), 80, TCP_ACK));
			if (inbound) {
				struct datagram d = answer(t.d);

				d.tcp_flags = TCP_RST;
				r = lab_in(&b, 10 * S, d);
				assert_int_equal(r.d.ends.destination_port, 5000);
			} else {
				r = lab_out(&b, 10 * S, 0, tcp(5000, REMOTE(0), 80, TCP_RST));
				assert_int_equal(r.d.ends.source_port, t.d.ends.source_port);
			}
			assert_int_equal(r.outcome, OUT_REFRESHED);
			assert_int_equal(r.d.tcp_flags, TCP_RST);
			if (data)
				lab_out(&b, 249 * S, 0, tcp(5000, REMOTE(0), 80, TCP_ACK));
			assert_int_equal(lab_end_of_all(&b, 249 * S), (data ? 249 + 7440 : 250) * S);
			lab_close(&b);
		}
}

/* Section 3, where told so: one number carries mappings whose remotes differ, each is reached by its own remote alone, and
 * a remote that it carries already, or that it held down, is refused. */
static void one_number_may_serve_remotes_that_differ(void **state)
{
	struct lab b;
	struct trip t[3];

	(void)state;
	lab_defaults(&b);
	for (int p = 0; p < PROTO_COUNT; p++)
		b.config.mapping[p] = b.config.filtering[p] = ADDRESS_AND_PORT_DEPENDENT;
	b.addresses = 1;
	b.ports = (struct port_range){ 2000, 2000 };
	lab_flag(&b, "overload", true);
	lab_open(&b);
	for (uint32_t who = 0; who < 3; who++) {
		t[who] = lab_out(&b, 0, who, udp(5000, REMOTE(who / 2), (uint16_t)(80 + who % 2)));
		assert_int_equal(t[who].outcome, OUT_CREATED);
		assert_int_equal(t[who].d.ends.source_port, 2000);
	}
	for (uint32_t who = 0; who < 3; who++)
		assert_int_equal(lab_in(&b, 0, answer(t[who].d)).path.subscriber, who);
	assert_true(outcome_is_refusal(lab_out(&b, 0, 3, udp(5000, REMOTE(0), 80)).outcome));
	nat_advance(b.nat, 300 * S);
	assert_int_equal(nat_mappings(b.nat), 0);
	assert_int_equal(lab_in(&b, 300 * S, answer(t[0].d)).outcome, OUT_NO_MAPPING);
	assert_true(outcome_is_refusal(lab_out(&b, 420 * S - 1, 3, udp(5000, REMOTE(0), 80)).outcome));
	assert_int_equal(lab_out(&b, 420 * S, 3, udp(5000, REMOTE(0), 80)).outcome, OUT_CREATED);
	lab_close(&b);
}

/* Section 4. Paired: a subscriber whose address is full is refused, though others have room. Soft-paired: it is given a
 * number elsewhere, and comes back when there is room. */
static void exhausted_pairing_refuses_or_softens(void **state)
{
	(void)state;
	for (int soft = 0; soft < 2; soft++) {
		struct lab b;
		struct trip t;
		uint32_t home;

		lab_defaults(&b);
		b.pooling = soft ? POOLING_SOFT_PAIRED : POOLING_PAIRED;
		b.addresses = 2;
		b.ports = (struct port_range){ 2000, 2003 };
		b.config.hold_down.time = 0;
		lab_open(&b);
		for (uint16_t k = 0; k < 4; k++)
			home = lab_out(&b, k * S, 0, udp(k, REMOTE(0), 80)).d.ends.source;
		t = lab_out(&b, 10 * S, 0, udp(4, REMOTE(0), 80));
		if (!soft) {
			assert_int_equal(t.outcome, OUT_NO_PORT);
			lab_close(&b);
			continue;
		}
		assert_int_equal(t.outcome, OUT_CREATED);
		assert_int_not_equal(t.d.ends.source, home);
		assert_int_equal(PUBLIC(nat_address_of(b.nat, 0)), home);
		assert_int_equal(lab_in(&b, 10 * S, answer(t.d)).d.ends.destination_port, 4);
		t = lab_out(&b, 301 * S, 0, udp(5, REMOTE(0), 80)); /* two have ended at home */
		assert_int_equal(t.d.ends.source, home);
		lab_close(&b);
	}
}

/* Section 4. Where nobody has room, soft pairing refuses like the other, and takes nothing. */
static void soft_pairing_refuses_when_all_is_full(void **state)
{
	struct lab b;

	(void)state;
	lab_defaults(&b);
	b.pooling = POOLING_SOFT_PAIRED;
	b.addresses = 2;
	b.ports = (struct port_range){ 2000, 2001 };
	lab_open(&b);
	for (uint16_t k = 0; k < 4; k++)
		assert_int_equal(lab_out(&b, 0, 0, udp(k, REMOTE(0), 80)).outcome, OUT_CREATED);
	assert_int_equal(lab_out(&b, 0, 0, udp(4, REMOTE(0), 80)).outcome, OUT_NO_PORT);
	assert_int_equal(lab_out(&b, 0, 1, udp(4, REMOTE(0), 80)).outcome, OUT_NO_ADDRESS);
	assert_int_equal(nat_mappings(b.nat), 4);
	lab_close(&b);
}

/* Section 5. The same inside port in UDP and in TCP has a mapping of its own in each, ended by its own timer. */
static void mappings_are_by_protocol(void **state)
{
	struct lab b;

	(void)state;
	lab_usual(&b);
	assert_int_equal(lab_out(&b, 0, 0, udp(5000, REMOTE(0), 80)).outcome, OUT_CREATED);
	assert_int_equal(lab_out(&b, 0, 0, tcp(5000, REMOTE(0), 80, TCP_SYN)).outcome, OUT_CREATED);
	assert_int_equal(lab_out(&b, 0, 0, ping(5000, REMOTE(0))).outcome, OUT_CREATED);
	nat_advance(b.nat, 60 * S);
	assert_int_equal(nat_active(b.nat, 0, PROTO_ICMP), 0);
	nat_advance(b.nat, 240 * S);
	assert_int_equal(nat_active(b.nat, 0, PROTO_TCP), 0);
	assert_int_equal(nat_active(b.nat, 0, PROTO_UDP), 1);
	lab_close(&b);
}

/* Section 6. A mapping of one protocol lets nothing of another in. */
static void filters_are_by_protocol(void **state)
{
	struct lab b;
	struct trip t;

	(void)state;
	lab_usual(&b);
	t = lab_out(&b, 0, 0, udp(5000, REMOTE(0), 80));
	assert_int_equal(lab_in(&b, 0, answer_from(t.d, REMOTE(1), 1)).outcome, OUT_REFRESHED);
	t.d = answer(t.d);
	t.d.ends.protocol = IP_TCP;
	t.d.tcp_flags = TCP_ACK;
	assert_int_equal(lab_in(&b, 0, t.d).outcome, OUT_NO_MAPPING);
	t.d.ends.protocol = IP_ICMP;
	t.d.icmp_type = ICMP_ECHO_REPLY;
	assert_int_equal(lab_in(&b, 0, t.d).outcome, OUT_NO_MAPPING);
	lab_close(&b);
}

/* Section 7. What the filter drops refreshes nothing, though inbound packets are to refresh. */
static void filtered_packets_refresh_nothing(void **state)
{
	(void)state;
	for (int p = 0; p < 2; p++) {
		struct lab b;
		struct trip t;

		lab_defaults(&b);
		b.config.inbound_refresh = true;
		for (int k = 0; k < PROTO_COUNT; k++)
			b.config.filtering[k] = ADDRESS_DEPENDENT;
		lab_open(&b);
		t = lab_out(&b, 0, 0, p ? tcp(5000, REMOTE(0), 80, TCP_SYN) : udp(5000, REMOTE(0), 80));
		t.d = answer_from(t.d, REMOTE(1), 80);
		t.d.tcp_flags = TCP_ACK;
		for (int64_t at = 10; at < 240; at += 10)
			assert_int_equal(lab_in(&b, at * S, t.d).outcome, OUT_FILTERED);
		assert_int_equal(lab_end_of_all(&b, 230 * S), (p ? 240 : 300) * S);
		lab_close(&b);
	}
}

/* Section 7. With endpoint-independent filtering a stranger's packets refresh only if inbound ones are to. */
static void strangers_refresh_only_if_told_so(void **state)
{
	(void)state;
	for (int refresh = 0; refresh < 2; refresh++) {
		struct lab b;
		struct trip t;

		lab_defaults(&b);
		b.config.inbound_refresh = refresh;
		lab_open(&b);
		t = lab_out(&b, 0, 0, udp(5000, REMOTE(0), 80));
		assert_int_equal(lab_in(&b, 100 * S, answer_from(t.d, REMOTE(1), 9)).outcome, OUT_REFRESHED);
		assert_int_equal(lab_in(&b, 200 * S, answer_from(t.d, REMOTE(1), 9)).outcome, OUT_REFRESHED);
		assert_int_equal(nat_sessions(b.nat, 0), 1 + refresh);
		assert_int_equal(lab_end_of_all(&b, 200 * S), (refresh ? 500 : 300) * S);
		lab_close(&b);
	}
}

/* Section 7. Nor does a host's refusal of what came in: a reset, or an ICMP error. */
static void outbound_refusals_refresh_nothing(void **state)
{
	struct lab b;
	struct trip t, in;

	(void)state;
	lab_usual(&b);
	t = lab_out(&b, 0, 0, udp(5000, REMOTE(0), 80));
	in = lab_in(&b, 100 * S, answer_from(t.d, REMOTE(1), 9));
	assert_int_equal(lab_out(&b, 101 * S, 0, error_about(in.d, 0, ICMP_UNREACHABLE, 3)).outcome, OUT_ICMP_ERROR);
	assert_int_equal(lab_end_of_all(&b, 101 * S), 300 * S);
	lab_close(&b);

	lab_usual(&b);
	t = lab_out(&b, 0, 0, tcp(5000, REMOTE(0), 80, TCP_SYN));
	t.d = answer_from(t.d, REMOTE(1), 9);
	t.d.tcp_flags = TCP_ACK;
	lab_in(&b, 100 * S, t.d);
	assert_int_equal(lab_out(&b, 101 * S, 0, tcp(5000, REMOTE(1), 9, TCP_RST)).outcome, OUT_REFRESHED);
	assert_int_equal(lab_end_of_all(&b, 101 * S), 240 * S);
	lab_close(&b);
}

/* Section 8: parity may be off, and is unless told: eight subscribers' even ports get odd ones too. Section 9: numbers
 * are drawn: the next is neither the last one's neighbour nor the inside port. */
static void ports_are_random_by_default(void **state)
{
	struct lab b;
	uint32_t odd = 0, near = 0, kept = 0, last = 0;

	(void)state;
	lab_usual(&b);
	for (uint16_t k = 0; k < 1000; k++) {
		uint16_t inside = (uint16_t)(10000 + 2 * k);
		uint32_t number = lab_out(&b, 0, 0, udp(inside, REMOTE(0), 80)).d.ends.source_port;

		odd += number % 2;
		near += number - last + 16 <= 32;
		kept += number == inside;
		last = number;
	}
	assert_in_range(odd, 400, 600);
	assert_in_range(near, 0, 9); /* 0.5 are expected */
	assert_in_range(kept, 0, 3);
	lab_close(&b);
}

/* Section 10. Two subscribers' fragments with one identification are not taken for one packet's. */
static void identifications_of_two_subscribers_are_apart(void **state)
{
	struct lab b;
	struct trip one, two;

	(void)state;
	lab_defaults(&b);
	b.addresses = 1;
	lab_open(&b);
	for (uint32_t who = 0; who < 2; who++) {
		struct datagram d = udp(5000, REMOTE(0), 80);

		d.id = 7;
		d.more = true;
		*(who ? &two : &one) = lab_out(&b, 0, who, d);
	}
	assert_int_not_equal(one.d.ends.source_port, two.d.ends.source_port);
	for (uint32_t who = 0; who < 2; who++) {
		struct datagram d = udp(0, REMOTE(0), 0);

		d.id = 7;
		d.offset = 1480;
		assert_int_equal(lab_out(&b, 0, who, d).outcome, OUT_CREATED);
	}
	assert_int_equal(nat_datagrams(b.nat)[OUT_FRAGMENT_KEPT], 0);
	lab_close(&b);
}

/* Section 11. A query's mapping ends with the last of its sessions. */
static void a_query_mapping_ends_with_its_last_session(void **state)
{
	struct lab b;

	(void)state;
	lab_usual(&b);
	lab_out(&b, 0, 0, ping(77, REMOTE(0)));
	lab_out(&b, 30 * S, 0, ping(77, REMOTE(1)));
	nat_advance(b.nat, 60 * S);
	assert_int_equal(nat_sessions(b.nat, 0), 1);
	assert_int_equal(lab_end_of_all(&b, 60 * S), 90 * S);
	lab_close(&b);
}

static const struct requirement rows[] = {
	SHOWN("section 2", "TCP sessions follow figure 1", the_states_of_figure_1),
	SHOWN("section 2.1", "The open and the closing timeout are set apart; open may be below four minutes",
	      open_and_closing_are_set_apart),
	SHOWN("section 2.2", "A reset is translated; the session waits four minutes, and data restores it",
	      a_reset_is_carried_and_waited_for),
	SHOWN("section 3", "One outside port may serve several sessions whose remotes differ, where told so",
	      one_number_may_serve_remotes_that_differ),
	SHOWN("section 4", "Paired pooling refuses when the address is full; soft pairing goes elsewhere",
	      exhausted_pairing_refuses_or_softens),
	SHOWN("section 4", "Soft pairing refuses when every address is full", soft_pairing_refuses_when_all_is_full),
	SHOWN("section 5", "Mappings are by protocol", mappings_are_by_protocol),
	SHOWN("section 6", "Filters are by protocol", filters_are_by_protocol),
	SHOWN("section 7", "What the filter drops refreshes nothing", filtered_packets_refresh_nothing),
	SHOWN("section 7", "What it lets in refreshes only where inbound refresh is on", strangers_refresh_only_if_told_so),
	SHOWN("section 7.1", "Outbound resets and ICMP errors that refuse an inbound packet refresh nothing",
	      outbound_refusals_refresh_nothing),
	SHOWN("section 8", "Parity may be off", ports_are_random_by_default),
	SHOWN("section 9", "Outside ports are random", ports_are_random_by_default),
	SHOWN("section 10", "One identification from two hosts is not one packet", identifications_of_two_subscribers_are_apart),
	NOT_HERE("section 10", "The identification is rewritten so that it is unique outside",
	         "nothing outside puts fragments together"),
	SHOWN("section 11", "A query's mapping may end with its last session", a_query_mapping_ends_with_its_last_session),
	NOT_HERE("section 12", "Hairpinning of ICMP", "see RFC 5508 REQ-7"),
};

int main(int argc, char **argv)
{
	const struct requirements table = { "RFC 7857: updates to these", "tests/nat/test_rfc7857.c", rows,
	                                    sizeof(rows) / sizeof(*rows) };

	return conformance_main(argc, argv, &table);
}
