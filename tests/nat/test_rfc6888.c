/* RFC 6888, what is asked of a carrier-grade NAT, requirement by requirement. Its log is in tests/world/test_rfc6888.c. */
#include "tests/support/packetbench.h"
#include "tests/support/conformance.h"

/* REQ-1. UDP, TCP and ICMP are forwarded, and have pages of their own; what is not understood is not forwarded, by a
 * name of its own, and takes nothing. */
static void other_protocols_are_not_forwarded(void **state)
{
	static const uint8_t others[] = { 0, 2, 33 /* DCCP */, 41, 47 /* GRE */, 50 /* ESP */, 51, 132 /* SCTP */, 136, 255 };
	struct lab b;

	(void)state;
	lab_usual(&b);
	for (size_t i = 0; i < sizeof(others); i++) {
		struct datagram d = packet(others[i], 5000, REMOTE(0), 80, 0);
		struct trip t = lab_out(&b, 0, 0, d);

		assert_int_equal(t.outcome, OUT_PROTOCOL_UNSUPPORTED);
		assert_true(same_datagram(t.d, d));
		d.ends.destination = PUBLIC(0);
		assert_int_equal(lab_in(&b, 0, d).outcome, OUT_PROTOCOL_UNSUPPORTED);
	}
	assert_int_equal(nat_datagrams(b.nat)[OUT_PROTOCOL_UNSUPPORTED], 2 * sizeof(others));
	assert_int_equal(b.event_count + b.told_count, 0);
	lab_close(&b);
}

/* REQ-2. One public address a subscriber for all its hosts and all protocols together. */
static void pooling_is_paired_over_all_protocols(void **state)
{
	struct lab b;

	(void)state;
	lab_usual(&b);
	for (uint32_t who = 0; who < 8; who++) {
		uint32_t address = 0;

		for (int k = 0; k < 60; k++) {
			struct datagram d = k % 3 == 0 ? udp((uint16_t)k, REMOTE(0), 80) :
			                    k % 3 == 1 ? tcp((uint16_t)k, REMOTE(0), 80, TCP_SYN) : ping((uint16_t)k, REMOTE(0));

			assert_int_equal(nat_outbound(b.nat, 0, who, (uint8_t)(k % 4), &d).outcome, OUT_CREATED);
			address = k ? address : d.ends.source;
			assert_int_equal(d.ends.source, address);
		}
	}
	lab_close(&b);
}

/* REQ-2. Arbitrary pooling, where told: a subscriber's mappings are on every address, each of them reached from outside. */
static void pooling_may_be_arbitrary(void **state)
{
	struct lab b;
	uint32_t used = 0;

	(void)state;
	lab_defaults(&b);
	b.pooling = POOLING_ARBITRARY;
	lab_open(&b);
	for (uint16_t k = 0; k < 40; k++) {
		struct trip t = lab_out(&b, 0, 0, udp(k, REMOTE(0), 80));

		used |= 1u << (t.d.ends.source - PUBLIC(0));
		assert_int_equal(lab_in(&b, 0, answer(t.d)).d.ends.destination_port, k);
	}
	assert_int_equal(used, 15);
	assert_int_equal(nat_address_of(b.nat, 0), ADDRESS_NONE);
	lab_close(&b);
}

