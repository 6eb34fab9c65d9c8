/* Import beside tshark and nfpcapd: all read the same capture from the page cache, one
 * after the other in each round; what each takes on an empty one is taken off. And its
 * memory on that capture and on one four times as large. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "bench/bench.h"
#include "bench/child.h"
#include "sim/base/must.h"

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

/* A program without and with something to do: packets/s of the difference, or its package is not there. */
static void add_rate(struct bench *b, const char *name, const char *package, const char *const *empty,
                     const char *const *full, double packets)
{
	struct child start = child_run(empty, 0), work;

	if (start.status == EXIT_NOT_FOUND) {
		char *why = must_printf("not installed: %s", package);

		sheet_lack(b->sheet, name, why);
		free(why);
		child_clear(&start);
		return;
	}
	work = child_run(full, 0);
	if (work.status)
		give_up("%s ended with status %d", full[0], work.status);
	/* what is too short to be told from the start counts as one microsecond */
	sheet_add(b->sheet, name, "packets/s", packets / fmax(work.seconds - start.seconds, 1e-6));
	child_clear(&start);
	child_clear(&work);
}

static void run(const char *const *argv)
{
	struct child c = child_run(argv, 0);

	if (c.status)
		give_up("%s %s ended with status %d", argv[0], argv[1], c.status);
	child_clear(&c);
}

/* capture_make() keeps 256 bytes of a packet; as many packets whole are so many times as large. */
#define WHOLE_TO_CUT 3.2277

char *capture_replayed(const struct bench *b, const char *name, uint64_t mb)
{
	char *program = must_printf("%s/cgnsim", b->build), *path = must_printf("%s/bench/%s.pcap", b->build, name);
	char *cut = must_printf("%s/bench/cut.pcap", b->build), *trace = must_printf("%s/bench/cut.trace", b->build);
	const char *import[] = { program, "import", cut, "-o", trace, NULL };
	const char *replay[] = { program, "replay", trace, "--pcap", path, NULL };

	fprintf(stderr, "bench: making a capture of %" PRIu64 " MB\n", mb);
	capture_make(cut, (uint64_t)((double)mb * 1e6 / WHOLE_TO_CUT));
	run(import);
	remove(cut);
	run(replay);
	remove(trace);
	free(program);
	free(cut);
	free(trace);
	return path;
}

void bench_import_memory(struct bench *b)
{
	char *program = must_printf("%s/cgnsim", b->build), *trace = must_printf("%s/bench/capture.trace", b->build);
	static const char *const names[] = { IMPORT_MEMORY_ONE, IMPORT_MEMORY_FOUR };

	for (size_t i = 0; i < 2; i++) {
		char *capture = capture_replayed(b, "memory", b->capture_mb << (2 * i));
		const char *import[] = { program, "import", capture, "-o", trace, NULL };
		struct child c = child_run(import, 0);

		if (c.status)
			give_up("%s ended with status %d", program, c.status);
		sheet_add(b->sheet, names[i], "bytes", (double)c.resident_bytes);
		child_clear(&c);
		remove(capture);
		free(capture);
	}
	remove(trace);
	free(program);
	free(trace);
}

static void bench_tshark(struct bench *b, const char *nothing, const char *capture, double packets)
{
	const char *empty[] = { "tshark", "-q", "-z", "conv,tcp", "-z", "conv,udp", "-r", nothing, NULL };
	const char *full[] = { "tshark", "-q", "-z", "conv,tcp", "-z", "conv,udp", "-r", capture, NULL };

	add_rate(b, TSHARK, "tshark", empty, full, packets);
}

/* Takes away the files that nfpcapd wrote, and their directory. */
static void remove_flows(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(path);
}

static void bench_nfpcapd(struct bench *b, const char *nothing, const char *capture, double packets)
{
	char *flows = must_printf("%s/bench/nfpcapd", b->build);
	const char *empty[] = { "nfpcapd", "-r", nothing, "-w", flows, NULL };
	const char *full[] = { "nfpcapd", "-r", capture, "-w", flows, NULL };

	if (mkdir(flows, 0777) && errno != EEXIST)
		give_up("%s: %s", flows, strerror(errno));
	add_rate(b, NFPCAPD, "nfdump", empty, full, packets);
	remove_flows(flows);
	free(flows);
}

void bench_import(struct bench *b, const char *capture)
{
	char *program = must_printf("%s/cgnsim", b->build), *trace = must_printf("%s/bench/capture.trace", b->build);
	char *nothing = must_printf("%s/bench/empty.pcap", b->build);
	const char *empty[] = { program, "import", nothing, "-o", trace, NULL };
	const char *full[] = { program, "import", capture, "-o", trace, NULL };
	double packets = (double)count_packets(capture);

	capture_make(nothing, 0);
	add_rate(b, IMPORT, "cgnsim", empty, full, packets);
	sheet_add(b->sheet, IMPORT_WANTED, "packets/s", 1.5e6);
	bench_nfpcapd(b, nothing, capture, packets);
	bench_tshark(b, nothing, capture, packets);
	remove(trace);
	remove(nothing);
	free(program);
	free(trace);
	free(nothing);
}
