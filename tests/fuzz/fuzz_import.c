/* Any bytes as a capture, pcap or pcapng: one fault, or a trace in which every
 * packet is accounted for. */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/base/must.h"
#include "traffic/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import_options how = { 0 };
	struct import_report r;
	struct err e = ERR_INIT;
	struct trace *t;
	int fd = memfd_create("capture", 0);
	char path[40];
	const char *paths[] = { path };
	uint64_t found = 0;

	must(fd >= 0);
	must(write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	t = import_captures(paths, 1, &how, &r, &e);
	must(t ? e.count == 0 : e.count == 1);
	for (size_t i = 0; i < import_reason_count; i++)
		found += r.left_out[i];
	for (uint32_t i = 0; t && i < t->record_count; i++)
		found += t->records[i].packets_out + t->records[i].packets_in;
	must(!t || found == r.captures[0].packets);
	trace_destroy(t);
	import_report_clear(&r);
	err_clear(&e);
	close(fd);
	return 0;
}
