#include "analysis/csv.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/file.h"
#include "sim/base/must.h"

struct cells {
	const char **items;
	size_t count, room;
};

static void cells_add(struct cells *all, const char *cell)
{
	if (all->count == all->room) {
		all->room = all->room ? 2 * all->room : 64;
		all->items = must_grow(all->items, all->room, sizeof(*all->items));
	}
	all->items[all->count++] = cell;
}

enum field_end { END_FIELD, END_ROW, END_BROKEN };

/* Takes one field at *at off the text, in place: its quotes are removed, a 0 byte
 * ends it, and *at moves behind its separator. */
static enum field_end take_field(char **at, const char *end, size_t *line)
{
	char *in = *at, *out = *at;
	bool quoted = in < end && *in == '"';

	if (quoted)
		in++;
	for (; in < end; in++) {
		if (quoted && *in == '"') {
			if (in + 1 < end && in[1] == '"') {
				in++;
			} else {
				in++;
				quoted = false;
				break;
			}
		} else if (!quoted && (*in == ',' || *in == '\n' || (*in == '\r' && in + 1 < end && in[1] == '\n'))) {
			break;
		}
		if (*in == '\n')
			++*line;
		*out++ = *in;
	}
	if (quoted)
		return END_BROKEN;
	if (in < end && *in == '\r')
		in++;
	if (in >= end || *in == '\n') {
		*at = in < end ? in + 1 : in;
		*out = '\0';
		++*line;
		return END_ROW;
	}
	*at = in + 1;
	if (*in != ',')
		return END_BROKEN;
	*out = '\0';
	return END_FIELD;
}

bool csv_read(struct csv *c, const char *path, struct err *e)
{
	struct cells all = { 0 };
	size_t length, line = 1;
	bool ok = false;
	char *at;

	*c = (struct csv){ .text = file_read(path, &length, e) };
	if (!c->text)
		return false;
	at = c->text;
	if (!length) {
		fail(e, "%s: is empty; a header line was expected", path);
		goto out;
	}
	while (at < c->text + length) {
		size_t began = line, before = all.count, fields;
		enum field_end ending;

		do {
			cells_add(&all, at);
			ending = take_field(&at, c->text + length, &line);
		} while (ending == END_FIELD);
		fields = all.count - before;
		if (ending == END_BROKEN) {
			fail(e, "%s: line %zu: a quoted field does not end where it should", path, began);
			goto out;
		}
		if (!before)
			c->columns = fields;
		if (fields != c->columns) {
			fail(e, "%s: line %zu: has %zu fields; the header line has %zu", path, began, fields, c->columns);
			goto out;
		}
	}
	c->header = all.items;
	c->cells = all.items + c->columns;
	c->rows = all.count / c->columns - 1;
	ok = true;
out:
	if (!ok) {
		free(all.items);
		csv_clear(c);
	}
	return ok;
}

void csv_clear(struct csv *c)
{
	free(c->text);
	free(c->header);
	*c = (struct csv){ 0 };
}

void csv_put_text(FILE *out, const char *value)
{
	if (!strpbrk(value, ",\"\r\n")) {
		fputs(value, out);
		return;
	}
	fputc('"', out);
	for (; *value; value++) {
		if (*value == '"')
			fputc('"', out);
		fputc(*value, out);
	}
	fputc('"', out);
}

void csv_put_number(FILE *out, double value)
{
	char shorter[32];

	snprintf(shorter, sizeof(shorter), "%.15g", value);
	if (strtod(shorter, NULL) < value || strtod(shorter, NULL) > value)
		snprintf(shorter, sizeof(shorter), "%.17g", value);
	fputs(shorter, out);
}
