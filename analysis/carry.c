#include "analysis/carry.h"

#include "sim/base/must.h"

/* A new field must be carried too: then set these anew. */
_Static_assert(sizeof(struct usage_sample) == 10 * sizeof(uint64_t), "all of a sample is uint64_t");
_Static_assert(sizeof(struct answer) == 24, "every field of struct answer is carried");
_Static_assert(sizeof(struct log_weight) == 64, "every field of struct log_weight is carried");

/* An array of either width. */
struct items {
	uint64_t *wide;
	uint32_t *narrow;
	size_t count;
};

static uint64_t item(const struct items *a, size_t i)
{
	return a->wide ? a->wide[i] : a->narrow[i];
}

static void put_items(struct carry_out *o, const struct items *a)
{
	for (size_t i = 0; i < a->count;) {
		size_t begin = i, end;

		while (i < a->count && !item(a, i))
			i++;
		carry_number(o, i - begin);
		if (i == a->count)
			return;
		for (end = i; end < a->count && item(a, end);)
			end++;
		carry_number(o, end - i);
		for (; i < end; i++)
			carry_number(o, item(a, i));
	}
}

static bool take_item(struct carry_in *in, const struct items *a, size_t i)
{
	uint64_t value;

	if (!carry_take_number(in, a->wide ? UINT64_MAX : UINT32_MAX, &value) || !value)
		return false;
	if (a->wide)
		a->wide[i] = value;
	else
		a->narrow[i] = (uint32_t)value;
	return true;
}

static bool take_items(struct carry_in *in, const struct items *a)
{
	for (size_t i = 0; i < a->count;) {
		uint64_t skip, follow;

		if (!carry_take_number(in, a->count - i, &skip) || (i && !skip))
			return false; /* two runs with nothing between them are one */
		i += skip;
		if (i == a->count)
			return true;
		if (!carry_take_number(in, a->count - i, &follow) || !follow)
			return false;
		for (; follow; follow--, i++)
			if (!take_item(in, a, i))
				return false;
	}
	return true;
}

#define USAGE_PARTS 64

/* All of a usage but its frame and what follows from that, in the order carried. */
static size_t parts_of(const struct usage *u, struct items parts[USAGE_PARTS])
{
	struct usage *v = (struct usage *)(uintptr_t)u; /* only carry_take_usage() writes */
	uint64_t *const singles[] = {
		&v->blocks, &v->retries, &v->created_late, &v->recreated, &v->recreate_refused, &v->exempt,
		&v->inbound_unmatched, &v->inbound_filtered, &v->crowded_out, &v->subscribers_attempted, &v->subscribers_refused, &v->addresses_used, &v->guess_count,
		&v->guess_sum, &v->guess_lawless,
		&v->jain_count, &v->jain_sum,
	};
	const struct items arrays[] = {
		{ v->active, NULL, PROTO_COUNT },      { v->held, NULL, PROTO_COUNT },
		{ v->flows, NULL, PROTO_COUNT },       { v->attempted, NULL, PROTO_COUNT },
		{ v->created, NULL, PROTO_COUNT },     { v->refused_by, NULL, OUT_COUNT },
		{ v->guess_hits, NULL, GUESSERS },
		{ v->notices, NULL, NOTICE_COUNT },
		{ v->cpe_refused_by, NULL, OUT_COUNT }, { v->level_time, NULL, USAGE_LEVELS },
		{ v->peak, NULL, USAGE_LEVELS },
		{ (uint64_t *)(void *)v->samples, NULL, v->sample_count * (sizeof(*v->samples) / sizeof(uint64_t)) },
		{ NULL, v->created_per_second, v->seconds },
	};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(singles) / sizeof(*singles); i++)
		parts[n++] = (struct items){ singles[i], NULL, 1 };
	for (size_t i = 0; i < sizeof(arrays) / sizeof(*arrays); i++)
		parts[n++] = arrays[i];
	for (int p = 0; p < PROTO_COUNT; p++)
		parts[n++] = (struct items){ v->address_peak[p], NULL, 65536 };
	must(n <= USAGE_PARTS);
	return n;
}

void carry_usage(struct carry_out *o, const struct usage *u)
{
	struct items parts[USAGE_PARTS];
	size_t count = parts_of(u, parts);

	for (size_t i = 0; i < count; i++)
		put_items(o, &parts[i]);
}

bool carry_take_usage(struct carry_in *in, struct usage *u)
{
	struct items parts[USAGE_PARTS];
	size_t count = parts_of(u, parts);

	for (size_t i = 0; i < count; i++)
		if (!take_items(in, &parts[i]))
			return false;
	return true;
}

void carry_log(struct carry_out *o, const struct log_weight *w)
{
	const uint64_t numbers[] = { w->records, w->bytes, w->records_before, w->messages, w->sample_bytes, w->sample_zstd,
	                             w->seconds };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		carry_number(o, numbers[i]);
	put_items(o, &(struct items){ NULL, w->per_second, w->seconds });
}

bool carry_take_log(struct carry_in *in, size_t seconds, struct log_weight *w)
{
	uint64_t *const numbers[] = { &w->records, &w->bytes, &w->records_before, &w->messages, &w->sample_bytes,
	                              &w->sample_zstd };
	uint64_t length;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (!carry_take_number(in, UINT64_MAX, numbers[i]))
			return false;
	if (!carry_take_number(in, seconds, &length) || (length && length != seconds))
		return false;
	w->seconds = length;
	w->per_second = must_alloc(length, sizeof(*w->per_second));
	return take_items(in, &(struct items){ NULL, w->per_second, length });
}

/* An answer is at least its hash, its counts and its marks. */
#define ANSWER_LEAST (8 + EVIDENCE_COUNT + 1)
#define MARK_REACHED (1u << EVIDENCE_COUNT)

void carry_answers(struct carry_out *o, const struct answers *a)
{
	carry_number(o, a->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct answer *one = &a->items[i];
		uint64_t marks = one->reached ? MARK_REACHED : 0;

		carry_word(o, one->hash);
		for (unsigned k = 0; k < EVIDENCE_COUNT; k++) {
			carry_number(o, one->candidates[k]);
			marks |= one->right[k] ? 1u << k : 0;
		}
		carry_number(o, marks);
	}
}

static bool take_answer(struct carry_in *in, struct answer *one)
{
	uint64_t n;

	if (!carry_take_word(in, &one->hash))
		return false;
	for (unsigned k = 0; k < EVIDENCE_COUNT; k++) {
		if (!carry_take_number(in, UINT32_MAX, &n))
			return false;
		one->candidates[k] = (uint32_t)n;
	}
	if (!carry_take_number(in, 2 * MARK_REACHED - 1, &n))
		return false;
	one->reached = n & MARK_REACHED;
	for (unsigned k = 0; k < EVIDENCE_COUNT; k++) {
		one->right[k] = n >> k & 1;
		if (one->right[k] && !one->candidates[k])
			return false; /* nobody cannot be the right one */
	}
	return true;
}

bool carry_take_answers(struct carry_in *in, struct answers *a)
{
	uint64_t count;

	if (!carry_take_number(in, (uint64_t)(in->end - in->at) / ANSWER_LEAST, &count))
		return false;
	a->items = must_alloc(count, sizeof(*a->items));
	a->room = count;
	while (a->count < count)
		if (!take_answer(in, &a->items[a->count++]))
			return false;
	return true;
}
