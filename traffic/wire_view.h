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

static inline uint32_t big32(const uint8_t *p)
{
	return (uint32_t)big16(p) << 16 | big16(p + 2);
}

/* wire_ip.c: an IP packet; REASON_IPV6, with the view set, if it is of version 6. */
enum reason wire_ip(struct view v, struct wire_packet *out);

/* wire.c: a frame of Ethernet or of 802.11, for tunnels that carry such. */
enum reason wire_ethernet(struct view v, struct wire_packet *out);
enum reason wire_wifi(struct view v, struct wire_packet *out);
enum reason wire_ppp(struct view v, struct wire_packet *out);

#endif
