#include "sim/world/sums.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/base/must.h"

void sums_open(struct sums *s, size_t jobs, size_t trials, const struct usage_frame *usage, const struct usage_frame *demand)
{
	*s = (struct sums){ .jobs = jobs, .trials = trials };
	s->done = must_alloc(jobs, sizeof(*s->done));
	s->tallies = must_alloc(trials, sizeof(*s->tallies));
	for (size_t i = 0; i < trials; i++) {
		s->tallies[i].usage = usage_create(&usage[i]);
		if (demand)
			s->tallies[i].demand = usage_create(&demand[i]);
	}
}

static void tally_clear(struct tally *t)
{
	usage_destroy(t->usage);
	usage_destroy(t->demand);
	log_weight_clear(&t->log);
	free(t->answers.items);
	*t = (struct tally){ 0 };
}

void sums_close(struct sums *s)
{
	for (size_t i = 0; i < s->trials; i++)
		tally_clear(&s->tallies[i]);
	free(s->tallies);
	free(s->done);
	*s = (struct sums){ 0 };
}

void sums_done(struct sums *s, size_t job)
{
	must(!s->done[job]);
	s->done[job] = true;
	s->done_count++;
}

static void tally_empty(struct tally *t)
{
	struct usage_frame usage = t->usage->frame, demand;
	bool has_demand = t->demand != NULL;

	if (has_demand)
		demand = t->demand->frame;
	tally_clear(t);
	t->usage = usage_create(&usage);
	if (has_demand)
		t->demand = usage_create(&demand);
}

void sums_empty(struct sums *s)
{
	memset(s->done, 0, s->jobs * sizeof(*s->done));
	s->done_count = 0;
	for (size_t i = 0; i < s->trials; i++)
		tally_empty(&s->tallies[i]);
}

void answers_move(struct answers *to, struct answers *from)
{
	if (!from->count) {
		free(from->items);
	} else if (!to->count) {
		free(to->items);
		*to = *from;
	} else {
		to->items = must_grow(to->items, to->count + from->count, sizeof(*to->items));
		memcpy(to->items + to->count, from->items, from->count * sizeof(*to->items));
		to->count += from->count;
		to->room = to->count;
		free(from->items);
	}
	*from = (struct answers){ 0 };
}

static void tally_add(struct tally *to, struct tally *from)
{
	usage_add(to->usage, from->usage);
	if (to->demand)
		usage_add(to->demand, from->demand);
	log_weight_add(&to->log, &from->log);
	answers_move(&to->answers, &from->answers);
	to->not_offered += from->not_offered;
}

void sums_move(struct sums *to, struct sums *from)
{
	must(to->jobs == from->jobs && to->trials == from->trials);
	if (!from->done_count)
		return;
	if (!to->done_count) { /* it is all zeros: what `from` is to become */
		struct sums zeros = *to;

		*to = *from;
		*from = zeros;
		return;
	}
	for (size_t job = 0; job < from->jobs; job++)
		if (from->done[job])
			sums_done(to, job);
	for (size_t i = 0; i < to->trials; i++)
		tally_add(&to->tallies[i], &from->tallies[i]);
	sums_empty(from);
}

static bool is_zero(const uint8_t *bytes, size_t length)
{
	return !*bytes && !memcmp(bytes, bytes + 1, length - 1);
}

/* A page that is given back reads as zeros, which it held. */
static void give_back_zeros(void *array, size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), begin, end;
	uint8_t *first = (uint8_t *)array + (page - (uintptr_t)array % page) % page, *last = (uint8_t *)array + bytes;

	if (first >= last)
		return;
	for (begin = 0; begin + page <= (size_t)(last - first); begin = end + page) {
		for (end = begin; end + page <= (size_t)(last - first) && is_zero(first + end, page);)
			end += page;
		if (end > begin)
			madvise(first + begin, end - begin, MADV_DONTNEED);
	}
}

static void slim_usage(struct usage *u)
{
	give_back_zeros(u->level_time, USAGE_LEVELS * sizeof(*u->level_time));
	give_back_zeros(u->peak, USAGE_LEVELS * sizeof(*u->peak));
	for (int p = 0; p < PROTO_COUNT; p++)
		give_back_zeros(u->address_peak[p], 65536 * sizeof(*u->address_peak[p]));
}

void sums_slim(struct sums *s)
{
	for (size_t i = 0; i < s->trials; i++) {
		slim_usage(s->tallies[i].usage);
		if (s->tallies[i].demand)
			slim_usage(s->tallies[i].demand);
	}
}

/* Runs of jobs not done, done, not done, ...; their sum is `jobs`. */
static void carry_done(struct carry_out *o, const struct sums *s)
{
	bool now = false;

	for (size_t i = 0; i < s->jobs; now = !now) {
		size_t begin = i;

		while (i < s->jobs && s->done[i] == now)
			i++;
		carry_number(o, i - begin);
	}
}

static bool take_done(struct carry_in *in, struct sums *s)
{
	bool now = false;

	for (size_t i = 0; i < s->jobs; now = !now) {
		uint64_t run;

		if (!carry_take_number(in, s->jobs - i, &run) || (i && !run))
			return false;
		for (; run; run--, i++)
			if (now)
				sums_done(s, i);
	}
	return true;
}

void sums_carry(struct carry_out *o, const struct sums *s)
{
	carry_done(o, s);
	for (size_t i = 0; i < s->trials; i++) {
		const struct tally *t = &s->tallies[i];

		carry_usage(o, t->usage);
		if (t->demand)
			carry_usage(o, t->demand);
		carry_log(o, &t->log);
		carry_answers(o, &t->answers);
		carry_number(o, t->not_offered);
	}
}

static bool take_tally(struct carry_in *in, struct tally *t)
{
	return carry_take_usage(in, t->usage) && (!t->demand || carry_take_usage(in, t->demand)) &&
	       carry_take_log(in, t->usage->seconds, &t->log) && carry_take_answers(in, &t->answers) &&
	       carry_take_number(in, UINT64_MAX, &t->not_offered);
}

static void open_like(struct sums *s, const struct sums *model)
{
	*s = (struct sums){ .jobs = model->jobs, .trials = model->trials };
	s->done = must_alloc(s->jobs, sizeof(*s->done));
	s->tallies = must_alloc(s->trials, sizeof(*s->tallies));
	for (size_t i = 0; i < s->trials; i++) {
		s->tallies[i].usage = usage_create(&model->tallies[i].usage->frame);
		if (model->tallies[i].demand)
			s->tallies[i].demand = usage_create(&model->tallies[i].demand->frame);
	}
}

bool sums_take(struct carry_in *in, struct sums *to)
{
	struct sums taken;
	size_t there = 0;
	bool good;

	open_like(&taken, to);
	good = take_done(in, &taken);
	for (size_t i = 0; good && i < taken.trials; i++)
		good = take_tally(in, &taken.tallies[i]);
	for (size_t job = 0; good && job < taken.jobs; job++)
		there += taken.done[job] && to->done[job];
	good = good && in->at == in->end && (!there || there == taken.done_count);
	if (good && !there)
		sums_move(to, &taken);
	sums_close(&taken);
	return good;
}
