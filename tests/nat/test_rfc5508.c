/* RFC 5508, what is asked of a NAT for ICMP, requirement by requirement. */
#include "tests/support/packetbench.h"
#include "tests/support/conformance.h"

/* REQ-1. Echo and timestamp queries leave with an outside identifier, their answers come back with the host's. */
static void queries_and_answers_pass(void **state)
{
	static const uint8_t types[][2] = { { ICMP_ECHO, ICMP_ECHO_REPLY }, { ICMP_TIMESTAMP, ICMP_TIMESTAMP_REPLY } };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		struct datagram d = ping(77, REMOTE(0));
		struct lab b;
		struct trip t, back;

		lab_usual(&b);
		d.icmp_type = types[i][0];
		t = lab_out(&b, 0, 6, d);
		assert_int_equal(t.outcome, OUT_CREATED);
		assert_int_equal(t.d.icmp_type, types[i][0]);
		assert_int_equal(t.d.ends.source, PUBLIC(nat_address_of(b.nat, 6)));
		assert_int_equal(t.d.ends.source_port, slots_number(b.slots, lab_last(&b, NAT_MAPPING_CREATED)->slot));
		assert_int_equal(t.d.ends.destination_port, t.d.ends.source_port);
		d = answer(t.d);
		d.icmp_type = types[i][1];
		back = lab_in(&b, 1 * S, d);
		assert_int_equal(back.outcome, OUT_REFRESHED);
		assert_int_equal(back.d.icmp_type, types[i][1]);
		assert_true(back.path.inside && back.path.subscriber == 6);
		assert_int_equal(back.d.ends.destination_port, 77);
		assert_int_equal(back.d.ends.source_port, 77);
		assert_int_equal(back.d.ends.source, REMOTE(0));
		lab_close(&b);
	}
}

/* An answer makes no mapping and no session; a query from outside is let in as any packet. */
static void answers_begin_nothing(void **state)
{
	struct datagram d = ping(77, REMOTE(0));
	struct lab b;
	struct trip t;

	(void)state;
	lab_usual(&b);
	d.icmp_type = ICMP_ECHO_REPLY;
	assert_int_equal(lab_out(&b, 0, 0, d).outcome, OUT_NO_MAPPING);
	t = lab_out(&b, 0, 0, ping(77, REMOTE(1)));
	assert_int_equal(lab_out(&b, 0, 0, d).outcome, OUT_REFRESHED);
	assert_int_equal(nat_sessions(b.nat, 0), 1);
	d = answer_from(t.d, REMOTE(0), 0);
	d.icmp_type = ICMP_ECHO;
	assert_int_equal(lab_in(&b, 0, d).outcome, OUT_REFRESHED);
	lab_close(&b);
}

/* REQ-1 a. */
static void identifiers_do_not_depend_on_the_remote(void **state)
{
	struct lab b;
	struct trip first;

	(void)state;
	lab_usual(&b);
	first = lab_out(&b, 0, 0, ping(77, REMOTE(0)));
	for (uint32_t k = 1; k < 5; k++) {
		struct trip t = lab_out(&b, 0, 0, ping(77, REMOTE(k)));

		assert_int_equal(t.outcome, OUT_REFRESHED);
		assert_int_equal(t.d.ends.source_port, first.d.ends.source_port);
		assert_int_equal(lab_in(&b, 0, answer(t.d)).d.ends.destination_port, 77);
	}
	assert_int_equal(nat_mappings(b.nat), 1);
	lab_close(&b);
}

/* REQ-2, 2a. */
static void queries_live_a_minute_or_as_told(void **state)
{
	static const int64_t lives[] = { 60, 90 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct lab b;

		lab_defaults(&b);
		if (i)
			b.config.timeouts.icmp = lives[i] * S;
		lab_open(&b);
		lab_out(&b, 5 * S, 0, ping(77, REMOTE(0)));
		lab_out(&b, 15 * S, 0, ping(77, REMOTE(0)));
		assert_int_equal(lab_end_of_all(&b, 15 * S), (15 + lives[i]) * S);
		lab_close(&b);
	}
}

/* A host's packet, and its answer as it reached the host, of each protocol. */
static const struct datagram *some_packets(void)
{
	static struct datagram d[3];

	d[0] = udp(5000, REMOTE(0), 80);
	d[1] = tcp(5000, REMOTE(0), 80, TCP_SYN);
	d[2] = ping(5000, REMOTE(0));
	return d;
}

