#include "sim/command/mapping.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "sim/base/must.h"
#include "sim/command/command.h"

/* A subscriber's numbers: runs without a gap, by address in the order of the pool. */
struct run {
	uint32_t address;
	uint16_t lo, hi;
};
struct runs {
	struct run *items;   /* owned */
	size_t count;
	uint32_t numbers;
	uint64_t *keys;      /* address << 16 | number; owned, kept from one subscriber to the next */
	size_t room;
};

static int by_key(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void runs_of(const struct mapping_rule *m, uint32_t subscriber, struct runs *out)
{
	uint32_t count = m->type->numbers(m->config, m->pool, subscriber);
	bool sorted = true;

	if (out->room < count) {
		out->room = count;
		out->keys = must_grow(out->keys, count, sizeof(*out->keys));
		out->items = must_grow(out->items, count, sizeof(*out->items));
	}
	for (uint32_t n = 0; n < count; n++) {
		struct scheme_number number;

		m->type->forward(m->config, m->pool, subscriber, n, &number);
		out->keys[n] = (uint64_t)number.address << 16 | slots_number(m->pool->slots, number.slot);
		sorted = sorted && (!n || out->keys[n - 1] < out->keys[n]);
	}
	if (!sorted)
		qsort(out->keys, count, sizeof(*out->keys), by_key);
	out->count = 0;
	out->numbers = count;
	for (uint32_t n = 0; n < count; n++) {
		struct run *last = out->count ? &out->items[out->count - 1] : NULL;
		uint32_t address = (uint32_t)(out->keys[n] >> 16);
		uint16_t number = (uint16_t)out->keys[n];

		if (last && last->address == address && last->hi + 1 == number)
			last->hi = number;
		else
			out->items[out->count++] = (struct run){ address, number, number };
	}
}

static void runs_clear(struct runs *r)
{
	free(r->items);
	free(r->keys);
}

static uint32_t inside_of(const struct mapping_rule *m, uint32_t subscriber)
{
	return m->pool->first_inside + subscriber;
}

static char *outside_text(const struct mapping_rule *m, uint32_t address, char text[ADDR_TEXT])
{
	return addr_format(pool_config_address(m->pool->config, address), text);
}

/* ---- JSON ---- */

/* A number if it reads as one. */
static void tell_json(void *context, const char *name, const char *text)
{
	if (strspn(text, "0123456789") == strlen(text))
		cJSON_AddNumberToObject(context, name, strtod(text, NULL));
	else
		cJSON_AddStringToObject(context, name, text);
}

/* What the rule says of one address, from runs[*at] on; returns the count of its numbers. */
static uint32_t address_json(const struct mapping_rule *m, cJSON *to, const struct runs *runs, size_t *at)
{
	uint32_t address = runs->items[*at].address, count = 0;
	char text[ADDR_TEXT];
	cJSON *ports;

	cJSON_AddStringToObject(to, "outside", outside_text(m, address, text));
	ports = cJSON_AddArrayToObject(to, "ports");
	for (; *at < runs->count && runs->items[*at].address == address; ++*at) {
		const struct run *r = &runs->items[*at];
		char range[16];

		snprintf(range, sizeof(range), "%u-%u", r->lo, r->hi);
		cJSON_AddItemToArray(ports, cJSON_CreateString(range));
		count += (uint32_t)(r->hi - r->lo) + 1;
	}
	return count;
}

static cJSON *subscriber_json(const struct mapping_rule *m, uint32_t subscriber, const struct runs *runs)
{
	cJSON *root = cJSON_CreateObject(), *further = NULL;
	char text[ADDR_TEXT];
	size_t at = 0;

	cJSON_AddStringToObject(root, "inside", addr_format(inside_of(m, subscriber), text));
	address_json(m, root, runs, &at);
	cJSON_AddNumberToObject(root, "count", runs->numbers);
	while (at < runs->count) {
		cJSON *object = cJSON_CreateObject();
		uint32_t count = address_json(m, object, runs, &at);

		cJSON_AddNumberToObject(object, "count", count);
		if (!further)
			further = cJSON_AddArrayToObject(root, "further");
		cJSON_AddItemToArray(further, object);
	}
	if (m->type->tell)
		m->type->tell(m->config, m->pool, subscriber, tell_json, root);
	return root;
}

static void print_json(cJSON *root)
{
	char *text = cJSON_Print(root);

	puts(text);
	free(text);
	cJSON_Delete(root);
}

/* ---- text ---- */

static void tell_text(void *context, const char *name, const char *text)
{
	(void)context;
	printf("  %s %s\n", name, text);
}

static void print_subscriber(const struct mapping_rule *m, uint32_t subscriber, uint16_t port, const struct runs *runs)
{
	char text[ADDR_TEXT];

	fputs(addr_format(inside_of(m, subscriber), text), stdout);
	if (port)
		printf(":%u", port);
	fputs(" ->", stdout);
	for (size_t i = 0; i < runs->count; i++) {
		const struct run *r = &runs->items[i];

		if (!i || r[-1].address != r->address)
			printf("%s %s ports ", i ? "," : "", outside_text(m, r->address, text));
		else
			fputs(",", stdout);
		printf("%u-%u", r->lo, r->hi);
	}
	printf(" (%u)\n", runs->numbers);
	if (m->type->tell)
		m->type->tell(m->config, m->pool, subscriber, tell_text, NULL);
}

/* ---- questions ---- */

/* The answer is no: said, and the exit status of it. */
static int nobody(struct err *e)
{
	command_failed(e);
	return EXIT_NO;
}

static int answer(const struct mapping_rule *m, uint32_t subscriber, uint16_t port)
{
	struct runs runs = { 0 };

	runs_of(m, subscriber, &runs);
	if (m->json) {
		cJSON *root = subscriber_json(m, subscriber, &runs);

		if (port)
			cJSON_AddNumberToObject(root, "inside_port", port);
		print_json(root);
	} else {
		print_subscriber(m, subscriber, port, &runs);
	}
	runs_clear(&runs);
	return EXIT_DONE;
}

int mapping_forward(const struct mapping_rule *m, uint32_t inside, uint16_t port)
{
	char text[ADDR_TEXT], first[ADDR_TEXT], last[ADDR_TEXT];
	uint32_t subscriber = inside - m->pool->first_inside;
	struct err e = ERR_INIT;

	if (inside >= m->pool->first_inside && subscriber < m->pool->subscribers)
		return answer(m, subscriber, port);
	fail(&e, "%s is no subscriber's address: they are %s to %s", addr_format(inside, text),
	     addr_format(m->pool->first_inside, first), addr_format(inside_of(m, m->pool->subscribers - 1), last));
	return nobody(&e);
}

int mapping_of_prefix(const struct mapping_rule *m, const struct addr6 *prefix)
{
	char text[PREFIX6_TEXT];
	struct err e = ERR_INIT;
	uint32_t subscriber;

	if (m->type->of_prefix && m->type->of_prefix(m->config, m->pool, prefix, &subscriber))
		return answer(m, subscriber, 0);
	fail(&e, "%s is no subscriber's by the rule of %s%s", prefix6_format(prefix, text), m->name,
	     m->type->of_prefix ? "" : ", which knows of no IPv6");
	return nobody(&e);
}

static int answer_reverse(const struct mapping_rule *m, uint32_t outside, uint16_t port, uint32_t inside)
{
	char out[ADDR_TEXT], in[ADDR_TEXT];
	cJSON *root;

	addr_format(outside, out);
	addr_format(inside, in);
	if (!m->json) {
		printf("%s:%u -> %s\n", out, port, in);
		if (m->type->tell)
			m->type->tell(m->config, m->pool, inside - m->pool->first_inside, tell_text, NULL);
		return EXIT_DONE;
	}
	root = cJSON_CreateObject();
	cJSON_AddStringToObject(root, "outside", out);
	cJSON_AddNumberToObject(root, "port", port);
	cJSON_AddStringToObject(root, "inside", in);
	if (m->type->tell)
		m->type->tell(m->config, m->pool, inside - m->pool->first_inside, tell_json, root);
	print_json(root);
	return EXIT_DONE;
}

int mapping_reverse(const struct mapping_rule *m, uint32_t outside, uint16_t port)
{
	char text[ADDR_TEXT];
	struct err e = ERR_INIT;
	uint64_t address;
	uint32_t inside;

	addr_format(outside, text);
	if (scheme_lookup(m->type, m->config, m->pool, outside, port, &inside))
		return answer_reverse(m, outside, port, inside);
	if (!pool_config_find(m->pool->config, outside, &address))
		fail(&e, "%s is not an address of the pool", text);
	else if (m->pool->slots->slot[port] == SLOT_NONE)
		fail(&e, "%u is not a number that the pool may give", port);
	else
		fail(&e, "%s:%u is nobody's by the rule of %s", text, port, m->name);
	return nobody(&e);
}

static void print_csv(const struct mapping_rule *m, uint32_t subscriber, const struct runs *runs)
{
	char inside[ADDR_TEXT], outside[ADDR_TEXT];

	addr_format(inside_of(m, subscriber), inside);
	for (size_t i = 0; i < runs->count; i++) {
		const struct run *r = &runs->items[i];

		if (!i || r[-1].address != r->address)
			outside_text(m, r->address, outside);
		printf("%s,%s,%u,%u\n", inside, outside, r->lo, r->hi);
	}
}

int mapping_all(const struct mapping_rule *m)
{
	struct runs runs = { 0 };

	puts(m->json ? "[" : "inside,outside,lo,hi");
	for (uint32_t k = 0; k < m->pool->subscribers; k++) {
		runs_of(m, k, &runs);
		if (m->json) {
			cJSON *object = subscriber_json(m, k, &runs);
			char *text = cJSON_PrintUnformatted(object);

			printf("%s%s", k ? ",\n" : "", text);
			free(text);
			cJSON_Delete(object);
		} else {
			print_csv(m, k, &runs);
		}
	}
	if (m->json)
		puts("\n]");
	runs_clear(&runs);
	return EXIT_DONE;
}
