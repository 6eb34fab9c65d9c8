/* A frame is a chain of headers, each naming the next. Every step takes its
 * bytes from a `view`, which knows how many are left; a step that cannot have
 * its bytes ends the chain with REASON_TRUNCATED. Chains cannot loop: only VLAN
 * tags may repeat, and they are counted.
 *
 *   link type -> [wire_wifi.c] -> [wire_ethernet.c: VLAN tags, PPPoE, PPP, MPLS, LLC] -> wire_ip.c */
#include "traffic/wire.h"

#include <string.h>

#include "traffic/wire_view.h"

enum { /* DLT_ and LINKTYPE_ numbers, where they differ both */
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_TOKEN_RING = 6,
	LINK_PPP = 9,
	LINK_FDDI = 10,
	LINK_ATM = 11,
	LINK_RAW = 12,
	LINK_RAW_OPENBSD = 14,
	LINK_PPP_SERIAL = 50,
	LINK_PPP_ETHER = 51,
	LINK_ATM_FILE = 100,
	LINK_RAW_FILE = 101,
	LINK_HDLC = 104,
	LINK_80211 = 105,
	LINK_FRAME_RELAY = 107,
	LINK_LOOP = 108,
	LINK_ENC = 109,
	LINK_COOKED = 113,
	LINK_PFLOG = 117,
	LINK_PRISM = 119,
	LINK_RADIOTAP = 127,
	LINK_PKTAP_USER = 149, /* what Apple's tcpdump writes */
	LINK_AVS = 163,
	LINK_PPI = 192,
	LINK_PPP_WAY = 204,
	LINK_HDLC_WAY = 205,
	LINK_FRAME_RELAY_WAY = 206,
	LINK_MPLS = 219,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_NFLOG = 239,
	LINK_NETANALYZER = 240,
	LINK_PKTAP = 258,
	LINK_COOKED_2 = 276,
};

/* The protocol of a Linux cooked header is an Ethernet type, or a small number
 * of Linux's own, of which 4 is LLC. */
static enum reason cooked(struct view v, size_t protocol_at, size_t header, struct wire_packet *out)
{
	unsigned type;

	if (v.left < header)
		return REASON_TRUNCATED;
	type = big16(v.at + protocol_at);
	skip(&v, header);
	if (wire_is_tag(type)) /* the rest of the tag comes next, then a type again */
		return skip(&v, 2) ? wire_tagged(v, out) : REASON_TRUNCATED;
	if (type < TYPE_LEAST)
		return type == 4 ? wire_llc(v, out) : REASON_NOT_IP;
	return wire_typed(v, type, out);
}

/* An address family in the byte order of the machine that captured; every
 * system agrees on 2 for IPv4 and on nothing for IPv6. */
static enum reason loopback(struct view v, struct wire_packet *out)
{
	uint32_t family;

	if (v.left < 4)
		return REASON_TRUNCATED;
	family = big32(v.at);
	if (family > 0xffff)
		family = little16(v.at);
	skip(&v, 4);
	switch (family) {
	case 2:
	case 10: /* Linux */
	case 23: /* Windows */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* Darwin */
		return wire_ip(v, out);
	default:
		return REASON_NOT_IP;
	}
}

static enum reason hdlc(struct view v, struct wire_packet *out)
{
	unsigned type;

	if (v.left < 4)
		return REASON_TRUNCATED;
	type = big16(v.at + 2);
	skip(&v, 4);
	return wire_typed(v, type, out);
}

/* RFC 2684 (once 1483): LLC before a routed or bridged packet, or none at all. */
static enum reason atm(struct view v, struct wire_packet *out)
{
	static const uint8_t bridged[] = { 0xaa, 0xaa, 0x03, 0x00, 0x80, 0xc2, 0x00 };

	if (v.left >= 8 && !memcmp(v.at, bridged, sizeof(bridged)) && (v.at[7] == 1 || v.at[7] == 7))
		return skip(&v, 10) ? wire_ethernet(v, out) : REASON_TRUNCATED;
	if (v.left >= 4 && v.at[0] == 0xfe && v.at[1] == 0xfe && v.at[2] == 0x03) { /* NLPID */
		if (v.at[3] != 0xcc)
			return REASON_NOT_IP;
		skip(&v, 4);
		return wire_ip(v, out);
	}
	if (v.left >= 1 && v.at[0] == 0x45)
		return wire_ip(v, out);
	return wire_llc(v, out);
}

/* A list of (length, type, value), padded to 4; the packet is of type 9. Numbers
 * are in this machine's order: who reads a foreign file turns them round. */
static enum reason nflog(struct view v, struct wire_packet *out)
{
	uint8_t family;

