/* Flows a second of every scheme and variant, beside the session scheme: quickstart's traffic and pool, nat44, one thread,
 * as flows.c times them, but 15 minutes of it: the mappings of the first of them have ended when the last begin. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "sim/base/must.h"

#define WINDOW "duration=5m"
#define KEY "\"key\":\"000102030405060708090a0b0c0d0e0f\""
#define DEPENDENT "\"nat\":{\"mapping\":\"address-and-port-dependent\",\"filtering\":\"address-and-port-dependent\"}"
#define ARBITRARY "\"pool\":{\"pooling\":\"arbitrary\"}"

static const struct variant {
	const char *name, *keys; /* of the scheme, after its name */
} variants[] = {
	{ "session", "\"type\":\"session\"" },
	{ "session, sequential", "\"type\":\"session\",\"select\":\"sequential\"" },
	{ "session, preserve", "\"type\":\"session\",\"select\":\"preserve\"" },
	{ "session, preserve parity and class", "\"type\":\"session\",\"select\":\"preserve\",\"parity\":true,\"port_class\":true" },
	{ "session, rfc6056-1", "\"type\":\"session\",\"select\":\"rfc6056-1\"" },
	{ "session, rfc6056-2", "\"type\":\"session\",\"select\":\"rfc6056-2\"" },
	{ "session, rfc6056-3", "\"type\":\"session\",\"select\":\"rfc6056-3\"" },
	{ "session, rfc6056-4", "\"type\":\"session\",\"select\":\"rfc6056-4\"" },
	{ "session, rfc6056-5", "\"type\":\"session\",\"select\":\"rfc6056-5\"" },
	{ "session, dependent mapping", "\"type\":\"session\"," DEPENDENT },
	{ "session, overload", "\"type\":\"session\",\"overload\":true," DEPENDENT },
	{ "session, overload sequential", "\"type\":\"session\",\"overload\":true,\"select\":\"sequential\"," DEPENDENT },
	{ "session, overload preserve", "\"type\":\"session\",\"overload\":true,\"select\":\"preserve\"," DEPENDENT },
	{ "bounded", "\"type\":\"bounded\"" },
	{ "bounded, runs", "\"type\":\"bounded\",\"tries\":128,\"walk\":\"next\",\"shortest\":8" },
	{ "bounded, overload, inside port", "\"type\":\"bounded\",\"first\":\"inside-port\",\"overload\":true," DEPENDENT },
	{ "bounded, overload, runs", "\"type\":\"bounded\",\"tries\":128,\"walk\":\"next\",\"shortest\":8,\"overload\":true,"
	                             DEPENDENT },
	{ "block", "\"type\":\"block\"" },
	{ "block, in turn", "\"type\":\"block\",\"order\":\"sequential\",\"select\":\"sequential\"" },
	{ "block, scattered", "\"type\":\"block\",\"layout\":\"scattered\"" },
	{ "block, extension", "\"type\":\"block\",\"size\":128,\"extension_size\":256,\"max_blocks\":4" },
	{ "block, idle, guard, interim", "\"type\":\"block\",\"size\":64,\"skip_idle\":true,\"idle\":\"30s\",\"guard\":\"2m\","
	                                 "\"interim\":\"1m\"" },
	{ "deterministic", "\"type\":\"deterministic\"" },
	{ "deterministic, address-first", "\"type\":\"deterministic\",\"fill\":\"address-first\"" },
	{ "deterministic, staggered (1)", "\"type\":\"deterministic\",\"algorithm\":1" },
	{ "deterministic, round robin (2)", "\"type\":\"deterministic\",\"algorithm\":2," ARBITRARY },
	{ "deterministic, interlaced (3)", "\"type\":\"deterministic\",\"algorithm\":3," ARBITRARY },
	{ "deterministic, cryptographic (4)", "\"type\":\"deterministic\",\"algorithm\":4," KEY },
	{ "deterministic, continuous", "\"type\":\"deterministic\",\"layout\":\"continuous\"," ARBITRARY },
	{ "deterministic, dynamic pool", "\"type\":\"deterministic\",\"ports_per_subscriber\":128,\"dynamic\":250,\"block\":64" },
	{ "port-set", "\"type\":\"port-set\"" },
	{ "port-set, offset 0", "\"type\":\"port-set\",\"psid_offset\":0,\"psid_length\":7" },
	{ "port-set, masks", "\"type\":\"port-set\",\"masks\":\"0x01f8\"" },
	{ "port-set, cryptographic", "\"type\":\"port-set\"," KEY },
	{ "port-set, growth", "\"type\":\"port-set\",\"psid_offset\":0,\"psid_length\":9,\"sharing\":64,\"growth\":128" },
	{ "one-to-one", "\"type\":\"one-to-one\",\"pool\":{\"prefixes\":[\"203.0.0.0/18\"]}" },
};

static double flows_a_second(const struct bench *b, const char *keys, uint64_t flows)
{
	char *more = must_printf("schemes[3]={\"name\":\"variant\",%s}", keys);
	double seconds = flows_seconds(b, "variant", "nat44", 1, more, WINDOW);

	free(more);
	return (double)flows / seconds;
}

/* Plugins that the tests are built with too: `make bench` builds them. */
static void measure_plugin(struct bench *b, const char *stem, const char *parameters, uint64_t flows)
{
	char *name = must_printf("plugin, %s", stem), *file = must_printf("%s/bench/good_%s.so", b->build, stem);
	char *path = realpath(file, NULL), *keys = must_printf("\"type\":\"plugin\",\"library\":\"%s\"%s", path ? path : "", parameters);

	if (path)
		sheet_add(b->sheet, name, FLOWS_UNIT, flows_a_second(b, keys, flows));
	else
		sheet_lack(b->sheet, name, "not built");
	free(keys);
	free(path);
	free(file);
	free(name);
}

void bench_variants(struct bench *b)
{
	uint64_t flows = flows_count(b, WINDOW);

	for (size_t i = 0; i < sizeof(variants) / sizeof(*variants); i++) {
		char *name = must_printf("%s, 15 min", variants[i].name);

		sheet_add(b->sheet, name, FLOWS_UNIT, flows_a_second(b, variants[i].keys, flows));
		free(name);
	}
	measure_plugin(b, "single", "", flows);
	measure_plugin(b, "blocks", ",\"parameters\":{\"size\":256,\"most\":8}", flows);
	measure_plugin(b, "ranges", "", flows);
}
