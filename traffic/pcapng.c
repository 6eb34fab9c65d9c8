/* A file is a list of blocks: type, length, body, the length again. A section
 * header block says in which byte order all blocks up to the next one are
 * written, and begins a new list of interfaces; packets name theirs by its place
 * in the list.
 *
 * No length is believed before the bytes are there: a body is read piece by
 * piece, so that memory grows with the file and not with what it claims. */
#include "traffic/pcapng.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"

enum {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2,   /* obsolete */
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6,
	BLOCK_SECTION = 0x0a0d0d0a, /* reads the same both ways */

	OPTION_END = 0,
	OPTION_RESOLUTION = 9,
	OPTION_OFFSET = 14,

	LINK_NFLOG = 239,

	LEAST_BLOCK = 12,
	LARGEST_BLOCK = 64 << 20,
	PIECE = 64 << 10,
};
#define ORDER_MAGIC 0x1a2b3c4du

struct interface {
	int link_type;
	uint32_t snap;       /* 0: no limit */
	uint8_t resolution;  /* n: 10^-n s; 0x80 + n: 2^-n s */
	int64_t offset_s;
};

struct pcapng {
	FILE *file;
	bool big;            /* this section's byte order */
	bool in_section;
	struct interface *interfaces;
	uint32_t interface_count, interface_room;
	uint8_t *body;
	size_t room;
	char fault[200];
};

static int fault(struct pcapng *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fault(struct pcapng *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->fault, sizeof(p->fault), format, args);
	va_end(args);
	return -1;
}

static uint16_t get16(const struct pcapng *p, const uint8_t *at)
{
	if (p->big)
		return (uint16_t)(at[0] << 8 | at[1]);
	return (uint16_t)(at[1] << 8 | at[0]);
}

static uint32_t get32(const struct pcapng *p, const uint8_t *at)
{
	return p->big ? (uint32_t)get16(p, at) << 16 | get16(p, at + 2) : (uint32_t)get16(p, at + 2) << 16 | get16(p, at);
}

