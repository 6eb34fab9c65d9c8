/* A frame is a chain of headers, each naming the next. Every step takes its
 * bytes from a `view`, which knows how many are left; a step that cannot have
 * its bytes ends the chain with REASON_TRUNCATED. Chains cannot loop: only VLAN
 * tags may repeat, and they are counted.
 *
 *   link type -> [VLAN tags] -> [PPPoE, PPP | MPLS | LLC] -> wire_ip.c */
#include "traffic/wire.h"

#include <string.h>

#include "traffic/wire_view.h"

enum { /* what an Ethernet type field says (IEEE 802, IANA) */
	TYPE_LEAST = 0x0600, /* below, the field is a length and LLC follows */
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	TYPE_VLAN_SERVICE = 0x88a8,
	TYPE_VLAN_9100 = 0x9100,
	TYPE_VLAN_9200 = 0x9200,
	TYPE_MPLS = 0x8847,
	TYPE_MPLS_UPSTREAM = 0x8848,
	TYPE_PPPOE = 0x8864,
};

enum { /* RFC 1661 and the PPP numbers of IANA */
	PPP_IPV4 = 0x0021,
	PPP_IPV6 = 0x0057,
	PPP_MPLS = 0x0281,
};

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

/* RFC 3032: labels to the bottom of the stack; then nothing says what follows
 * but its first nibble (RFC 4928 section 3). */
static enum reason mpls(struct view v, struct wire_packet *out)
{
	bool bottom;

	do {
		if (v.left < 4)
			return REASON_TRUNCATED;
		bottom = v.at[2] & 1;
		skip(&v, 4);
	} while (!bottom);
	if (v.left < 1)
		return REASON_TRUNCATED;
	if (v.at[0] >> 4 != 4 && v.at[0] >> 4 != 6)
		return REASON_NOT_IP;
	return wire_ip(v, out);
}

/* RFC 1661 and 1662: address and control may be compressed away, and so may the
 * first byte of the protocol, if it is 0. */
enum reason wire_ppp(struct view v, struct wire_packet *out)
{
	unsigned protocol;

	if (v.left >= 2 && v.at[0] == 0xff && v.at[1] == 0x03)
		skip(&v, 2);
	if (v.left < 1)
		return REASON_TRUNCATED;
	if (v.at[0] & 1) {
		protocol = v.at[0];
		skip(&v, 1);
	} else {
		if (v.left < 2)
			return REASON_TRUNCATED;
		protocol = big16(v.at);
		skip(&v, 2);
	}
	switch (protocol) {
	case PPP_IPV4:
	case PPP_IPV6:
		return wire_ip(v, out);
	case PPP_MPLS:
		return mpls(v, out);
	default:
		return REASON_NOT_IP;
	}
}

/* RFC 2516: version and type, code, identifier, length. */
static enum reason pppoe(struct view v, struct wire_packet *out)
{
	size_t length;

	if (v.left < 6)
		return REASON_TRUNCATED;
	if (v.at[0] != 0x11)
		return REASON_MALFORMED;
	if (v.at[1] != 0)
		return REASON_NOT_IP;
	length = big16(v.at + 4);
	skip(&v, 6);
	shorten(&v, length);
	return wire_ppp(v, out);
}

static enum reason typed(struct view v, unsigned type, struct wire_packet *out)
{
	switch (type) {
	case TYPE_IPV4:
	case TYPE_IPV6:
		return wire_ip(v, out);
	case TYPE_MPLS:
	case TYPE_MPLS_UPSTREAM:
		return mpls(v, out);
	case TYPE_PPPOE:
		return pppoe(v, out);
	default:
		return REASON_NOT_IP;
	}
}

/* IEEE 802.2, and SNAP behind it (RFC 1042). */
static enum reason llc(struct view v, struct wire_packet *out)
{
	unsigned type;

	if (v.left < 3)
		return REASON_TRUNCATED;
	if (v.at[0] == 0x06 && v.at[1] == 0x06 && v.at[2] == 0x03) {
		skip(&v, 3);
		return wire_ip(v, out);
	}
	if (v.at[0] != 0xaa || v.at[1] != 0xaa || v.at[2] != 0x03)
		return REASON_NOT_IP;
	if (v.left < 8)
		return REASON_TRUNCATED;
	if (v.at[3] || v.at[4] || (v.at[5] && v.at[5] != 0xf8)) /* RFC 1042, or IEEE 802.1H's tunnel */
		return REASON_NOT_IP;
	type = big16(v.at + 6);
	skip(&v, 8);
	return typed(v, type, out);
}

static bool is_tag(unsigned type)
{
	return type == TYPE_VLAN || type == TYPE_VLAN_SERVICE || type == TYPE_VLAN_9100 || type == TYPE_VLAN_9200;
}

/* From a type field on: the tags, then what they were put before. */
static enum reason tagged(struct view v, struct wire_packet *out)
{
	unsigned type;