/* REQ-3. Addresses far apart and out of order, with holes in their ports: each is used to its last port, none else. */
static void the_pool_need_not_be_contiguous(void **state)
{
	static const uint32_t outside[] = { 0xcb007109, 0xc0000201, 0xc6336464, 0x01020304 };
	struct port_range holes[] = { { 2001, 2003 }, { 2006, 2006 } };
	struct lab b;
	uint32_t used[4] = { 0 };

	(void)state;
	lab_defaults(&b);
	b.outside = outside;
	b.pooling = POOLING_ARBITRARY;
	b.ports = (struct port_range){ 2000, 2007 };
	b.exclude = (struct port_ranges){ holes, 2 };
	lab_open(&b);
	for (uint16_t k = 0; k < 16; k++) { /* 2000, 2004, 2005, 2007 on each */
		struct trip t = lab_out(&b, 0, k % 8, udp(k, REMOTE(0), 80)), back;

		assert_int_equal(t.outcome, OUT_CREATED);
		for (int i = 0; i < 4; i++)
			if (t.d.ends.source == outside[i])
				used[i] |= 1u << (t.d.ends.source_port - 2000);
		back = lab_in(&b, 0, answer(t.d));
		assert_int_equal(back.path.subscriber, k % 8);
		assert_int_equal(back.d.ends.destination_port, k);
	}
	for (int i = 0; i < 4; i++)
		assert_int_equal(used[i], 0xb1);
	assert_int_equal(lab_out(&b, 0, 0, udp(99, REMOTE(0), 80)).outcome, OUT_NO_ADDRESS);
	for (int i = 0; i < 4; i++) { /* neighbours of ours are not ours; nobody holds an excluded port */
		struct datagram d = udp(80, outside[i] + 1, 2000);

		assert_int_equal(lab_in(&b, 0, d).outcome, OUT_NO_MAPPING);
		d = udp(80, outside[i], 2002);
		assert_int_equal(lab_in(&b, 0, d).outcome, OUT_NO_MAPPING);
	}
	lab_close(&b);
}

/* A TCP, UDP or ICMP packet that begins a mapping. */
static struct datagram newcomer(int protocol, uint16_t port)
{
	return protocol == PROTO_TCP ? tcp(port, REMOTE(0), 80, TCP_SYN) :
	       protocol == PROTO_UDP ? udp(port, REMOTE(0), 80) : ping(port, REMOTE(0));
}

/* REQ-4, A, B. For limits of 1 and 5: so many and no more, one again when one has ended; other subscribers, and with a
 * limit of one protocol the other protocols, are not touched. */
static void ports_are_limited_per_subscriber(void **state)
{
	(void)state;
	for (int p = 0; p < PROTO_COUNT; p++)
		for (uint32_t limit = 1; limit <= 5; limit += 4)
			for (int own = 0; own < 2; own++) {
				int other = (p + 1) % PROTO_COUNT;
				struct lab b;
				uint32_t *of_protocol[PROTO_COUNT];

				lab_defaults(&b);
				of_protocol[PROTO_TCP] = &b.config.limits.tcp;
				of_protocol[PROTO_UDP] = &b.config.limits.udp;
				of_protocol[PROTO_ICMP] = &b.config.limits.icmp;
				*(own ? of_protocol[p] : &b.config.limits.ports_per_subscriber) = limit;
				lab_open(&b);
				for (uint16_t k = 0; k < limit; k++)
					assert_int_equal(lab_out(&b, 0, 0, newcomer(p, k)).outcome, OUT_CREATED);
				assert_int_equal(lab_out(&b, 0, 0, newcomer(p, 9)).outcome, own ? OUT_PROTOCOL_LIMIT : OUT_SUBSCRIBER_LIMIT);
				assert_int_equal(lab_out(&b, 0, 0, newcomer(p, 0)).outcome, OUT_REFRESHED);
				assert_int_equal(lab_out(&b, 0, 0, newcomer(other, 0)).outcome, own ? OUT_CREATED : OUT_SUBSCRIBER_LIMIT);
				assert_int_equal(lab_out(&b, 0, 1, newcomer(p, 0)).outcome, OUT_CREATED);
				/* All of that have ended, and are held: what is held does not count. */
				assert_int_equal(lab_out(&b, 300 * S, 0, newcomer(p, 9)).outcome, OUT_CREATED);
				lab_close(&b);
			}
}

