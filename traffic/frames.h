/* frames - one capture file, frame by frame: pcap through libpcap, pcapng by
 * pcapng.h, which can do with interfaces of several link types; packed with gzip,
 * zstd or xz, or as it is (input.h). Zeros behind the last packet of a pcap, where
 * they could be records of packets without a byte, are nothing. */
#ifndef TRAFFIC_FRAMES_H
#define TRAFFIC_FRAMES_H

#include <stdint.h>

#include "sim/base/err.h"

struct frames;

struct frame {
	int64_t time_ns;      /* since 1970; NS_NONE: its stamp is no time */
	const uint8_t *bytes; /* valid until the next call */
	uint32_t captured;    /* bytes there are */
	uint32_t length;      /* bytes the frame had on the wire */
	int link_type;        /* a DLT_ or LINKTYPE_ number of libpcap, as wire_decode() takes */
};

enum frames_status {
	FRAMES_ONE,   /* here is one */
	FRAMES_END,
	FRAMES_FAULT, /* the file breaks off or contradicts itself: frames_fault() */
};

/* "-" is standard input. NULL with `e` set if the file cannot be opened, or is neither pcap nor pcapng. */
struct frames *frames_open(const char *path, struct err *e);
void frames_close(struct frames *f); /* NULL is fine */

/* The time of the first frame that has one, among the first four megabytes; NS_NONE: none of these has. To be asked
 * before the first frames_next(), which gives them all the same. */
int64_t frames_first_ns(struct frames *f);

enum frames_status frames_next(struct frames *f, struct frame *out);
const char *frames_fault(const struct frames *f);

uint64_t frames_size(const struct frames *f); /* bytes of the file; 0 if it is not a regular one */
uint64_t frames_read(const struct frames *f); /* bytes read so far */

/* libpcap's name of a link type ("EN10MB"), or its number. The caller frees it. */
char *frames_link_name(int link_type);

#endif
