/* wire_view - what the files of the wire decoder share: a view of bytes that knows
 * how many are left, and the steps that lead from one of them to another. */
#ifndef TRAFFIC_WIRE_VIEW_H
#define TRAFFIC_WIRE_VIEW_H

#include "traffic/wire.h"

struct view {
	const uint8_t *at;
	size_t left; /* captured bytes */
	size_t wire; /* bytes of the frame, captured or not; >= left */
};

static inline bool skip(struct view *v, size_t bytes)
{
	if (v->left < bytes)
		return false;
	v->at += bytes;
	v->left -= bytes;
	v->wire -= bytes;
	return true;
}

static inline void shorten(struct view *v, size_t bytes)
{
	if (v->left > bytes)
		v->left = bytes;
	if (v->wire > bytes)
		v->wire = bytes;
}

static inline uint16_t big16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint16_t little16(const uint8_t *p)
{
	return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t little32(const uint8_t *p)
{
	return (uint32_t)little16(p + 2) << 16 | little16(p);
}

static inline uint32_t big32(const uint8_t *p)
{
	return (uint32_t)big16(p) << 16 | big16(p + 2);
}

/* wire_ip.c: an IP packet; REASON_IPV6, with the view set, if it is of version 6, unless its headers are REASON_TOO_DEEP. */
enum reason wire_ip(struct view v, struct wire_packet *out);

/* Decoding begins with an empty packet, so the stations are put in afterwards. */
static inline enum reason wire_between(enum reason why, const uint8_t *source, const uint8_t *destination, struct wire_packet *out)
{
	out->source_station = source;
	out->destination_station = destination;
	return why;
}

enum { TYPE_LEAST = 0x0600 }; /* of an Ethernet type field: below, it is a length and LLC follows */

/* wire_ethernet.c: a frame; its type field and what follows; what follows a type field; the headers between. */
enum reason wire_ethernet(struct view v, struct wire_packet *out);
enum reason wire_tagged(struct view v, struct wire_packet *out);
enum reason wire_typed(struct view v, unsigned type, struct wire_packet *out);
enum reason wire_llc(struct view v, struct wire_packet *out);
enum reason wire_mpls(struct view v, struct wire_packet *out);
enum reason wire_ppp(struct view v, struct wire_packet *out);
enum reason wire_pppoe(struct view v, struct wire_packet *out);
bool wire_is_tag(unsigned type);

/* wire_wifi.c: a frame of 802.11, bare or behind what capturing programs put before it. */
enum reason wire_wifi(struct view v, struct wire_packet *out);
enum reason wire_radiotap(struct view v, struct wire_packet *out);
enum reason wire_prism(struct view v, struct wire_packet *out);
enum reason wire_avs(struct view v, struct wire_packet *out);

#endif
