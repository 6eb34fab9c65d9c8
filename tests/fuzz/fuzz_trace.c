/* Any bytes as a flow trace. Its checksum would keep every change out, so it is
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
	if (size >= 4) {
		uint32_t crc = crc32c(0, bytes, size - 4);

		for (int i = 0; i < 4; i++)
			bytes[size - 4 + (size_t)i] = (uint8_t)(crc >> 8 * i);
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
