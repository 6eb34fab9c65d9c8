/* pcapng - a reader of pcapng files (draft-ietf-opsawg-pcapng).
 *
 * libpcap gives up a pcapng file whose interfaces differ in link type, snapshot
 * length or the resolution of their time; such files are what one gets from
 * capturing on several interfaces, so they are read here: any number of
 * sections, either byte order, packets in enhanced, simple and (obsolete) packet
 * blocks. Blocks of other types are stepped over. As libpcap does, NFLOG's numbers are
 * given in this machine's order, whatever the section's. A fault ends the reading; what
 * was given before it stands. */
#ifndef TRAFFIC_PCAPNG_H
#define TRAFFIC_PCAPNG_H

#include <stdint.h>
#include <stdio.h>

struct pcapng;

struct pcapng_packet {
	int64_t time_ns;      /* since 1970; NS_NONE: it has none, or one beyond 1970 .. 2262 */
	const uint8_t *bytes; /* valid until the next call */
	uint32_t captured;    /* bytes there are */
	uint32_t length;      /* bytes the frame had */
	int link_type;        /* LINKTYPE_ number */
};

/* The first byte of every pcapng file, and of no pcap file. */
#define PCAPNG_FIRST_BYTE 0x0a

/* Takes over `file`, which stands at its beginning. */
struct pcapng *pcapng_open(FILE *file);
void pcapng_close(struct pcapng *p); /* closes the file; NULL is fine */

/* 1: a packet; 0: the end; -1: a fault, which pcapng_fault() tells. */
int pcapng_next(struct pcapng *p, struct pcapng_packet *out);
const char *pcapng_fault(const struct pcapng *p);

#endif
