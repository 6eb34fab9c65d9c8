/* RFC 6146's TCP states and fragments, as far as a NAT44 has them. */
#include "tests/support/packetbench.h"
#include "tests/support/conformance.h"

/* Section 3.5.2.2. Packets ten seconds apart (lab_walk()); which of them was the last to set the timer, and to what. A
 * session's whole state shows in when it ends. */
static const struct walk { const char *packets; int last; int64_t life; } walks[] = {
	/* INIT: only SYNs matter. */
	{ "S", 0, 240 }, { "SS", 1, 240 }, { "SA", 0, 240 }, { "Sa", 0, 240 }, { "SF", 0, 240 }, { "Sf", 0, 240 },
	{ "SR", 0, 240 }, { "Sr", 0, 240 },
	/* ESTABLISHED, by either's SYN; any packet renews it. It is so too if it was joined in the middle. */
	{ "Ss", 1, 7440 }, { "SsS", 2, 7440 }, { "Sss", 2, 7440 }, { "SsA", 2, 7440 }, { "Ssa", 2, 7440 },
	{ "A", 0, 7440 }, { "Aa", 1, 7440 }, { "SAas", 3, 7440 },
	/* C FIN RCV, S FIN RCV: the long timer still, renewed by any packet, without the transitory rest. */
	{ "SsF", 2, 7200 }, { "Ssf", 2, 7200 }, { "SsFA", 3, 7200 }, { "SsFa", 3, 7200 }, { "SsfA", 3, 7200 },
	{ "Ssfa", 3, 7200 }, { "SsFF", 3, 7200 }, { "Ssff", 3, 7200 }, { "F", 0, 7200 }, { "Af", 1, 7200 },
	/* both FINs: transitory, renewed by nothing but a new connection. */
	{ "SsFf", 3, 240 }, { "SsfF", 3, 240 }, { "SsFfA", 3, 240 }, { "SsFfa", 3, 240 }, { "SsFfR", 3, 240 },
	{ "SsFfr", 3, 240 }, { "SsFfs", 3, 240 }, { "SsFfF", 3, 240 }, { "SsFff", 3, 240 }, { "AFf", 2, 240 },
	{ "SsFfS", 4, 240 }, { "SsFfSs", 5, 7440 }, { "SsFfSA", 4, 240 }, { "SsFfSsF", 6, 7200 },
	/* TRANS, by either's reset: not renewed by another, ESTABLISHED again by anything else, without any FIN. */
	{ "SsR", 2, 240 }, { "Ssr", 2, 240 }, { "SsRR", 2, 240 }, { "SsRr", 2, 240 }, { "SsrR", 2, 240 },
	{ "SsRA", 3, 7440 }, { "Ssra", 3, 7440 }, { "SsRs", 3, 7440 }, { "SsRF", 3, 7440 }, { "Ssrf", 3, 7440 },
	{ "SsRFf", 4, 7200 }, { "SsRFfF", 5, 240 }, { "SsRAR", 4, 240 }, { "SsRS", 3, 240 }, { "SsRSs", 4, 7440 }, { "SsFR", 3, 240 },
	{ "SsFRA", 4, 7440 }, { "SsFRf", 4, 7440 }, { "AR", 1, 240 }, { "ARA", 2, 7440 },
};

static void every_transition(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(walks) / sizeof(*walks); i++) {
		struct lab b;
		int64_t end, last;

		lab_usual(&b);
		last = lab_walk(&b, walks[i].packets);
		end = lab_end_of_all(&b, last);
		if (end != (walks[i].last * 10 + walks[i].life) * S)
			print_error("%s: ended at %lld s\n", walks[i].packets, (long long)(end / S));
		assert_int_equal(end, (walks[i].last * 10 + walks[i].life) * S);
		assert_int_equal(lab_events(&b, NAT_MAPPING_CREATED), 1);
		lab_close(&b);
	}
}

