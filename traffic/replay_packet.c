#include "traffic/replay_packet.h"

#include <libnet.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "traffic/replay_payload.h"
#include "traffic/wire.h"

enum {
	TYPE_MARK = 0x88b5,   /* IEEE 802: local experimental */
	IP_IPV4 = 4,
	IP_NOTHING = 59,
	TTL = 64,
	ETHERNET_BYTES = 14,
	CHECKSUM_UDP = 6,     /* offset in the header */
};

const uint8_t replay_station_inside[6] = { 0x02, 0x00, 0x5e, 0x00, 0x00, 0x01 };
const uint8_t replay_station_outside[6] = { 0x02, 0x00, 0x5e, 0x00, 0x00, 0x02 };

struct replay_builder {
	libnet_t *net;
	uint8_t *frame;    /* libnet's; NULL: none */
	uint8_t payload[REPLAY_FRAME_MOST];
	bool fits;         /* the packet's ports take it: see replay_payload.h */
	uint8_t inner[REPLAY_FRAME_MOST]; /* what goes into a softwire */
};

uint32_t replay_header(enum protocol protocol, bool six)
{
	static const uint32_t bytes[PROTO_COUNT] = { [PROTO_TCP] = 20, [PROTO_UDP] = 8, [PROTO_ICMP] = 8 };

	return bytes[protocol] + (six ? 40 : 20);
}

uint32_t replay_most(bool six)
{
	return UINT16_MAX + (six ? 40 : 0); /* the length of IPv6 does not count its header */
}

struct replay_builder *replay_builder_create(struct err *e)
{
	char why[LIBNET_ERRBUF_SIZE] = "";
	struct replay_builder *b = must_alloc(1, sizeof(*b));

	b->net = libnet_init(LIBNET_NONE, NULL, why);
	if (!b->net) {
		fail_lacks(e, "libnet cannot be used: %s", why);
		free(b);
		return NULL;
	}
	return b;
}

void replay_builder_destroy(struct replay_builder *b)
{
	if (!b)
		return;
	if (b->frame)
		libnet_adv_free_packet(b->net, b->frame);
	libnet_destroy(b->net);
	free(b);
}

/* Puts the blocks together; NULL with `e` set. */
static const uint8_t *finish(struct replay_builder *b, bool built, size_t *length, struct err *e)
{
	uint32_t bytes = 0;

	if (b->frame)
		libnet_adv_free_packet(b->net, b->frame);
	b->frame = NULL;
	if (!built || libnet_pblock_coalesce(b->net, &b->frame, &bytes) < 0) {
		fail(e, "a packet could not be built: %s", libnet_geterror(b->net));
		b->frame = NULL;
	}
	libnet_clear_packet(b->net);
	*length = bytes;
	return b->frame;
}

/* What a SYN says of itself: the largest segment, the window's scale, selective acknowledgement, time stamps. */
static void fill_options(uint8_t out[40], uint32_t bytes)
{
	static const uint8_t small[] = { 2, 4, 1460 >> 8, 1460 & 0xff, 1, 3, 3, 14, 1, 1, 4, 2 };
	static const uint8_t large[] = { 2, 4, 1460 >> 8, 1460 & 0xff, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 14 };
	bool is_large = bytes >= sizeof(large);
	size_t known = is_large ? sizeof(large) : sizeof(small);

	memset(out, 0, 40); /* end of options */
	memcpy(out, is_large ? large : small, bytes < known ? bytes : known);
}

static bool build_tcp(struct replay_builder *b, const struct replay_packet *p)
{
	uint8_t options[40];

	if (p->options) {
		fill_options(options, p->options);
		if (libnet_build_tcp_options(options, p->options, b->net, 0) < 0)
			return false;
	}
	return libnet_build_tcp(p->source_port, p->destination_port, p->sequence, p->acknowledgement, p->tcp_flags, p->window, 0, 0,
	                        (uint16_t)(20 + p->options + p->payload), p->payload ? b->payload : NULL, p->payload, b->net, 0) >= 0;
}

static uint32_t add_words(uint32_t sum, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i + 1 < count; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	return sum;
}

/* Checksum of a datagram that ends with its header (RFC 768): libnet's would count what lies behind. */
static uint16_t udp_header_sum(const struct replay_packet *p)
{
	uint32_t sum = 17 + 8 + 8 + (uint32_t)p->source_port + p->destination_port;

	if (p->six)
		sum = add_words(add_words(sum, p->source6, 16), p->destination6, 16);
	else
		sum += (p->source >> 16) + (p->source & 0xffff) + (p->destination >> 16) + (p->destination & 0xffff);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff ? 0xffff : (uint16_t)~sum;
}

/* Bytes that would be a broken message lie behind the datagram, where RFC 9868 has options: 0 is the end of them. */
static bool build_udp(struct replay_builder *b, const struct replay_packet *p)
{
	bool within = b->fits;

	return libnet_build_udp(p->source_port, p->destination_port, (uint16_t)(within ? 8 + p->payload : 8),
	                        within ? 0 : udp_header_sum(p), p->payload ? b->payload : NULL, p->payload, b->net, 0) >= 0;
}

