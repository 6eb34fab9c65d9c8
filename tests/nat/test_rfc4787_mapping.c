/* RFC 4787, what is asked of a NAT for UDP: mapping, ports, timers. The rest is in test_rfc4787_filtering.c. */
#include "tests/support/packetbench.h"
#include "tests/support/conformance.h"

/* REQ-1. Remotes that differ in address, in port and in both, and a fragmented life: one outside endpoint. */
static void mapping_is_endpoint_independent(void **state)
{
	struct lab b;
	struct trip first, next;

	(void)state;
	lab_usual(&b);
	first = lab_out(&b, 0, 3, udp(5000, REMOTE(0), 80));
	assert_int_equal(first.outcome, OUT_CREATED);
	for (uint32_t k = 1; k < 20; k++) {
		next = lab_out(&b, k * S, 3, udp(5000, REMOTE(k % 5), (uint16_t)(80 + k % 7)));
		assert_int_equal(next.outcome, OUT_REFRESHED);
		assert_int_equal(next.d.ends.source, first.d.ends.source);
		assert_int_equal(next.d.ends.source_port, first.d.ends.source_port);
		assert_int_equal(next.d.ends.destination, REMOTE(k % 5));
		assert_int_equal(next.d.ends.destination_port, 80 + k % 7);
	}
	assert_int_equal(lab_events(&b, NAT_MAPPING_CREATED), 1);
	/* Another inside port, and another subscriber's the same port, are other endpoints. */
	assert_int_equal(lab_out(&b, 30 * S, 3, udp(5001, REMOTE(0), 80)).outcome, OUT_CREATED);
	assert_int_equal(lab_out(&b, 30 * S, 4, udp(5000, REMOTE(0), 80)).outcome, OUT_CREATED);
	lab_close(&b);
}

/* Section 4.1's three behaviours, by what makes a new mapping: another port of the remote, another address. */
static void mapping_depends_on_what_it_is_told(void **state)
{
	static const struct { int mapping; enum outcome other_port, other_address; } rows[] = {
		{ ENDPOINT_INDEPENDENT, OUT_REFRESHED, OUT_REFRESHED },
		{ ADDRESS_DEPENDENT, OUT_REFRESHED, OUT_CREATED },
		{ ADDRESS_AND_PORT_DEPENDENT, OUT_CREATED, OUT_CREATED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab b;

		lab_defaults(&b);
		b.config.mapping[PROTO_UDP] = rows[i].mapping;
		lab_open(&b);
		assert_int_equal(lab_out(&b, 0, 0, udp(5000, REMOTE(0), 80)).outcome, OUT_CREATED);
		assert_int_equal(lab_out(&b, 0, 0, udp(5000, REMOTE(0), 80)).outcome, OUT_REFRESHED);
		assert_int_equal(lab_out(&b, 0, 0, udp(5000, REMOTE(0), 81)).outcome, rows[i].other_port);
		assert_int_equal(lab_out(&b, 0, 0, udp(5000, REMOTE(1), 80)).outcome, rows[i].other_address);
		/* TCP was not told: it stays as it was. */
		assert_int_equal(lab_out(&b, 0, 0, tcp(5000, REMOTE(0), 80, TCP_SYN)).outcome, OUT_CREATED);
		assert_int_equal(lab_out(&b, 0, 0, tcp(5000, REMOTE(1), 81, TCP_SYN)).outcome, OUT_REFRESHED);
		lab_close(&b);
	}
}

/* REQ-2. Forty mappings of each of eight subscribers, over four addresses. */
static void pooling_is_paired(void **state)
{
	struct lab b;
	uint32_t address[8], used = 0;

	(void)state;
	lab_usual(&b);
	for (uint32_t who = 0; who < 8; who++)
		for (uint16_t k = 0; k < 40; k++) {
			struct trip t = lab_out(&b, 0, who, udp((uint16_t)(2000 + k), REMOTE(k), 80));

			assert_int_equal(t.outcome, OUT_CREATED);
			if (k == 0)
				address[who] = t.d.ends.source;
			assert_int_equal(t.d.ends.source, address[who]);
			used |= 1u << (address[who] - PUBLIC(0));
		}
	assert_true(used & (used - 1)); /* they are not all on one */
	lab_close(&b);
}

/* REQ-3. Eight numbers, nine inside endpoints that speak to remotes of their own: the ninth is refused, whatever the
 * mapping depends on, and no two share a number. */
static void ports_are_never_overloaded(void **state)
{
	(void)state;
	for (int mapping = ENDPOINT_INDEPENDENT; mapping <= ADDRESS_AND_PORT_DEPENDENT; mapping++) {
		struct lab b;
		uint32_t seen = 0;

		lab_defaults(&b);
		b.config.mapping[PROTO_UDP] = mapping;
		b.addresses = 1;
		b.ports = (struct port_range){ 2000, 2007 };
		lab_open(&b);
		for (uint16_t k = 0; k < 8; k++) {
			struct trip t = lab_out(&b, 0, k % 8, udp((uint16_t)(100 + k), REMOTE(k), k));

			assert_int_equal(t.outcome, OUT_CREATED);
			assert_false(seen >> (t.d.ends.source_port - 2000) & 1);
			seen |= 1u << (t.d.ends.source_port - 2000);
		}
		assert_int_equal(seen, 0xff);
		assert_int_equal(lab_out(&b, 0, 0, udp(300, REMOTE(100), 9)).outcome, OUT_NO_PORT);
		lab_close(&b);
	}
}

static void open_preserving(struct lab *b, const char *flag)
{
	lab_defaults(b);
	b->addresses = 1;
	b->ports = (struct port_range){ 1, 65535 };
	lab_choice(b, "select", "preserve");
	lab_flag(b, flag, true);
	lab_open(b);
}

/* REQ-3 a. Eight subscribers want the same port; only one can have it, the others get one of its class. */
static void port_class_is_kept(void **state)
{
	static const uint16_t ports[] = { 1, 500, 1023, 1024, 40000, 65535 };
	struct lab b;

	(void)state;
	open_preserving(&b, "port_class");
	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++)
		for (uint32_t who = 0; who < 8; who++) {
			struct trip t = lab_out(&b, 0, who, udp(ports[i], REMOTE(0), 80));

			assert_int_equal(t.outcome, OUT_CREATED);
			assert_int_equal(t.d.ends.source_port < 1024, ports[i] < 1024);
			if (who == 0)
				assert_int_equal(t.d.ends.source_port, ports[i]);
		}
	lab_close(&b);
}