/* REQ-4 a, b, c. An error from outside about each protocol: the packet in it is the host's own again, type and code
 * stay, it goes to the host that sent what it is about. */
static void errors_from_outside(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct datagram d = some_packets()[i], e;
		struct lab b;
		struct trip t, got;

		lab_usual(&b);
		t = lab_out(&b, 0, 4, d);
		e = error_about(t.d, REMOTE(99), ICMP_TIME_EXCEEDED, 1);
		got = lab_in(&b, 0, e);
		assert_int_equal(got.outcome, OUT_ICMP_ERROR);
		assert_true(got.path.inside && got.path.subscriber == 4 && got.path.host == 0);
		assert_int_equal(got.d.icmp_type, ICMP_TIME_EXCEEDED);
		assert_int_equal(got.d.icmp_code, 1);
		assert_int_equal(got.d.ends.source, REMOTE(99));
		assert_int_equal(got.d.ends.destination, 0); /* the inside address is the caller's to write, */
		d.ends.source = 0;                           /* here and inside */
		assert_true(same_ends(got.d.inner, d.ends));
		lab_close(&b);
	}
}

/* REQ-4. About what no mapping sent, or what left from another address than the error was sent to: dropped, as it was. */
/* A mapping that depends on the remote sent nothing to others. */
static void errors_about_other_remotes_are_dropped(void **state)
{
	(void)state;
	for (int depends = ENDPOINT_INDEPENDENT; depends <= ADDRESS_AND_PORT_DEPENDENT; depends++)
		for (int k = 0; k < 3; k++) { /* the remote that was spoken to, its other port, another address */
			struct lab b;
			struct trip t;
			struct datagram e;

			lab_defaults(&b);
			for (int p = 0; p < PROTO_COUNT; p++)
				b.config.mapping[p] = depends;
			lab_open(&b);
			t = lab_out(&b, 0, 0, udp(5000, REMOTE(0), 80));
			e = error_about(t.d, REMOTE(0), ICMP_UNREACHABLE, 3);
			e.inner.destination_port = k == 1 ? 9 : 80;
			e.inner.destination = k == 2 ? REMOTE(5) : REMOTE(0);
			assert_int_equal(lab_in(&b, 0, e).outcome, k <= 2 - depends || !depends ? OUT_ICMP_ERROR : OUT_NO_MAPPING);
			lab_close(&b);
		}
}

static void strange_errors_from_outside_are_dropped(void **state)
{
	struct lab b;
	struct trip t;
	struct datagram e;

	(void)state;
	lab_usual(&b);
	t = lab_out(&b, 0, 0, udp(5000, REMOTE(0), 80));
	e = error_about(t.d, REMOTE(0), ICMP_UNREACHABLE, 3);
	e.inner.source_port ^= 1;
	assert_int_equal(lab_in(&b, 0, e).outcome, OUT_NO_MAPPING);
	assert_true(same_datagram(lab_in(&b, 0, e).d, e));
	e = error_about(t.d, REMOTE(0), ICMP_UNREACHABLE, 3);
	e.inner.protocol = IP_TCP;
	assert_int_equal(lab_in(&b, 0, e).outcome, OUT_NO_MAPPING);
	e.inner.protocol = 47;
	assert_int_equal(lab_in(&b, 0, e).outcome, OUT_MALFORMED);
	e = error_about(t.d, REMOTE(0), ICMP_UNREACHABLE, 3);
	e.ends.destination = PUBLIC(t.d.ends.source == PUBLIC(0));
	assert_int_equal(lab_in(&b, 0, e).outcome, OUT_MALFORMED);
	e.inner.source = e.ends.destination = PUBLIC(100);
	assert_int_equal(lab_in(&b, 0, e).outcome, OUT_NO_MAPPING);
	assert_int_equal(b.told_count, 0);
	lab_close(&b);
}

