/* captures - other people's captures, imported. Header only, for tests; it includes
 * cmocka.h, and so comes after our own. */
#ifndef TESTS_SUPPORT_CAPTURES_H
#define TESTS_SUPPORT_CAPTURES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "sim/base/must.h"
#include "traffic/import.h"

#include <cmocka.h> /* last: its macro fail would catch our fail() */

static inline const char *captures_directory(void)
{
	const char *given = getenv("CGNSIM_CAPTURES");

	return given && *given ? given : "../shared/captures";
}

/* The capture's path, to be freed; skips the test if it is not there. */
static inline char *capture(const char *file)
{
	char *path = must_printf("%s/%s", captures_directory(), file);

	if (access(path, R_OK) != 0) {
		print_message("skipped: %s is not there (set CGNSIM_CAPTURES)\n", path);
		free(path);
		skip();
	}
	return path;
}

static inline struct trace *import(const char *const *paths, size_t count, const char *const *inside, struct import_report *r)
{
	struct addr_range items[4];
	struct import_options how = { .inside = { .items = items } };
	struct err e = ERR_INIT;
	struct trace *t;

	for (; inside && *inside; inside++)
		assert_true(range_parse(*inside, &items[how.inside.count++]));
	t = import_captures(paths, count, &how, r, &e);
	if (!t)
		fail_msg("%s", e.lines[0]);
	return t;
}

static inline uint64_t captures_known(const struct tuple_count *c)
{
	return c->tcp + c->udp + c->icmp;
}

/* What must hold of any import: every packet is in the trace or left out for one
 * reason, every flow is in the trace or has a reason to be elsewhere. */
static inline void adds_up(const struct trace *t, const struct import_report *r)
{
	const struct assembly *a = &r->all;
	uint64_t packets = 0, found = 0, tuples = captures_known(&a->outside), tuples6 = captures_known(&a->outside6);

	for (size_t i = 0; i < r->capture_count; i++)
		packets += r->captures[i].packets;
	for (uint32_t i = 0; i < t->record_count; i++)
		found += t->records[i].packets_out + t->records[i].packets_in;
	assert_int_equal(found, r->used);
	for (size_t i = 0; i < import_reason_count; i++)
		found += r->left_out[i];
	assert_int_equal(found, packets);
	for (int k = 0; k < TUNNEL_COUNT; k++) {
		tuples += captures_known(&a->inside[k]);
		tuples6 += captures_known(&a->inside6[k]);
	}
	assert_int_equal(t->flows[0] + t->flows[1] + t->flows[2] + a->local + a->unrouted + a->unanswered + a->crowded + a->carriers,
	                 tuples + a->splits);
	assert_int_equal(t->flow6_count + a->local6 + a->unrouted6 + a->unanswered6 + a->carriers6, tuples6 + a->splits6);
}

#endif
