/* From an IP header on: IPv4 | IPv6, extension headers -> TCP, UDP, ICMP. */
#include "traffic/wire_view.h"

enum { /* IANA */
	IP_HOP_BY_HOP = 0,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_AH = 51,
	IP_ICMPV6 = 58,
	IP_DESTINATION = 60,
	EXTENSIONS = 8, /* that are stepped over */
};

static void keep_payload(const struct view *v, struct wire_packet *out)
{
	out->payload = v->at;
	out->payload_captured = v->left;
	out->payload_length = v->wire;
}

/* The four bytes of ports are enough: many captures are cut just behind them. */
static enum reason tcp_udp(struct view v, struct wire_packet *out)
{
	if (v.left < 4)
		return REASON_TRUNCATED;
	out->source_port = big16(v.at);
	out->destination_port = big16(v.at + 2);
	if (out->protocol == IP_TCP) {
		out->flags_cut = v.left < 14;
		out->tcp_flags = out->flags_cut ? 0 : v.at[13];
	}
	if (out->protocol == IP_UDP && skip(&v, 8))
		keep_payload(&v, out);
	return REASON_NONE;
}

/* RFC 792. An echo is a flow of its identifier; an error belongs to another flow. */
static enum reason icmp(struct view v, struct wire_packet *out)
{
	if (v.left < 1)
		return REASON_TRUNCATED;
	switch (v.at[0]) {
	case 0: /* echo reply */
	case 8: /* echo */
		if (v.left < 6)
			return REASON_TRUNCATED;
		out->echo_reply = v.at[0] == 0;
		out->source_port = out->destination_port = big16(v.at + 4);
		return REASON_NONE;
	case 3:  /* destination unreachable */
	case 4:  /* source quench */
	case 5:  /* redirect */
	case 11: /* time exceeded */
	case 12: /* parameter problem */
		return REASON_ICMP_ERROR;
	default:
		return REASON_ICMP_OTHER;
	}
}

/* RFC 4443. What is not an echo (neighbours, routers) is no flow. */
static enum reason icmpv6(struct view v, struct wire_packet *out)
{
	if (v.left < 1)
		return REASON_TRUNCATED;
	if (v.at[0] != 128 && v.at[0] != 129)
		return v.at[0] < 128 ? REASON_ICMP_ERROR : REASON_ICMP_OTHER;
	if (v.left < 6)
		return REASON_TRUNCATED;
	out->echo_reply = v.at[0] == 129;
	out->source_port = out->destination_port = big16(v.at + 4);
	return REASON_NONE;
}

static enum reason ipv4(struct view v, struct wire_packet *out)
{
	size_t header, total;
	uint16_t fragment;

	header = (size_t)(v.at[0] & 0x0f) * 4;
	if (header < 20)
		return REASON_MALFORMED;
	if (v.left < 20)
		return REASON_TRUNCATED;
	total = big16(v.at + 2);
	out->no_length = total == 0;
	if (out->no_length) /* the card was to cut and fill it in: segmentation offload */
		total = v.wire;
	if (total < header)
		return REASON_MALFORMED;
	out->version = 4;
	out->source = big32(v.at + 12);
	out->destination = big32(v.at + 16);
	out->length = (uint32_t)total;
	out->identification = big16(v.at + 4);
	out->protocol = v.at[9];
	fragment = big16(v.at + 6);
	out->later_fragment = (fragment & 0x1fff) != 0;
	out->first_fragment = !out->later_fragment && (fragment & 0x2000);
	shorten(&v, total); /* what follows is the link's padding */
	if (out->protocol != IP_TCP && out->protocol != IP_UDP && out->protocol != IP_ICMP) {
		if (!out->later_fragment && skip(&v, header))
			keep_payload(&v, out);
		return REASON_PROTOCOL;
	}
	if (out->later_fragment)
		return REASON_NONE;
	if (!skip(&v, header))
		return REASON_TRUNCATED;
	return out->protocol == IP_ICMP ? icmp(v, out) : tcp_udp(v, out);
}

/* Steps over extension headers to out->protocol. */
static enum reason extensions(struct view *v, struct wire_packet *out)
{
	for (int i = 0; i < EXTENSIONS; i++) {
		size_t length;
		uint16_t offset;

		if (out->protocol != IP_HOP_BY_HOP && out->protocol != IP_ROUTING && out->protocol != IP_FRAGMENT &&
		    out->protocol != IP_AH && out->protocol != IP_DESTINATION)
			return REASON_NONE;
		if (v->left < 8)
			return REASON_TRUNCATED;
		length = out->protocol == IP_FRAGMENT ? 8 : out->protocol == IP_AH ? (v->at[1] + 2u) * 4u : (v->at[1] + 1u) * 8u;
		if (out->protocol == IP_FRAGMENT) {
			offset = big16(v->at + 2);
			out->later_fragment = (offset & 0xfff8) != 0;
			out->first_fragment = !out->later_fragment && (offset & 1);
			out->identification = big32(v->at + 4);
		}
		out->protocol = v->at[0];
		if (!skip(v, length))
			return REASON_TRUNCATED;
		if (out->later_fragment)
			return REASON_NONE;
	}
	return REASON_TOO_DEEP;
}

static enum reason ipv6(struct view v, struct wire_packet *out)
{
	size_t length;
	enum reason why;

	if (v.left < 40)
		return REASON_TRUNCATED;
	length = big16(v.at + 4);
	if (length == 0) /* a jumbogram, or segmentation offload */
		length = v.wire - 40;
	out->version = 6;
	out->source_6 = v.at + 8;
	out->destination_6 = v.at + 24;
	out->length = (uint32_t)length + 40;
	out->protocol = v.at[6];
	skip(&v, 40);
	shorten(&v, length);
	why = extensions(&v, out);
	if (why != REASON_NONE)
		return why;
	if (out->protocol == IP_ICMPV6)
		out->protocol = IP_ICMP; /* one number for queries of either version */
	else if (out->protocol != IP_TCP && out->protocol != IP_UDP) {
		if (!out->later_fragment)
			keep_payload(&v, out);
		return REASON_PROTOCOL;
	}
	if (out->later_fragment)
		return REASON_NONE;
	return out->protocol == IP_ICMP ? icmpv6(v, out) : tcp_udp(v, out);
}

enum reason wire_ip(struct view v, struct wire_packet *out)
{
	if (v.left < 1)
		return REASON_TRUNCATED;
	if (v.at[0] >> 4 == 6) {
		out->ipv6 = ipv6(v, out);
		return out->ipv6 == REASON_TOO_DEEP ? REASON_TOO_DEEP : REASON_IPV6;
	}
	return v.at[0] >> 4 == 4 ? ipv4(v, out) : REASON_MALFORMED;
}