/* A reset shortens a session's life, or leaves it: one that comes late in it must not lengthen it. */
static void a_late_reset_lengthens_nothing(void **state)
{
	static const struct { int64_t at, end; } rows[] = { { 100, 340 }, { 7199, 7439 }, { 7200, 7440 }, { 7300, 7440 }, { 7439, 7440 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct lab b;
		struct trip t;

		lab_usual(&b);
		t = lab_out(&b, 0, 0, tcp(5000, REMOTE(0), 80, TCP_ACK));
		assert_int_equal(lab_out(&b, rows[i].at * S, 0, tcp(5000, REMOTE(0), 80, TCP_RST)).outcome, OUT_REFRESHED);
		t.d = answer(t.d);
		t.d.tcp_flags = TCP_RST;
		assert_int_equal(lab_in(&b, rows[i].at * S, t.d).outcome, OUT_REFRESHED);
		assert_int_equal(lab_end_of_all(&b, rows[i].at * S), rows[i].end * S);
		lab_close(&b);
	}
}

/* CLOSED: a reset opens nothing, be it outbound for a mapping or for a further session; any other packet does. */
static void a_reset_begins_nothing(void **state)
{
	struct lab b;

	(void)state;
	lab_usual(&b);
	assert_int_equal(lab_out(&b, 0, 0, tcp(5000, REMOTE(0), 80, TCP_RST)).outcome, OUT_NO_MAPPING);
	assert_int_equal(nat_mappings(b.nat), 0);
	assert_int_equal(lab_out(&b, 0, 0, tcp(5000, REMOTE(0), 80, TCP_FIN)).outcome, OUT_CREATED);
	assert_int_equal(lab_out(&b, 0, 0, tcp(5000, REMOTE(1), 80, TCP_RST)).outcome, OUT_REFRESHED);
	assert_int_equal(nat_sessions(b.nat, 0), 1);
	lab_close(&b);
}

/* Each session has a state of its own; the mapping lives as long as one of them. */
static void sessions_of_a_mapping_end_by_themselves(void **state)
{
	struct lab b;
	int64_t last;

	(void)state;
	lab_usual(&b);
	last = lab_walk(&b, "SsFf"); /* ends at 270 s */
	lab_out(&b, last, 0, tcp(5000, REMOTE(1), 80, TCP_ACK));
	assert_int_equal(nat_sessions(b.nat, 0), 2);
	nat_advance(b.nat, 270 * S - 1);
	assert_int_equal(nat_sessions(b.nat, 0), 2);
	nat_advance(b.nat, 270 * S);
	assert_int_equal(nat_sessions(b.nat, 0), 1);
	assert_int_equal(lab_events(&b, NAT_SESSION_ENDED), 1);
	assert_int_equal(lab_last(&b, NAT_SESSION_ENDED)->remote, REMOTE(0));
	assert_int_equal(lab_end_of_all(&b, 270 * S), last + 7440 * S);
	lab_close(&b);
}

/* ---- section 3.4 ---- */

static struct datagram part(struct datagram d, uint16_t id, uint16_t offset)
{
	d.id = id;
	d.offset = offset;
	d.more = offset == 0;
	if (offset)
		d.ends.source_port = d.ends.destination_port = 0;
	return d;
}

/* A fragment waits two seconds for its first, and no longer; the first is remembered for two seconds. */
static void fragments_wait_for_two_seconds(void **state)
{
	struct datagram whole = udp(5000, REMOTE(0), 80);

	(void)state;
	for (int first_first = 0; first_first < 2; first_first++)
		for (int late = 0; late < 2; late++) {
			int64_t then = 2 * S - !late;
			struct lab b;
			struct trip t;

			lab_usual(&b);
			lab_out(&b, 0, 0, part(whole, 1, first_first ? 0 : 1480));
			t = lab_out(&b, then, 0, part(whole, 1, first_first ? 1480 : 0));
			if (first_first)
				assert_int_equal(t.outcome, late ? OUT_FRAGMENT_KEPT : OUT_CREATED);
			else
				assert_int_equal(b.told_count, !late);
			nat_advance(b.nat, 10 * S);
			assert_int_equal(nat_datagrams(b.nat)[OUT_FRAGMENT_LOST], late);
			lab_close(&b);
		}
}

/* The wait is counted from the first sign of the packet, whatever comes after. */
static void fragments_do_not_prolong_the_wait(void **state)
{
	struct datagram whole = udp(5000, REMOTE(0), 80);
	struct lab b;

	(void)state;
	lab_usual(&b);
	lab_out(&b, 0, 0, part(whole, 1, 0));
	assert_int_equal(lab_out(&b, 1 * S, 0, part(whole, 1, 0)).outcome, OUT_REFRESHED);
	assert_int_equal(lab_out(&b, 2 * S - 1, 0, part(whole, 1, 8)).outcome, OUT_REFRESHED);
	assert_int_equal(lab_out(&b, 2 * S, 0, part(whole, 1, 8)).outcome, OUT_FRAGMENT_KEPT);
	lab_close(&b);
}

/* What belongs together is told by both addresses, protocol, identification, and whose it is. */
static void fragments_of_other_packets_are_not_mixed_up(void **state)
{
	struct datagram whole = udp(5000, REMOTE(0), 80), other;
	struct lab b;

	(void)state;
	lab_usual(&b);
	lab_out(&b, 0, 0, part(whole, 1, 0));
	assert_int_equal(lab_out(&b, 0, 0, part(whole, 2, 8)).outcome, OUT_FRAGMENT_KEPT);
	assert_int_equal(lab_out(&b, 0, 1, part(whole, 1, 8)).outcome, OUT_FRAGMENT_KEPT);
	other = part(whole, 1, 8);
	other.ends.protocol = IP_TCP;
	assert_int_equal(lab_out(&b, 0, 0, other).outcome, OUT_FRAGMENT_KEPT);
	other = part(whole, 1, 8);
	other.ends.destination = REMOTE(1);
	assert_int_equal(lab_out(&b, 0, 0, other).outcome, OUT_FRAGMENT_KEPT);
	other = part(whole, 1, 8);
	other.ends.source++;
	assert_int_equal(lab_out(&b, 0, 0, other).outcome, OUT_FRAGMENT_KEPT);
	other = part(whole, 1, 8);
	assert_int_equal(nat_outbound(b.nat, 0, 0, 1, &other).outcome, OUT_FRAGMENT_KEPT); /* another host of the home */
	assert_int_equal(lab_in(&b, 0, part(whole, 1, 8)).outcome, OUT_FRAGMENT_KEPT);     /* from outside */
	assert_int_equal(lab_out(&b, 0, 0, part(whole, 1, 8)).outcome, OUT_CREATED);
	assert_int_equal(b.told_count, 0);
	lab_close(&b);
}

/* The rest shares the first one's fate: refused, filtered, exempt, unsupported, hairpinned. It is left as it was unless
 * it is carried. */
static void the_rest_shares_the_fate_of_the_first(void **state)
{
	static const enum outcome fates[] = { OUT_SUBSCRIBER_LIMIT, OUT_EXEMPT, OUT_PROTOCOL_UNSUPPORTED, OUT_CREATED };
	struct exempt list[] = { { { REMOTE(3), REMOTE(3) }, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(fates) / sizeof(*fates); i++)
		for (int waited = 0; waited < 2; waited++) {
			struct lab b;
			struct trip server, t;
			struct datagram d, rest;

			lab_defaults(&b);
			b.config.exempt = (struct exempts){ list, 1 };
			b.config.limits.ports_per_subscriber = 1;
			lab_open(&b);
			server = lab_out(&b, 0, 1, udp(6000, REMOTE(0), 80));
			d = udp(5000, fates[i] == OUT_EXEMPT ? REMOTE(3) : server.d.ends.source, server.d.ends.source_port);
			if (fates[i] == OUT_PROTOCOL_UNSUPPORTED)
				d.ends.protocol = 132;
			if (fates[i] == OUT_SUBSCRIBER_LIMIT)
				lab_out(&b, 0, 0, udp(4000, REMOTE(0), 80));
			b.told_count = 0;
			rest = part(d, 9, 8);
			if (waited)
				assert_int_equal(lab_out(&b, 0, 0, rest).outcome, OUT_FRAGMENT_KEPT);
			t = lab_out(&b, 0, 0, part(d, 9, 0));
			assert_int_equal(t.outcome, fates[i]);
			if (!waited) {
				t = lab_out(&b, 0, 0, rest);
				assert_int_equal(t.outcome, fates[i]);
			} else if (outcome_passes(fates[i])) {
				assert_int_equal(b.told_count, 1);
				t = (struct trip){ fates[i], b.told[0].path, b.told[0].d };
			} else {
				assert_int_equal(b.told_count, fates[i] == OUT_SUBSCRIBER_LIMIT); /* the error, for the first alone */
				t.d = rest;
			}
			assert_int_equal(nat_datagrams(b.nat)[fates[i]], 2 + (fates[i] == OUT_CREATED));
			if (fates[i] != OUT_CREATED) {
				assert_true(same_datagram(t.d, rest));
			} else {
				assert_true(t.path.inside && t.path.subscriber == 1);
				assert_int_equal(t.d.ends.destination, 0);
				assert_int_equal(t.d.ends.source, PUBLIC(nat_address_of(b.nat, 0)));
			}
			lab_close(&b);
		}
}

static const struct requirement rows[] = {
	SHOWN("section 3.5.2.2", "A TCP session's states and their timers", every_transition),
	SHOWN("section 3.5.2.2", "A reset makes it transitory, which lengthens no life", a_late_reset_lengthens_nothing),
	SHOWN("section 3.5.2.2", "A reset begins nothing", a_reset_begins_nothing),
	SHOWN("section 3.5.2.2", "Each session has a state of its own; a mapping lives as long as one of them",
	      sessions_of_a_mapping_end_by_themselves),
	NOT_HERE("section 3.5.2.2", "A probe is sent when the established timer runs out",
	         "hosts here answer none; the transitory rest is waited for in silence"),
	SHOWN("section 3.4", "Fragments wait for the first of their packet for two seconds", fragments_wait_for_two_seconds),
	SHOWN("section 3.4", "The wait cannot be prolonged", fragments_do_not_prolong_the_wait),
	SHOWN("section 3.4", "Fragments belong together by addresses, protocol and identification",
	      fragments_of_other_packets_are_not_mixed_up),
	SHOWN("section 3.4", "The other fragments go where the first one goes", the_rest_shares_the_fate_of_the_first),
	NOT_HERE("section 3.5.3", "ICMP queries between IPv4 and IPv6", "a NAT44 has one address family"),
};

int main(int argc, char **argv)
{
	const struct requirements table = { "RFC 6146: TCP states and fragments, as a NAT44 has them",
	                                    "tests/nat/test_rfc6146.c", rows, sizeof(rows) / sizeof(*rows) };

	return conformance_main(argc, argv, &table);
}