	if (v.left < 4)
		return REASON_TRUNCATED;
	family = v.at[0];
	skip(&v, 4);
	for (;;) {
		uint16_t length, type;

		if (v.left < 4)
			return REASON_TRUNCATED;
		memcpy(&length, v.at, 2);
		memcpy(&type, v.at + 2, 2);
		if (length < 4)
			return REASON_MALFORMED;
		if ((type & 0x7fff) == 9) {
			skip(&v, 4);
			shorten(&v, length - 4u);
			return family == 2 || family == 10 ? wire_ip(v, out) : REASON_NOT_IP;
		}
		if (!skip(&v, ((size_t)length + 3) & ~(size_t)3))
			return REASON_TRUNCATED;
	}
}

static enum reason raw(struct view v, struct wire_packet *out)
{
	return wire_ip(v, out);
}

/* A cooked header tells who sent a frame, not to whom. */
static enum reason cooked_1(struct view v, struct wire_packet *out)
{
	const uint8_t *sender = v.left >= 16 && big16(v.at + 4) == 6 ? v.at + 6 : NULL;

	return wire_between(cooked(v, 14, 16, out), sender, NULL, out);
}

static enum reason cooked_2(struct view v, struct wire_packet *out)
{
	const uint8_t *sender = v.left >= 20 && v.at[11] == 6 ? v.at + 12 : NULL;

	return wire_between(cooked(v, 0, 20, out), sender, NULL, out);
}

static enum reason ppp_serial(struct view v, struct wire_packet *out)
{
	if (v.left >= 2 && (v.at[0] == 0x0f || v.at[0] == 0x8f)) /* Cisco HDLC on the same line */
		return hdlc(v, out);
	return wire_ppp(v, out);
}

/* RFC 2427: an address of two to four bytes, then either Cisco's Ethernet type or a
 * control byte, perhaps a pad, and what follows by NLPID. */
static enum reason frame_relay(struct view v, struct wire_packet *out)
{
	size_t address = 0;
	unsigned type;

	do {
		if (v.left <= address)
			return REASON_TRUNCATED;
	} while (!(v.at[address++] & 1) && address < 4);
	skip(&v, address);
	if (v.left < 2)
		return REASON_TRUNCATED;
	if (v.at[0] != 0x03) {
		type = big16(v.at);
		skip(&v, 2);
		return wire_typed(v, type, out);
	}
	skip(&v, v.at[1] == 0 ? 2 : 1);
	if (v.left < 1)
		return REASON_TRUNCATED;
	switch (v.at[0]) {
	case 0xcc: /* IPv4 */
	case 0x8e: /* IPv6 */
		skip(&v, 1);
		return wire_ip(v, out);
	case 0x80: /* SNAP */
		if (v.left < 6)
			return REASON_TRUNCATED;
		type = big16(v.at + 4);
		if (v.at[1] || v.at[2] || v.at[3])
			return REASON_NOT_IP;
		skip(&v, 6);
		return wire_typed(v, type, out);
	default:
		return REASON_NOT_IP;
	}
}

static enum reason fddi(struct view v, struct wire_packet *out)
{
	const uint8_t *frame = v.at;

	if (v.left < 13)
		return REASON_TRUNCATED;
	if ((v.at[0] & 0xf0) != 0x50) /* not LLC, but FDDI's own */
		return REASON_NOT_IP;
	skip(&v, 13);
	return wire_between(wire_llc(v, out), frame + 7, frame + 1, out);
}

/* IEEE 802.5: the first bit of the sender says that a route comes first. */
static enum reason token_ring(struct view v, struct wire_packet *out)
{
	const uint8_t *frame = v.at;

	if (v.left < 15)
		return REASON_TRUNCATED;
	if ((v.at[1] & 0xc0) != 0x40)
		return REASON_NOT_IP;
	if (!skip(&v, 14 + (frame[8] & 0x80 ? frame[14] & 0x1fu : 0u)))
		return REASON_TRUNCATED;
	return wire_between(wire_llc(v, out), NULL, NULL, out);
}

/* OpenBSD's packet filter: a header that tells its length. */
static enum reason pflog(struct view v, struct wire_packet *out)
{
	if (v.left < 1)
		return REASON_TRUNCATED;
	if (v.at[0] < 45)
		return REASON_MALFORMED;
	return skip(&v, (v.at[0] + 3u) & ~3u) ? wire_ip(v, out) : REASON_TRUNCATED;
}

static enum reason behind(struct view v, size_t header, enum reason (*next)(struct view, struct wire_packet *),
                          struct wire_packet *out)
{
	return skip(&v, header) ? next(v, out) : REASON_TRUNCATED;
}