/* REQ-5 a, b, c. An error from a host about what came in: it leaves from the public address, and so did what is in it. */
static void errors_from_inside(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct lab b;
		struct trip t, in, got;
		struct datagram wire;

		lab_usual(&b);
		t = lab_out(&b, 0, 4, some_packets()[i]);
		wire = answer(t.d);
		wire.tcp_flags = TCP_SYN;
		in = lab_in(&b, 0, wire);
		in.d.ends.destination = 0x64400005; /* as the caller hands it to the host */
		got = lab_out(&b, 1 * S, 4, error_about(in.d, 0x64400005, ICMP_UNREACHABLE, 2));
		assert_int_equal(got.outcome, OUT_ICMP_ERROR);
		assert_false(got.path.inside);
		assert_int_equal(got.d.icmp_type, ICMP_UNREACHABLE);
		assert_int_equal(got.d.icmp_code, 2);
		assert_int_equal(got.d.ends.source, t.d.ends.source);
		assert_int_equal(got.d.inner.destination, t.d.ends.source);
		assert_int_equal(got.d.inner.destination_port, t.d.ends.source_port);
		assert_int_equal(got.d.inner.source, REMOTE(0));
		assert_int_equal(got.d.inner.source_port, wire.ends.source_port);
		lab_close(&b);
	}
}

/* REQ-5. About what never came in. */
static void strange_errors_from_inside_are_dropped(void **state)
{
	struct lab b;
	struct trip in;
	struct datagram e;

	(void)state;
	lab_usual(&b);
	in = lab_in(&b, 0, answer(lab_out(&b, 0, 0, udp(5000, REMOTE(0), 80)).d));
	e = error_about(in.d, 0x64400005, ICMP_UNREACHABLE, 2);
	assert_int_equal(lab_out(&b, 0, 1, e).outcome, OUT_NO_MAPPING); /* another subscriber's */
	assert_true(same_datagram(lab_out(&b, 0, 1, e).d, e));
	e.inner.destination_port++;
	assert_int_equal(lab_out(&b, 0, 0, e).outcome, OUT_NO_MAPPING);
	e.inner.protocol = 47;
	assert_int_equal(lab_out(&b, 0, 0, e).outcome, OUT_MALFORMED);
	lab_close(&b);
}

/* With mappings that depend on the remote, an error finds the one that its packet came through, both ways. */
static void errors_find_mappings_that_depend_on_the_remote(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct lab b;
		struct trip one, two, in, got;
		struct datagram d = some_packets()[i], wire;

		lab_defaults(&b);
		for (int p = 0; p < PROTO_COUNT; p++)
			b.config.mapping[p] = ADDRESS_AND_PORT_DEPENDENT;
		lab_open(&b);
		one = lab_out(&b, 0, 0, d);
		d.ends.destination = REMOTE(1);
		two = lab_out(&b, 0, 0, d);
		assert_int_not_equal(one.d.ends.source_port, two.d.ends.source_port);
		got = lab_in(&b, 0, error_about(two.d, REMOTE(9), ICMP_UNREACHABLE, 1));
		assert_int_equal(got.outcome, OUT_ICMP_ERROR);
		assert_int_equal(got.d.inner.source_port, 5000);
		wire = answer(two.d);
		in = lab_in(&b, 0, wire);
		got = lab_out(&b, 0, 0, error_about(in.d, 0, ICMP_UNREACHABLE, 1));
		assert_int_equal(got.d.inner.destination_port, two.d.ends.source_port);
		lab_close(&b);
	}
}

/* REQ-6. */
static void errors_do_not_refresh_queries(void **state)
{
	struct lab b;
	struct trip t, in;

	(void)state;
	lab_usual(&b);
	t = lab_out(&b, 0, 0, ping(77, REMOTE(0)));
	in = lab_in(&b, 1 * S, answer(t.d));
	assert_int_equal(lab_in(&b, 50 * S, error_about(t.d, REMOTE(9), ICMP_UNREACHABLE, 1)).outcome, OUT_ICMP_ERROR);
	assert_int_equal(lab_out(&b, 50 * S, 0, error_about(in.d, 0, ICMP_UNREACHABLE, 1)).outcome, OUT_ICMP_ERROR);
	assert_int_equal(lab_end_of_all(&b, 50 * S), 60 * S);
	lab_close(&b);
}

/* REQ-7 asks hairpinned queries of Basic NAT alone: behind an address that is shared, the one identifier that a query has
 * is its sender's, and no other host can be meant by it. It comes back to its sender, or meets nobody. */
