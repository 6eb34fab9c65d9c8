#include "traffic/frames.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"
#include "traffic/input.h"
#include "traffic/pcapng.h"

#define AHEAD_BYTES ((size_t)4 << 20) /* looked through for the first time stamp, at most */

struct held {
	struct frame frame;
	uint8_t *bytes;
};

struct frames {
	struct input *input;
	pcap_t *pcap;          /* one of these two, which owns the input's stream */
	struct pcapng *pcapng;
	int link_type;         /* pcap: of all frames */
	bool looked_ahead;     /* frames are held, or what came behind them is no frame */
	struct held *held;     /* given by frames_next() before any other */
	size_t held_next, held_count, held_room;
	enum frames_status after; /* what came behind those held */
};

/* What bytes are that are no capture, where it can be told: a hint for the message. */
static const char *looks_like(const uint8_t *bytes, size_t count)
{
	static const struct {
		const char *magic;
		size_t length;
		const char *hint;
	} known[] = {
		{ "CGNTRACE", 8, " (it is a flow trace already)" },
		{ "BZh", 3, " (it is packed with bzip2: unpack it first)" },
		{ "PK\x03\x04", 4, " (it is packed with zip: unpack it first)" },
		{ "\x04\x22\x4d\x18", 4, " (it is packed with lz4: unpack it first)" },
		{ "snoop\0\0\0", 8, " (it is a capture of snoop: editcap -F pcapng makes it one that can)" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (count >= known[i].length && !memcmp(bytes, known[i].magic, known[i].length))
			return known[i].hint;
	return "";
}

/* Opens the reader that the first bytes ask for. */
static bool reader_open(struct frames *f, const char *path, struct err *e)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	uint8_t head[8] = { 0 };
	size_t count = input_peek(f->input, head, sizeof(head));
	FILE *stream;

	if (input_fault(f->input))
		return fail(e, "%s: no packet can be read: %s", path, input_fault(f->input));
	stream = input_stream(f->input);
	if (!stream)
		return fail(e, "%s: %s", path, strerror(errno));
	if (count && head[0] == PCAPNG_FIRST_BYTE) {
		f->pcapng = pcapng_open(stream);
		return true;
	}
	f->pcap = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!f->pcap) {
		fclose(stream);
		return fail(e, "%s: not a capture that can be read: %s%s", path, why, looks_like(head, count));
	}
	f->link_type = pcap_datalink(f->pcap);
	return true;
}

struct frames *frames_open(const char *path, struct err *e)
{
	struct input *input = input_open(path, e);
	struct frames *f;

	if (!input)
		return NULL;
	f = must_alloc(1, sizeof(*f));
	f->input = input;
	if (reader_open(f, path, e))
		return f;
	frames_close(f);
	return NULL;
}

static void held_clear(struct frames *f)
{
	for (size_t i = 0; i < f->held_count; i++)
		free(f->held[i].bytes);
	free(f->held);
	f->held = NULL;
	f->held_next = f->held_count = f->held_room = 0;
}

void frames_close(struct frames *f)
{
	if (!f)
		return;
	if (f->pcap)
		pcap_close(f->pcap);
	pcapng_close(f->pcapng);
	input_close(f->input);
	held_clear(f);
	free(f);
}

/* libpcap hands on seconds as a signed number; pcap's are unsigned. With
 * nanosecond precision tv_usec holds nanoseconds, perhaps a second of them or more: writers round up. */
static int64_t time_of(const struct pcap_pkthdr *h)
{
	int64_t seconds = h->ts.tv_sec, ns = h->ts.tv_usec;

	if (seconds < 0 && seconds >= INT32_MIN)
		seconds += INT64_C(1) << 32;
	if (ns >= NS_PER_S) {
		seconds += ns / NS_PER_S;
		ns %= NS_PER_S;
	}
	if (seconds < 0 || seconds >= INT64_MAX / NS_PER_S || ns < 0)
		return NS_NONE;
	return seconds * NS_PER_S + ns;
}