/* REQ-4. The same, odd and even. */
static void port_parity_is_kept(void **state)
{
	struct lab b;

	(void)state;
	open_preserving(&b, "parity");
	for (uint16_t port = 4000; port < 4006; port++)
		for (uint32_t who = 0; who < 8; who++)
			assert_int_equal(lab_out(&b, 0, who, udp(port, REMOTE(0), 80)).d.ends.source_port % 2, port % 2);
	lab_close(&b);
}

/* REQ-5, 5c. From the last outbound packet: alive at two minutes, and until five are full. */
static void udp_lives_five_minutes(void **state)
{
	struct lab b;

	(void)state;
	lab_usual(&b);
	lab_out(&b, 7 * S, 0, udp(5000, REMOTE(0), 53));
	nat_advance(b.nat, 127 * S);
	assert_int_equal(nat_mappings(b.nat), 1);
	assert_int_equal(lab_end_of_all(&b, 127 * S), 307 * S);
	lab_close(&b);
}

/* REQ-5 a, b. Its own timer for remote ports 0 to 1023, and both as told. */
static void well_known_ports_may_have_a_shorter_timer(void **state)
{
	static const struct { uint16_t port; int64_t life; } rows[] = { { 0, 30 }, { 53, 30 }, { 1023, 30 }, { 1024, 200 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab b;

		lab_defaults(&b);
		b.config.timeouts.udp = 200 * S;
		b.config.timeouts.udp_well_known = 30 * S;
		lab_open(&b);
		lab_out(&b, 0, 0, udp(5000, REMOTE(0), rows[i].port));
		assert_int_equal(lab_end_of_all(&b, 0), rows[i].life * S);
		lab_close(&b);
	}
}

/* REQ-6, 6a. Outbound refreshes always; inbound only if told so. */
static void outbound_refreshes_and_inbound_may(void **state)
{
	(void)state;
	for (int inbound = 0; inbound < 2; inbound++) {
		struct lab b;
		struct trip t;

		lab_defaults(&b);
		b.config.inbound_refresh = inbound;
		lab_open(&b);
		lab_out(&b, 0, 0, udp(5000, REMOTE(0), 4000));
		t = lab_out(&b, 200 * S, 0, udp(5000, REMOTE(0), 4000));
		assert_int_equal(t.outcome, OUT_REFRESHED);
		assert_int_equal(lab_in(&b, 400 * S, answer(t.d)).outcome, OUT_REFRESHED);
		assert_int_equal(lab_end_of_all(&b, 400 * S), (inbound ? 700 : 500) * S);
		lab_close(&b);
	}
}

/* REQ-7. The remote has the number of a subscriber's own address, or of the speaker's: it is carried like any other. */
static void inside_and_outside_may_overlap(void **state)
{
	struct lab b;

	(void)state;
	lab_usual(&b);
	for (uint32_t k = 0; k < 2; k++) {
		uint32_t remote = UINT32_C(0x64400001) + k;
		struct trip t = lab_out(&b, 0, 0, udp((uint16_t)(5000 + k), remote, 80)), back;

		assert_int_equal(t.outcome, OUT_CREATED);
		assert_int_equal(t.d.ends.destination, remote);
		assert_false(t.path.inside);
		back = lab_in(&b, 0, answer(t.d));
		assert_int_equal(back.outcome, OUT_REFRESHED);
		assert_int_equal(back.d.ends.source, remote);
		assert_int_equal(back.path.subscriber, 0);
	}
	lab_close(&b);
}

/* REQ-11. With the wanted port taken, on a nearly full address and on a full one: mapping and filter stay what they were. */
static void behaviour_does_not_change_under_conflict(void **state)
{
	struct lab b;

	(void)state;
	lab_defaults(&b);
	b.addresses = 1;
	b.ports = (struct port_range){ 2000, 2007 };
	lab_choice(&b, "select", "preserve");
	lab_open(&b);
	for (uint32_t who = 0; who < 8; who++) {
		struct trip t = lab_out(&b, 0, who, udp(2000, REMOTE(0), 80)), u;

		assert_int_equal(t.outcome, OUT_CREATED);
		u = lab_out(&b, 0, who, udp(2000, REMOTE(1), 81));
		assert_int_equal(u.outcome, OUT_REFRESHED);
		assert_int_equal(u.d.ends.source_port, t.d.ends.source_port);
		assert_int_equal(lab_in(&b, 0, answer_from(t.d, REMOTE(7), 7)).path.subscriber, who);
	}
	assert_int_equal(lab_out(&b, 0, 0, udp(3000, REMOTE(0), 80)).outcome, OUT_NO_PORT);
	assert_int_equal(lab_out(&b, 0, 0, udp(2000, REMOTE(2), 82)).outcome, OUT_REFRESHED);
	lab_close(&b);
}

static const struct requirement rows[] = {
	SHOWN("REQ-1", "One mapping for an inside endpoint, whatever remote it speaks to", mapping_is_endpoint_independent),
	SHOWN("section 4.1", "Mappings that depend on the remote's address, or on its address and port, where told so",
	      mapping_depends_on_what_it_is_told),
	SHOWN("REQ-2", "All mappings of an inside address are on one public address", pooling_is_paired),
	SHOWN("REQ-3", "No outside port has two mappings at once", ports_are_never_overloaded),
	SHOWN("REQ-3 a", "Ports 0 to 1023 are mapped to such, others to others, where told so", port_class_is_kept),
	SHOWN("REQ-4", "An even port is mapped to an even one, an odd to an odd, where told so", port_parity_is_kept),
	SHOWN("REQ-5", "A UDP mapping lives for two minutes at least", udp_lives_five_minutes),
	SHOWN("REQ-5 a", "A shorter timer for well-known destination ports is allowed", well_known_ports_may_have_a_shorter_timer),
	SHOWN("REQ-5 b", "The UDP timer may be configured", well_known_ports_may_have_a_shorter_timer),
	SHOWN("REQ-5 c", "By default five minutes or more", udp_lives_five_minutes),
	SHOWN("REQ-6", "Outbound packets refresh a mapping", outbound_refreshes_and_inbound_may),
	SHOWN("REQ-6 a", "Inbound packets may refresh it", outbound_refreshes_and_inbound_may),
	SHOWN("REQ-7", "Inside and outside addresses may be numerically the same", inside_and_outside_may_overlap),
	SHOWN("REQ-11", "Mapping and filtering do not change with time or under conflict", behaviour_does_not_change_under_conflict),
};

int main(int argc, char **argv)
{
	const struct requirements table = { "RFC 4787: UDP, mappings and timers", "tests/nat/test_rfc4787_mapping.c", rows,
	                                    sizeof(rows) / sizeof(*rows) };

	return conformance_main(argc, argv, &table);
}
