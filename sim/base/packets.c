#include "sim/base/packets.h"

const struct packet_name packet_sum_name[PACKETS_SUMS] = {
	[PACKETS_OUT]           = { "packets_out", "packets", "from inside that the CGN let through, translated or exempt" },
	[PACKETS_IN]            = { "packets_in", "packets", "from outside that the CGN let through" },
	[PACKETS_HAIRPIN]       = { "hairpins", "packets", "from inside to another host inside, by its outside endpoint" },
	[PACKETS_REFUSED]       = { "packets_refused", "packets", "from inside that were refused a mapping" },
	[PACKETS_DROPPED]       = { "packets_dropped", "packets", "others that the CGN did not let through" },
	[PACKETS_MALFORMED]     = { "malformed", "packets", "that are no IPv4 packet which the CGN can read" },
	[PACKETS_FRAGMENTS]     = { "fragments", "packets", "fragments that the CGN let through" },
	[PACKETS_TOO_BIG]       = { "too_big", "packets", "too long for the next link and not to be fragmented: dropped with an ICMP error" },
	[PACKETS_ICMP_SENT]     = { "icmp_sent", "errors", "ICMP errors that the CGN sent by itself" },
	[PACKETS_ICMP_WITHHELD] = { "icmp_withheld", "errors", "ICMP errors that its rate limit (nat.icmp_per_second) kept back" },
	[PACKETS_ICMP_PASSED]   = { "icmp_passed", "errors", "ICMP errors of others that the CGN translated" },
	[PACKETS_LOST]          = { "packets_lost", "packets", "dropped by a full queue of a link" },
	[PACKETS_SYNS]          = { "syns", "segments", "that opened or tried to open a TCP connection" },
	[PACKETS_SYN_RETRIES]   = { "syn_retries", "segments", "of them, those after a connection's first" },
	[PACKETS_HANDSHAKES]    = { "handshakes", "connections", "that were set up" },
	[PACKETS_HANDSHAKES_LATE] = { "handshakes_late", "connections", "of them, by another SYN than the first" },
	[PACKETS_HANDSHAKES_FAILED] = { "handshakes_failed", "connections", "that the host gave up, or was told to give up" },
	[PACKETS_ICMP_DELIVERED] = { "icmp_delivered", "errors", "ICMP errors that reached the socket they are about" },
	[PACKETS_RESENT]        = { "resent", "segments", "TCP segments sent again, SYNs left out" },
	[PACKETS_RESETS]        = { "resets", "connections", "that a reset ended" },
	[PACKETS_BYTES_DOWN]    = { "bytes_down", "bytes", "of payload that reached the hosts' applications" },
	[PACKETS_BYTES_UP]      = { "bytes_up", "bytes", "of payload that reached the servers' applications" },
	[PACKETS_DATAGRAMS_UP]  = { "datagrams_up", "datagrams", "UDP datagrams and ICMP queries that reached the servers" },
	[PACKETS_DATAGRAMS_DOWN] = { "datagrams_down", "datagrams", "answers to them that reached the hosts" },
	[PACKETS_SOCKET_BUSY]   = { "socket_busy", "flows", "not begun, for the host's stack still held their inside port (TIME-WAIT)" },
	[PACKETS_OPENED_OUTSIDE] = { "opened_outside", "flows", "not begun, for the other side spoke first: it knows no mapping to speak to" },
};

const struct packet_name packet_delay_name[DELAYS] = {
	[DELAY_SETUP]   = { "setup_delay", "seconds", "from a connection's first SYN until it is set up" },
	[DELAY_FAILURE] = { "failure_delay", "seconds", "from a connection's first SYN until the host knows that there will be none" },
	[DELAY_ANSWER]  = { "answer_delay", "seconds", "from a datagram or query to its answer" },
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
