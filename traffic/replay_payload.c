/* The rows are tshark 4.0's: every UDP and TCP port that one of its dissectors is
 * registered for was tried, both ways, with sizes from 1 to 1472, TCP with megabytes
 * in a row too, and several bytes to fill with; a port that takes PLAIN at any size
 * has no row. Where no byte over and over does on TCP, there is a whole message. */
#include "traffic/replay_payload.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"

#define PLAIN 0x2f /* '/' */

enum { NEVER = UINT16_MAX };

struct row {
	uint16_t port;
	uint8_t  fill;
	uint16_t least; /* bytes; fewer are no message of that protocol, whatever they are */
};

static const struct row udp_rows[] = {
	{ 37, 0x2f, 4 }, { 49, 0x00, 6 }, { 53, 0x00, 12 }, { 67, 0x00, 299 }, { 68, 0x00, 299 }, { 69, 0x2f, 3 },
	{ 123, 0x2f, 4 }, { 137, 0x00, 12 }, { 138, 0x2f, 10 }, { 173, 0x2f, 8 }, { 177, 0x2f, 2 },
	{ 213, 0x2f, 30 }, { 319, 0x2f, 2 }, { 320, 0x2f, 2 }, { 389, 0x00, 0 }, { 427, 0x00, 13 },
	{ 434, 0x00, NEVER }, { 464, 0x01, 262 }, { 496, 0x00, 8 }, { 500, 0x00, 0 }, { 513, 0x2f, NEVER },
	{ 520, 0x2f, NEVER }, { 521, 0x2f, NEVER }, { 524, 0x2f, 7 }, { 525, 0x00, 13 }, { 546, 0x2f, 4 },
	{ 547, 0x2f, 4 }, { 664, 0x2f, 8 }, { 701, 0x2f, 12 }, { 854, 0x2f, 12 }, { 910, 0x00, 16 },
	{ 921, 0x2f, 28 }, { 1001, 0x2f, 4 }, { 1113, 0x2f, 6 }, { 1153, 0x2f, NEVER }, { 1194, 0x00, 10 },
	{ 1293, 0x2f, 3 }, { 1628, 0x00, 20 }, { 1629, 0x00, 20 }, { 1718, 0x20, 4 }, { 1719, 0x20, 4 },
	{ 1745, 0x2f, 38 }, { 1755, 0x2f, 10 }, { 2048, 0x2f, 4 }, { 2055, 0x2f, 2 }, { 2222, 0x00, 2 },
	{ 2269, 0x2f, 11 }, { 2313, 0x2f, NEVER }, { 2345, 0x00, 3 }, { 2428, 0x2f, 8 }, { 2944, 0x2f, 3 },
	{ 2945, 0x2f, NEVER }, { 2948, 0x2f, 2 }, { 3000, 0x2f, 13 }, { 3130, 0x2f, NEVER }, { 3250, 0x00, 2 },
	{ 3343, 0x2f, 16 }, { 3357, 0x2f, 16 }, { 3389, 0x00, 8 }, { 3452, 0x2f, 4 }, { 3455, 0x00, 8 },
	{ 3544, 0x2f, NEVER }, { 3671, 0x00, 6 }, { 3784, 0x00, 24 }, { 3804, 0x2f, NEVER }, { 3863, 0x2f, NEVER },
	{ 4000, 0x2f, 2 }, { 4306, 0x2f, 5 }, { 4307, 0x2f, 5 }, { 4341, 0x2f, 9 }, { 4342, 0x00, 3 },
	{ 4500, 0x00, 4 }, { 4533, 0x2f, 6 }, { 4534, 0x2f, 6 }, { 4551, 0x00, 8 }, { 4555, 0x2f, 4 },
	{ 4569, 0x2f, 4 }, { 4729, 0x00, 15 }, { 4739, 0x2f, 2 }, { 4754, 0x00, 4 }, { 4784, 0x00, 24 },
	{ 4789, 0x2f, 22 }, { 4790, 0x2f, 8 }, { 4791, 0x20, 12 }, { 4991, 0x01, NEVER }, { 5000, 0x2f, 5 },
	{ 5001, 0x2f, 4 }, { 5072, 0x00, 9 }, { 5094, 0x2f, 2 }, { 5246, 0x41, 5 }, { 5247, 0x41, 5 },
	{ 5353, 0x00, 12 }, { 5355, 0x00, 12 }, { 5436, 0x00, 8 }, { 5683, 0xff, 19 }, { 6081, 0x00, 8 },
	{ 6118, 0xff, 32 }, { 6160, 0x2f, 8 }, { 6343, 0x2f, 4 }, { 6635, 0x2f, 5 }, { 6784, 0x00, 24 },
	{ 6970, 0xff, 4 }, { 7074, 0x2f, 6 }, { 7255, 0x00, 0 }, { 7275, 0x00, 8 }, { 7784, 0x00, 24 },
	{ 8200, 0x2f, 6 }, { 8211, 0x2f, 2 }, { 8600, 0x2f, 3 }, { 8611, 0x00, 0 }, { 8612, 0x00, 0 },
	{ 8613, 0x00, 0 }, { 8614, 0x00, 0 }, { 8755, 0x2f, 12 }, { 8767, 0x2f, 12 }, { 8805, 0x2f, NEVER },
	{ 8848, 0x00, 8 }, { 9200, 0x2f, 2 }, { 9201, 0x7f, 0 }, { 9875, 0x01, 13 }, { 9877, 0x2f, 12 },
	{ 9899, 0x2f, NEVER }, { 9901, 0x2f, 4 }, { 9956, 0x00, 4 }, { 9996, 0x2f, 2 }, { 10253, 0x2f, 16 },
	{ 11273, 0x2f, 26 }, { 12000, 0x2f, 3 }, { 12001, 0x2f, 3 }, { 12002, 0x2f, 3 }, { 12003, 0x2f, 3 },
	{ 12004, 0x2f, 3 }, { 12220, 0x2f, 14 }, { 12222, 0x2f, 10 }, { 12223, 0x2f, 16 }, { 13400, 0x2f, NEVER },
	{ 17220, 0x2f, 6 }, { 17755, 0x2f, 5 }, { 17756, 0x2f, 5 }, { 18246, 0x2f, 2 }, { 23272, 0x2f, NEVER },
	{ 24576, 0x2f, 16 }, { 24577, 0x2f, 16 }, { 25826, 0x2f, NEVER }, { 26000, 0x2f, 8 }, { 27500, 0x2f, 10 },
	{ 27910, 0xff, 4 }, { 27950, 0x2f, 4 }, { 27951, 0x2f, 4 }, { 27952, 0x2f, 4 }, { 27953, 0x2f, 4 },
	{ 27960, 0x2f, 6 }, { 27961, 0x2f, 4 }, { 27962, 0x2f, 4 }, { 27963, 0x2f, 4 }, { 34962, 0x2f, 6 },
	{ 34980, 0x2f, 2 }, { 37008, 0x01, 5 }, { 41170, 0x2f, NEVER }, { 44818, 0x00, 24 }, { 47000, 0x80, NEVER },
	{ 54328, 0x2f, NEVER },
};

