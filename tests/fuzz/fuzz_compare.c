/* Any two texts, a 0 byte between them, as summaries and manifests: a comparison or a fault, never a crash. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare_write.h"
#include "sim/base/must.h"
#include "sim/command/compare_print.h"
#include "sim/scenario/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(struct compare_run *run, const char *text, size_t length, struct err *e)
{
	cJSON *root = json_read(text, length, "fuzz", e);

	run->path = "fuzz";
	run->manifest = root ? cJSON_Duplicate(root, true) : NULL;
	return root && run_summary_take(&run->summary, root, "fuzz", e);
}

static void write(const struct comparison *c)
{
	static const char *const names[2] = { "flow", "packet" };
	cJSON *json = comparison_json(c, names);
	char *text = NULL;
	size_t length = 0, rows = 0;
	FILE *out = open_memstream(&text, &length);

	must(json && out);
	comparison_measures(out, c);
	for (int all = 0; all < 2; all++) {
		comparison_print_text(c, names, all, out);
		comparison_print_markdown(c, names, all, out);
	}
	must(!fclose(out));
	for (int v = 0; v < COMPARE_VERDICTS; v++)
		rows += c->verdicts[v];
	for (size_t i = 0; i < c->scheme_count; i++)
		rows -= c->schemes[i].count;
	must(!rows);
	free(text);
	cJSON_Delete(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = must_alloc(size + 1, 1);
	size_t first;
	struct compare_run a = { 0 }, b = { 0 };
	struct comparison c = { 0 };
	struct tolerances t = { 0 };
	struct err e = ERR_INIT;

	if (size)
		memcpy(text, data, size);
	first = strlen(text);
	if (take(&a, text, first, &e) && first < size && take(&b, text + first + 1, size - first - 1, &e)) {
		for (int exact = 0; exact < 2; exact++) {
			t.exact = exact;
			if (compare_runs(&c, &a, &b, &t, &e))
				write(&c);
			comparison_clear(&c);
		}
	}
	compare_run_clear(&a);
	compare_run_clear(&b);
	err_clear(&e);
	free(text);
	return 0;
}
