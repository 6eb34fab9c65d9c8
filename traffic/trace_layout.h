/* trace_layout - sizes and constants of a flow trace's file, for who writes it
 * (trace_file.c) and who reads it (trace_read.c). docs/formats.md gives the bytes. */
#ifndef TRAFFIC_TRACE_LAYOUT_H
#define TRAFFIC_TRACE_LAYOUT_H

#define MAGIC "CGNTRACE"
#define MAGIC_BYTES 8
#define VERSION 2u

enum { /* bytes */
	HEADER = 128,
	HEADER_CRC = HEADER - 4, /* where its checksum stands */
	HOST = 28,
	INNER = 4,
	RECORD = 72,
	FLOW6 = 80,
	TRAILER = 4,
};
enum { ANONYMISED = 1 };

#endif
