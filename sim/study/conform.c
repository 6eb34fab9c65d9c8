#include "sim/study/conform.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/base/must.h"
#include "sim/scheme/plugin_call.h"
#include "sim/study/conform_anew.h"
#include "sim/study/conform_ground.h"
#include "sim/study/conform_shrink.h"

const struct conform_rule conform_rules[RULES] = {
	[RULE_ONCE]      = { "held-once", "RFC 4787 REQ-3", "no number is given to two at once" },
	[RULE_HOLD_DOWN] = { "hold-down", "RFC 6888 REQ-8", "no number is given before its hold-down is over" },
	[RULE_POOL]      = { "in-pool", "RFC 6888 REQ-3", "no number outside the pool, its range and its exclusions" },
	[RULE_LEAK]      = { "nothing-leaked", "RFC 6888 REQ-13", "when all flows are over all numbers and blocks are free again, and destroy() gives all memory back" },
	[RULE_LIMIT]     = { "limit", "RFC 6888 REQ-4", "no subscriber gets more numbers than the scheme says" },
	[RULE_PAIRING]   = { "pairing", "RFC 6888 REQ-2", "a subscriber's numbers and blocks lie on its address" },
	[RULE_BLOCKS]    = { "block-owner", "RFC 7768 section 2", "a block has one owner, from when it is given until it is free" },
	[RULE_REVERSE]   = { "reversible", "RFC 7422 section 2", "every number leads back to its holder by the rule" },
	[RULE_FULL]      = { "whole-pool", "RFC 6888 REQ-13", "nobody is left out while a number is free that somebody could have" },
	[RULE_REASON]    = { "true-reasons", "RFC 6888 REQ-11", "the reason for a refusal is true" },
	[RULE_WORK]      = { "bounded-work", "RFC 6056 section 3.3", "a call looks at each number at most once beyond its draws, also when 99.9% are taken" },
	[RULE_GUESS]     = { "unpredictable", "RFC 6056, RFC 6888 REQ-15", "guessers are right no more often than the scheme's declared law allows" },
	[RULE_LOG]       = { "log-sufficient", "RFC 6888 REQ-14, RFC 6302", "what is logged, and the rule, name the holder of every number at every time" },
	[RULE_CALLS]     = { "calls", "cgnsim/scheme.h", "the host is called as its header says, and no call crashes or never ends" },
	[RULE_REPEAT]    = { "repeatable", "docs/plugin.md", "the same seed and the same operations give the same answers" },
	[RULE_APART]     = { "apart", "cgnsim/scheme.h", "an instance is answered beside others as it is alone" },
};

const char *const conform_verdict_name[] = {
	[CONFORM_HELD] = "held", [CONFORM_BROKEN] = "broken", [CONFORM_NOT_ASKED] = "not asked",
};

#define LARGE 128u        /* numbers of an address */

/* How many lists of each mix: of those that fill one protocol, one for each; where a number carries several mappings
 * fullness is a remote endpoint's, and takes long to tell. */
static const uint64_t seeds[MIXES] = { [MIX_CHURN] = 3, [MIX_BRIM] = PROTO_COUNT, [MIX_FILL] = 1, [MIX_ONE] = 1 };
static const uint64_t overloading[MIXES] = { [MIX_CHURN] = 3, [MIX_BRIM] = 1, [MIX_FILL] = 1, [MIX_ONE] = 1 };

struct battery {
	struct conform_report *report;
	const struct conform_ground *ground;
	struct scenario *scenario;
	struct scheme_pool pool;
	bool overloads;
	double *cpu_s;         /* that all lists so far took */
	struct child_setup setup;
	struct anew_pool *told; /* what the first list is answered here; NULL: nobody asks */
};

#define CPU_S (40.0 * CHILD_SLOWER) /* that all lists may take: they take a second or two */

