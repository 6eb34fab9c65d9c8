#include "sim/base/packets.h"

#define NAMED(name, unit, help) { name, "packets." name, unit, help }

const struct packet_name packet_sum_name[PACKETS_SUMS] = {
	[PACKETS_OUT] = NAMED("packets_out", "packets", "packets from inside that the CGN let through, translated or exempt"),
	[PACKETS_IN] = NAMED("packets_in", "packets", "packets from outside that the CGN let through"),
	[PACKETS_HAIRPIN] = NAMED("hairpins", "packets", "packets from inside to another host inside, by its outside endpoint"),
	[PACKETS_REFUSED] = NAMED("packets_refused", "packets", "packets from inside that were refused a mapping"),
	[PACKETS_DROPPED] = NAMED("packets_dropped", "packets", "other packets that the CGN did not let through"),
	[PACKETS_MALFORMED] = NAMED("malformed", "packets", "packets that are none of IPv4 which the CGN can read"),
	[PACKETS_FRAGMENTS] = NAMED("fragments", "packets", "fragments that the CGN let through"),
	[PACKETS_TOO_BIG] = NAMED("too_big", "packets",
	                          "packets too long for the next link and not to be fragmented: dropped with an ICMP error"),
	[PACKETS_ICMP_SENT] = NAMED("icmp_sent", "errors", "ICMP errors that the CGN sent by itself"),
	[PACKETS_ICMP_WITHHELD] = NAMED("icmp_withheld", "errors",
	                                "ICMP errors that its rate limit (nat.icmp_per_second) kept back"),
	[PACKETS_ICMP_PASSED] = NAMED("icmp_passed", "errors", "ICMP errors of others that the CGN translated"),
	[PACKETS_HOME_DROPPED] = NAMED("home_dropped", "packets", "packets that a home's NAT did not let through, either way"),
	[PACKETS_LOST] = NAMED("packets_lost", "packets", "packets that a link's full queue dropped"),
	[PACKETS_SYNS] = NAMED("syns", "segments", "SYNs that opened or tried to open a connection"),
	[PACKETS_SYN_RETRIES] = NAMED("syn_retries", "segments", "of these SYNs, those after a connection's first"),
	[PACKETS_HANDSHAKES] = NAMED("handshakes", "connections", "connections that were set up"),
	[PACKETS_HANDSHAKES_LATE] = NAMED("handshakes_late", "connections", "of them, those by another SYN than the first"),
	[PACKETS_HANDSHAKES_FAILED] = NAMED("handshakes_failed", "connections",
	                                    "connections that the host gave up before they were set up, or was told to"),
	[PACKETS_ICMP_DELIVERED] = NAMED("icmp_delivered", "errors", "ICMP errors that reached the socket or the echo request they are about"),
	[PACKETS_RESENT] = NAMED("resent", "segments", "TCP segments sent again, SYNs left out"),
	[PACKETS_RESETS] = NAMED("resets", "connections", "connections that a reset ended"),
	[PACKETS_BYTES_DOWN] = NAMED("bytes_down", "bytes", "payload that reached the hosts' applications"),
	[PACKETS_BYTES_UP] = NAMED("bytes_up", "bytes", "payload that reached the servers' applications"),
	[PACKETS_DATAGRAMS_UP] = NAMED("datagrams_up", "datagrams", "UDP datagrams and ICMP queries that reached the servers"),
	[PACKETS_DATAGRAMS_DOWN] = NAMED("datagrams_down", "datagrams", "answers to them, and what came unasked, that reached the hosts"),
	[PACKETS_SOCKET_BUSY] = NAMED("socket_busy", "flows",
	                              "flows not begun, for the host's stack still held their inside port (TIME-WAIT)"),
	[PACKETS_OPENED_OUTSIDE] = NAMED("opened_outside", "flows",
	                                 "flows not begun, for the other side speaks first and there was no mapping to speak to"),
};

const struct packet_name packet_delay_name[DELAYS] = {
	[DELAY_SETUP] = NAMED("setup_delay", "s", "from a connection's first SYN until it is set up: mean, p50, p99, max"),
	[DELAY_FAILURE] = NAMED("failure_delay", "s",
	                        "from a connection's first SYN until the host knows that there will be none: the same"),
	[DELAY_ANSWER] = NAMED("answer_delay", "s", "from a datagram or query to its answer: the same"),
};

const struct packet_name packet_rate_name[PACKET_RATES] = {
	[RATE_GOODPUT_DOWN] = NAMED("goodput_down_bps", "bit/s", "bytes_down x 8 / length of the run, warm-up included"),
	[RATE_GOODPUT_UP] = NAMED("goodput_up_bps", "bit/s", "bytes_up x 8 / length of the run, warm-up included"),
};

#define PER_POWER 16u /* cells to a power of two: those from 2^k begin at PER_POWER * (k - 3) */
#define FIRST_POWER 4u

static uint32_t cell_of(uint64_t us)
{
	uint32_t power, cell;

	if (us < PER_POWER)
		return (uint32_t)us;
	power = 63u - (uint32_t)__builtin_clzll(us);
	cell = PER_POWER * (power - FIRST_POWER + 1) + (uint32_t)(us >> (power - FIRST_POWER)) % PER_POWER;
	return cell < DELAY_CELLS ? cell : DELAY_CELLS - 1;
}

/* The longest delay that falls into it. */
static uint64_t cell_end(uint32_t cell)
{
	uint32_t power = cell / PER_POWER + FIRST_POWER - 1;

	if (cell < PER_POWER)
		return cell;
	return ((uint64_t)(PER_POWER + cell % PER_POWER + 1) << (power - FIRST_POWER)) - 1;
}

void delays_add(struct delays *d, int64_t delay_ns)
{
	uint64_t us = (uint64_t)delay_ns / 1000;

	d->cells[cell_of(us)]++;
	d->count++;
	d->sum_us += us;
	if (us > d->max_us)
		d->max_us = us;
}

uint64_t delays_quantile(const struct delays *d, double p)
{
	uint64_t below = 0;

	for (uint32_t cell = 0; cell < DELAY_CELLS; cell++) {
		below += d->cells[cell];
		if (below && (double)below >= p * (double)d->count)
			return cell < DELAY_CELLS - 1 && cell_end(cell) < d->max_us ? cell_end(cell) : d->max_us;
	}
	return 0;
}

void packets_add(struct packets *to, const struct packets *from)
{
	for (int s = 0; s < PACKETS_SUMS; s++)
		to->sums[s] += from->sums[s];
	for (int d = 0; d < DELAYS; d++) {
		struct delays *sum = &to->delays[d];
		const struct delays *one = &from->delays[d];

		for (uint32_t cell = 0; cell < DELAY_CELLS; cell++)
			sum->cells[cell] += one->cells[cell];
		sum->count += one->count;
		sum->sum_us += one->sum_us;
		if (one->max_us > sum->max_us)
			sum->max_us = one->max_us;
	}
}
