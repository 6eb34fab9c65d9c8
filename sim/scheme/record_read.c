/* Records read back: the line, its time, and the one in force. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/file.h"
#include "sim/base/must.h"
#include "sim/scheme/deterministic.h"
#include "sim/scheme/record.h"

#define FIELDS 9 /* after the time; the last may be missing */

/* Cuts at each `mark`; returns how many parts there are, at most `most` of which are kept. */
static size_t cut(char *text, char mark, char **parts, size_t most)
{
	size_t count = 0;

	for (char *next = text; next; count++) {
		char *end = strchr(next, mark);

		if (end)
			*end++ = '\0';
		if (count < most)
			parts[count] = next;
		next = end;
	}
	return count;
}

static bool number_parse(const char *text, uint32_t most, uint32_t *out)
{
	uint64_t value = 0;

	if (!*text || strlen(text) > 10)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned)(*text - '0');
	}
	*out = (uint32_t)value;
	return value <= most;
}

/* A and mask, or A-B and an empty one. */
static bool take_range(const char *address, const char *mask, struct addr_range *out)
{
	char *text = must_printf("%s%s%s", address, *mask ? "/" : "", mask);
	bool good = !strchr(address, '/') && (*mask != '\0') != (strchr(address, '-') != NULL) && range_parse(text, out);

	free(text);
	return good;
}

static bool take_inside(char *address, const char *mask, struct record *out)
{
	struct addr_range r;
	uint64_t size;

	if (!take_range(address, mask, &r))
		return false;
	size = range_size(r);
	if (*mask && size > 2) {
		r.first++;
		size -= 2;
	}
	out->pool.first_inside = r.first;
	out->pool.subscribers = (uint32_t)size;
	return size <= UINT32_MAX;
}

/* Masks are of the prefixes alone: an A-B takes none of the list. */
static bool take_outside(char *addresses, char *masks, struct record *out)
{
	size_t count = 1, at = 0, mask_count;
	char **parts, **mask_parts;
	bool good = true;

	for (const char *c = addresses; *c; c++)
		count += *c == ',';
	parts = must_alloc(count, sizeof(*parts));
	mask_parts = must_alloc(count, sizeof(*mask_parts));
	cut(addresses, ',', parts, count);
	mask_count = cut(masks, ',', mask_parts, count);
	out->pool_config.prefixes.items = must_alloc(count, sizeof(struct addr_range));
	out->pool_config.prefixes.count = count;
	good = mask_count == count;
	for (; good && at < count; at++)
		good = take_range(parts[at], mask_parts[at], &out->pool_config.prefixes.items[at]);
	free(parts);
	free(mask_parts);
	return good;
}

static bool take_reserved(char *text, struct record *out)
{
	size_t count = 1;
	char **parts;
	bool good = true;

	out->pool_config.ports = (struct port_range){ 1, 65535 };
	if (!*text)
		return true;
	for (const char *c = text; *c; c++)
		count += *c == ',';
	parts = must_alloc(count, sizeof(*parts));
	cut(text, ',', parts, count);
	out->pool_config.exclude.items = must_alloc(count, sizeof(struct port_range));
	for (size_t i = 0; good && i < count; i++, out->pool_config.exclude.count++)
		good = port_range_parse(parts[i], &out->pool_config.exclude.items[i]);
	free(parts);
	return good;
}

static bool take_pair(char *pair, struct deterministic_config *c)
{
	char *value = strchr(pair, '=');

	if (!value)
		return false;
	*value++ = '\0';
	if (!strcmp(pair, "C"))
		return number_parse(value, 65535, &c->compression);
	if (!strcmp(pair, "P"))
		return number_parse(value, 65535, &c->ports_per_subscriber);
	if (!strcmp(pair, "block"))
		return number_parse(value, 65535, &c->block) && c->block;
	if (!strcmp(pair, "fill")) {
		c->fill = !strcmp(value, "address-first") ? FILL_ADDRESS_FIRST : FILL_PORT_FIRST;
		return c->fill == FILL_ADDRESS_FIRST || !strcmp(value, "port-first");
	}
	if (!strcmp(pair, "layout")) {
		c->layout = LAYOUT_CONTINUOUS;
		return !strcmp(value, "continuous");
	}
	if (strcmp(pair, "key") != 0)
		return false;
	free(c->key);
	c->key = must_strdup(value);
	return true;
}

static bool take_rest(char *text, struct deterministic_config *c)
{
	char *pairs[16];
	size_t count = cut(text, ',', pairs, 16);

	for (size_t i = 0; i < count && i < 16; i++)
		if (!take_pair(pairs[i], c))
			return false;
	return count <= 16;
}

/* Which of the fields is wrong; NULL: none. */
static const char *take_fields(char **field, size_t count, struct record *out)
{
	struct deterministic_config *c = out->config;

	if (!take_inside(field[0], field[1], out))
		return "I and its mask";
	if (!take_outside(field[2], field[3], out))
		return "O and its mask";
	if (!number_parse(field[4], 65535, &c->dynamic))
		return "D";
	if (!number_parse(field[5], 65535, &c->max_ports))
		return "M";
	if (!number_parse(field[6], 4, &c->algorithm))
		return "A";
	if (!take_reserved(field[7], out))
		return "R";
	c->block = RECORD_BLOCK;
	return count == FIELDS && !take_rest(field[8], c) ? "what follows R" : NULL;
}

