/* handmade - small captures, written field by field, in either byte order. Header only,
 * for tests; it includes cmocka.h, and so comes after our own. */
#ifndef TESTS_SUPPORT_HANDMADE_H
#define TESTS_SUPPORT_HANDMADE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h> /* last: its macro fail would catch our fail() */

struct handmade {
	char name[32]; /* of the file, which its maker removes */
	FILE *out;
	bool big;      /* byte order */
};

#define LINK_RAW_IP 101 /* LINKTYPE_RAW */

static inline void handmade_put(struct handmade *h, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		fputc((int)(value >> (8 * (h->big ? bytes - 1 - i : i)) & 0xff), h->out);
}

static inline void handmade_open(struct handmade *h, bool big)
{
	*h = (struct handmade){ .name = "/tmp/test_handmade.XXXXXX", .big = big };
	h->out = fdopen(mkstemp(h->name), "wb");
	assert_non_null(h->out);
}

/* Times in microseconds, or in nanoseconds. */
static inline void pcap_begin(struct handmade *h, bool big, bool nano, uint32_t link_type)
{
	handmade_open(h, big);
	handmade_put(h, nano ? 0xa1b23c4d : 0xa1b2c3d4, 4);
	handmade_put(h, 2, 2);
	handmade_put(h, 4, 2);
	handmade_put(h, 0, 8);
	handmade_put(h, 65535, 4);
	handmade_put(h, link_type, 4);
}

static inline void pcap_packet(struct handmade *h, uint32_t seconds, uint32_t fraction, const uint8_t *bytes, uint32_t count)
{
	handmade_put(h, seconds, 4);
	handmade_put(h, fraction, 4);
	handmade_put(h, count, 4);
	handmade_put(h, count, 4);
	fwrite(bytes, 1, count, h->out);
}

/* One section and one interface; resolution: of its option if_tsresol. */
static inline void pcapng_begin(struct handmade *h, bool big, uint32_t link_type, uint8_t resolution)
{
	handmade_open(h, big);
	handmade_put(h, 0x0a0d0d0a, 4);
	handmade_put(h, 28, 4);
	handmade_put(h, 0x1a2b3c4d, 4);
	handmade_put(h, 1, 2);
	handmade_put(h, 0, 2);
	handmade_put(h, UINT64_MAX, 8);
	handmade_put(h, 28, 4);
	handmade_put(h, 1, 4);
	handmade_put(h, 32, 4);
	handmade_put(h, link_type, 2);
	handmade_put(h, 0, 6);
	handmade_put(h, 9, 2);
	handmade_put(h, 1, 2);
	fwrite((const uint8_t[4]){ resolution }, 1, 4, h->out);
	handmade_put(h, 0, 4);
	handmade_put(h, 32, 4);
}

static inline void handmade_padded(struct handmade *h, const uint8_t *bytes, uint32_t count)
{
	static const uint8_t zero[3];

	fwrite(bytes, 1, count, h->out);
	fwrite(zero, 1, -count & 3, h->out);
}

static inline void pcapng_packet(struct handmade *h, uint64_t ticks, const uint8_t *bytes, uint32_t count)
{
	uint32_t length = 32 + ((count + 3) & ~3u);

	handmade_put(h, 6, 4);
	handmade_put(h, length, 4);
	handmade_put(h, 0, 4);
	handmade_put(h, ticks >> 32, 4);
	handmade_put(h, ticks & UINT32_MAX, 4);
	handmade_put(h, count, 4);
	handmade_put(h, count, 4);
	handmade_padded(h, bytes, count);
	handmade_put(h, length, 4);
}

/* In a simple packet block, which has no time. */
static inline void pcapng_undated(struct handmade *h, const uint8_t *bytes, uint32_t count)
{
	uint32_t length = 16 + ((count + 3) & ~3u);

	handmade_put(h, 3, 4);
	handmade_put(h, length, 4);
	handmade_put(h, count, 4);
	handmade_padded(h, bytes, count);
	handmade_put(h, length, 4);
}

static inline void handmade_close(struct handmade *h)
{
	assert_int_equal(fclose(h->out), 0);
}

/* An IPv4 header of a packet of so many bytes without it, 20 bytes. */
static inline void ipv4_put(uint8_t *at, uint32_t source, uint32_t destination, uint8_t protocol, uint16_t payload)
{
	uint16_t length = (uint16_t)(20 + payload);

	memset(at, 0, 20);
	at[0] = 0x45;
	at[2] = (uint8_t)(length >> 8);
	at[3] = (uint8_t)length;
	at[8] = 64;
	at[9] = protocol;
	for (int i = 0; i < 4; i++) {
		at[12 + i] = (uint8_t)(source >> (24 - 8 * i));
		at[16 + i] = (uint8_t)(destination >> (24 - 8 * i));
	}
}

#define UDP_PACKET 28

/* An empty datagram to port 53. */
static inline void udp_put(uint8_t at[UDP_PACKET], uint32_t source, uint16_t port, uint32_t destination)
{
	const uint8_t udp[8] = { (uint8_t)(port >> 8), (uint8_t)port, 0, 53, 0, 8, 0, 0 };

	ipv4_put(at, source, destination, 17, sizeof(udp));
	memcpy(at + 20, udp, sizeof(udp));
}

#endif
