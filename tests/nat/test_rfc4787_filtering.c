/* RFC 4787, what is asked of a NAT for UDP: filtering, hairpinning, ICMP, fragments. */
#include "tests/support/packetbench.h"
#include "tests/support/conformance.h"

/* REQ-8, 8a. Who may answer: the endpoint spoken to, another port of its address, another address. */
static void filtering_is_as_told(void **state)
{
	static const struct { int filtering; enum outcome other_port, other_address; } rows[] = {
		{ ENDPOINT_INDEPENDENT, OUT_REFRESHED, OUT_REFRESHED },
		{ ADDRESS_DEPENDENT, OUT_REFRESHED, OUT_FILTERED },
		{ ADDRESS_AND_PORT_DEPENDENT, OUT_FILTERED, OUT_FILTERED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int further = 0; further < 2; further++) {
			struct lab b;
			struct trip t;

			lab_defaults(&b);
			b.config.filtering[PROTO_UDP] = rows[i].filtering;
			lab_open(&b);
			if (further) /* the endpoint asked about is not the mapping's first session */
				lab_out(&b, 0, 0, udp(5000, REMOTE(9), 4009));
			t = lab_out(&b, 0, 0, udp(5000, REMOTE(0), 4000));
			assert_int_equal(lab_in(&b, 0, answer(t.d)).outcome, OUT_REFRESHED);
			assert_int_equal(lab_in(&b, 0, answer_from(t.d, REMOTE(0), 4001)).outcome, rows[i].other_port);
			assert_int_equal(lab_in(&b, 0, answer_from(t.d, REMOTE(1), 4000)).outcome, rows[i].other_address);
			lab_close(&b);
		}
}

/* A filter that depends on the remote closes when the session with it ends, though the mapping lives on. */
static void filter_closes_with_the_session(void **state)
{
	(void)state;
	for (int filtering = ADDRESS_DEPENDENT; filtering <= ADDRESS_AND_PORT_DEPENDENT; filtering++)
		for (int first = 0; first < 2; first++) {
			struct lab b;
			struct trip t;

			lab_defaults(&b);
			b.config.filtering[PROTO_UDP] = filtering;
			lab_open(&b);
			lab_out(&b, 0, 0, udp(5000, REMOTE(0), 4000));
			t = lab_out(&b, 1 * S, 0, udp(5000, REMOTE(1), 4000));
			lab_out(&b, 200 * S, 0, udp(5000, REMOTE((uint32_t)first), 4000)); /* the other one falls idle */
			assert_int_equal(lab_in(&b, 299 * S, answer_from(t.d, REMOTE((uint32_t)!first), 4000)).outcome, OUT_REFRESHED);
			assert_int_equal(lab_in(&b, 301 * S, answer_from(t.d, REMOTE((uint32_t)!first), 4000)).outcome, OUT_FILTERED);
			assert_int_equal(lab_in(&b, 301 * S, answer_from(t.d, REMOTE((uint32_t)first), 4000)).outcome, OUT_REFRESHED);
			lab_close(&b);
		}
}

/* REQ-9, 9a. One subscriber's host speaks to another's outside endpoint and is answered; each sees the other's
 * outside endpoint, never an inside one. The same within one home, and to itself. */
static void hairpin_shows_the_outside_endpoint(void **state)
{
	static const struct { uint32_t from, to; } rows[] = { { 0, 1 }, { 1, 0 }, { 2, 2 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab b;
		struct trip server, client, there, back;

		lab_usual(&b);
		server = lab_out(&b, 0, rows[i].to, udp(6000, REMOTE(0), 80));
		there = lab_out(&b, 1 * S, rows[i].from, udp(5000, server.d.ends.source, server.d.ends.source_port));
		client = lab_out(&b, 2 * S, rows[i].from, udp(5000, REMOTE(0), 80)); /* the same mapping, seen from outside */
		assert_int_equal(there.outcome, OUT_CREATED);
		assert_true(there.path.inside);
		assert_int_equal(there.path.subscriber, rows[i].to);
		assert_int_equal(there.d.ends.destination_port, 6000);
		assert_int_equal(there.d.ends.source, client.d.ends.source);
		assert_int_equal(there.d.ends.source_port, client.d.ends.source_port);
		back = lab_out(&b, 3 * S, rows[i].to, udp(6000, there.d.ends.source, there.d.ends.source_port));
		assert_int_equal(back.outcome, OUT_REFRESHED);
		assert_true(back.path.inside);
		assert_int_equal(back.path.subscriber, rows[i].from);
		assert_int_equal(back.d.ends.destination_port, 5000);
		assert_int_equal(back.d.ends.source, server.d.ends.source);
		assert_int_equal(back.d.ends.source_port, server.d.ends.source_port);
		lab_close(&b);
	}
}

/* A hairpinned packet is filtered as any inbound one, and what no mapping holds is not carried; it is left as it was. */
static void hairpin_is_filtered(void **state)
{
	struct lab b;
	struct datagram asked;
	struct trip server, t;

	(void)state;
	lab_defaults(&b);
	b.config.filtering[PROTO_UDP] = ADDRESS_DEPENDENT;
	lab_open(&b);
	server = lab_out(&b, 0, 1, udp(6000, REMOTE(0), 80));
	asked = udp(5000, server.d.ends.source, server.d.ends.source_port);
	t = lab_out(&b, 1 * S, 0, asked);
	assert_int_equal(t.outcome, OUT_FILTERED);
	assert_true(same_datagram(t.d, asked));
	assert_int_equal(lab_out(&b, 1 * S, 0, udp(5000, PUBLIC(0), 1)).outcome, OUT_NO_MAPPING);
	/* The server answers of its own accord: its filter is open to them from then on. */
	t = lab_out(&b, 2 * S, 0, udp(5000, REMOTE(1), 80));
	lab_out(&b, 2 * S, 1, udp(6000, t.d.ends.source, t.d.ends.source_port));
	assert_int_equal(lab_out(&b, 3 * S, 0, asked).outcome, OUT_REFRESHED);
	lab_close(&b);
}

/* REQ-12, RFC 5382 REQ-10. Every error type, from outside and from the host: the mapping ends when it would have. */
static void icmp_never_ends_a_mapping(void **state)
{
	static const uint8_t types[] = { ICMP_UNREACHABLE, ICMP_QUENCH, ICMP_TIME_EXCEEDED, ICMP_PARAMETER };
	struct lab b;
	struct trip t, in;

	(void)state;
	lab_usual(&b);
	t = lab_out(&b, 0, 0, udp(5000, REMOTE(0), 80));
	in = lab_in(&b, 1 * S, answer(t.d));
	for (size_t i = 0; i < sizeof(types); i++)
		for (uint8_t code = 0; code < 16; code++) {
			assert_int_equal(lab_in(&b, 2 * S, error_about(t.d, REMOTE(0), types[i], code)).outcome, OUT_ICMP_ERROR);
			assert_int_equal(lab_out(&b, 2 * S, 0, error_about(in.d, 0, types[i], code)).outcome, OUT_ICMP_ERROR);
		}
	assert_int_equal(nat_mappings(b.nat), 1);
	assert_int_equal(lab_end_of_all(&b, 2 * S), 300 * S);
	lab_close(&b);
}

/* REQ-12 a, b. A router that nobody spoke to reports: it is let in through the strictest filter. */
static void icmp_is_not_filtered_by_source(void **state)
{
	struct lab b;
	struct trip t, e;

	(void)state;
	lab_defaults(&b);
	b.config.filtering[PROTO_UDP] = ADDRESS_AND_PORT_DEPENDENT;
	lab_open(&b);
	t = lab_out(&b, 0, 5, udp(5000, REMOTE(0), 80));
	e = lab_in(&b, 0, error_about(t.d, REMOTE(200), ICMP_UNREACHABLE, 3));
	assert_int_equal(e.outcome, OUT_ICMP_ERROR);
	assert_int_equal(e.path.subscriber, 5);
	assert_int_equal(e.d.ends.source, REMOTE(200));
	lab_close(&b);
}

static struct datagram fragment(struct datagram d, uint16_t id, uint16_t offset, bool more)
{
	d.id = id;
	d.offset = offset;
	d.more = more;
	if (offset)
		d.ends.source_port = d.ends.destination_port = 0;
	return d;
}

/* REQ-14. Three fragments in each of their six orders, both ways: all are carried to the same place. */
static void fragments_pass_in_any_order(void **state)
{
	static const int orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++)
		for (int inbound = 0; inbound < 2; inbound++) {
			struct lab b;
			struct trip whole, t;
			size_t passed = 0;

			lab_usual(&b);
			whole = lab_out(&b, 0, 2, udp(5000, REMOTE(0), 80));
			for (int k = 0; k < 3; k++) {
				int n = orders[i][k];
				struct datagram d = inbound ? answer(whole.d) : udp(5000, REMOTE(0), 80);

				d = fragment(d, 77, (uint16_t)(n * 1480), n < 2);
				t = inbound ? lab_in(&b, k * S / 2, d) : lab_out(&b, k * S / 2, 2, d);
				if (outcome_passes(t.outcome)) {
					passed++;
					assert_int_equal(inbound ? t.path.subscriber : t.d.ends.source, inbound ? 2 : whole.d.ends.source);
				} else {
					assert_int_equal(t.outcome, OUT_FRAGMENT_KEPT);
				}
			}
			for (size_t k = 0; k < b.told_count; k++) { /* those that had waited */
				assert_int_equal(b.told[k].d.offset % 1480, 0);
				assert_int_equal(b.told[k].path.inside, inbound);
				assert_int_equal(inbound ? b.told[k].path.subscriber : b.told[k].d.ends.source,
				                 inbound ? 2 : whole.d.ends.source);
				assert_int_equal(b.told[k].d.ends.destination, inbound ? 0 : REMOTE(0));
			}
			assert_int_equal(passed + b.told_count, 3);
			lab_close(&b);
		}
}

/* REQ-14 a. A flood of fragments without a first: what is kept is bounded, the rest counted, and whole packets pass;
 * two seconds on there is room again. */
static void a_flood_of_fragments_harms_nobody_else(void **state)
{
	struct lab b;
	const uint64_t *count;

	(void)state;
	lab_usual(&b);
	for (uint32_t k = 0; k < 5 * NAT_FRAGMENTS_MAX; k++)
		lab_out(&b, 0, 1, fragment(udp(9, REMOTE(k), 9), (uint16_t)k, 8, false));
	count = nat_datagrams(b.nat);
	assert_int_equal(count[OUT_FRAGMENT_KEPT], NAT_FRAGMENTS_MAX);
	assert_int_equal(count[OUT_FRAGMENT_LOST], 4 * NAT_FRAGMENTS_MAX);
	assert_int_equal(lab_out(&b, 0, 0, udp(5000, REMOTE(0), 80)).outcome, OUT_CREATED);
	assert_int_equal(lab_out(&b, 0, 0, fragment(udp(5000, REMOTE(0), 80), 1, 0, true)).outcome, OUT_REFRESHED);
	nat_advance(b.nat, 2 * S);
	assert_int_equal(count[OUT_FRAGMENT_LOST], 5 * NAT_FRAGMENTS_MAX);
	assert_int_equal(lab_out(&b, 2 * S, 0, fragment(udp(5000, REMOTE(0), 80), 2, 1480, false)).outcome, OUT_FRAGMENT_KEPT);
	assert_int_equal(lab_out(&b, 2 * S, 0, fragment(udp(5000, REMOTE(0), 80), 2, 0, true)).outcome, OUT_REFRESHED);
	assert_int_equal(b.told_count, 1);
	lab_close(&b);
}

static const struct requirement rows[] = {
	SHOWN("REQ-8", "Endpoint-independent filtering, or address-dependent for the more stringent", filtering_is_as_told),
	SHOWN("REQ-8 a", "Which filtering may be configured", filtering_is_as_told),
	SHOWN("section 5", "A filter lets in whom the mapping has a session with, and no longer", filter_closes_with_the_session),
	SHOWN("REQ-9", "Hosts behind the NAT reach each other by their outside endpoints", hairpin_shows_the_outside_endpoint),
	SHOWN("REQ-9 a", "The receiver sees the sender's outside address and port", hairpin_shows_the_outside_endpoint),
	SHOWN("section 6", "Hairpinned packets meet the receiver's filter", hairpin_is_filtered),
	NOT_HERE("REQ-10", "Application-level gateways for UDP are off", "the NAT has none and sees no payload"),
	NOT_HERE("REQ-10 a", "Each gateway can be switched by itself", "there are none"),
	SHOWN("REQ-12", "No ICMP message ends a mapping", icmp_never_ends_a_mapping),
	SHOWN("REQ-12 a", "ICMP messages are not filtered by their source", icmp_is_not_filtered_by_source),
	SHOWN("REQ-12 b", "Destination unreachable is carried", icmp_is_not_filtered_by_source),
	NOT_HERE("REQ-13", "Too large a packet with DF set is answered by \"fragmentation needed\"",
	         "datagrams here have no size and links no MTU"),
	NOT_HERE("REQ-13 a", "Too large a packet without DF is fragmented", "the same"),
	SHOWN("REQ-14", "Fragments are carried in order and out of order", fragments_pass_in_any_order),
	SHOWN("REQ-14 a", "Floods of fragments do not harm other packets", a_flood_of_fragments_harms_nobody_else),
};

int main(int argc, char **argv)
{
	const struct requirements table = { "RFC 4787: UDP, filtering, hairpinning, ICMP, fragments", "tests/nat/test_rfc4787_filtering.c", rows,
	                                    sizeof(rows) / sizeof(*rows) };

	return conformance_main(argc, argv, &table);
}