static int64_t get64(const struct pcapng *p, const uint8_t *at)
{
	uint64_t high = get32(p, p->big ? at : at + 4), low = get32(p, p->big ? at + 4 : at), bits = high << 32 | low;
	int64_t value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

struct pcapng *pcapng_open(FILE *file)
{
	struct pcapng *p = must_alloc(1, sizeof(*p));

	p->file = file;
	return p;
}

void pcapng_close(struct pcapng *p)
{
	if (!p)
		return;
	fclose(p->file);
	free(p->interfaces);
	free(p->body);
	free(p);
}

const char *pcapng_fault(const struct pcapng *p)
{
	return p->fault;
}

/* Reads `count` bytes to `at` within the body, which grows as they come. */
static int read_more(struct pcapng *p, size_t at, size_t count)
{
	while (count) {
		size_t piece = count < PIECE ? count : PIECE, got;

		if (at + piece > p->room) {
			p->room = 2 * p->room > at + piece ? 2 * p->room : at + piece;
			p->body = must_grow(p->body, p->room, 1);
		}
		got = fread(p->body + at, 1, piece, p->file);
		if (got != piece)
			return ferror(p->file) ? fault(p, "%s", strerror(errno)) : fault(p, "the file ends in the middle of a block");
		at += piece;
		count -= piece;
	}
	return 1;
}

/* A section header tells its byte order only behind its length: first things first. */
static int section_order(struct pcapng *p, const uint8_t *magic)
{
	static const uint8_t big[4] = { 0x1a, 0x2b, 0x3c, 0x4d }, little[4] = { 0x4d, 0x3c, 0x2b, 0x1a };

	if (memcmp(magic, big, 4) && memcmp(magic, little, 4))
		return fault(p, "a section header without the byte-order magic");
	p->big = magic[0] == big[0];
	return 1;
}

/* The next block: its type, and its body with *length bytes. 0 at the end of the file. */
static int next_block(struct pcapng *p, uint32_t *type, size_t *length)
{
	uint8_t head[12], tail[4];
	uint32_t total;
	size_t got = fread(head, 1, 12, p->file);
	int status;

	if (got == 0 && !ferror(p->file))
		return 0;
	if (got != 12)
		return ferror(p->file) ? fault(p, "%s", strerror(errno)) : fault(p, "the file ends in the middle of a block");
	*type = get32(p, head);
	if (*type == BLOCK_SECTION) {
		status = section_order(p, head + 8);
		if (status < 0)
			return status;
	} else if (!p->in_section) {
		return fault(p, "it does not begin with a section header");
	}
	total = get32(p, head + 4);
	if (total < LEAST_BLOCK || total % 4 || total > LARGEST_BLOCK)
		return fault(p, "a block that claims to be %u bytes long", total);
	/* The four bytes after the length are the body's first, or, if there is no body, the length again. */
	*length = total - LEAST_BLOCK;
	memcpy(tail, head + 8, 4);
	if (*length) {
		if (p->room < 4) {
			p->room = PIECE;
			p->body = must_grow(p->body, p->room, 1);
		}
		memcpy(p->body, head + 8, 4);
		status = read_more(p, 4, *length);
		if (status < 0)
			return status;
		memcpy(tail, p->body + *length, 4);
	}
	if (get32(p, tail) != total)
		return fault(p, "a block whose two lengths differ: %u and %u", total, get32(p, tail));
	return 1;
}

static int section(struct pcapng *p, size_t length)
{
	uint16_t major, minor;

	if (length < 16)
		return fault(p, "a section header of %zu bytes", length);
	major = get16(p, p->body + 4);
	minor = get16(p, p->body + 6);
	if (major != 1 || (minor != 0 && minor != 2)) /* 1.2 was written by mistake for 1.0, and means the same */
		return fault(p, "a section of version %u.%u; 1.0 is understood", major, minor);
	p->interface_count = 0;
	p->in_section = true;
	return 1;
}

static int interface(struct pcapng *p, size_t length)
{
	struct interface i = { .resolution = 6 };
	size_t at = 8;

	if (length < 8)
		return fault(p, "an interface description of %zu bytes", length);
	i.link_type = get16(p, p->body);
	i.snap = get32(p, p->body + 4);
	while (length - at >= 4) {
		uint16_t option = get16(p, p->body + at), size = get16(p, p->body + at + 2);
		size_t padded = ((size_t)size + 3) & ~(size_t)3;

		at += 4;
		if (option == OPTION_END)
			break;
		if (padded > length - at)
			return fault(p, "an interface's option that is longer than its block");
		if (option == OPTION_RESOLUTION && size == 1)
			i.resolution = p->body[at];
		if (option == OPTION_OFFSET && size == 8)
			i.offset_s = get64(p, p->body + at);
		at += padded;
	}
	if (p->interface_count == p->interface_room) {
		p->interface_room = p->interface_room ? 2 * p->interface_room : 4;
		p->interfaces = must_grow(p->interfaces, p->interface_room, sizeof(*p->interfaces));
	}
	p->interfaces[p->interface_count++] = i;
	return 1;
}

/* Ticks of 2^-n s, n up to 127. */
static void split_binary(uint64_t ticks, unsigned n, uint64_t *seconds, uint64_t *ns)
{
	__extension__ typedef unsigned __int128 wide;

	*seconds = n < 64 ? ticks >> n : 0;
	if (n < 64)
		ticks &= (UINT64_C(1) << n) - 1;
	*ns = (uint64_t)((wide)ticks * (uint64_t)NS_PER_S >> n);
}

static void split_decimal(uint64_t ticks, unsigned n, uint64_t *seconds, uint64_t *ns)
{
	uint64_t per_second = 1;

	for (; n > 9; n--)
		ticks /= 10;
	for (unsigned i = 0; i < n; i++)
		per_second *= 10;
	*seconds = ticks / per_second;
	*ns = ticks % per_second * ((uint64_t)NS_PER_S / per_second);
}

static int64_t time_of(const struct interface *i, uint32_t high, uint32_t low)
{
	const int64_t most = INT64_MAX / NS_PER_S - 1;
	uint64_t ticks = (uint64_t)high << 32 | low, seconds, ns;
	int64_t whole;

	if (i->resolution & 0x80)
		split_binary(ticks, i->resolution & 0x7f, &seconds, &ns);
	else
		split_decimal(ticks, i->resolution, &seconds, &ns);
	if (seconds > (uint64_t)most || i->offset_s > most || i->offset_s < -most)
		return NS_NONE;
	whole = (int64_t)seconds + i->offset_s;
	if (whole < 0 || whole > most)
		return NS_NONE;
	return whole * NS_PER_S + (int64_t)ns;
}

static bool foreign(const struct pcapng *p)
{
	const uint16_t one = 1;
	uint8_t first;

	memcpy(&first, &one, 1);
	return p->big == (first == 1);
}

static void turn(uint8_t *at)
{
	uint8_t first = at[0];

	at[0] = at[1];
	at[1] = first;
}

/* Lengths and types of an NFLOG packet's list are in the order of the machine that
 * captured. libpcap turns those of a foreign pcap to this machine's, and so does this. */
static void turn_nflog(uint8_t *at, size_t left)
{
	size_t step = 4; /* family, version, which must be 0, resource */

	if (left < step || at[1] != 0)
		return;
	while (step <= left && left - step >= 4) {
		uint16_t length;

		at += step;
		left -= step;
		turn(at);
		turn(at + 2);
		memcpy(&length, at, 2);
		if (length < 4)
			return;
		step = ((size_t)length + 3) & ~(size_t)3;
	}
}

/* Fills in what all packet blocks share; the bytes stand at `at` of the body. */
static int packet(struct pcapng *p, uint32_t which, size_t at, size_t length, struct pcapng_packet *out)
{
	if (which >= p->interface_count)
		return fault(p, "a packet of interface %u, and %u are described", which, p->interface_count);
	if (out->captured > length - at)
		return fault(p, "a packet of %u bytes in a block of %zu", out->captured, length);
	out->bytes = p->body + at;
	out->link_type = p->interfaces[which].link_type;
	if (out->link_type == LINK_NFLOG && foreign(p))
		turn_nflog(p->body + at, out->captured);
	return 1;
}

static int enhanced(struct pcapng *p, size_t length, bool obsolete, struct pcapng_packet *out)
{
	uint32_t which;
	int status;

	if (length < 20)
		return fault(p, "a packet block of %zu bytes", length);
	which = obsolete ? get16(p, p->body) : get32(p, p->body);
	out->captured = get32(p, p->body + 12);
	out->length = get32(p, p->body + 16);
	status = packet(p, which, 20, length, out);
	if (status > 0)
		out->time_ns = time_of(&p->interfaces[which], get32(p, p->body + 4), get32(p, p->body + 8));
	return status;
}

/* Always of the first interface, cut at its snapshot length, with no time. */
static int simple(struct pcapng *p, size_t length, struct pcapng_packet *out)
{
	uint32_t snap = p->interface_count ? p->interfaces[0].snap : 0;

	if (length < 4)
		return fault(p, "a simple packet block of %zu bytes", length);
	out->length = out->captured = get32(p, p->body);
	if (snap && out->captured > snap)
		out->captured = snap;
	out->time_ns = NS_NONE;
	return packet(p, 0, 4, length, out);
}

int pcapng_next(struct pcapng *p, struct pcapng_packet *out)
{
	for (;;) {
		uint32_t type = 0;
		size_t length = 0;
		int status = next_block(p, &type, &length);

		if (status <= 0)
			return status;
		switch (type) {
		case BLOCK_SECTION:
			status = section(p, length);
			break;
		case BLOCK_INTERFACE:
			status = interface(p, length);
			break;
		case BLOCK_ENHANCED:
			return enhanced(p, length, false, out);
		case BLOCK_PACKET:
			return enhanced(p, length, true, out);
		case BLOCK_SIMPLE:
			return simple(p, length, out);
		default:
			break;
		}
		if (status < 0)
			return status;
	}
}
