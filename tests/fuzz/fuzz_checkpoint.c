/* Any bytes as the state of an interrupted run. The first byte says how they are
 * tried: as the sums of one replication, which if they are taken must give the
 * same bytes again; or as the entries of a file, with head and checksum set right. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/crc.h"
#include "sim/base/file.h"
#include "sim/world/checkpoint.h"
#include "tests/support/sumsbench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_sums(const uint8_t *data, size_t size)
{
	struct carry_in in = { data, data + size };
	struct carry_out out = { 0 };
	struct sums s;

	sumsbench_open(&s);
	if (sums_take(&in, &s) && s.done_count) {
		sums_carry(&out, &s);
		must(out.length == size && !memcmp(out.bytes, data, size));
	}
	free(out.bytes);
	sums_close(&s);
}

static void write_state(const char *path, const uint8_t *data, size_t size)
{
	static const char head[] = "cgnsim\0\2*\0\0\0";
	FILE *out = fopen(path, "wb");
	uint32_t crc = crc32c(crc32c(0, head, 12), data, size);

	must(out);
	fwrite(head, 1, 12, out);
	fwrite(data, 1, size, out);
	for (int i = 0; i < 4; i++)
		fputc((int)(crc >> 8 * i & 0xff), out);
	fclose(out);
}

static void as_file(const uint8_t *data, size_t size)
{
	static char directory[] = "/tmp/fuzz_checkpoint.XXXXXX", *path;
	struct err e = ERR_INIT;
	struct checkpoint *c;
	struct sums s;

	if (!path) {
		must(mkdtemp(directory));
		path = must_printf("%s/now-0", directory);
	}
	write_state(path, data, size);
	sumsbench_open(&s);
	c = checkpoint_open(&(struct checkpoint_setup){ directory, 42, 0, 0 }, &e);
	must(c ? !e.count : e.count == 1);
	if (c && checkpoint_take(c, 0, &s, &e))
		must(checkpoint_write(c, 0, &s, &e));
	checkpoint_close(c);
	err_clear(&e);
	sums_close(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size && *data & 1)
		as_file(data + 1, size - 1);
	else if (size)
		as_sums(data + 1, size - 1);
	return 0;
}