static void a_query_to_a_public_address_meets_its_own_identifier(void **state)
{
	struct lab b;

	(void)state;
	lab_defaults(&b);
	b.addresses = 2;
	b.assignment = ASSIGN_ROUND_ROBIN;
	lab_open(&b);
	for (uint32_t who = 0; who < 8; who++) {
		struct trip t = lab_out(&b, 0, who, ping(5, PUBLIC(0)));

		if (nat_address_of(b.nat, who) == 0) {
			assert_int_equal(t.outcome, OUT_CREATED);
			assert_true(t.path.inside && t.path.subscriber == who);
			assert_int_equal(t.d.ends.destination_port, 5);
			assert_int_equal(t.d.ends.source, PUBLIC(0));
		} else {
			assert_int_equal(t.outcome, OUT_NO_MAPPING);
		}
	}
	lab_close(&b);
}

/* REQ-7, 7a. A host answers a hairpinned packet by an error: it reaches the host that sent it, with its own packet inside. */
static void hairpin_of_errors(void **state)
{
	static const uint8_t protocols[] = { IP_UDP, IP_TCP };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct lab b;
		struct trip server, there, got;

		lab_usual(&b);
		server = lab_out(&b, 0, 1, packet(protocols[i], 6000, REMOTE(0), 80, TCP_SYN));
		there = lab_out(&b, 0, 0, packet(protocols[i], 5000, server.d.ends.source, server.d.ends.source_port, TCP_SYN));
		assert_true(there.path.inside && there.path.subscriber == 1);
		there.d.ends.destination = 0x64400002;
		got = lab_out(&b, 1 * S, 1, error_about(there.d, 0x64400002, ICMP_UNREACHABLE, 3));
		assert_int_equal(got.outcome, OUT_ICMP_ERROR);
		assert_true(got.path.inside && got.path.subscriber == 0);
		assert_int_equal(got.d.icmp_code, 3);
		assert_int_equal(got.d.ends.source, server.d.ends.source);
		assert_int_equal(got.d.ends.destination, 0);
		assert_int_equal(got.d.inner.source, 0);
		assert_int_equal(got.d.inner.source_port, 5000);
		assert_int_equal(got.d.inner.destination, server.d.ends.source);
		assert_int_equal(got.d.inner.destination_port, server.d.ends.source_port);
		lab_close(&b);
	}
}

/* REQ-8, as RFC 6888 REQ-11 has it: type 3, code 1, to the sender, about what it sent. */
static void a_refusal_is_told_to_the_sender(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct datagram d = some_packets()[i];
		struct lab b;
		struct trip t;

		lab_defaults(&b);
		b.config.limits.ports_per_subscriber = 1;
		lab_open(&b);
		assert_int_equal(lab_out(&b, 0, 2, udp(1, REMOTE(0), 80)).outcome, OUT_CREATED);
		t = lab_out(&b, 0, 2, d);
		assert_int_equal(t.outcome, OUT_SUBSCRIBER_LIMIT);
		assert_true(same_datagram(t.d, d));
		assert_int_equal(b.told_count, 1);
		assert_true(b.told[0].path.inside && b.told[0].path.subscriber == 2);
		assert_int_equal(b.told[0].d.ends.protocol, IP_ICMP);
		assert_int_equal(b.told[0].d.icmp_type, ICMP_UNREACHABLE);
		assert_int_equal(b.told[0].d.icmp_code, ICMP_HOST_UNREACHABLE);
		assert_int_equal(b.told[0].d.ends.destination, d.ends.source);
		assert_int_equal(b.told[0].d.ends.source, 0); /* its own address inside: the caller's to write */
		assert_true(same_ends(b.told[0].d.inner, d.ends));
		lab_close(&b);
	}
}

/* REQ-9. */
static void errors_of_its_own_may_be_forbidden(void **state)
{
	struct lab b;

	(void)state;
	lab_defaults(&b);
	b.config.icmp_per_second = 0;
	b.config.limits.ports_per_subscriber = 1;
	lab_open(&b);
	lab_out(&b, 0, 0, udp(1, REMOTE(0), 80));
	assert_int_equal(lab_out(&b, 0, 0, udp(2, REMOTE(0), 80)).outcome, OUT_SUBSCRIBER_LIMIT);
	assert_int_equal(b.told_count, 0);
	assert_int_equal(nat_icmp_withheld(b.nat), 0);
	lab_close(&b);
}