	for (int tags = 0;; tags++) {
		if (v.left < 2)
			return REASON_TRUNCATED;
		type = big16(v.at);
		skip(&v, 2);
		if (!is_tag(type))
			break;
		if (tags == WIRE_TAGS)
			return REASON_TOO_DEEP;
		if (!skip(&v, 2))
			return REASON_TRUNCATED;
	}
	if (type < TYPE_LEAST) {
		shorten(&v, type);
		return llc(v, out);
	}
	return typed(v, type, out);
}

/* Decoding begins with an empty packet, so the stations are put in afterwards. */
static enum reason between(enum reason why, const uint8_t *source, const uint8_t *destination, struct wire_packet *out)
{
	out->source_station = source;
	out->destination_station = destination;
	return why;
}

enum reason wire_ethernet(struct view v, struct wire_packet *out)
{
	const uint8_t *frame = v.at;

	return skip(&v, 12) ? between(tagged(v, out), frame + 6, frame, out) : REASON_TRUNCATED;
}

/* The protocol of a Linux cooked header is an Ethernet type, or a small number
 * of Linux's own, of which 4 is LLC. */
static enum reason cooked(struct view v, size_t protocol_at, size_t header, struct wire_packet *out)
{
	unsigned type;

	if (v.left < header)
		return REASON_TRUNCATED;
	type = big16(v.at + protocol_at);
	skip(&v, header);
	if (is_tag(type)) /* the rest of the tag comes next, then a type again */
		return skip(&v, 2) ? tagged(v, out) : REASON_TRUNCATED;
	if (type < TYPE_LEAST)
		return type == 4 ? llc(v, out) : REASON_NOT_IP;
	return typed(v, type, out);
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
	return typed(v, type, out);
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
	return llc(v, out);
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

/* IEEE 802.11: data in clear, one packet a frame. `padded`: the header is
 * filled up to a multiple of 4. */
static enum reason wifi(struct view v, bool padded, struct wire_packet *out)
{
	/* by the two bits to and from the distribution system: receiver and sender of the data */
	static const uint8_t destination[4] = { 4, 16, 4, 16 }, source[4] = { 10, 10, 16, 24 };
	const uint8_t *frame = v.at;
	size_t header = 24;
	unsigned way;

	if (v.left < 2)
		return REASON_TRUNCATED;
	way = v.at[1] & 0x03;
	if ((v.at[0] & 0x0c) != 0x08 || (v.at[0] & 0x40) || (v.at[1] & 0x40)) /* not data, no data, encrypted */
		return REASON_NOT_IP;
	if ((v.at[1] & 0x03) == 0x03) /* between access points: a fourth address */
		header += 6;
	if (v.at[0] & 0x80) { /* quality of service */
		if (v.left < header + 2)
			return REASON_TRUNCATED;
		if (v.at[header] & 0x80) /* several packets in one */
			return REASON_NOT_IP;
		header += 2;
		if (v.at[1] & 0x80)
			header += 4;
	}
	if (padded)
		header = (header + 3) & ~(size_t)3;
	if (!skip(&v, header))
		return REASON_TRUNCATED;
	return between(llc(v, out), frame + source[way], frame + destination[way], out);
}

/* The radiotap header matters for its length and for one flag: padding. It lies
 * behind the words that say which fields are there, and the time, if that is. */
static enum reason radiotap(struct view v, struct wire_packet *out)
{
	size_t length, at = 4;
	bool padded = false, more = true;

	if (v.left < 8)
		return REASON_TRUNCATED;
	length = little16(v.at + 2);
	if (v.at[0] != 0 || length < 8)
		return REASON_MALFORMED;
	if (v.left < length)
		return REASON_TRUNCATED;
	while (more && at + 4 <= length) {
		more = v.at[at + 3] & 0x80;
		at += 4;
	}
	if (v.at[4] & 0x02) {
		if (v.at[4] & 0x01)
			at = ((at + 7) & ~(size_t)7) + 8;
		if (at < length)
			padded = v.at[at] & 0x20;
	}
	skip(&v, length);
	return wifi(v, padded, out);
}

enum reason wire_wifi(struct view v, struct wire_packet *out)
{
	return wifi(v, false, out);
}

static enum reason raw(struct view v, struct wire_packet *out)
{
	return wire_ip(v, out);
}

/* A cooked header tells who sent a frame, not to whom. */
static enum reason cooked_1(struct view v, struct wire_packet *out)
{
	const uint8_t *sender = v.left >= 16 && big16(v.at + 4) == 6 ? v.at + 6 : NULL;

	return between(cooked(v, 14, 16, out), sender, NULL, out);
}

static enum reason cooked_2(struct view v, struct wire_packet *out)
{
	const uint8_t *sender = v.left >= 20 && v.at[11] == 6 ? v.at + 12 : NULL;

	return between(cooked(v, 0, 20, out), sender, NULL, out);
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
	{ LINK_PPP_ETHER, pppoe },
	{ LINK_ATM_FILE, atm },
	{ LINK_RAW_FILE, raw },
	{ LINK_HDLC, hdlc },
	{ LINK_80211, wire_wifi },
	{ LINK_LOOP, loopback },
	{ LINK_COOKED, cooked_1 },
	{ LINK_RADIOTAP, radiotap },
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
