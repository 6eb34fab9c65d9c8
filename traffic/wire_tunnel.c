/* What tunnels hold: GRE | GTP-U | VXLAN | Geneve | L2TP | IP in IP | 4in6 -> IPv4 or IPv6 again. */
#include <string.h>

#include "traffic/wire_view.h"

enum { /* IANA */
	IP_IPV4 = 4,
	IP_IPV6 = 41,
	IP_GRE = 47,
};

enum {
	GTPU_PORT = 2152, /* 3GPP TS 29.281 */
	VXLAN_PORT = 4789, /* RFC 7348 section 8 */
	VXLAN_PORT_LINUX = 8472,
	GENEVE_PORT = 6081, /* RFC 8926 section 3.3 */
	L2TP_PORT = 1701,
	GRE_ERSPAN = 0x88be,
	GRE_ERSPAN_3 = 0x22eb,
	GRE_PPP = 0x880b,
	GRE_ETHERNET = 0x6558,
	GRE_WIFI_LOW = 0x8200, /* Aruba's: 802.11 frames */
	GRE_WIFI_HIGH = 0x82ff,
};

/* Is there an IP packet, whole or cut? Else the packet is what it seems. */
static bool found(enum reason why)
{
	return why != REASON_NOT_IP && why != REASON_MALFORMED && why != REASON_ENCRYPTED && why != REASON_AGGREGATE;
}

/* draft-foschiano-erspan: mirrored Ethernet, bare (type I, without a sequence number),
 * or behind 8 bytes (type II), or behind 12 and perhaps 8 more (type III). */
static enum reason erspan(struct view v, unsigned type, unsigned flags, struct wire_packet *inner)
{
	size_t header = type == GRE_ERSPAN_3 ? 12 : flags & 0x1000 ? 8 : 0;

	if (v.left < header)
		return REASON_TRUNCATED;
	if (type == GRE_ERSPAN_3 && v.at[11] & 1)
		header += 8;
	return skip(&v, header) ? wire_ethernet(v, inner) : REASON_TRUNCATED;
}

/* RFC 1701: source route entries (family, offset, length, route), up to one of family 0 without a route. */
static bool skip_routes(struct view *v)
{
	size_t length;

	do {
		if (v->left < 4)
			return false;
		length = v->at[3];
		if (big16(v->at) == 0 && length == 0)
			return skip(v, 4);
	} while (skip(v, 4 + length));
	return false;
}

/* RFC 2784, 1701 (routing), 2890 (key, sequence), 2637 (acknowledgement: PPTP). False: nothing
 * that is known is in it. */
static bool gre(struct view v, struct wire_packet *inner, enum reason *why)
{
	unsigned flags, type;
	size_t header = 4;

	if (v.left < 4)
		return false;
	flags = big16(v.at);
	type = big16(v.at + 2);
	header += flags & 0xc000 ? 4 : 0; /* checksum and offset: with either of checksum and routing */
	header += flags & 0x2000 ? 4 : 0;
	header += flags & 0x1000 ? 4 : 0;
	header += flags & 0x0080 ? 4 : 0;
	if (!skip(&v, header) || (flags & 0x4000 && !skip_routes(&v)))
		return false;
	if (type == GRE_PPP)
		*why = wire_ppp(v, inner);
	else if (type == GRE_ETHERNET)
		*why = wire_ethernet(v, inner);
	else if (type == GRE_ERSPAN || type == GRE_ERSPAN_3)
		*why = erspan(v, type, flags, inner);
	else if (type >= GRE_WIFI_LOW && type <= GRE_WIFI_HIGH)
		*why = wire_wifi(v, inner);
	else if (wire_is_tag(type)) /* the rest of the tag comes next, then a type again */
		*why = skip(&v, 2) ? wire_tagged(v, inner) : REASON_TRUNCATED;
	else
		*why = wire_typed(v, type, inner);
	return found(*why);
}

/* 3GPP TS 29.281: flags, type (255: a packet of the user's), length, tunnel; then
 * sequence number and extension headers, if a flag says so. */
static bool gtpu(struct view v, struct wire_packet *inner, enum reason *why)
{
	uint8_t flags, extension;

	if (v.left < 9 || (v.at[0] & 0xf0) != 0x30 || v.at[1] != 255)
		return false;
	flags = v.at[0];
	skip(&v, 8);
	if (flags & 0x07) {
		if (v.left < 4)
			return false;
		extension = flags & 0x04 ? v.at[3] : 0;
		skip(&v, 4);
		while (extension) {
			size_t length = v.left ? v.at[0] * 4u : 0;

			if (!length || v.left < length)
				return false;
			extension = v.at[length - 1];
			skip(&v, length);
		}
	}
	if (v.left < 1 || (v.at[0] >> 4 != 4 && v.at[0] >> 4 != 6))
		return false;
	*why = wire_ip(v, inner);
	return *why != REASON_MALFORMED;
}