static const struct row tcp_rows[] = {
	{ 22, 0x2f, 5 }, { 37, 0x2f, 4 }, { 123, 0x2f, 4 }, { 199, 0x2f, 2 }, { 389, 0x2f, 4 },
	{ 500, 0x00, 0 }, { 524, 0x55, 15 }, { 548, 0x01, 0 }, { 873, 0x2f, 10 }, { 988, 0x2f, 4 },
	{ 1102, 0x2f, 6 }, { 1153, 0xff, 129 }, { 1521, 0x2f, 4 }, { 1723, 0x2f, 12 }, { 1861, 0x00, 0 },
	{ 1998, 0x2f, 2 }, { 2269, 0x2f, 11 }, { 2321, 0x2f, 4 }, { 2322, 0x2f, 4 }, { 2571, 0x07, 0 },
	{ 2812, 0x2f, 8 }, { 2944, 0x2f, 3 }, { 3268, 0x2f, 4 }, { 3357, 0x2f, 16 }, { 3632, 0x2f, 12 },
	{ 4223, 0x2f, 8 }, { 4224, 0x2f, 8 }, { 4321, 0x2f, 4 }, { 4551, 0x00, 8 }, { 4555, 0x2f, 4 },
	{ 4556, 0x2f, 5 }, { 5010, 0x2f, 2 }, { 5094, 0x2f, 2 }, { 5555, 0x2f, 2 }, { 5683, 0x00, 0 },
	{ 6160, 0x00, 12 }, { 6666, 0x2f, 2 }, { 6668, 0x00, 0 }, { 7911, 0x00, 36 }, { 8023, 0x07, 0 },
	{ 8085, 0x2f, 6 }, { 9600, 0x2f, 4 }, { 9956, 0x00, 4 }, { 29418, 0x2f, 5 }, { 34980, 0x2f, 2 },
	{ 48049, 0x2f, 4 }, { 48898, 0x2f, 38 },
};

/* A message over TCP. One that each segment begins with is of a protocol whose messages tshark does not put together
 * from several segments; zeros follow it. */
struct message {
	uint16_t ports[2];
	uint8_t  count, bytes[16]; /* those behind are 0 */
	bool     each;             /* segment begins with it; else they follow one another, wherever segments end */
	struct {
		uint8_t at, beside; /* at not 0: there stands the segment's length less `beside`, in 16 bits */
	} lengths[2];
};

