#include "sim/scheme/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/scheme/deterministic.h"

static char *append(char *text, const char *more)
{
	char *both = must_printf("%s%s", text, more);

	free(text);
	return both;
}

/* A and mask of a range: a prefix, or A-B and nothing. */
static void put_range(struct addr_range r, char **addresses, char **masks)
{
	char text[RANGE_TEXT], *slash;

	range_format(r, text);
	slash = strchr(text, '/');
	if (slash)
		*slash++ = '\0';
	*addresses = append(*addresses, text);
	if (slash || !strchr(text, '-'))
		*masks = append(*masks, slash ? slash : "32");
}

/* The prefix whose hosts are exactly these subscribers; false if there is none. */
static bool prefix_of_hosts(uint32_t first, uint32_t count, char **address, char **mask)
{
	char text[ADDR_TEXT];

	for (unsigned length = 2; length <= 30; length++) {
		uint32_t size = (uint32_t)1 << (32 - length);

		if (count == size - 2 && (first & (size - 1)) == 1) {
			*address = append(*address, addr_format(first - 1, text));
			free(*mask);
			*mask = must_printf("%u", length);
			return true;
		}
	}
	return false;
}

/* The pool's addresses that are used, as ranges. */
static void put_outside(const struct pool_config *c, char **addresses, char **masks)
{
	uint64_t left = pool_config_size(c);

	for (size_t i = 0; i < c->prefixes.count && left; i++) {
		struct addr_range r = c->prefixes.items[i];

		if (range_size(r) > left)
			r.last = (uint32_t)(r.first + left - 1);
		left -= range_size(r);
		if (i) {
			*addresses = append(*addresses, ",");
			*masks = append(*masks, ",");
		}
		put_range(r, addresses, masks);
	}
}

/* The numbers from 1 that are not the rule's. */
static char *put_reserved(const struct slots *slots)
{
	char *text = must_strdup(""), run[16];

	for (uint32_t lo = 1, hi; lo < 65536; lo = hi + 1) {
		hi = lo;
		if (slots->slot[lo] != SLOT_NONE)
			continue;
		while (hi < 65535 && slots->slot[hi + 1] == SLOT_NONE)
			hi++;
		snprintf(run, sizeof(run), hi > lo ? "%s%u-%u" : "%s%u", *text ? "," : "", lo, hi);
		text = append(text, run);
	}
	return text;
}

static char *put_rest(const struct deterministic_config *c)
{
	const struct deterministic_rule *r = &c->rule;
	uint32_t each = (uint32_t)((r->subscribers + (uint64_t)r->addresses - 1) / r->addresses);
	char *text = must_strdup("");

	if (r->share != r->numbers / r->stride) {
		free(text);
		text = must_printf(",P=%u", r->share);
	} else if (r->each != each) {
		free(text);
		text = must_printf(",C=%u", r->each);
	}
	if (c->dynamic && c->block != RECORD_BLOCK) {
		char *block = must_printf(",block=%u", c->block);

		text = append(text, block);
		free(block);
	}
	if (r->fill == FILL_ADDRESS_FIRST)
		text = append(text, ",fill=address-first");
	if (r->layout == LAYOUT_CONTINUOUS)
		text = append(text, ",layout=continuous");
	if (c->key) {
		text = append(text, ",key=");
		text = append(text, c->key);
	}
	return text;
}

static uint32_t algorithm_of(int layout)
{
	switch ((enum deterministic_layout)layout) {
	case LAYOUT_INTERLACED:
		return 1;
	case LAYOUT_ROUND_ROBIN:
		return 2;
	case LAYOUT_HORIZONTAL:
		return 3;
	case LAYOUT_CRYPTOGRAPHIC:
		return 4;
	default:
		return 0;
	}
}

char *record_text(const void *deterministic_config, const struct scheme_pool *pool)
{
	const struct deterministic_config *c = deterministic_config;
	char *inside = must_strdup(""), *inside_mask = must_strdup("");
	char *outside = must_strdup(""), *outside_mask = must_strdup("");
	char *reserved = put_reserved(pool->slots), *rest = put_rest(c), *text;

	if (!prefix_of_hosts(pool->first_inside, pool->subscribers, &inside, &inside_mask)) {
		char first[ADDR_TEXT], last[ADDR_TEXT];

		free(inside);
		inside = must_printf("%s-%s", addr_format(pool->first_inside, first),
		                     addr_format(pool->first_inside + pool->subscribers - 1, last));
	}
	put_outside(pool->config, &outside, &outside_mask);
	text = must_printf("%s:%s:%s:%s:%u:%u:%u:%s%s%s", inside, inside_mask, outside, outside_mask, c->dynamic, c->max_ports,
	                   algorithm_of(c->rule.layout), reserved, *rest ? ":" : "", *rest ? rest + 1 : "");
	free(inside);
	free(inside_mask);
	free(outside);
	free(outside_mask);
	free(reserved);
	free(rest);
	return text;
}
