/* Any text as summary.json, and as a figure: a page or a fault, never a crash. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report.h"
#include "sim/base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char manifest[] = "{ \"format\": 1, \"scenario\": { \"plan\": { \"refusal\": 0.01 } } }";
	char *text = must_alloc(size + 1, 1), *page = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&page, &length);
	struct err e = ERR_INIT;
	struct report_input in = {
		.dir = "fuzz",
		.summary = text,
		.summary_length = size,
		.manifest = manifest,
		.manifest_length = sizeof(manifest) - 1,
		.figures = { text, "<svg id='a'><use href='#a'/></svg>" },
	};

	must(out);
	memcpy(text, data, size);
	must(report_write(out, &in, &e) == (e.count == 0));
	must(!fclose(out));
	err_clear(&e);
	free(page);
	free(text);
	return 0;
}