/* A rule that is broken is told once, for the first pool on which it is. */
static void note_finding(struct battery *b, struct operations *o, const struct child_answer *found)
{
	struct conform_result *r = &b->report->results[found->finding.rule];

	b->report->broken = true;
	b->report->stopped |= found->endless || found->slow;
	b->report->slow |= found->slow;
	if (r->verdict == CONFORM_BROKEN)
		return;
	r->verdict = CONFORM_BROKEN;
	conform_shrink(&b->setup, o, found, r);
}

/* The time of a list is bounded, and so is that of all. */
static void note_time(struct battery *b, struct child_answer *a)
{
	*b->cpu_s += a->cpu_s;
	if (*b->cpu_s <= CPU_S || a->finding.is)
		return;
	a->finding = (struct finding){ .is = true, .rule = RULE_WORK };
	a->slow = true;
	snprintf(a->finding.text, sizeof(a->finding.text), "the calls of the lists so far take more than %.0f s of processor time, "
	         "which is far too long", CPU_S);
}

/* Memory is looked at on short lists and small pools: of others the C library keeps ever more for later. */
#define LEAK_OPERATIONS 40u
#define LEAK_NUMBERS 2048u

/* What more than one run of a list tells, each on a copy of it. */
static void ask_more(struct battery *b, const struct operations *list)
{
	static const struct { enum child_kind kind; enum rule_id rule; } questions[] = {
		{ CHILD_ONE, RULE_REPEAT }, { CHILD_BESIDE, RULE_APART }, { CHILD_AGAIN, RULE_LEAK },
	};

	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++) {
		struct operations copy = { 0 };
		struct child_answer answer;

		if (questions[i].kind == CHILD_AGAIN && (uint64_t)b->pool.addresses * b->pool.slots->count > LEAK_NUMBERS)
			continue;
		for (size_t k = 0; k < list->count && (questions[i].kind != CHILD_AGAIN || k < LEAK_OPERATIONS); k++)
			operations_add(&copy, &list->items[k]);
		b->setup.kind = questions[i].kind;
		conform_ask(&b->setup, questions[i].rule, &copy, &answer);
		note_time(b, &answer);
		b->report->results[questions[i].rule].operations += answer.checks[questions[i].rule];
		if (answer.finding.is)
			note_finding(b, &copy, &answer);
		free(copy.items);
	}
	b->setup.kind = CHILD_ONE;
}

static void make_list(struct battery *b, enum operation_mix mix, uint64_t seed, struct operations *list)
{
	uint64_t numbers = (uint64_t)b->pool.slots->count * b->pool.addresses;

	if (b->overloads) /* as many mappings as there could be on a large address take too long */
		numbers = b->pool.slots->count <= LARGE ? numbers * OPERATION_REMOTES : LARGE;
	operations_make(list, mix, seed, b->pool.subscribers, (uint32_t)numbers);
	b->setup.seed = seed;
	b->setup.fair = mix == MIX_ONE || mix == MIX_CHURN;
}

/* In a process begun anew memory is looked at too: there the C library keeps nothing for later. */
static void tell_anew(struct battery *b, bool memory)
{
	struct operations list = { 0 };

	make_list(b, MIX_CHURN, 0, &list);
	memory = memory && (uint64_t)b->pool.addresses * b->pool.slots->count <= LEAK_NUMBERS;
	if (!anew_ask(&b->setup, &list, memory, b->told))
		b->told->call_count = 0;
	free(list.items);
}

static void run_list(struct battery *b, enum operation_mix mix, uint64_t seed)
{
	struct operations list = { 0 };
	struct child_answer answer;

	make_list(b, mix, seed, &list);
	child_run(&b->setup, &list, NULL, &answer);
	note_time(b, &answer);
	for (int r = 0; r < RULES; r++)
		b->report->results[r].operations += answer.checks[r];
	b->report->cut += answer.cut;
	if (answer.finding.is)
		note_finding(b, &list, &answer);
	else if (mix == MIX_CHURN && seed == 0)
		ask_more(b, &list);
	free(list.items);
}

