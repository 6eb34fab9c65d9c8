#include "sim/base/err.h"

#include <stdarg.h>
#include <stdlib.h>

#include "sim/base/must.h"

static bool add(struct err *e, const char *format, va_list args)
{
	char *line = NULL;

	must(vasprintf(&line, format, args) >= 0);
	for (char *c = line; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	e->lines = must_grow(e->lines, e->count + 1, sizeof(*e->lines));
	e->lines[e->count++] = line;
	return false;
}

bool fail(struct err *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(e, format, args);
	va_end(args);
	return false;
}

bool fail_lacks(struct err *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(e, format, args);
	va_end(args);
	e->status = EXIT_LACKS;
	return false;
}

void err_print(const struct err *e, FILE *to)
{
	for (size_t i = 0; i < e->count; i++)
		fprintf(to, "cgnsim: %s\n", e->lines[i]);
}

void err_clear(struct err *e)
{
	for (size_t i = 0; i < e->count; i++)
		free(e->lines[i]);
	free(e->lines);
	*e = (struct err)ERR_INIT;
}
