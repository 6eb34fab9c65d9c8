/* Import beside tshark: both read the same capture from the page cache, one
 * after the other in each round; what each takes on an empty one is taken off. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "bench/bench.h"
#include "bench/child.h"
#include "sim/base/must.h"

#define UNIT "packets/s"
#define EXIT_NOT_FOUND 127

/* Reads it all, and so brings it into the page cache. */
static uint64_t count_packets(const char *path)
{
	char fault[PCAP_ERRBUF_SIZE];
	pcap_t *in = pcap_open_offline(path, fault);
	struct pcap_pkthdr *header;
	const u_char *frame;
	uint64_t packets = 0;

	if (!in)
		give_up("%s", fault);
	while (pcap_next_ex(in, &header, &frame) == 1)
		packets++;
	pcap_close(in);
	return packets;
}

/* argv without and with something to do. Negative: the program is not there. */
static double seconds_beyond_start(const char *const *empty, const char *const *full)
{
	struct child start = child_run(empty, 0), work;
	double seconds;

	if (start.status == EXIT_NOT_FOUND) {
		child_clear(&start);
		return -1;
	}
	work = child_run(full, 0);
	if (work.status)
		give_up("%s ended with status %d", full[0], work.status);
	seconds = work.seconds - start.seconds;
	child_clear(&start);
	child_clear(&work);
	return seconds;
}

void bench_import(struct bench *b, const char *capture)
{
	char *program = must_printf("%s/cgnsim", b->build), *trace = must_printf("%s/bench/capture.trace", b->build);
	char *nothing = must_printf("%s/bench/empty.pcap", b->build);
	const char *import_empty[] = { program, "import", nothing, "-o", trace, NULL };
	const char *import_full[] = { program, "import", capture, "-o", trace, NULL };
	const char *tshark_empty[] = { "tshark", "-q", "-z", "conv,tcp", "-z", "conv,udp", "-r", nothing, NULL };
	const char *tshark_full[] = { "tshark", "-q", "-z", "conv,tcp", "-z", "conv,udp", "-r", capture, NULL };
	double packets = (double)count_packets(capture), seconds;

	capture_make(nothing, 0);
	sheet_add(b->sheet, IMPORT, UNIT, packets / seconds_beyond_start(import_empty, import_full));
	seconds = seconds_beyond_start(tshark_empty, tshark_full);
	if (seconds < 0)
		sheet_lack(b->sheet, TSHARK, "not installed: tshark");
	else
		sheet_add(b->sheet, TSHARK, UNIT, packets / seconds);
	remove(trace);
	remove(nothing);
	free(program);
	free(trace);
	free(nothing);
}