/* A rule in force before this program looked at it: what spreads subscribers had its pooling then. */
static bool settle(struct record *out, const char *place, struct err *e)
{
	struct deterministic_config *c = out->config;
	uint32_t most = c->max_ports;

	out->pool_config.pooling = POOLING_ARBITRARY;
	out->pool.config = &out->pool_config;
	out->pool.addresses = (uint32_t)pool_config_size(&out->pool_config);
	out->pool.slots = slots_create(out->pool_config.ports, &out->pool_config.exclude);
	if (!out->pool.slots)
		return fail(e, "%s: R leaves no number", place);
	c->max_ports = 0;
	if (!deterministic_settle(c, &out->pool, place, e))
		return false;
	if (most && most < c->rule.share)
		return fail(e, "%s: M, %u, is less than the share of %u ports", place, most, c->rule.share);
	c->max_ports = most; /* some boxes have one that allows no block */
	return true;
}

bool record_read(const char *line, const char *place, struct record *out, struct err *e)
{
	char *text = must_strdup(line), *field[FIELDS] = { NULL }, *end = strchr(text, ']');
	const char *wrong = NULL;
	bool good = false;
	size_t count = 0;

	*out = (struct record){ .type = &scheme_deterministic };
	out->config = must_alloc(1, sizeof(struct deterministic_config));
	if (end)
		*end++ = '\0';
	if (!end || *text != '[' || !record_time_parse(text + 1, &out->time_s)) {
		fail(e, "%s: does not begin with a time such as [2026-01-01T00:00:00Z]", place);
	} else if (*end != ':' || (count = cut(end + 1, ':', field, FIELDS)) < FIELDS - 1 || count > FIELDS) {
		fail(e, "%s: is not [time]:I:mask:O:mask:D:M:A:R", place);
	} else if ((wrong = take_fields(field, count, out))) {
		fail(e, "%s: %s cannot be read", place, wrong);
	} else {
		good = settle(out, place, e);
	}
	free(text);
	return good;
}

void record_clear(struct record *r)
{
	struct deterministic_config *c = r->config;

	if (c) {
		deterministic_unsettle(c);
		free(c->key);
	}
	free(c);
	free(r->pool_config.prefixes.items);
	free(r->pool_config.exclude.items);
	slots_destroy((struct slots *)r->pool.slots);
	*r = (struct record){ 0 };
}

/* ---- time ---- */

/* Days since 1970 of a date (H. Hinnant, "chrono-compatible low-level date algorithms"). */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = y / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

char *record_time_format(int64_t time_s, char text[RECORD_TIME])
{
	int64_t days = time_s / 86400, second = time_s % 86400, year = 1970, month = 12;

	must(time_s >= 0);
	while (days_of(year + 1, 1, 1) <= days)
		year++;
	while (days_of(year, month, 1) > days)
		month--;
	snprintf(text, RECORD_TIME, "%04lld-%02lld-%02lldT%02lld:%02lld:%02lldZ", (long long)year, (long long)month,
	         (long long)(days - days_of(year, month, 1) + 1), (long long)second / 3600, (long long)second / 60 % 60,
	         (long long)second % 60);
	return text;
}

/* Written again, a time must give the same text: that rejects every date that is none. */
bool record_time_parse(const char *text, int64_t *out_s)
{
	unsigned year, month, day, hour, minute, second;
	char again[RECORD_TIME], whole[RECORD_TIME];
	size_t length = strlen(text);
	int used = 0;

	if (sscanf(text, "%4u-%2u-%2uT%2u:%2u:%2u%n", &year, &month, &day, &hour, &minute, &second, &used) != 6 || used != 19)
		return false;
	if (text[used] == '.')
		used += 1 + (int)strspn(text + used + 1, "0123456789");
	if (text[used] != 'Z' || length != (size_t)used + 1 || year < 1970 || year > 9998 || month < 1 || month > 12)
		return false;
	*out_s = days_of(year, month, day) * 86400 + (int64_t)hour * 3600 + (int64_t)minute * 60 + second;
	snprintf(whole, sizeof(whole), "%.19sZ", text);
	return !strcmp(record_time_format(*out_s, again), whole);
}

/* ---- the one in force ---- */

bool record_find(const char *path, int64_t time_s, struct record *out, struct err *e)
{
	size_t length, number = 0;
	char *text = file_read(path, &length, e), *line = text, *next, stamp[RECORD_TIME];
	bool good = text != NULL, found = false;

	*out = (struct record){ 0 };
	for (; good && line && *line; line = next) {
		struct record r = { 0 };
		char *place;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		number++;
		if (!*line || *line == '#')
			continue;
		place = must_printf("%s:%zu", path, number);
		good = record_read(line, place, &r, e);
		free(place);
		if (good && r.time_s <= time_s && (!found || r.time_s >= out->time_s)) {
			record_clear(out);
			*out = r;
			out->pool.config = &out->pool_config;
			found = true;
		} else {
			record_clear(&r);
		}
	}
	if (good && !found) {
		fail(e, "%s: no record is from %s or before", path, record_time_format(time_s, stamp));
		e->status = EXIT_NO;
	}
	free(text);
	return good && found;
}