/* A flag, bytes that are 0, the network's number, a byte that is 0; then Ethernet. */
static bool vxlan(struct view v, struct wire_packet *inner, enum reason *why)
{
	if (v.left < 8 || v.at[0] != 0x08 || v.at[1] || v.at[2] || v.at[3] || v.at[7])
		return false;
	skip(&v, 8);
	*why = wire_ethernet(v, inner);
	return found(*why);
}

/* Version and length of the options, flags, what follows, the network's number, options. */
static bool geneve(struct view v, struct wire_packet *inner, enum reason *why)
{
	unsigned type;

	if (v.left < 8 || v.at[0] & 0xc0 || v.at[1] & 0x3f || v.at[7])
		return false;
	type = big16(v.at + 2);
	if (!skip(&v, 8 + (v.at[0] & 0x3fu) * 4))
		return false;
	*why = type == GRE_ETHERNET ? wire_ethernet(v, inner) : wire_typed(v, type, inner);
	return found(*why);
}

/* RFC 2661 section 3.1, a data message: flags say which of length, numbers and offset are there. */
static bool l2tp(struct view v, struct wire_packet *inner, enum reason *why)
{
	unsigned flags;
	size_t header = 6;

	if (v.left < 2)
		return false;
	flags = big16(v.at);
	if (flags & 0x8000 || (flags & 0x0f) != 2)
		return false;
	header += (flags & 0x4000 ? 2u : 0u) + (flags & 0x0800 ? 4u : 0u);
	if (flags & 0x0200) {
		if (v.left < header + 2)
			return false;
		header += 2 + (size_t)big16(v.at + header);
	}
	if (!skip(&v, header))
		return false;
	*why = wire_ppp(v, inner);
	return found(*why);
}

/* RFC 4380: perhaps an authentication, perhaps an origin, then an IPv6 packet that
 * fills the datagram, from or to an address of 2001::/32. */
static bool is_teredo(struct view v)
{
	static const uint8_t prefix[4] = { 0x20, 0x01, 0, 0 };

	if (v.left >= 4 && v.at[0] == 0 && v.at[1] == 1 && !skip(&v, 13u + v.at[2] + v.at[3]))
		return false;
	if (v.left >= 8 && v.at[0] == 0 && v.at[1] == 0)
		skip(&v, 8);
	return v.left >= 40 && v.at[0] >> 4 == 6 && v.wire == 40u + big16(v.at + 4) &&
	       (!memcmp(v.at + 8, prefix, 4) || !memcmp(v.at + 24, prefix, 4));
}

static bool either_port(const struct wire_packet *p, uint16_t port)
{
	return p->source_port == port || p->destination_port == port;
}

/* Tunnels over UDP, by their ports, of which the sender's may say nothing. */
static enum wire_tunnel in_udp(const struct wire_packet *outer, struct view v, struct wire_packet *inner, enum reason *why)
{
	uint16_t to = outer->destination_port;

	if (either_port(outer, GTPU_PORT))
		return gtpu(v, inner, why) ? TUNNEL_GTPU : TUNNEL_NONE;
	if (to == VXLAN_PORT || to == VXLAN_PORT_LINUX)
		return vxlan(v, inner, why) ? TUNNEL_VXLAN : TUNNEL_NONE;
	if (to == GENEVE_PORT)
		return geneve(v, inner, why) ? TUNNEL_GENEVE : TUNNEL_NONE;
	if (either_port(outer, L2TP_PORT))
		return l2tp(v, inner, why) ? TUNNEL_L2TP : TUNNEL_NONE;
	if (outer->version != 4 || !is_teredo(v))
		return TUNNEL_NONE;
	*why = REASON_TEREDO;
	return TUNNEL_TEREDO;
}

enum wire_tunnel wire_unwrap(const struct wire_packet *outer, struct wire_packet *inner, enum reason *why)
{
	struct view v = { .at = outer->payload, .left = outer->payload_captured, .wire = outer->payload_length };
	enum wire_tunnel kind = TUNNEL_NONE;

	if (!outer->payload)
		return TUNNEL_NONE;
	*inner = (struct wire_packet){ .source_station = outer->source_station,
		                       .destination_station = outer->destination_station };
	switch (outer->protocol) {
	case IP_UDP:
		kind = in_udp(outer, v, inner, why);
		break;
	case IP_GRE:
		kind = gre(v, inner, why) ? TUNNEL_GRE : TUNNEL_NONE;
		break;
	case IP_IPV4:
		*why = v.left && v.at[0] >> 4 == 4 ? wire_ip(v, inner) : REASON_NOT_IP;
		if (*why != REASON_NOT_IP && *why != REASON_MALFORMED)
			kind = outer->version == 6 ? TUNNEL_SOFTWIRE : TUNNEL_IPIP;
		break;
	case IP_IPV6:
		if (outer->version == 4) {
			kind = TUNNEL_6IN4;
			*why = REASON_6IN4;
		}
		break;
	default:
		break;
	}
	return kind;
}
