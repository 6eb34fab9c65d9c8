/* What tunnels hold: GRE | GTP-U | IP in IP | 4in6 -> IPv4 or IPv6 again. */
#include <string.h>

#include "traffic/wire_view.h"

enum { /* IANA */
	IP_IPV4 = 4,
	IP_IPV6 = 41,
	IP_GRE = 47,
};

enum {
	GTPU_PORT = 2152, /* 3GPP TS 29.281 */
	GRE_IPV4 = 0x0800,
	GRE_IPV6 = 0x86dd,
	GRE_PPP = 0x880b,
	GRE_ETHERNET = 0x6558,
	GRE_WIFI_LOW = 0x8200, /* Aruba's: 802.11 frames */
	GRE_WIFI_HIGH = 0x82ff,
};

/* RFC 2784, 2890 (key, sequence), 2637 (acknowledgement: PPTP). False: nothing
 * that is known is in it. */
static bool gre(struct view v, struct wire_packet *inner, enum reason *why)
{
	unsigned flags, type;
	size_t header = 4;

	if (v.left < 4)
		return false;
	flags = big16(v.at);
	type = big16(v.at + 2);
	header += flags & 0x8000 ? 4 : 0;
	header += flags & 0x2000 ? 4 : 0;
	header += flags & 0x1000 ? 4 : 0;
	header += flags & 0x0080 ? 4 : 0;
	if (!skip(&v, header))
		return false;
	if (type == GRE_IPV4 || type == GRE_IPV6)
		*why = wire_ip(v, inner);
	else if (type == GRE_PPP)
		*why = wire_ppp(v, inner);
	else if (type == GRE_ETHERNET)
		*why = wire_ethernet(v, inner);
	else if (type >= GRE_WIFI_LOW && type <= GRE_WIFI_HIGH)
		*why = wire_wifi(v, inner);
	else
		return false;
	return *why != REASON_NOT_IP && *why != REASON_MALFORMED;
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
		if (outer->source_port == GTPU_PORT || outer->destination_port == GTPU_PORT)
			kind = gtpu(v, inner, why) ? TUNNEL_GTPU : TUNNEL_NONE;
		else if (outer->version == 4 && is_teredo(v)) {
			kind = TUNNEL_TEREDO;
			*why = REASON_TEREDO;
		}
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
