#include "sim/command/mapping.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "sim/base/must.h"
#include "sim/command/command.h"
#include "sim/command/mapping_runs.h"

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

static void dynamic_json(const struct mapping_rule *m, cJSON *root, const struct dynamic *d)
{
	const struct runs runs = { .items = d->items, .count = d->count };
	size_t at = 0;
	cJSON *to;

	if (!d->count)
		return;
	to = cJSON_AddObjectToObject(root, "dynamic");
	address_json(m, to, &runs, &at);
	cJSON_AddNumberToObject(to, "count", d->numbers);
	cJSON_AddNumberToObject(to, "block", d->block);
	cJSON_AddStringToObject(to, "holder", "in the log");
}

static cJSON *subscriber_json(const struct mapping_rule *m, uint32_t subscriber, const struct runs *runs,
                              const struct dynamic *d)
{
	cJSON *root = cJSON_CreateObject(), *further = NULL;
	char text[ADDR_TEXT];
	size_t at = 0;

	cJSON_AddStringToObject(root, "inside", addr_format(inside_of(m, subscriber), text));
	address_json(m, root, runs, &at);
	cJSON_AddNumberToObject(root, "count", (double)runs->numbers);
	if (runs->whole)
		cJSON_AddNumberToObject(root, "addresses", runs->whole);
	while (at < runs->count) {
		cJSON *object = cJSON_CreateObject();
		uint32_t count = address_json(m, object, runs, &at);

		cJSON_AddNumberToObject(object, "count", count);
		if (!further)
			further = cJSON_AddArrayToObject(root, "further");
		cJSON_AddItemToArray(further, object);
	}
	dynamic_json(m, root, d);
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

static void print_runs(const struct mapping_rule *m, const struct run *items, size_t count)
{
	char text[ADDR_TEXT];

	for (size_t i = 0; i < count; i++) {
		const struct run *r = &items[i];

		if (!i || r[-1].address != r->address)
			printf("%s %s ports ", i ? "," : "", outside_text(m, r->address, text));
		else
			fputs(",", stdout);
		printf("%u-%u", r->lo, r->hi);
	}
}

static void print_subscriber(const struct mapping_rule *m, uint32_t subscriber, uint16_t port, const struct runs *runs,
                             const struct dynamic *d)
{
	char text[ADDR_TEXT];

	fputs(addr_format(inside_of(m, subscriber), text), stdout);
	if (port)
		printf(":%u", port);
	fputs(" ->", stdout);
	print_runs(m, runs->items, runs->count);
	if (runs->whole)
		printf(" on each of %u addresses", runs->whole);
	printf(" (%" PRIu64 ")\n", runs->numbers);
	if (d->count) {
		fputs("  dynamic", stdout);
		print_runs(m, d->items, d->count);
		printf(" (%u), in blocks of %u: the log says whose\n", d->numbers, d->block);
	}
	if (m->type->tell)
		m->type->tell(m->config, m->pool, subscriber, tell_text, NULL);
}

/* ---- questions ---- */

/* The answer is no: said, to machines too, and the exit status of it. `question` is what was asked; freed. */
static int nobody(const struct mapping_rule *m, cJSON *question, struct err *e)
{
	if (m->json) {
		if (!cJSON_HasObjectItem(question, "inside"))
			cJSON_AddNullToObject(question, "inside");
		else if (!cJSON_HasObjectItem(question, "outside"))
			cJSON_AddNullToObject(question, "outside");
		cJSON_AddStringToObject(question, "reason", e->lines[0]);
		print_json(question);
	} else {
		cJSON_Delete(question);
	}
	command_failed(e);
	return EXIT_NO;
}

static cJSON *asked_inside(const char *inside)
{
	cJSON *question = cJSON_CreateObject();

	cJSON_AddStringToObject(question, "inside", inside);
	return question;
}

static cJSON *asked_outside(const char *outside, uint16_t port)
{
	cJSON *question = cJSON_CreateObject();

	cJSON_AddStringToObject(question, "outside", outside);
	cJSON_AddNumberToObject(question, "port", port);
	return question;
}

static int answer(const struct mapping_rule *m, uint32_t subscriber, uint16_t port)
{
	struct dynamic dynamic = { 0 };
	struct runs runs = { 0 };

	runs_of(m, subscriber, &runs);
	dynamic_of(m, &runs, &dynamic);
	if (m->json) {
		cJSON *root = subscriber_json(m, subscriber, &runs, &dynamic);

		if (port)
			cJSON_AddNumberToObject(root, "inside_port", port);
		print_json(root);
	} else {
		print_subscriber(m, subscriber, port, &runs, &dynamic);
	}
	dynamic_clear(&dynamic);
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
	return nobody(m, asked_inside(text), &e);
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
	return nobody(m, asked_inside(text), &e);
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
	root = asked_outside(out, port);
	cJSON_AddStringToObject(root, "inside", in);
	if (m->type->tell)
		m->type->tell(m->config, m->pool, inside - m->pool->first_inside, tell_json, root);
	print_json(root);
	return EXIT_DONE;
}

/* No rule says whose a number of the dynamic pool is: where to look instead. */
static int answer_dynamic(const struct mapping_rule *m, uint32_t outside, uint16_t port, uint32_t block)
{
	char text[ADDR_TEXT];
	struct err e = ERR_INIT;
	cJSON *question;

	addr_format(outside, text);
	question = asked_outside(text, port);
	cJSON_AddNullToObject(question, "inside");
	cJSON_AddBoolToObject(question, "dynamic", true);
	cJSON_AddNumberToObject(question, "block", block);
	cJSON_AddStringToObject(question, "holder", "in the log");
	fail(&e, "%s:%u is of the dynamic pool of %s, given in blocks of %u: the log says whose", text, port, m->name, block);
	return nobody(m, question, &e);
}

int mapping_reverse(const struct mapping_rule *m, uint32_t outside, uint16_t port)
{
	char text[ADDR_TEXT];
	struct err e = ERR_INIT;
	uint64_t address;
	uint32_t inside, block;

	addr_format(outside, text);
	if (scheme_lookup(m->type, m->config, m->pool, outside, port, &inside))
		return answer_reverse(m, outside, port, inside);
	if (!pool_config_find(m->pool->config, outside, &address))
		fail(&e, "%s is not an address of the pool", text);
	else if (m->pool->slots->slot[port] == SLOT_NONE)
		fail(&e, "%u is not a number that the pool may give", port);
	else if (is_dynamic(m, (uint32_t)address, m->pool->slots->slot[port], &block))
		return answer_dynamic(m, outside, port, block);
	else
		fail(&e, "%s:%u is nobody's by the rule of %s", text, port, m->name);
	return nobody(m, asked_outside(text, port), &e);
}

/* What a rule tells of each subscriber and not of all alike: columns of the CSV. */
static const char *const own_names[] = { "prv", "psid", "end_user_prefix", "ce" };
#define OWN_NAMES (sizeof(own_names) / sizeof(*own_names))

struct own_texts {
	char *text[OWN_NAMES]; /* owned; NULL: not told */
};

static void keep_own(void *context, const char *name, const char *text)
{
	struct own_texts *own = context;

	for (size_t i = 0; i < OWN_NAMES; i++)
		if (!strcmp(own_names[i], name))
			own->text[i] = must_printf("%s", text);
}

/* Ends a line of the CSV with what the rule tells of the subscriber, or with the names of that. */
static void print_own(const struct own_texts *own, bool names)
{
	for (size_t i = 0; i < OWN_NAMES; i++)
		if (own->text[i])
			printf(",%s", names ? own_names[i] : own->text[i]);
	putchar('\n');
}

static void own_texts_clear(struct own_texts *own)
{
	for (size_t i = 0; i < OWN_NAMES; i++)
		free(own->text[i]);
	*own = (struct own_texts){ 0 };
}

static void print_csv(const struct mapping_rule *m, uint32_t subscriber, const struct runs *runs)
{
	char inside[ADDR_TEXT], outside[ADDR_TEXT];
	struct own_texts own = { 0 };

	if (m->type->tell)
		m->type->tell(m->config, m->pool, subscriber, keep_own, &own);
	if (!subscriber) {
		fputs("inside,outside,lo,hi", stdout);
		print_own(&own, true);
	}
	addr_format(inside_of(m, subscriber), inside);
	for (uint32_t k = 0; k < (runs->whole ? runs->whole : 1); k++)
		for (size_t i = 0; i < runs->count; i++) {
			const struct run *r = &runs->items[i];

			printf("%s,%s,%u,%u", inside, outside_text(m, r->address + k, outside), r->lo, r->hi);
			print_own(&own, false);
		}
	own_texts_clear(&own);
}

int mapping_all(const struct mapping_rule *m)
{
	struct dynamic dynamic = { 0 };
	struct runs runs = { 0 };

	if (m->json)
		puts("[");
	for (uint32_t k = 0; k < m->pool->subscribers; k++) {
		runs_of(m, k, &runs);
		if (m->json) {
			cJSON *object;
			char *text;

			dynamic_of(m, &runs, &dynamic);
			object = subscriber_json(m, k, &runs, &dynamic);
			text = cJSON_PrintUnformatted(object);

			printf("%s%s", k ? ",\n" : "", text);
			free(text);
			cJSON_Delete(object);
		} else {
			print_csv(m, k, &runs);
		}
	}
	if (m->json)
		puts("\n]");
	dynamic_clear(&dynamic);
	runs_clear(&runs);
	return EXIT_DONE;
}