/* REQ-4 C, REQ-5 B. Three a second: three at once, then one each third of a second, never more than three saved up. */
static void new_mappings_are_limited_by_rate(void **state)
{
	static const struct { int64_t at_ms; uint32_t given; } steps[] = {
		{ 0, 3 }, { 333, 0 }, { 334, 1 }, { 666, 0 }, { 667, 1 }, { 1700, 3 }, { 9000, 3 },
	};
	struct lab b;
	uint16_t port = 0;

	(void)state;
	lab_defaults(&b);
	b.config.limits.new_per_second = 3;
	lab_open(&b);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		for (uint32_t k = 0; k < steps[i].given; k++)
			assert_int_equal(lab_out(&b, steps[i].at_ms * NS_PER_MS, 0, udp(port++, REMOTE(0), 80)).outcome, OUT_CREATED);
		assert_int_equal(lab_out(&b, steps[i].at_ms * NS_PER_MS, 0, udp(port++, REMOTE(0), 80)).outcome, OUT_RATE_LIMIT);
		assert_int_equal(lab_out(&b, steps[i].at_ms * NS_PER_MS, 0, udp(0, REMOTE(0), 80)).outcome, OUT_REFRESHED);
	}
	assert_int_equal(lab_out(&b, 9000 * NS_PER_MS, 1, udp(0, REMOTE(0), 80)).outcome, OUT_CREATED);
	lab_close(&b);
}

/* REQ-5, A. Sessions of a mapping, of a subscriber, its bytes of state, and the NAT's mappings. What is refused takes
 * nothing, so that when room comes it is there. */
static void state_is_limited(void **state)
{
	struct lab b;

	(void)state;
	lab_defaults(&b);
	b.config.limits.sessions_per_mapping = 2;
	b.config.limits.sessions_per_subscriber = 3;
	lab_open(&b);
	for (uint32_t k = 0; k < 2; k++)
		lab_out(&b, k * S, 0, udp(5000, REMOTE(k), 80));
	assert_int_equal(lab_out(&b, 2 * S, 0, udp(5000, REMOTE(2), 80)).outcome, OUT_SESSION_LIMIT);
	assert_int_equal(lab_out(&b, 2 * S, 0, udp(5001, REMOTE(0), 80)).outcome, OUT_CREATED);
	assert_int_equal(lab_out(&b, 2 * S, 0, udp(5001, REMOTE(1), 80)).outcome, OUT_SESSION_LIMIT); /* the subscriber's */
	assert_int_equal(lab_out(&b, 2 * S, 0, udp(5002, REMOTE(0), 80)).outcome, OUT_SESSION_LIMIT);
	assert_int_equal(lab_out(&b, 2 * S, 1, udp(5001, REMOTE(0), 80)).outcome, OUT_CREATED);
	assert_int_equal(nat_sessions(b.nat, 0), 3);
	/* At 300 s the first session has ended, the second has not. */
	assert_int_equal(lab_out(&b, 300 * S, 0, udp(5000, REMOTE(2), 80)).outcome, OUT_REFRESHED);
	assert_int_equal(lab_out(&b, 300 * S, 0, udp(5000, REMOTE(3), 80)).outcome, OUT_SESSION_LIMIT);
	lab_close(&b);

	lab_defaults(&b);
	b.config.limits.state_bytes_per_subscriber = 2 * NAT_MAPPING_BYTES + NAT_SESSION_BYTES;
	lab_open(&b);
	lab_out(&b, 0, 0, udp(5000, REMOTE(0), 80));
	assert_int_equal(lab_out(&b, 0, 0, udp(5000, REMOTE(1), 80)).outcome, OUT_REFRESHED);
	assert_int_equal(lab_out(&b, 0, 0, udp(5001, REMOTE(0), 80)).outcome, OUT_CREATED);
	assert_int_equal(lab_out(&b, 0, 0, udp(5002, REMOTE(0), 80)).outcome, OUT_MEMORY_LIMIT);
	assert_int_equal(lab_out(&b, 0, 0, udp(5001, REMOTE(1), 80)).outcome, OUT_MEMORY_LIMIT);
	assert_int_equal(lab_out(&b, 0, 1, udp(5001, REMOTE(1), 80)).outcome, OUT_CREATED);
	lab_close(&b);

	lab_defaults(&b);
	b.config.limits.mappings_total = 2;
	lab_open(&b);
	lab_out(&b, 0, 0, udp(5000, REMOTE(0), 80));
	lab_out(&b, 0, 1, udp(5000, REMOTE(0), 80));
	assert_int_equal(lab_out(&b, 0, 2, udp(5000, REMOTE(0), 80)).outcome, OUT_TABLE_FULL);
	assert_int_equal(lab_out(&b, 0, 1, udp(5000, REMOTE(1), 80)).outcome, OUT_REFRESHED);
	assert_int_equal(lab_out(&b, 300 * S, 2, udp(5000, REMOTE(0), 80)).outcome, OUT_CREATED);
	lab_close(&b);
}

