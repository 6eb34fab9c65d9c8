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
	LINK_PPP = 9,
	LINK_ATM = 11,
	LINK_RAW = 12,
	LINK_RAW_OPENBSD = 14,
	LINK_PPP_SERIAL = 50,
	LINK_PPP_ETHER = 51,
	LINK_ATM_FILE = 100,
	LINK_RAW_FILE = 101,
	LINK_HDLC = 104,
	LINK_80211 = 105,
	LINK_LOOP = 108,
	LINK_COOKED = 113,
	LINK_RADIOTAP = 127,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_NFLOG = 239,
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
 * are in this machine's order: libpcap turns those of a foreign file round. */
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

static const struct link {
	int type;
	enum reason (*decode)(struct view v, struct wire_packet *out);
} links[] = {
	{ LINK_NULL, loopback },
	{ LINK_ETHERNET, wire_ethernet },
	{ LINK_PPP, wire_ppp },
	{ LINK_ATM, atm },
	{ LINK_RAW, raw },
	{ LINK_RAW_OPENBSD, raw },
	{ LINK_PPP_SERIAL, ppp_serial },
	{ LINK_PPP_ETHER, wire_pppoe },
	{ LINK_ATM_FILE, atm },
	{ LINK_RAW_FILE, raw },
	{ LINK_HDLC, hdlc },
	{ LINK_80211, wire_wifi },
	{ LINK_LOOP, loopback },
	{ LINK_COOKED, cooked_1 },
	{ LINK_RADIOTAP, wire_radiotap },
	{ LINK_IPV4, raw },
	{ LINK_IPV6, raw },
	{ LINK_NFLOG, nflog },
	{ LINK_COOKED_2, cooked_2 },
};

static const struct link *find(int link_type)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].type == link_type)
			return &links[i];
	return NULL;
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
