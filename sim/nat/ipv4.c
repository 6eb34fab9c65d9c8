#include "sim/nat/ipv4.h"

#include <string.h>

enum {
	AT_LENGTH = 2, AT_ID = 4, AT_FRAGMENT = 6, AT_TTL = 8, AT_PROTOCOL = 9, AT_SUM = 10, AT_SOURCE = 12, AT_DESTINATION = 16,
	HEADER = 20,
	FLAG_DF = 0x4000, FLAG_MORE = 0x2000, OFFSET_MASK = 0x1fff,
	ICMP_HEADER = 8, ICMP_AT_SUM = 2, ICMP_AT_ID = 4,
	TCP_AT_FLAGS = 13, TCP_AT_SUM = 16, UDP_AT_SUM = 6,
	PORTS = 4,
	TTL = 64,
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint32_t header_of(const uint8_t *bytes)
{
	return (uint32_t)(bytes[0] & 15) * 4;
}

uint32_t ipv4_length(const uint8_t *bytes)
{
	return get16(bytes + AT_LENGTH);
}

/* ---- checksums (RFC 1071, RFC 1624) ---- */

static uint16_t sum_of(const uint8_t *p, uint32_t length)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i + 1 < length; i += 2)
		sum += get16(p + i);
	if (length & 1)
		sum += (uint32_t)p[length - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Equation 3 for one word of what is summed. */
static void mend16(uint8_t *sum, uint16_t was, uint16_t now)
{
	uint32_t s = (uint16_t)~get16(sum) + (uint32_t)(uint16_t)~was + now;

	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	put16(sum, ~s);
}

static void mend32(uint8_t *sum, uint32_t was, uint32_t now)
{
	mend16(sum, (uint16_t)(was >> 16), (uint16_t)(now >> 16));
	mend16(sum, (uint16_t)was, (uint16_t)now);
}

/* ---- reading ---- */

/* Ports, or an ICMP query's identifier, from the first 8 bytes behind the header. */
static void read_ports(const uint8_t *p, struct packet_ends *ends)
{
	if (ends->protocol == IP_ICMP) {
		ends->source_port = ends->destination_port = get16(p + ICMP_AT_ID);
	} else if (ends->protocol == IP_TCP || ends->protocol == IP_UDP) {
		ends->source_port = get16(p);
		ends->destination_port = get16(p + 2);
	}
}

static bool read_header(const uint8_t *bytes, uint32_t length, struct packet_ends *ends)
{
	if (length < HEADER || bytes[0] >> 4 != 4 || header_of(bytes) < HEADER || header_of(bytes) > length)
		return false;
	ends->protocol = bytes[AT_PROTOCOL];
	ends->source = get32(bytes + AT_SOURCE);
	ends->destination = get32(bytes + AT_DESTINATION);
	return true;
}

/* The packet that an ICMP error is about: its header and 8 bytes. */
static bool read_inner(const uint8_t *bytes, uint32_t length, struct packet_ends *inner)
{
	if (!read_header(bytes, length, inner) || length < header_of(bytes) + 8)
		return false;
	if (get16(bytes + AT_FRAGMENT) & OFFSET_MASK)
		return false;
	read_ports(bytes + header_of(bytes), inner);
	return true;
}

static bool read_first(const uint8_t *p, uint32_t length, struct datagram *d)
{
	switch (d->ends.protocol) {
	case IP_TCP:
		if (length < HEADER)
			return false;
		d->tcp_flags = p[TCP_AT_FLAGS];
		break;
	case IP_UDP:
	case IP_ICMP:
		if (length < 8)
			return false;
		break;
	default:
		return true;
	}
	if (d->ends.protocol != IP_ICMP) {
		read_ports(p, &d->ends);
		return true;
	}
	d->icmp_type = p[0];
	d->icmp_code = p[1];
	if (icmp_is_error(d->icmp_type))
		return read_inner(p + ICMP_HEADER, length - ICMP_HEADER, &d->inner);
	read_ports(p, &d->ends);
	return true;
}

bool ipv4_read(const uint8_t *bytes, uint32_t length, struct datagram *d)
{
	uint16_t fragment;

	*d = (struct datagram){ 0 };
	if (!read_header(bytes, length, &d->ends) || ipv4_length(bytes) < header_of(bytes) || ipv4_length(bytes) > length)
		return false;
	fragment = get16(bytes + AT_FRAGMENT);
	d->id = get16(bytes + AT_ID);
	d->offset = (uint16_t)((fragment & OFFSET_MASK) * 8);
	d->more = fragment & FLAG_MORE;
	return d->offset || read_first(bytes + header_of(bytes), ipv4_length(bytes) - header_of(bytes), d);
}

/* ---- writing ---- */

/* One word of a packet. Sums are where the word counts, NULL where it does not. */
static void change32(uint8_t *at, uint32_t now, uint8_t *const sums[], int count)
{
	uint32_t was = get32(at);

	for (int i = 0; i < count; i++)
		if (sums[i])
			mend32(sums[i], was, now);
	put32(at, now);
}

static void change16(uint8_t *at, uint16_t now, uint8_t *const sums[], int count)
{
	uint16_t was = get16(at);

	for (int i = 0; i < count; i++)
		if (sums[i])
			mend16(sums[i], was, now);
	put16(at, now);
}

/* The checksum of a TCP segment or UDP datagram of which `length` bytes are there; NULL: it has none, or it is not there. */
static uint8_t *transport_sum(uint8_t *p, uint32_t length, uint8_t protocol)
{
	uint32_t at = protocol == IP_TCP ? TCP_AT_SUM : UDP_AT_SUM;

	if ((protocol != IP_TCP && protocol != IP_UDP) || length < at + 2)
		return NULL;
	return protocol == IP_UDP && !get16(p + at) ? NULL : p + at;
}

/* A UDP checksum that comes to 0 is sent as its other zero (RFC 768). */
static void settle_udp(uint8_t *sum, uint8_t protocol)
{
	if (sum && protocol == IP_UDP && !get16(sum))
		put16(sum, 0xffff);
}

/* The packet inside an ICMP error. All that changes there changes the error's own sum too, its sums as well. */
static void write_inner(uint8_t *icmp, uint32_t length, const struct packet_ends *now)
{
	uint8_t *inner = icmp + ICMP_HEADER, *p = inner + header_of(inner), *outer = icmp + ICMP_AT_SUM;
	uint8_t *own = transport_sum(p, length - ICMP_HEADER - header_of(inner), now->protocol);
	uint16_t header_was = get16(inner + AT_SUM), own_was = own ? get16(own) : 0;
	uint8_t *sums[] = { inner + AT_SUM, own, outer };

	change32(inner + AT_SOURCE, now->source, sums, 3);
	change32(inner + AT_DESTINATION, now->destination, sums, 3);
	if (now->protocol == IP_ICMP) {
		uint8_t *query[] = { p + ICMP_AT_SUM, outer };
		uint16_t query_was = get16(p + ICMP_AT_SUM);

		change16(p + ICMP_AT_ID, now->source_port, query, 2);
		mend16(outer, query_was, get16(p + ICMP_AT_SUM));
	} else if (now->protocol == IP_TCP || now->protocol == IP_UDP) {
		change16(p, now->source_port, sums + 1, 2);
		change16(p + 2, now->destination_port, sums + 1, 2);
	}
	settle_udp(own, now->protocol);
	mend16(outer, header_was, get16(inner + AT_SUM));
	if (own)
		mend16(outer, own_was, get16(own));
}

static void write_icmp(uint8_t *p, uint32_t length, const struct datagram *now)
{
	uint8_t *sum = p + ICMP_AT_SUM;

	if (icmp_is_error(now->icmp_type))
		write_inner(p, length, &now->inner);
	else
		change16(p + ICMP_AT_ID, now->ends.source_port, &sum, 1);
	/* Equation 3 cannot tell the two zeros: a message of nothing but zeros has the other. */
	if (!get16(sum) && !now->more)
		put16(sum, sum_of(p, length));
}

void ipv4_write(uint8_t *bytes, const struct datagram *was, const struct datagram *now)
{
	uint8_t *p = bytes + header_of(bytes);
	uint32_t length = ipv4_length(bytes) - header_of(bytes);
	uint8_t *own = was->offset ? NULL : transport_sum(p, length, was->ends.protocol);
	uint8_t *sums[] = { bytes + AT_SUM, own };

	change32(bytes + AT_SOURCE, now->ends.source, sums, 2);
	change32(bytes + AT_DESTINATION, now->ends.destination, sums, 2);
	if (was->offset)
		return;
	if (was->ends.protocol == IP_TCP || was->ends.protocol == IP_UDP) {
		change16(p, now->ends.source_port, sums + 1, 1);
		change16(p + 2, now->ends.destination_port, sums + 1, 1);
		settle_udp(own, was->ends.protocol);
	} else if (was->ends.protocol == IP_ICMP) {
		write_icmp(p, length, now);
	}
}

bool ipv4_hop(uint8_t *bytes)
{
	uint16_t was = get16(bytes + AT_TTL);

	if (bytes[AT_TTL] <= 1)
		return false;
	bytes[AT_TTL]--;
	mend16(bytes + AT_SUM, was, get16(bytes + AT_TTL));
	return true;
}

/* ---- fragments ---- */

bool ipv4_cut(uint8_t *bytes, uint32_t mtu, void (*each)(void *context, uint8_t *bytes, uint32_t length), void *context)
{
	uint32_t length = ipv4_length(bytes), header = header_of(bytes), room = (mtu - header) & ~UINT32_C(7);
	uint16_t fragment = get16(bytes + AT_FRAGMENT);
	uint8_t piece[65535];

	if (length <= mtu) {
		each(context, bytes, length);
		return true;
	}
	if (fragment & FLAG_DF)
		return false;
	/* Options go with every piece: those that need not are none that a host here sends. */
	memcpy(piece, bytes, header);
	for (uint32_t at = 0; at < length - header; at += room) {
		uint32_t take = length - header - at < room ? length - header - at : room;
		bool last = at + take == length - header;

		memcpy(piece + header, bytes + header + at, take);
		put16(piece + AT_LENGTH, header + take);
		put16(piece + AT_FRAGMENT, (fragment & FLAG_MORE) | ((fragment & OFFSET_MASK) + at / 8) | (last ? 0u : FLAG_MORE));
		put16(piece + AT_SUM, 0);
		put16(piece + AT_SUM, sum_of(piece, header));
		each(context, piece, header + take);
	}
	return true;
}

/* ---- packets of our own ---- */

static void write_header(uint8_t *out, uint32_t length, uint16_t id, uint32_t source, uint32_t destination, uint8_t protocol)
{
	memset(out, 0, HEADER);
	out[0] = 0x45;
	put16(out + AT_LENGTH, length);
	put16(out + AT_ID, id);
	out[AT_TTL] = TTL;
	out[AT_PROTOCOL] = protocol;
	put32(out + AT_SOURCE, source);
	put32(out + AT_DESTINATION, destination);
	put16(out + AT_SUM, sum_of(out, HEADER));
}

uint32_t ipv4_write_error(uint8_t out[IPV4_ERROR_MOST], const struct ipv4_error *error, const uint8_t *about, uint32_t length)
{
	uint32_t most = IPV4_ERROR_MOST - HEADER - ICMP_HEADER, take = length < most ? length : most;
	uint8_t *icmp = out + HEADER;

	write_header(out, HEADER + ICMP_HEADER + take, 0, error->source, error->destination, IP_ICMP);
	icmp[0] = error->type;
	icmp[1] = error->code;
	put16(icmp + ICMP_AT_SUM, 0);
	put32(icmp + ICMP_AT_ID, error->info);
	memcpy(icmp + ICMP_HEADER, about, take);
	put16(icmp + ICMP_AT_SUM, sum_of(icmp, ICMP_HEADER + take));
	return HEADER + ICMP_HEADER + take;
}

void ipv4_write_stub(uint8_t out[IPV4_STUB], const struct packet_ends *ends)
{
	write_header(out, IPV4_STUB, 0, ends->source, ends->destination, ends->protocol);
	memset(out + HEADER, 0, IPV4_STUB - HEADER);
	if (ends->protocol == IP_ICMP) {
		out[HEADER] = ICMP_ECHO;
		put16(out + HEADER + ICMP_AT_ID, ends->source_port);
	} else {
		put16(out + HEADER, ends->source_port);
		put16(out + HEADER + 2, ends->destination_port);
	}
}

uint32_t ipv4_write_echo(uint8_t *out, uint32_t source, uint32_t destination, bool answer, uint16_t identifier,
                         uint16_t sequence, uint32_t payload)
{
	uint8_t *icmp = out + HEADER;

	write_header(out, HEADER + ICMP_HEADER + payload, (uint16_t)(identifier + sequence), source, destination, IP_ICMP);
	memset(icmp, 0, ICMP_HEADER);
	icmp[0] = answer ? ICMP_ECHO_REPLY : ICMP_ECHO;
	put16(icmp + ICMP_AT_ID, identifier);
	put16(icmp + ICMP_AT_ID + 2, sequence);
	put16(icmp + ICMP_AT_SUM, sum_of(icmp, ICMP_HEADER + payload));
	return HEADER + ICMP_HEADER + payload;
}

uint32_t ipv4_write_segment(uint8_t out[IPV4_SEGMENT], const struct packet_ends *ends, uint8_t tcp_flags)
{
	uint8_t *tcp = out + HEADER, pseudo[12] = { 0 };

	write_header(out, IPV4_SEGMENT, 0, ends->source, ends->destination, IP_TCP);
	memset(tcp, 0, IPV4_SEGMENT - HEADER);
	put16(tcp, ends->source_port);
	put16(tcp + 2, ends->destination_port);
	tcp[12] = (IPV4_SEGMENT - HEADER) / 4 << 4;
	tcp[TCP_AT_FLAGS] = tcp_flags;
	put16(tcp + TCP_AT_SUM, sum_of(tcp, IPV4_SEGMENT - HEADER));
	/* The pseudo header is summed too (RFC 9293 3.1). */
	put32(pseudo, ends->source);
	put32(pseudo + 4, ends->destination);
	put16(pseudo + 8, IP_TCP);
	put16(pseudo + 10, IPV4_SEGMENT - HEADER);
	for (size_t i = 0; i < sizeof(pseudo); i += 2)
		mend16(tcp + TCP_AT_SUM, 0, get16(pseudo + i));
	return IPV4_SEGMENT;
}
