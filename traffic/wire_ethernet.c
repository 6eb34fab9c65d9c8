/* From an Ethernet header, or what stands for one, to IP: VLAN tags, LLC, MPLS, PPPoE, PPP. */
#include "traffic/wire_view.h"

enum { /* what an Ethernet type field says (IEEE 802, IANA) */
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

/* RFC 3032: labels to the bottom of the stack; then nothing says what follows
 * but its first nibble (RFC 4928 section 3). */
enum reason wire_mpls(struct view v, struct wire_packet *out)
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
		return wire_mpls(v, out);
	default:
		return REASON_NOT_IP;
	}
}

/* RFC 2516: version and type, code, identifier, length. */
enum reason wire_pppoe(struct view v, struct wire_packet *out)
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

enum reason wire_typed(struct view v, unsigned type, struct wire_packet *out)
{
	switch (type) {
	case TYPE_IPV4:
	case TYPE_IPV6:
		return wire_ip(v, out);
	case TYPE_MPLS:
	case TYPE_MPLS_UPSTREAM:
		return wire_mpls(v, out);
	case TYPE_PPPOE:
		return wire_pppoe(v, out);
	default:
		return REASON_NOT_IP;
	}
}

/* IEEE 802.2, and SNAP behind it (RFC 1042). */
enum reason wire_llc(struct view v, struct wire_packet *out)
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
	return wire_typed(v, type, out);
}

bool wire_is_tag(unsigned type)
{
	return type == TYPE_VLAN || type == TYPE_VLAN_SERVICE || type == TYPE_VLAN_9100 || type == TYPE_VLAN_9200;
}

/* From a type field on: the tags, then what they were put before. */
enum reason wire_tagged(struct view v, struct wire_packet *out)
{
	unsigned type;

	for (int tags = 0;; tags++) {
		if (v.left < 2)
			return REASON_TRUNCATED;
		type = big16(v.at);
		skip(&v, 2);
		if (!wire_is_tag(type))
			break;
		if (tags == WIRE_TAGS)
			return REASON_TOO_DEEP;
		if (!skip(&v, 2))
			return REASON_TRUNCATED;
	}
	if (type < TYPE_LEAST) {
		shorten(&v, type);
		return wire_llc(v, out);
	}
	return wire_typed(v, type, out);
}

enum reason wire_ethernet(struct view v, struct wire_packet *out)
{
	const uint8_t *frame = v.at;

	return skip(&v, 12) ? wire_between(wire_tagged(v, out), frame + 6, frame, out) : REASON_TRUNCATED;
}