static const struct message messages[] = {
	/* DNS (RFC 7766): a header that asks nothing */
	{ .ports = { 53, 5353 }, .count = 14, .bytes = { 0, 12 } },
	/* SNMP (RFC 3430): of no known version */
	{ .ports = { 161, 162 }, .count = 7, .bytes = { 0x30, 0x82, 0, 0, 2, 1, 9 }, .each = true, .lengths = { { 2, 4 } } },
	/* SLP (RFC 2608): SrvAck, no error */
	{ .ports = { 427 }, .count = 18, .bytes = { 2, 5, 0, 0, 18, 0, 0, 0, 0, 0, 0, 0, 0, 2, 'e', 'n' } },
	/* DHCPv6 (RFC 5460): LEASEQUERY-DONE, no error */
	{ .ports = { 547 }, .count = 12, .bytes = { 0, 10, 16, 0, 0, 0, 0, 13, 0, 2 } },
	/* MSDP (RFC 3618): of no known type */
	{ .ports = { 639 }, .count = 3, .bytes = { 0xff }, .each = true, .lengths = { { 1, 0 } } },
	/* KNX (ISO 22510): a header */
	{ .ports = { 3671 }, .count = 6, .bytes = { 6, 16, 0, 0, 0, 6 } },
	/* ASAP (RFC 5354): of no known type, with a parameter of none */
	{ .ports = { 3863 }, .count = 8, .bytes = { 0, 0, 0, 0, 0xff, 0xff }, .each = true, .lengths = { { 2, 0 }, { 6, 4 } } },
	/* OPSI: a header */
	{ .ports = { 4002 }, .count = 8, .bytes = { 1, 0, 0, 0, 0, 8 } },
	/* PCEP (RFC 5440): Keepalive */
	{ .ports = { 4189 }, .count = 4, .bytes = { 0x20, 2, 0, 4 } },
	/* LISP (draft-ietf-lisp-map-server-reliable-transport): a header and the end marker */
	{ .ports = { 4342 }, .count = 12, .bytes = { 0, 0, 0, 12, 0, 0, 0, 0, 0x9f, 0xac, 0xad, 0xe9 } },
	/* ULP (OMA): SUPL END, as short as can be */
	{ .ports = { 7275 }, .count = 7, .bytes = { 0, 7, 2, 0, 0, 0x14 } },
	/* ILP (OMA): of zeros */
	{ .ports = { 7276 }, .count = 16, .bytes = { 0, 16, 1 } },
	/* DoIP (ISO 13400): alive check request */
	{ .ports = { 13400 }, .count = 8, .bytes = { 2, 0xfd, 0, 7 } },
};

static const struct message *message_of(uint16_t port)
{
	for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++)
		if (port && (messages[i].ports[0] == port || messages[i].ports[1] == port))
			return &messages[i];
	return NULL;
}

static int by_port(const void *key, const void *row)
{
	return (int)*(const uint16_t *)key - (int)((const struct row *)row)->port;
}

static const struct row *find(enum protocol protocol, uint16_t port)
{
	static const struct row plain = { .fill = PLAIN };
	const struct row *rows = protocol == PROTO_TCP ? tcp_rows : udp_rows, *found;
	size_t count = protocol == PROTO_TCP ? sizeof(tcp_rows) / sizeof(*rows) : sizeof(udp_rows) / sizeof(*rows);

	found = bsearch(&port, rows, count, sizeof(*rows), by_port);
	return found ? found : &plain;
}

static void fill_messages(const struct message *m, uint64_t position, uint8_t *payload, uint32_t bytes)
{
	uint32_t at = m->each ? 0 : (uint32_t)(position % m->count);

	memset(payload, 0, bytes);
	for (uint32_t i = 0; i < bytes && (i < m->count || !m->each); i++, at = (at + 1) % m->count)
		payload[i] = at < sizeof(m->bytes) ? m->bytes[at] : 0;
	for (int i = 0; i < 2; i++) {
		uint32_t length = bytes > m->lengths[i].beside ? bytes - m->lengths[i].beside : 0;

		at = m->lengths[i].at;
		if (at && at + 2 <= bytes) {
			payload[at] = (uint8_t)(length >> 8);
			payload[at + 1] = (uint8_t)length;
		}
	}
}

/* The lower port is asked first, as tshark does. */
bool replay_payload(enum protocol protocol, uint16_t port, uint16_t other, uint64_t position, uint8_t *payload, uint32_t bytes)
{
	uint16_t lower = port < other ? port : other, higher = port < other ? other : port;
	const struct row *low = find(protocol, lower), *high = find(protocol, higher);
	const struct message *message = protocol == PROTO_TCP ? message_of(lower) : NULL;

	must(protocol != PROTO_ICMP);
	if (protocol == PROTO_TCP && !message && low->fill == PLAIN)
		message = message_of(higher);
	if (message)
		fill_messages(message, position, payload, bytes);
	else
		memset(payload, low->fill != PLAIN ? low->fill : high->fill, bytes);
	return bytes >= low->least && bytes >= high->least && (low->fill == PLAIN || high->fill == PLAIN || low->fill == high->fill);
}