static enum frames_status next_pcapng(struct frames *f, struct frame *out)
{
	struct pcapng_packet p;
	int got = pcapng_next(f->pcapng, &p);

	if (got <= 0)
		return got ? FRAMES_FAULT : FRAMES_END;
	*out = (struct frame){
		.time_ns = p.time_ns,
		.bytes = p.bytes,
		.captured = p.captured,
		.length = p.length,
		.link_type = p.link_type,
	};
	return FRAMES_ONE;
}

/* A record of zeros is no packet: copying in blocks leaves zeros behind the last one. */
static bool is_padding(const struct pcap_pkthdr *h)
{
	return h->len == 0 && h->caplen == 0 && h->ts.tv_sec == 0 && h->ts.tv_usec == 0;
}

static enum frames_status next_pcap(struct frames *f, struct frame *out)
{
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int got;

	do
		got = pcap_next_ex(f->pcap, &header, &bytes);
	while (got == 1 && is_padding(header));
	if (got != 1)
		return got == PCAP_ERROR_BREAK ? FRAMES_END : FRAMES_FAULT;
	*out = (struct frame){
		.time_ns = time_of(header),
		.bytes = bytes,
		.captured = header->caplen,
		.length = header->len,
		.link_type = f->link_type,
	};
	return FRAMES_ONE;
}

/* Packed data that break off may do so between two packets. */
static inline enum frames_status next(struct frames *f, struct frame *out)
{
	enum frames_status status = f->pcap ? next_pcap(f, out) : next_pcapng(f, out);

	return status == FRAMES_END && input_fault(f->input) ? FRAMES_FAULT : status;
}

/* The next of those held, or how reading ahead ended; false: what comes is still to be read. */
static bool next_held(struct frames *f, struct frame *out, enum frames_status *status)
{
	if (f->held_next < f->held_count) {
		*out = f->held[f->held_next++].frame;
		*status = FRAMES_ONE;
		return true;
	}
	held_clear(f);
	*status = f->after;
	f->looked_ahead = f->after != FRAMES_ONE;
	return f->looked_ahead;
}

enum frames_status frames_next(struct frames *f, struct frame *out)
{
	enum frames_status status;

	if (f->looked_ahead && next_held(f, out, &status))
		return status;
	return next(f, out);
}

static void hold(struct frames *f, const struct frame *frame)
{
	struct held *h;

	if (f->held_count == f->held_room) {
		f->held_room = f->held_room ? 2 * f->held_room : 1;
		f->held = must_grow(f->held, f->held_room, sizeof(*f->held));
	}
	h = &f->held[f->held_count++];
	*h = (struct held){ .frame = *frame, .bytes = must_alloc(frame->captured, 1) };
	memcpy(h->bytes, frame->bytes, frame->captured);
	h->frame.bytes = h->bytes;
}

int64_t frames_first_ns(struct frames *f)
{
	struct frame frame = { .time_ns = NS_NONE };
	size_t bytes = 0;

	must(!f->looked_ahead);
	do {
		f->after = next(f, &frame);
		if (f->after != FRAMES_ONE)
			break;
		hold(f, &frame);
		bytes += sizeof(struct held) + frame.captured;
	} while (frame.time_ns == NS_NONE && bytes < AHEAD_BYTES);
	f->looked_ahead = true;
	return frame.time_ns;
}

const char *frames_fault(const struct frames *f)
{
	if (input_fault(f->input))
		return input_fault(f->input);
	return f->pcap ? pcap_geterr(f->pcap) : pcapng_fault(f->pcapng);
}

uint64_t frames_size(const struct frames *f)
{
	return input_size(f->input);
}

uint64_t frames_read(const struct frames *f)
{
	return input_read(f->input);
}

/* pcapng gives the numbers that files hold; for two that wire.h knows libpcap has others. */
char *frames_link_name(int link_type)
{
	int known = link_type == 100 ? DLT_ATM_RFC1483 : link_type == 101 ? DLT_RAW : link_type;
	const char *name = pcap_datalink_val_to_name(known);

	return name ? must_strdup(name) : must_printf("%d", link_type);
}