/* REQ-10, REQ-11. What becomes of each type: the errors of RFC 792 and the queries that it names are carried, the rest is
 * dropped and counted. */
static void every_type_has_an_end(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		bool error = type == 3 || type == 4 || type == 11 || type == 12, query = type == 8 || type == 13;
		bool reply = type == 0 || type == 14;
		struct lab b;
		struct trip t;
		struct datagram d;

		lab_usual(&b);
		t = lab_out(&b, 0, 0, ping(9, REMOTE(0)));
		d = error ? error_about(t.d, REMOTE(0), (uint8_t)type, 0) : answer(t.d);
		d.icmp_type = (uint8_t)type;
		assert_int_equal(lab_in(&b, 0, d).outcome,
		                 error ? OUT_ICMP_ERROR : query || reply ? OUT_REFRESHED : OUT_PROTOCOL_UNSUPPORTED);
		d = ping(10, REMOTE(0));
		d.icmp_type = (uint8_t)type;
		assert_int_equal(lab_out(&b, 0, 0, d).outcome,
		                 error ? OUT_MALFORMED : query ? OUT_CREATED : reply ? OUT_NO_MAPPING : OUT_PROTOCOL_UNSUPPORTED);
		lab_close(&b);
	}
}

static const struct requirement rows[] = {
	SHOWN("REQ-1", "Queries from inside, and their answers, pass", queries_and_answers_pass),
	SHOWN("REQ-1", "An answer that nobody asked for makes no mapping", answers_begin_nothing),
	SHOWN("REQ-1 a", "A query's identifier is mapped the same for all remotes", identifiers_do_not_depend_on_the_remote),
	SHOWN("REQ-2", "Queries live for 60 s at least", queries_live_a_minute_or_as_told),
	SHOWN("REQ-2 a", "Their timer may be configured", queries_live_a_minute_or_as_told),
	NOT_HERE("REQ-3, 3 a, c, d", "Errors with a bad checksum are dropped; the embedded transport's is not checked",
	         "datagrams are fields; checksums are the caller's"),
	NOT_HERE("REQ-3 b", "IP options of the embedded packet are passed over", "the same"),
	SHOWN("REQ-4", "An error from outside about what no mapping sent is dropped", strange_errors_from_outside_are_dropped),
	SHOWN("REQ-4", "The same about what a mapping that depends on the remote sent to nobody",
	      errors_about_other_remotes_are_dropped),
	SHOWN("REQ-4 a, b, c", "Else its inner packet and its destination are the host's again, type and code unchanged",
	      errors_from_outside),
	SHOWN("REQ-5", "An error from inside about what never came in is dropped", strange_errors_from_inside_are_dropped),
	SHOWN("REQ-5 a, b, c", "Else it leaves from the public address, its inner packet as it was outside", errors_from_inside),
	SHOWN("REQ-4, REQ-5", "The same where mappings depend on the remote", errors_find_mappings_that_depend_on_the_remote),
	SHOWN("REQ-6", "An error refreshes and removes no query's session", errors_do_not_refresh_queries),
	SHOWN("REQ-7", "Hairpinned queries are asked of Basic NAT; here none can reach another host",
	      a_query_to_a_public_address_meets_its_own_identifier),
	SHOWN("REQ-7, 7 a", "Hairpinned errors reach the sender with its own packet inside", hairpin_of_errors),
	SHOWN("REQ-8", "What is refused is dropped and the sender told (code 1 by RFC 6888 REQ-11, not 13)",
	      a_refusal_is_told_to_the_sender),
	SHOWN("REQ-9", "Policy may forbid errors of the NAT's own", errors_of_its_own_may_be_forbidden),
	SHOWN("REQ-10", "Unreachable, time exceeded and echo are carried; parameter problem, quench, timestamp too",
	      every_type_has_an_end),
	SHOWN("REQ-11", "Other ICMP messages are dropped, and counted", every_type_has_an_end),
};

int main(int argc, char **argv)
{
	const struct requirements table = { "RFC 5508: ICMP", "tests/nat/test_rfc5508.c", rows, sizeof(rows) / sizeof(*rows) };

	return conformance_main(argc, argv, &table);
}
