#include "sim/base/must.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void must_fail(const char *file, int line, const char *condition)
{
	fprintf(stderr, "cgnsim: %s:%d: broken invariant: %s\n", file, line, condition);
	abort();
}

/* Nothing can be done, and nothing half-written stays: output is renamed only when whole. */
static _Noreturn void out_of_memory(size_t count, size_t size)
{
	fprintf(stderr, "cgnsim: out of memory: %zu x %zu bytes wanted\n", count, size);
	exit(2);
}

void *must_alloc(size_t count, size_t size)
{
	void *got = calloc(count ? count : 1, size ? size : 1);

	if (!got)
		out_of_memory(count, size);
	return got;
}

void *must_grow(void *old, size_t count, size_t size)
{
	void *got;

	if (size && count > SIZE_MAX / size)
		out_of_memory(count, size);
	got = realloc(old, count && size ? count * size : 1);
	if (!got)
		out_of_memory(count, size);
	return got;
}

char *must_strdup(const char *text)
{
	size_t length = strlen(text) + 1;

	return memcpy(must_grow(NULL, length, 1), text, length);
}

char *must_printf(const char *format, ...)
{
	va_list args;
	char *text = NULL;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		out_of_memory(1, strlen(format));
	va_end(args);
	return text;
}