/* REQ-6. By address, by port, by both: as it was, with no mapping and no event, though the subscriber may have no more. */
static void exempt_destinations_pass_untranslated(void **state)
{
	struct exempt list[] = { { { 0xcb007100, 0xcb0071ff }, 53 }, { { 0xcb007200, 0xcb0072ff }, 0 }, { { 0, UINT32_MAX }, 123 },
		                 { { 0, UINT32_MAX }, 0 } }; /* the last is not in the list */
	static const struct { uint32_t remote; uint16_t port; enum outcome want; } rows[] = {
		{ 0xcb007100, 53, OUT_EXEMPT }, { 0xcb0071ff, 53, OUT_EXEMPT }, { 0xcb0071ff, 54, OUT_SUBSCRIBER_LIMIT },
		{ 0xcb007200, 1, OUT_EXEMPT }, { 0xcb0072ff, 65535, OUT_EXEMPT }, { 0xcb007300, 53, OUT_SUBSCRIBER_LIMIT },
		{ 1, 123, OUT_EXEMPT },
	};
	struct lab b;

	(void)state;
	lab_defaults(&b);
	b.config.exempt = (struct exempts){ list, 3 };
	b.config.limits.ports_per_subscriber = 1;
	lab_open(&b);
	lab_out(&b, 0, 0, udp(1, REMOTE(0), 80));
	b.event_count = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int p = 0; p < 2; p++) {
			struct datagram d = packet(p ? IP_TCP : IP_UDP, 5000, rows[i].remote, rows[i].port, TCP_SYN);
			struct trip t = lab_out(&b, 0, 0, d);

			assert_int_equal(t.outcome, rows[i].want);
			assert_false(t.path.inside);
			assert_true(same_datagram(t.d, d));
		}
	assert_int_equal(lab_events(&b, NAT_MAPPING_CREATED), 0);
	assert_int_equal(nat_datagrams(b.nat)[OUT_EXEMPT], 10);
	/* A ping has no port: only whole addresses exempt it. */
	assert_int_equal(lab_out(&b, 0, 1, ping(123, 0xcb007205)).outcome, OUT_EXEMPT);
	assert_int_equal(lab_out(&b, 0, 1, ping(123, 0xcb007105)).outcome, OUT_CREATED);
	lab_close(&b);
}

static const struct requirement rows[] = {
	SHOWN("REQ-1", "Of other protocols nothing is forwarded, by a name of its own; for the rest see RFC 4787, 5382, 5508",
	      other_protocols_are_not_forwarded),
	NOT_HERE("REQ-1", "RFC 5597, DCCP", "DCCP is one of the protocols that are not forwarded"),
	SHOWN("REQ-2", "Paired pooling, over all hosts and protocols of a subscriber", pooling_is_paired_over_all_protocols),
	SHOWN("REQ-2", "Other pooling where the operator says so", pooling_may_be_arbitrary),
	SHOWN("REQ-3", "The pool may have gaps, in addresses and in ports", the_pool_need_not_be_contiguous),
	SHOWN("REQ-4, A", "A limit on a subscriber's ports, which can be set", ports_are_limited_per_subscriber),
	SHOWN("REQ-4 B", "A limit for each protocol", ports_are_limited_per_subscriber),
	SHOWN("REQ-4 C", "A limit on the rate of a subscriber's new mappings", new_mappings_are_limited_by_rate),
	SHOWN("REQ-5, A", "Limits on sessions, bytes of state and mappings, which can be set", state_is_limited),
	SHOWN("REQ-5 B", "A limit on the rate at which state is taken", new_mappings_are_limited_by_rate),
	SHOWN("REQ-6", "No translation for some destinations, by address, port or both", exempt_destinations_pass_untranslated),
};

int main(int argc, char **argv)
{
	const struct requirements table = { "RFC 6888: carrier-grade NAT, REQ-1 to REQ-6", "tests/nat/test_rfc6888.c", rows,
	                                    sizeof(rows) / sizeof(*rows) };

	return conformance_main(argc, argv, &table);
}
