/* Figures that can be read off the RFCs, reproduced packet by packet. Those that take a run are in
 * tests/world/test_rfc_checks.c. */
#include "tests/support/packetbench.h"
#include "tests/support/conformance.h"

/* 26. When an idle mapping is freed, from the packet that last refreshed it. */
static void check_26_lives(void **state)
{
	static const struct { const char *packets; int last; int64_t life; } rows[] = {
		{ "SsA", 2, 7440 }, /* not at 7,200, when RFC 6146 would send a probe */
		{ "S", 0, 240 }, { "SsF", 2, 7200 }, { "SsFA", 3, 7200 },
	};
	struct lab b;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int64_t last;

		lab_usual(&b);
		last = lab_walk(&b, rows[i].packets);
		assert_int_equal(last, rows[i].last * 10 * S);
		nat_advance(b.nat, last + rows[i].life * S - 1);
		assert_int_equal(nat_mappings(b.nat), 1);
		nat_advance(b.nat, last + rows[i].life * S);
		assert_int_equal(nat_mappings(b.nat), 0);
		lab_close(&b);
	}
	lab_usual(&b);
	lab_out(&b, 10 * S, 0, udp(5000, REMOTE(0), 4000));
	assert_int_equal(lab_end_of_all(&b, 10 * S), 310 * S);
	lab_close(&b);
}

/* 27. An inbound SYN that meets nothing: not a word before 6 s, then ICMP 3/3; none if an outbound SYN came. */
static void check_27_unsolicited_syn(void **state)
{
	(void)state;
	for (int outbound = 0; outbound < 2; outbound++) {
		struct datagram syn;
		struct lab b;
		struct trip t;

		lab_defaults(&b);
		b.config.filtering[PROTO_TCP] = ADDRESS_DEPENDENT;
		lab_open(&b);
		t = lab_out(&b, 0, 0, tcp(5000, REMOTE(0), 80, TCP_SYN));
		syn = answer_from(t.d, REMOTE(1), 90);
		syn.tcp_flags = TCP_SYN;
		assert_int_equal(lab_in(&b, 10 * S, syn).outcome, OUT_SYN_KEPT);
		nat_advance(b.nat, 16 * S - 1);
		assert_int_equal(b.told_count, 0);
		if (outbound)
			lab_out(&b, 16 * S - 1, 0, tcp(5000, REMOTE(1), 90, TCP_SYN));
		nat_advance(b.nat, 60 * S);
		assert_int_equal(b.told_count, !outbound);
		if (!outbound) {
			assert_int_equal(b.told[0].at_ns, 16 * S);
			assert_int_equal(b.told[0].d.icmp_type, 3);
			assert_int_equal(b.told[0].d.icmp_code, 3);
		}
		lab_close(&b);
	}
}

/* 28. A quota is hit: dropped, ICMP 3/1, the notice that RFC 8158 numbers natEvent 13, and what there was lives on. */
static void check_28_quota(void **state)
{
	struct lab b;
	struct trip kept, t;

	(void)state;
	lab_defaults(&b);
	b.config.limits.ports_per_subscriber = 1;
	lab_open(&b);
	kept = lab_out(&b, 0, 0, udp(1, REMOTE(0), 80));
	t = lab_out(&b, 1 * S, 0, udp(2, REMOTE(0), 80));
	assert_int_equal(t.outcome, OUT_SUBSCRIBER_LIMIT);
	assert_int_equal(b.told_count, 1);
	assert_int_equal(b.told[0].d.icmp_type, 3);
	assert_int_equal(b.told[0].d.icmp_code, 1);
	assert_int_equal(lab_events(&b, NAT_NOTICE), 1);
	assert_int_equal(lab_last(&b, NAT_NOTICE)->notice, NOTICE_QUOTA_EXCEEDED);
	assert_int_equal(lab_last(&b, NAT_NOTICE)->outcome, OUT_SUBSCRIBER_LIMIT);
	assert_int_equal(lab_in(&b, 2 * S, answer(kept.d)).outcome, OUT_REFRESHED);
	assert_int_equal(lab_end_of_all(&b, 2 * S), 300 * S);
	lab_close(&b);
}

/* 29. An inbound packet every 60 s, blocked by the filter, or let in by an endpoint-independent one that refreshes
 * nothing: the mapping ends all the same. */
static void check_29_blocked_inbound(void **state)
{
	(void)state;
	for (int blocked = 0; blocked < 2; blocked++) {
		struct lab b;
		struct trip t;

		lab_defaults(&b);
		b.config.filtering[PROTO_UDP] = blocked ? ADDRESS_DEPENDENT : ENDPOINT_INDEPENDENT;
		b.config.inbound_refresh = blocked;
		lab_open(&b);
		t = lab_out(&b, 0, 0, udp(5000, REMOTE(0), 80));
		for (int64_t at = 60; at < 300; at += 60)
			assert_int_equal(lab_in(&b, at * S, answer_from(t.d, REMOTE(1), 80)).outcome, blocked ? OUT_FILTERED : OUT_REFRESHED);
		assert_int_equal(lab_in(&b, 300 * S, answer_from(t.d, REMOTE(1), 80)).outcome, OUT_NO_MAPPING);
		lab_close(&b);
	}
}

static const struct requirement rows[] = {
	SHOWN("RFC 5382 REQ-5, RFC 6146, RFC 4787 REQ-5", "Idle TCP is freed after 7,440 s, one with one FIN after 7,200 s, "
	      "an unanswered SYN after 240 s, UDP after 300 s", check_26_lives),
	SHOWN("RFC 5382 REQ-4", "An unsolicited SYN: silence for 6 s, then ICMP 3/3; silence if an outbound SYN came",
	      check_27_unsolicited_syn),
	SHOWN("RFC 6888 REQ-11, RFC 8158", "A quota: dropped, ICMP 3/1, natEvent 13, existing mappings intact", check_28_quota),
	SHOWN("RFC 7857 section 7", "Blocked inbound packets every 60 s keep no mapping alive", check_29_blocked_inbound),
};

int main(int argc, char **argv)
{
	const struct requirements table = { "Figures, packet by packet", "tests/nat/test_rfc_checks.c", rows,
	                                    sizeof(rows) / sizeof(*rows) };

	return conformance_main(argc, argv, &table);
}