static enum reason enc(struct view v, struct wire_packet *out)
{
	return behind(v, 12, wire_ip, out);
}

static enum reason ppp_way(struct view v, struct wire_packet *out)
{
	return behind(v, 1, wire_ppp, out);
}

static enum reason hdlc_way(struct view v, struct wire_packet *out)
{
	return behind(v, 1, hdlc, out);
}

static enum reason frame_relay_way(struct view v, struct wire_packet *out)
{
	return behind(v, 1, frame_relay, out);
}

static enum reason netanalyzer(struct view v, struct wire_packet *out)
{
	return behind(v, 4, wire_ethernet, out);
}

static enum reason wrapped(struct view v, uint32_t link_type, struct wire_packet *out);

/* CACE's per-packet information: a header that tells its length and what follows. */
static enum reason ppi(struct view v, struct wire_packet *out)
{
	uint32_t link_type;
	size_t length;

	if (v.left < 8)
		return REASON_TRUNCATED;
	length = little16(v.at + 2);
	link_type = little32(v.at + 4);
	if (v.at[0] != 0 || length < 8)
		return REASON_MALFORMED;
	return skip(&v, length) ? wrapped(v, link_type, out) : REASON_TRUNCATED;
}

/* Apple's: the same, with what is no packet told apart. */
static enum reason pktap(struct view v, struct wire_packet *out)
{
	uint32_t length, type, link_type;

	if (v.left < 12)
		return REASON_TRUNCATED;
	length = little32(v.at);
	type = little32(v.at + 4);
	link_type = little32(v.at + 8);
	if (length < 12 || length > 4096)
		return REASON_MALFORMED;
	if (type != 1)
		return REASON_NOT_IP;
	return skip(&v, length) ? wrapped(v, link_type, out) : REASON_TRUNCATED;
}

static const struct link {
	int type;
	enum reason (*decode)(struct view v, struct wire_packet *out);
} links[] = {
	{ LINK_NULL, loopback },
	{ LINK_ETHERNET, wire_ethernet },
	{ LINK_TOKEN_RING, token_ring },
	{ LINK_PPP, wire_ppp },
	{ LINK_FDDI, fddi },
	{ LINK_ATM, atm },
	{ LINK_RAW, raw },
	{ LINK_RAW_OPENBSD, raw },
	{ LINK_PPP_SERIAL, ppp_serial },
	{ LINK_PPP_ETHER, wire_pppoe },
	{ LINK_ATM_FILE, atm },
	{ LINK_RAW_FILE, raw },
	{ LINK_HDLC, hdlc },
	{ LINK_80211, wire_wifi },
	{ LINK_FRAME_RELAY, frame_relay },
	{ LINK_LOOP, loopback },
	{ LINK_ENC, enc },
	{ LINK_COOKED, cooked_1 },
	{ LINK_PFLOG, pflog },
	{ LINK_PRISM, wire_prism },
	{ LINK_RADIOTAP, wire_radiotap },
	{ LINK_PKTAP_USER, pktap },
	{ LINK_AVS, wire_avs },
	{ LINK_PPI, ppi },
	{ LINK_PPP_WAY, ppp_way },
	{ LINK_HDLC_WAY, hdlc_way },
	{ LINK_FRAME_RELAY_WAY, frame_relay_way },
	{ LINK_MPLS, wire_mpls },
	{ LINK_IPV4, raw },
	{ LINK_IPV6, raw },
	{ LINK_NFLOG, nflog },
	{ LINK_NETANALYZER, netanalyzer },
	{ LINK_PKTAP, pktap },
	{ LINK_COOKED_2, cooked_2 },
};

static const struct link *find(int link_type)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].type == link_type)
			return &links[i];
	return NULL;
}

/* A frame within a frame that names its link type; not one of those again. */
static enum reason wrapped(struct view v, uint32_t link_type, struct wire_packet *out)
{
	const struct link *link = link_type <= INT16_MAX ? find((int)link_type) : NULL;

	if (!link || link->decode == ppi || link->decode == pktap)
		return REASON_LINK_TYPE;
	return link->decode(v, out);
}

bool wire_knows(int link_type)
{
	return find(link_type) != NULL;
}

enum reason wire_decode(const uint8_t *bytes, size_t captured, size_t length, int link_type, struct wire_packet *out)
{
	const struct link *link = find(link_type);
	struct view v = { .at = bytes, .left = captured, .wire = length > captured ? length : captured };

	*out = (struct wire_packet){ 0 };
	return link ? link->decode(v, out) : REASON_LINK_TYPE;
}
