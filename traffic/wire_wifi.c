/* Frames of IEEE 802.11, and what capturing programs put before them. */
#include "traffic/wire_view.h"

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
	if ((v.at[0] & 0x0c) != 0x08 || (v.at[0] & 0x40)) /* not data, or none in it */
		return REASON_NOT_IP;
	if (v.at[1] & 0x40)
		return REASON_ENCRYPTED;
	if ((v.at[1] & 0x03) == 0x03) /* between access points: a fourth address */
		header += 6;
	if (v.at[0] & 0x80) { /* quality of service */
		if (v.left < header + 2)
			return REASON_TRUNCATED;
		if (v.at[header] & 0x80)
			return REASON_AGGREGATE;
		header += 2;
		if (v.at[1] & 0x80)
			header += 4;
	}
	if (padded)
		header = (header + 3) & ~(size_t)3;
	if (!skip(&v, header))
		return REASON_TRUNCATED;
	return wire_between(wire_llc(v, out), frame + source[way], frame + destination[way], out);
}

/* The radiotap header matters for its length and for one flag: padding. It lies
 * behind the words that say which fields are there, and the time, if that is. */
enum reason wire_radiotap(struct view v, struct wire_packet *out)
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

/* AVS: its magic, then its length. */
enum reason wire_avs(struct view v, struct wire_packet *out)
{
	if (v.left < 8)
		return REASON_TRUNCATED;
	if (big16(v.at) != 0x8021 || big32(v.at + 4) < 8)
		return REASON_MALFORMED;
	return skip(&v, big32(v.at + 4)) ? wire_wifi(v, out) : REASON_TRUNCATED;
}

/* Prism: a message code and the length, in the order of the machine that captured; or AVS under the same number. */
enum reason wire_prism(struct view v, struct wire_packet *out)
{
	size_t length;

	if (v.left < 8)
		return REASON_TRUNCATED;
	if (big16(v.at) == 0x8021)
		return wire_avs(v, out);
	length = v.at[0] ? little32(v.at + 4) : big32(v.at + 4);
	if (length < 8)
		return REASON_MALFORMED;
	return skip(&v, length) ? wire_wifi(v, out) : REASON_TRUNCATED;
}
