/* Any bytes as a flow trace. Its checksums would keep every change out, so they are
 * set right here: what is tried is what stands behind it. A trace that loads must
 * come back the same from a second file. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/base/crc.h"
#include "sim/base/must.h"
#include "traffic/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER = 128 };

static void seal(uint8_t *bytes, uint32_t crc)
{
	for (size_t i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(crc >> 8 * i);
}

static void save_and_compare(const struct trace *t)
{
	char path[] = "/tmp/fuzz_trace.XXXXXX";
	struct err e = ERR_INIT;
	struct trace *back;
	int fd = mkstemp(path);

	must(fd >= 0);
	close(fd);
	must(trace_save(t, path, &e));
	back = trace_load(path, &e);
	must(back && back->record_count == t->record_count && back->host_count == t->host_count);
	must(back->flow6_count == t->flow6_count && back->inner_count == t->inner_count);
	for (uint32_t i = 0; i < t->record_count; i++)
		must(!memcmp(&t->records[i].train, &back->records[i].train, sizeof(t->records[i].train)));
	trace_destroy(back);
	unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = must_alloc(size, 1);
	int fd = memfd_create("trace", 0);
	char path[40];
	struct err e = ERR_INIT;
	struct trace *t;

	must(fd >= 0);
	if (size)
		memcpy(bytes, data, size);
	if (size >= HEADER + 4) {
		seal(bytes + HEADER - 4, crc32c(0, bytes, HEADER - 4));
		seal(bytes + size - 4, crc32c(0, bytes + HEADER, size - HEADER - 4));
	}
	must(write(fd, bytes, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	t = trace_load(path, &e);
	must(t ? e.count == 0 : e.count == 1);
	if (t)
		save_and_compare(t);
	trace_destroy(t);
	err_clear(&e);
	close(fd);
	free(bytes);
	return 0;
}
