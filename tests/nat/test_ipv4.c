/* Bytes to a datagram and back: whatever is written over a packet whose checksums
 * are right leaves them right, as counted from scratch here. */
#include "sim/nat/ipv4.h"

#include <string.h>

#include "sim/base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { ROOM = 2048 };

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t add(uint32_t sum, const uint8_t *p, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint32_t pseudo(const uint8_t *packet, uint32_t length)
{
	return add(packet[9] + length, packet + 12, 8);
}

/* A packet's header and message from scratch; of an inner packet too. */
static void seal(uint8_t *packet, uint32_t length)
{
	static const uint32_t at[18] = { [1] = 2, [6] = 16, [17] = 6 };
	uint8_t *p = packet + 20, *sum;
	uint16_t s;

	put16(packet + 10, 0);
	put16(packet + 10, (uint16_t)~fold(add(0, packet, 20)));
	if (packet[9] != 1 && packet[9] != 6 && packet[9] != 17)
		return;
	sum = p + at[packet[9]];
	put16(sum, 0);
	s = (uint16_t)~fold(add(packet[9] == 1 ? 0 : pseudo(packet, length - 20), p, length - 20));
	put16(sum, packet[9] == 17 && !s ? 0xffff : s);
}

/* All ones, as a receiver counts it; a sum of nothing but zeros is the exception that must not be. */
static bool is_sealed(const uint8_t *packet, uint32_t length, bool whole)
{
	const uint8_t *p = packet + 20;

	if (fold(add(0, packet, 20)) != 0xffff)
		return false;
	if (!whole || (packet[9] == 17 && !p[6] && !p[7]) || (packet[9] != 1 && packet[9] != 6 && packet[9] != 17))
		return true;
	return fold(add(packet[9] == 1 ? 0 : pseudo(packet, length - 20), p, length - 20)) == 0xffff;
}

static uint32_t draw(struct rng *r, uint32_t below)
{
	return (uint32_t)(rng_next(r) % below);
}

static void begin(uint8_t *packet, uint32_t length, uint8_t protocol, struct rng *r)
{
	memset(packet, 0, length);
	for (uint32_t i = 12; i < length; i++)
		packet[i] = draw(r, 3) ? (uint8_t)draw(r, 256) : 0;
	packet[0] = 0x45;
	put16(packet + 2, length);
	packet[8] = 64;
	packet[9] = protocol;
}

/* A random packet, sealed. */
static uint32_t make(uint8_t *packet, uint8_t protocol, bool error, struct rng *r)
{
	uint32_t payload = draw(r, 100), length = (protocol == 6 ? 40u : 28u) + payload;

	if (!error) {
		begin(packet, length, protocol, r);
		if (protocol == 1)
			packet[20] = draw(r, 2) ? 0 : 8;
		seal(packet, length);
		if (protocol == 17 && !draw(r, 4))
			put16(packet + 26, 0);
		return length;
	}
	begin(packet, 28 + length, 1, r);
	packet[20] = 3;
	begin(packet + 28, length, protocol, r);
	if (protocol == 1)
		packet[48] = 8;
	seal(packet + 28, length);
	length += 28;
	if (draw(r, 2)) { /* only the first 8 bytes are there */
		length = 28 + 20 + 8;
		put16(packet + 2, length);
	}
	seal(packet, length);
	return length;
}

static struct packet_ends other_ends(const struct packet_ends *was, bool query, struct rng *r)
{
	struct packet_ends ends = *was;

	ends.source = (uint32_t)rng_next(r);
	ends.destination = (uint32_t)rng_next(r);
	if (was->protocol == IP_TCP || was->protocol == IP_UDP || query) {
		ends.source_port = (uint16_t)rng_next(r);
		ends.destination_port = query ? ends.source_port : (uint16_t)rng_next(r);
	}
	return ends;
}

static bool same_ends(const struct packet_ends *a, const struct packet_ends *b)
{
	return a->source == b->source && a->destination == b->destination && a->source_port == b->source_port &&
	       a->destination_port == b->destination_port && a->protocol == b->protocol;
}

static void sums_stay_right(void **state)
{
	static const uint8_t protocols[] = { 1, 6, 17, 47 };
	struct rng r;

	(void)state;
	rng_seed(&r, 1);
	for (int i = 0; i < 200000; i++) {
		uint8_t packet[ROOM], before[ROOM];
		uint8_t protocol = protocols[draw(&r, 4)];
		bool error = protocol != 47 && draw(&r, 2);
		uint32_t length = make(packet, protocol, error, &r);
		struct datagram was, now, read;

		memcpy(before, packet, length);
		assert_true(is_sealed(packet, length, true));
		assert_true(ipv4_read(packet, length, &was));
		assert_int_equal(ipv4_length(packet), length);
		now = was;
		ipv4_write(packet, &was, &now);
		assert_memory_equal(packet, before, length);
		now.ends = other_ends(&was.ends, protocol == 1 && !error, &r);
		if (error)
			now.inner = other_ends(&was.inner, protocol == 1, &r);
		ipv4_write(packet, &was, &now);
		assert_true(is_sealed(packet, length, true));
		if (error) {
			uint32_t inner = (uint32_t)packet[30] << 8 | packet[31];

			assert_true(is_sealed(packet + 28, inner, length >= 28 + inner));
		}
		assert_true(ipv4_hop(packet));
		assert_true(is_sealed(packet, length, true));
		assert_true(ipv4_read(packet, length, &read));
		assert_true(same_ends(&read.ends, &now.ends));
		assert_true(same_ends(&read.inner, &now.inner));
	}
}

/* RFC 1624's equation cannot tell the two zeros: an answer of nothing but zeros has the sum 0xffff, not 0. */
static void an_answer_of_zeros_is_right(void **state)
{
	uint8_t packet[64] = { 0 };
	uint32_t length = ipv4_write_echo(packet, 1, 2, true, 0x1234, 0, 8);
	struct datagram was, now;

	(void)state;
	assert_true(ipv4_read(packet, length, &was));
	now = was;
	now.ends.source_port = now.ends.destination_port = 0;
	ipv4_write(packet, &was, &now);
	assert_int_equal(packet[22] << 8 | packet[23], 0xffff);
}

static void what_is_no_packet_is_refused(void **state)
{
	uint8_t packet[ROOM];
	struct datagram d;
	struct rng r;
	uint32_t length;

	(void)state;
	rng_seed(&r, 2);
	for (int i = 0; i < 1000; i++) {
		length = make(packet, 6, i & 1, &r);
		for (uint32_t cut = 0; cut < length; cut++)
			assert_false(ipv4_read(packet, cut, &d));
	}
	length = make(packet, 17, false, &r);
	packet[0] = 0x65;
	assert_false(ipv4_read(packet, length, &d));
	packet[0] = 0x44;
	assert_false(ipv4_read(packet, length, &d));
	length = make(packet, 17, true, &r);
	put16(packet + 28 + 6, 1); /* about a fragment without ports */
	assert_false(ipv4_read(packet, length, &d));
}

struct pieces {
	uint8_t whole[ROOM];
	uint32_t end, count, most;
	bool last;
};

static void gather(void *context, uint8_t *bytes, uint32_t length)
{
	struct pieces *p = context;
	struct datagram d;

	assert_true(length <= p->most);
	assert_true(ipv4_read(bytes, length, &d));
	assert_int_equal(d.offset, p->end);
	assert_true(is_sealed(bytes, length, false));
	memcpy(p->whole + d.offset, bytes + 20, length - 20);
	p->end += length - 20;
	p->last = !d.more;
	p->count++;
}

static void pieces_make_the_whole(void **state)
{
	uint8_t packet[ROOM], before[ROOM];
	struct rng r;

	(void)state;
	rng_seed(&r, 3);
	for (uint32_t mtu = 68; mtu < 1600; mtu += 13) {
		struct pieces p = { .most = mtu };
		uint32_t length = 1500;

		begin(packet, length, 17, &r);
		seal(packet, length);
		memcpy(before, packet, length);
		assert_true(ipv4_cut(packet, mtu, gather, &p));
		assert_true(p.last);
		assert_int_equal(p.end, length - 20);
		assert_int_equal(p.count, length <= mtu ? 1 : (length - 20 + ((mtu - 20) & ~7u) - 1) / ((mtu - 20) & ~7u));
		assert_memory_equal(p.whole, before + 20, length - 20);
		packet[6] |= 0x40;
		seal(packet, length);
		p = (struct pieces){ .most = mtu };
		assert_int_equal(ipv4_cut(packet, mtu, gather, &p), length <= mtu);
		assert_int_equal(p.count, length <= mtu);
	}
}

static void what_it_writes_it_reads(void **state)
{
	const struct ipv4_error error = { .source = 7, .destination = 8, .type = 3, .code = 4, .info = 1400 };
	const struct packet_ends ends[] = {
		{ .source = 1, .destination = 2, .source_port = 3, .destination_port = 4, .protocol = IP_TCP },
		{ .source = 1, .destination = 2, .source_port = 3, .destination_port = 3, .protocol = IP_ICMP },
	};
	uint8_t stub[IPV4_STUB], packet[IPV4_ERROR_MOST];
	struct datagram d;

	(void)state;
	for (int i = 0; i < 2; i++) {
		uint32_t length;

		ipv4_write_stub(stub, &ends[i]);
		length = ipv4_write_error(packet, &error, stub, sizeof(stub));
		assert_true(is_sealed(packet, length, true));
		assert_true(ipv4_read(packet, length, &d));
		assert_int_equal(d.icmp_type, 3);
		assert_int_equal(d.icmp_code, 4);
		assert_int_equal(packet[26] << 8 | packet[27], 1400);
		assert_int_equal(d.ends.source, 7);
		assert_true(same_ends(&d.inner, &ends[i]));
	}
	assert_int_equal(ipv4_write_segment(packet, &(struct packet_ends){ 0xc0000201, 0xc6336401, 443, 5000, IP_TCP }, TCP_FIN | TCP_ACK),
	                 IPV4_SEGMENT);
	assert_true(is_sealed(packet, IPV4_SEGMENT, true));
	assert_true(ipv4_read(packet, IPV4_SEGMENT, &d));
	assert_int_equal(d.ends.source, 0xc0000201);
	assert_int_equal(d.ends.destination_port, 5000);
	assert_int_equal(d.tcp_flags, TCP_FIN | TCP_ACK);
	for (int i = 0; i < 33; i++)
		packet[IPV4_ECHO + i] = (uint8_t)i;
	assert_true(is_sealed(packet, ipv4_write_echo(packet, 1, 2, false, 9, 1, 33), true));
	assert_int_equal(packet[IPV4_ECHO + 32], 32);
	packet[8] = 1;
	assert_false(ipv4_hop(packet));
	assert_int_equal(packet[8], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_stay_right),
		cmocka_unit_test(an_answer_of_zeros_is_right),
		cmocka_unit_test(what_is_no_packet_is_refused),
		cmocka_unit_test(pieces_make_the_whole),
		cmocka_unit_test(what_it_writes_it_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
