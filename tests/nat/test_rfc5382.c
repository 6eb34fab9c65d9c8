/* RFC 5382, what is asked of a NAT for TCP, requirement by requirement. The states are in test_rfc6146.c. */
#include "tests/support/packetbench.h"
#include "tests/support/conformance.h"

/* REQ-1. */
static void mapping_is_endpoint_independent(void **state)
{
	struct lab b;
	struct trip first;

	(void)state;
	lab_usual(&b);
	first = lab_out(&b, 0, 3, tcp(5000, REMOTE(0), 80, TCP_SYN));
	for (uint32_t k = 1; k < 10; k++) {
		struct trip next = lab_out(&b, 0, 3, tcp(5000, REMOTE(k / 2), (uint16_t)(80 + k % 2), TCP_SYN));

		assert_int_equal(next.outcome, OUT_REFRESHED);
		assert_int_equal(next.d.ends.source, first.d.ends.source);
		assert_int_equal(next.d.ends.source_port, first.d.ends.source_port);
	}
	assert_int_equal(nat_mappings(b.nat), 1);
	assert_int_equal(nat_sessions(b.nat, 3), 10);
	lab_close(&b);
}

/* REQ-2. A connection that a remote opens, to a mapping whose filter lets it in: carried, and established when the
 * host has answered. Before, it lives as an opening one does. */
static void connections_may_come_from_outside(void **state)
{
	(void)state;
	for (int answered = 0; answered < 2; answered++) {
		struct lab b;
		struct trip t, in;

		lab_usual(&b);
		t = lab_out(&b, 0, 1, tcp(5000, REMOTE(0), 80, TCP_SYN));
		t.d = answer_from(t.d, REMOTE(1), 90);
		t.d.tcp_flags = TCP_SYN;
		in = lab_in(&b, 100 * S, t.d);
		assert_int_equal(in.outcome, OUT_REFRESHED);
		assert_int_equal(in.path.subscriber, 1);
		assert_int_equal(in.d.ends.destination_port, 5000);
		if (answered) {
			struct datagram d = tcp(5000, REMOTE(1), 90, TCP_SYN | TCP_ACK);

			assert_int_equal(lab_out(&b, 101 * S, 1, d).outcome, OUT_REFRESHED);
		}
		assert_int_equal(lab_end_of_all(&b, 101 * S), (answered ? 101 + 7440 : 100 + 240) * S);
		lab_close(&b);
	}
}

/* What is not a SYN may be let in, but begins no session: it would refresh nothing. */
static void inbound_data_begins_nothing(void **state)
{
	struct lab b;
	struct trip t;

	(void)state;
	lab_usual(&b);
	t = lab_out(&b, 0, 1, tcp(5000, REMOTE(0), 80, TCP_SYN));
	t.d = answer_from(t.d, REMOTE(1), 90);
	for (int k = 0; k < 3; k++) {
		t.d.tcp_flags = k == 0 ? TCP_ACK : k == 1 ? TCP_FIN : TCP_RST;
		assert_int_equal(lab_in(&b, 10 * S, t.d).outcome, OUT_REFRESHED);
	}
	assert_int_equal(nat_sessions(b.nat, 1), 1);
	assert_int_equal(lab_end_of_all(&b, 10 * S), 240 * S);
	lab_close(&b);
}

/* REQ-2 a. Both ends open at once: SYN out, SYN in, through the strictest filter. */
static void simultaneous_open(void **state)
{
	struct lab b;
	struct trip t;

	(void)state;
	lab_defaults(&b);
	b.config.filtering[PROTO_TCP] = ADDRESS_AND_PORT_DEPENDENT;
	lab_open(&b);
	t = lab_out(&b, 0, 0, tcp(5000, REMOTE(0), 80, TCP_SYN));
	t.d = answer(t.d);
	t.d.tcp_flags = TCP_SYN;
	assert_int_equal(lab_in(&b, 1 * S, t.d).outcome, OUT_REFRESHED);
	assert_int_equal(lab_out(&b, 2 * S, 0, tcp(5000, REMOTE(0), 80, TCP_SYN | TCP_ACK)).outcome, OUT_REFRESHED);
	t.d.tcp_flags = TCP_SYN | TCP_ACK;
	assert_int_equal(lab_in(&b, 3 * S, t.d).outcome, OUT_REFRESHED);
	assert_int_equal(lab_end_of_all(&b, 3 * S), 7443 * S);
	assert_int_equal(b.told_count, 0);
	lab_close(&b);
}