static bool build_transport(struct replay_builder *b, const struct replay_packet *p)
{
	uint8_t *payload = p->payload ? b->payload : NULL;

	switch (p->protocol) {
	case PROTO_TCP:
		return build_tcp(b, p);
	case PROTO_UDP:
		return build_udp(b, p);
	default:
		if (p->six)
			return libnet_build_icmpv6_echo(p->reply ? 129 : 128, 0, 0, p->source_port, (uint16_t)p->sequence, payload,
			                                p->payload, b->net, 0) >= 0;
		return libnet_build_icmpv4_echo(p->reply ? ICMP_ECHOREPLY : ICMP_ECHO, 0, 0, p->source_port, (uint16_t)p->sequence,
		                                payload, p->payload, b->net, 0) >= 0;
	}
}

static struct libnet_in6_addr address6(const uint8_t *bytes)
{
	struct libnet_in6_addr a;

	memcpy(&a, bytes, 16);
	return a;
}

/* The AFTR's end of a softwire: RFC 6333 gives it no fixed address. One that is a home's (of our own packets,
 * imported by who opened) has a neighbour. */
static struct libnet_in6_addr aftr_of(const uint8_t *home)
{
	uint8_t aftr[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };

	aftr[15] = memcmp(home, aftr, 16) ? 1 : 2;
	return address6(aftr);
}

static bool build_ethernet(struct replay_builder *b, bool outbound, uint16_t type)
{
	return libnet_build_ethernet(outbound ? replay_station_outside : replay_station_inside,
	                             outbound ? replay_station_inside : replay_station_outside, type, NULL, 0, b->net, 0) >= 0;
}

static bool build_ip(struct replay_builder *b, const struct replay_packet *p)
{
	uint32_t above = replay_header(p->protocol, p->six) - (p->six ? 40 : 20) + p->options + p->payload;
	uint8_t protocol = protocol_number[p->protocol];

	if (p->six)
		return libnet_build_ipv6(0, 0, (uint16_t)above, p->protocol == PROTO_ICMP ? IPPROTO_ICMPV6 : protocol, TTL,
		                         address6(p->source6), address6(p->destination6), NULL, 0, b->net, 0) >= 0;
	return libnet_build_ipv4((uint16_t)(20 + above), 0, p->identification, IP_DF, TTL, protocol, 0, htonl(p->source),
	                         htonl(p->destination), NULL, 0, b->net, 0) >= 0;
}

/* A UDP checksum that comes out as 0 is sent as all ones, for 0 says that there is none (RFC 768). */
static void mend_udp(uint8_t *frame, const struct replay_packet *p)
{
	uint8_t *sum = frame + ETHERNET_BYTES + (p->six ? 40 : 20) + CHECKSUM_UDP;

	if (p->protocol == PROTO_UDP && !sum[0] && !sum[1])
		sum[0] = sum[1] = 0xff;
}

/* The IPv4 packet, built as a frame, goes into IPv6 (RFC 2473). */
static const uint8_t *wrap(struct replay_builder *b, const struct replay_packet *p, size_t *length, struct err *e)
{
	size_t bytes = *length - ETHERNET_BYTES;
	struct libnet_in6_addr home = address6(p->tunnel), end = aftr_of(p->tunnel);
	bool built;

	memcpy(b->inner, b->frame + ETHERNET_BYTES, bytes);
	built = libnet_build_ipv6(0, 0, (uint16_t)bytes, IP_IPV4, TTL, p->outbound ? home : end, p->outbound ? end : home, b->inner,
	                          (uint32_t)bytes, b->net, 0) >= 0 &&
	        build_ethernet(b, p->outbound, ETHERTYPE_IPV6);
	return finish(b, built, length, e);
}

static void set_payload(struct replay_builder *b, const struct replay_packet *p)
{
	b->fits = p->protocol == PROTO_ICMP || !p->payload ||
	          replay_payload(p->protocol, p->source_port, p->destination_port, p->position, b->payload, p->payload);
	if (p->protocol == PROTO_ICMP || (p->protocol == PROTO_UDP && !b->fits))
		memset(b->payload, 0, p->payload);
}

const uint8_t *replay_build(struct replay_builder *b, const struct replay_packet *p, size_t *length, struct err *e)
{
	bool built;

	set_payload(b, p);
	built = build_transport(b, p) && build_ip(b, p) && build_ethernet(b, p->outbound, p->six ? ETHERTYPE_IPV6 : ETHERTYPE_IP);

	if (!finish(b, built, length, e))
		return NULL;
	mend_udp(b->frame, p);
	return p->tunnel ? wrap(b, p, length, e) : b->frame;
}

const uint8_t *replay_build_mark(struct replay_builder *b, size_t *length, struct err *e)
{
	static const char text[] = "cgnsim replay: here something other than the trace's flows was seen";
	bool built = libnet_build_ethernet(replay_station_outside, replay_station_inside, TYPE_MARK, (const uint8_t *)text,
	                                   sizeof(text) - 1, b->net, 0) >= 0;

	return finish(b, built, length, e);
}

const uint8_t *replay_build_home(struct replay_builder *b, const uint8_t home[16], size_t *length, struct err *e)
{
	bool built = libnet_build_ipv6(0, 0, 0, IP_NOTHING, TTL, address6(home), aftr_of(home), NULL, 0, b->net, 0) >= 0 &&
	             build_ethernet(b, true, ETHERTYPE_IPV6);

	return finish(b, built, length, e);
}