static void begin_ground(struct battery *b)
{
	const struct trial *t = &b->scenario->trials[0];

	must(scheme_pool_fill(&b->pool, &b->scenario->workload, t));
	b->setup = (struct child_setup){
		.type = t->scheme, .config = t->scheme_config, .pool = &b->pool, .hold_ns = t->nat.hold_down.time,
		.unpaired = t->pool.pooling != POOLING_PAIRED, .limit_s = CONFORM_LIMIT_S, .seconds = CHILD_SECONDS };
	b->overloads = t->scheme->overloads && t->scheme->overloads(t->scheme_config);
}

static void run_ground(struct battery *b)
{
	begin_ground(b);
	for (int mix = 0; mix < MIXES; mix++)
		for (uint64_t seed = 0; b->ground->mixes & 1u << mix && seed < (b->overloads ? overloading : seeds)[mix] &&
		                        !b->report->stopped; seed++)
			run_list(b, (enum operation_mix)mix, seed);
	if (b->told && !b->report->broken)
		tell_anew(b, false);
	scheme_pool_clear(&b->pool);
}

/* A scheme that crashes or does not end when it is made has nothing to be run on. */
static void note_making(struct conform_report *out, const struct conform_ground *g, const struct child_answer *found)
{
	struct conform_result *r = &out->results[RULE_CALLS];

	out->broken = true;
	out->stopped |= found->endless;
	if (r->verdict == CONFORM_BROKEN)
		return;
	r->verdict = CONFORM_BROKEN;
	r->finding = must_strdup(found->finding.text);
	r->calls = must_alloc(1, sizeof(*r->calls));
	r->calls[r->call_count++] = must_printf("made for %u subscribers on %s, numbers %s", g->subscribers, g->prefix, g->ports);
}

struct making {
	const struct conform_setup *setup;
	size_t ground;
	struct err *e;
};

static void make_and_destroy(void *context)
{
	const struct making *m = context;

	scenario_destroy(conform_ground_fit(m->ground, m->setup->entry, m->setup->directory, m->e));
}

/* A scenario on a ground; NULL if the scheme is not fit for it, or cannot be made at all, which is noted. */
static struct scenario *make(const struct conform_setup *setup, size_t ground, struct conform_report *out, struct err *e)
{
	struct making m = { setup, ground, e };
	struct child_answer answer;
	struct scenario *s;

	if (!child_ends(make_and_destroy, &m, CONFORM_LIMIT_S, &answer)) {
		note_making(out, &conform_grounds[ground], &answer);
		return NULL;
	}
	s = conform_ground_fit(ground, setup->entry, setup->directory, e);
	out->pools_unfit += !s;
	return s;
}

/* Who never gives anything has kept no rule. */
static void judge_service(struct conform_report *out)
{
	struct conform_result *r = &out->results[RULE_FULL];

	if (out->broken || !out->pools || out->results[RULE_ONCE].operations)
		return;
	out->broken = true;
	r->verdict = CONFORM_BROKEN;
	r->finding = must_strdup("nobody is ever given a number");
	r->calls = must_alloc(1, sizeof(*r->calls));
	r->calls[r->call_count++] = must_printf("%llu refusals on %zu pools, and nothing else",
	                                        (unsigned long long)out->results[RULE_REASON].operations, out->pools);
}

/* ---- in a process begun anew ---- */

static void copy_calls(struct conform_result *r, const char *label, const struct anew_pool *p, size_t count)
{
	r->calls = must_grow(r->calls, r->call_count + count, sizeof(*r->calls));
	for (size_t i = 0; i < count && i < p->call_count; i++)
		r->calls[r->call_count++] = must_printf("%s%s", label, p->calls[i]);
}

static void judge_answers(struct conform_report *out, const struct anew_pool *here, const struct anew_pool *there)
{
	struct conform_result *r = &out->results[RULE_REPEAT];
	size_t same = 0;

	while (same < here->call_count && same < there->call_count && !strcmp(here->calls[same], there->calls[same]))
		same++;
	r->operations++;
	if (r->verdict == CONFORM_BROKEN || (same == here->call_count && same == there->call_count))
		return;
	out->broken = true;
	r->verdict = CONFORM_BROKEN;
	r->finding = must_strdup("a process begun anew, in another second, answers the same operations with the same seed otherwise");
	copy_calls(r, "first:  ", here, same + 1);
	copy_calls(r, "second: ", there, same + 1);
}