/* REQ-3, 3a, 3b. Each filter for TCP while UDP has another. */
static void filtering_is_as_told_and_apart_from_udp(void **state)
{
	static const struct { int tcp, udp; enum outcome port, address; } rows[] = {
		{ ENDPOINT_INDEPENDENT, ADDRESS_AND_PORT_DEPENDENT, OUT_REFRESHED, OUT_REFRESHED },
		{ ADDRESS_DEPENDENT, ENDPOINT_INDEPENDENT, OUT_REFRESHED, OUT_FILTERED },
		{ ADDRESS_AND_PORT_DEPENDENT, ENDPOINT_INDEPENDENT, OUT_FILTERED, OUT_FILTERED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab b;
		struct trip t, u;
		struct datagram d;

		lab_defaults(&b);
		b.config.filtering[PROTO_TCP] = rows[i].tcp;
		b.config.filtering[PROTO_UDP] = rows[i].udp;
		lab_open(&b);
		t = lab_out(&b, 0, 0, tcp(5000, REMOTE(0), 80, TCP_SYN));
		d = answer_from(t.d, REMOTE(0), 81);
		assert_int_equal(lab_in(&b, 0, d).outcome, rows[i].port);
		d = answer_from(t.d, REMOTE(1), 80);
		assert_int_equal(lab_in(&b, 0, d).outcome, rows[i].address);
		u = lab_out(&b, 0, 0, udp(5000, REMOTE(0), 80));
		assert_int_equal(lab_in(&b, 0, answer_from(u.d, REMOTE(1), 80)).outcome,
		                 rows[i].udp == ENDPOINT_INDEPENDENT ? OUT_REFRESHED : OUT_FILTERED);
		lab_close(&b);
	}
}

/* A SYN from REMOTE(1):90 to what the filter of subscriber 0's port 5000 does not let in. */
static struct datagram unwanted_syn(struct lab *b)
{
	struct trip t;

	lab_defaults(b);
	b->config.filtering[PROTO_TCP] = ADDRESS_AND_PORT_DEPENDENT;
	lab_open(b);
	t = lab_out(b, 0, 0, tcp(5000, REMOTE(0), 80, TCP_SYN));
	t.d = answer_from(t.d, REMOTE(1), 90);
	t.d.tcp_flags = TCP_SYN;
	return t.d;
}

/* REQ-4. Not a word for six seconds; then port unreachable, about the SYN, from the address it was sent to. */
static void unwanted_syn_is_answered_after_six_seconds(void **state)
{
	struct lab b;
	struct datagram syn, nobody;

	(void)state;
	syn = unwanted_syn(&b);
	nobody = syn; /* where nothing is mapped at all */
	nobody.ends.destination_port = (uint16_t)(syn.ends.destination_port ^ 1);
	assert_int_equal(lab_in(&b, 10 * S, syn).outcome, OUT_SYN_KEPT);
	assert_int_equal(lab_in(&b, 11 * S, nobody).outcome, OUT_SYN_KEPT);
	nat_advance(b.nat, 16 * S - 1);
	assert_int_equal(b.told_count, 0);
	nat_advance(b.nat, 16 * S);
	assert_int_equal(b.told_count, 1);
	assert_int_equal(b.told[0].at_ns, 16 * S);
	assert_false(b.told[0].path.inside);
	assert_int_equal(b.told[0].d.icmp_type, ICMP_UNREACHABLE);
	assert_int_equal(b.told[0].d.icmp_code, ICMP_PORT_UNREACHABLE);
	assert_int_equal(b.told[0].d.ends.protocol, IP_ICMP);
	assert_int_equal(b.told[0].d.ends.destination, REMOTE(1));
	assert_int_equal(b.told[0].d.ends.source, syn.ends.destination);
	assert_true(same_ends(b.told[0].d.inner, syn.ends));
	nat_advance(b.nat, 1000 * S);
	assert_int_equal(b.told_count, 2);
	assert_int_equal(b.told[1].at_ns, 17 * S);
	lab_close(&b);
}

/* REQ-4. An outbound SYN for that connection silences the answer; no other packet does. */
static void outbound_syn_silences_the_answer(void **state)
{
	static const struct { uint16_t port, remote_port; uint32_t remote; uint8_t flags; bool silences; } rows[] = {
		{ 5000, 90, 1, TCP_SYN, true }, { 5000, 90, 1, TCP_ACK, false }, { 5000, 91, 1, TCP_SYN, false },
		{ 5000, 90, 2, TCP_SYN, false }, { 5001, 90, 1, TCP_SYN, false }, { 5000, 90, 1, TCP_SYN | TCP_RST, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab b;
		struct datagram syn = unwanted_syn(&b);

		lab_in(&b, 10 * S, syn);
		lab_out(&b, 15 * S, 0, tcp(rows[i].port, REMOTE(rows[i].remote), rows[i].remote_port, rows[i].flags));
		nat_advance(b.nat, 100 * S);
		assert_int_equal(b.told_count, !rows[i].silences);
		if (rows[i].silences) /* and the next of its SYNs is let in */
			assert_int_equal(lab_in(&b, 100 * S, syn).outcome, OUT_REFRESHED);
		lab_close(&b);
	}
}

/* Only SYNs to our own addresses are kept, and only so many; what is not is dropped without a word. */
static void few_syns_are_kept(void **state)
{
	struct lab b;
	struct datagram syn = unwanted_syn(&b), other = syn;

	(void)state;
	other.tcp_flags = TCP_SYN | TCP_ACK;
	assert_int_equal(lab_in(&b, 10 * S, other).outcome, OUT_FILTERED);
	other.tcp_flags = TCP_ACK;
	assert_int_equal(lab_in(&b, 10 * S, other).outcome, OUT_FILTERED);
	other.ends.destination_port ^= 1;
	assert_int_equal(lab_in(&b, 10 * S, other).outcome, OUT_NO_MAPPING);
	other.tcp_flags = TCP_SYN;
	other.ends.destination = PUBLIC(100);
	assert_int_equal(lab_in(&b, 10 * S, other).outcome, OUT_NO_MAPPING);
	for (int k = 0; k < 2 * NAT_SYNS_MAX; k++) { /* each sent twice: it is kept, and answered, once */
		syn.ends.source_port = (uint16_t)(20000 + k / 2);
		assert_int_equal(lab_in(&b, 10 * S, syn).outcome, OUT_SYN_KEPT);
	}
	syn.ends.source_port = 19999;
	assert_int_equal(lab_in(&b, 10 * S, syn).outcome, OUT_FILTERED);
	nat_advance(b.nat, 16 * S);
	assert_int_equal(b.told_count, NAT_SYNS_MAX);
	assert_int_equal(lab_in(&b, 16 * S, syn).outcome, OUT_SYN_KEPT);
	lab_close(&b);
}

/* REQ-4 a. Policy forbids errors. */
static void policy_may_forbid_the_answer(void **state)
{
	struct lab b;
	struct datagram syn = unwanted_syn(&b);

	(void)state;
	b.config.icmp_per_second = 0;
	assert_int_equal(lab_in(&b, 10 * S, syn).outcome, OUT_SYN_KEPT);
	nat_advance(b.nat, 100 * S);
	assert_int_equal(b.told_count, 0);
	assert_int_equal(nat_icmp_sent(b.nat), 0);
	lab_close(&b);
}

/* REQ-5, 5a. */
static void idle_timeouts_and_their_settings(void **state)
{
	static const struct { const char *packets; int64_t usual, told; } rows[] = {
		{ "Ss", 7440, 9000 }, { "S", 240, 300 }, { "SsFf", 240, 500 }, { "Ssr", 240, 500 }, { "SsF", 7200, 8500 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int told = 0; told < 2; told++) {
			struct lab b;
			int64_t last;

			lab_defaults(&b);
			if (told) {
				b.config.timeouts.tcp_established = 9000 * S;
				b.config.timeouts.tcp_open = 300 * S;
				b.config.timeouts.tcp_closing = 500 * S;
			}
			lab_open(&b);
			last = lab_walk(&b, rows[i].packets);
			assert_int_equal(lab_end_of_all(&b, last) - last, (told ? rows[i].told : rows[i].usual) * S);
			lab_close(&b);
		}
}

/* REQ-7. */
static void ports_are_never_overloaded(void **state)
{
	struct lab b;

	(void)state;
	lab_defaults(&b);
	b.addresses = 1;
	b.ports = (struct port_range){ 2000, 2003 };
	lab_open(&b);
	for (uint16_t k = 0; k < 4; k++)
		assert_int_equal(lab_out(&b, 0, k, tcp(100, REMOTE(k), k, TCP_SYN)).outcome, OUT_CREATED);
	assert_int_equal(lab_out(&b, 0, 0, tcp(300, REMOTE(100), 9, TCP_SYN)).outcome, OUT_NO_PORT);
	/* UDP's numbers are others. */
	assert_int_equal(lab_out(&b, 0, 0, udp(300, REMOTE(100), 9)).outcome, OUT_CREATED);
	lab_close(&b);
}

/* REQ-8. A handshake of two hosts behind the NAT, each seeing the other's outside endpoint; both mappings established. */
static void hairpin_of_a_connection(void **state)
{
	struct lab b;
	struct trip server, t;

	(void)state;
	lab_usual(&b);
	server = lab_out(&b, 0, 1, tcp(6000, REMOTE(0), 80, TCP_SYN));
	t = lab_out(&b, 1 * S, 0, tcp(5000, server.d.ends.source, server.d.ends.source_port, TCP_SYN));
	assert_int_equal(t.outcome, OUT_CREATED);
	assert_true(t.path.inside && t.path.subscriber == 1 && t.d.ends.destination_port == 6000);
	t = lab_out(&b, 2 * S, 1, tcp(6000, t.d.ends.source, t.d.ends.source_port, TCP_SYN | TCP_ACK));
	assert_true(t.path.inside && t.path.subscriber == 0 && t.d.ends.destination_port == 5000);
	assert_int_equal(t.d.ends.source, server.d.ends.source);
	assert_int_equal(t.d.ends.source_port, server.d.ends.source_port);
	nat_advance(b.nat, 7441 * S);
	assert_int_equal(nat_mappings(b.nat), 2);
	nat_advance(b.nat, 7442 * S);
	assert_int_equal(nat_mappings(b.nat), 0);
	lab_close(&b);
}

/* REQ-9, REQ-10. Every code of destination unreachable is carried, and the connection ends when it would have. */
static void unreachable_is_carried_and_ends_nothing(void **state)
{
	struct lab b;
	struct trip t;

	(void)state;
	lab_usual(&b);
	t = lab_out(&b, 0, 0, tcp(5000, REMOTE(0), 80, TCP_SYN));
	for (uint8_t code = 0; code < 16; code++) {
		struct trip e = lab_in(&b, 10 * S, error_about(t.d, REMOTE(0), ICMP_UNREACHABLE, code));

		assert_int_equal(e.outcome, OUT_ICMP_ERROR);
		assert_int_equal(e.d.icmp_code, code);
		assert_int_equal(e.d.inner.source_port, 5000);
		assert_int_equal(e.d.inner.destination_port, 80);
	}
	assert_int_equal(lab_end_of_all(&b, 10 * S), 240 * S);
	lab_close(&b);
}

static const struct requirement rows[] = {
	SHOWN("REQ-1", "One mapping for an inside endpoint, whatever remote it speaks to", mapping_is_endpoint_independent),
	SHOWN("REQ-2", "All valid sequences pass, of connections opened from outside too", connections_may_come_from_outside),
	SHOWN("REQ-2", "What cannot open a connection begins no session", inbound_data_begins_nothing),
	SHOWN("REQ-2 a", "Simultaneous open", simultaneous_open),
	SHOWN("REQ-3", "Endpoint-independent filtering, or address-dependent for the more stringent",
	      filtering_is_as_told_and_apart_from_udp),
	SHOWN("REQ-3 a", "Which filtering may be configured", filtering_is_as_told_and_apart_from_udp),
	SHOWN("REQ-3 b", "TCP's filtering may differ from UDP's", filtering_is_as_told_and_apart_from_udp),
	SHOWN("REQ-4", "An unsolicited inbound SYN is not answered for six seconds, then by ICMP type 3, code 3",
	      unwanted_syn_is_answered_after_six_seconds),
	SHOWN("REQ-4", "It is silently dropped if an outbound SYN for the connection comes meanwhile", outbound_syn_silences_the_answer),
	SHOWN("REQ-4", "Keeping SYNs takes bounded memory", few_syns_are_kept),
	SHOWN("REQ-4 a", "It is silently dropped if policy forbids an answer", policy_may_forbid_the_answer),
	SHOWN("REQ-5", "Established connections are kept for 2 h 4 min of idleness at least, transitory ones for 4 min",
	      idle_timeouts_and_their_settings),
	SHOWN("REQ-5 a", "The timeouts may be configured", idle_timeouts_and_their_settings),
	NOT_HERE("REQ-6", "Application-level gateways for TCP are off", "the NAT has none and sees no payload"),
	SHOWN("REQ-7", "No outside port has two mappings at once", ports_are_never_overloaded),
	SHOWN("REQ-8", "Hairpinning of TCP", hairpin_of_a_connection),
	SHOWN("REQ-8 a", "The receiver sees the sender's outside address and port", hairpin_of_a_connection),
	SHOWN("REQ-9", "ICMP destination unreachable is translated", unreachable_is_carried_and_ends_nothing),
	SHOWN("REQ-10", "No ICMP message ends a mapping or a connection", unreachable_is_carried_and_ends_nothing),
};

int main(int argc, char **argv)
{
	const struct requirements table = { "RFC 5382: TCP", "tests/nat/test_rfc5382.c", rows, sizeof(rows) / sizeof(*rows) };

	return conformance_main(argc, argv, &table);
}