static void judge_kept(struct conform_report *out, const struct anew_pool *there)
{
	struct conform_result *r = &out->results[RULE_LEAK];

	r->operations++;
	if (r->verdict == CONFORM_BROKEN || !there->kept)
		return;
	out->broken = true;
	r->verdict = CONFORM_BROKEN;
	r->finding = must_strdup(there->kept);
	copy_calls(r, "", there, there->call_count);
}

static void ask_anew(const struct conform_setup *setup, int64_t began, const struct anew *here, struct conform_report *out)
{
	struct anew there = { 0 };

	anew_read(setup->anew, began, &there); /* one that fails answers less */
	for (size_t i = 0; i < CONFORM_GROUNDS; i++)
		if (here->pools[i].call_count) {
			judge_answers(out, &here->pools[i], &there.pools[i]);
			judge_kept(out, &there.pools[i]);
		}
	anew_clear(&there);
}

void conform_anew(const struct conform_setup *setup, FILE *to)
{
	struct conform_report report = { 0 };
	struct anew told = { 0 };

	plugin_call_limit(CONFORM_LIMIT_S);
	for (size_t i = 0; i < CONFORM_GROUNDS && !report.stopped; i++) {
		struct err unfit = ERR_INIT;
		struct battery b = { .report = &report, .ground = &conform_grounds[i], .told = &told.pools[i] };

		b.scenario = make(setup, i, &report, &unfit);
		if (b.scenario) {
			begin_ground(&b);
			tell_anew(&b, true);
			scheme_pool_clear(&b.pool);
		}
		scenario_destroy(b.scenario);
		err_clear(&unfit);
	}
	plugin_call_limit(0);
	anew_write(&told, to);
	anew_clear(&told);
	conform_report_clear(&report);
}

/* ---- the battery ---- */

bool conform_run(const struct conform_setup *setup, struct conform_report *out, struct err *e)
{
	struct err unfit = ERR_INIT;
	struct anew here = { 0 };
	int64_t began = (int64_t)time(NULL);
	double cpu_s = 0;
	bool good;

	*out = (struct conform_report){ 0 };
	plugin_call_limit(CONFORM_LIMIT_S);
	for (size_t i = 0; i < CONFORM_GROUNDS && !out->stopped; i++) {
		struct scenario *scenario;

		if (setup->progress)
			setup->progress(setup->context, (double)i / CONFORM_GROUNDS, i);
		err_clear(&unfit);
		scenario = make(setup, i, out, &unfit);
		if (scenario) {
			out->pools++;
			run_ground(&(struct battery){ .report = out, .ground = &conform_grounds[i], .scenario = scenario,
			                              .cpu_s = &cpu_s, .told = setup->anew ? &here.pools[i] : NULL });
		}
		scenario_destroy(scenario);
	}
	plugin_call_limit(0);
	judge_service(out);
	if (setup->anew && !out->broken)
		ask_anew(setup, began, &here, out);
	anew_clear(&here);
	good = out->pools || out->broken;
	for (size_t i = 0; i < unfit.count && !good; i++) /* of the largest pool */
		fail(e, "%s", unfit.lines[i]);
	err_clear(&unfit);
	for (int r = 0; r < RULES; r++)
		if (out->results[r].verdict == CONFORM_HELD && !out->results[r].operations)
			out->results[r].verdict = CONFORM_NOT_ASKED;
	return good;
}

void conform_report_clear(struct conform_report *r)
{
	for (int i = 0; i < RULES; i++) {
		free(r->results[i].finding);
		for (size_t k = 0; k < r->results[i].call_count; k++)
			free(r->results[i].calls[k]);
		free(r->results[i].calls);
	}
	*r = (struct conform_report){ 0 };
}
