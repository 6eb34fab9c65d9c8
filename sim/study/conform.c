#include "sim/study/conform.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/scenario/scenario.h"
#include "sim/study/child.h"
#include "sim/study/conform_ground.h"

const struct conform_rule conform_rules[RULES] = {
	[RULE_ONCE]      = { "held-once", "RFC 4787 REQ-3", "no number is given to two at once" },
	[RULE_HOLD_DOWN] = { "hold-down", "RFC 6888 REQ-8", "no number is given before its hold-down is over" },
	[RULE_POOL]      = { "in-pool", "RFC 6888 REQ-3", "no number outside the pool, its range and its exclusions" },
	[RULE_LEAK]      = { "nothing-leaked", "RFC 6888 REQ-13", "when all flows are over all numbers and blocks are free again" },
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
};

const char *const conform_verdict_name[] = {
	[CONFORM_HELD] = "held", [CONFORM_BROKEN] = "broken", [CONFORM_NOT_ASKED] = "not asked",
};

#define SEEDS 3u          /* of each mix but those of all numbers */
#define SHRINK_TRIES 600u /* small pools; a hundredth for large ones */
#define CALLS_SHOWN 60u

struct battery {
	struct conform_report *report;
	const struct conform_ground *ground;
	struct scenario *scenario;
	struct scheme_pool pool;
	struct child_setup setup;
};

static bool breaks_again(void *context, const struct operations *o)
{
	struct battery *b = context;
	struct child_answer answer;

	child_run(&b->setup, o, NULL, &answer);
	return answer.finding.is && answer.finding.rule == b->setup.wanted;
}

/* A rule that is broken: by how little? Told once, for the first pool on which it is. */
static void note_finding(struct battery *b, struct operations *o, const struct child_answer *found)
{
	struct conform_result *r = &b->report->results[found->finding.rule];
	struct child_answer again = *found;

	b->report->broken = true;
	if (r->verdict == CONFORM_BROKEN)
		return;
	r->verdict = CONFORM_BROKEN;
	b->setup.wanted = found->finding.rule;
	if (found->done < o->count && !found->at_end)
		o->count = found->done + 1;
	if (found->finding.rule != RULE_GUESS && found->finding.rule != RULE_REPEAT) { /* these have no few calls to show */
		operations_shrink(o, breaks_again, b, o->count > 20000 ? SHRINK_TRIES / 20 : SHRINK_TRIES);
		child_tell(&b->setup, o, CALLS_SHOWN, &r->calls, &r->call_count, &again);
	}
	r->finding = must_strdup(again.finding.is ? again.finding.text : found->finding.text);
}

/* Two runs of one list must be one. */
static void judge_repeat(struct battery *b, struct operations *o, const struct child_answer *first)
{
	struct conform_result *r = &b->report->results[RULE_REPEAT];
	struct child_answer second;

	child_run(&b->setup, o, NULL, &second);
	r->operations++;
	if (second.finding.is || second.trace == first->trace)
		return;
	second.finding = (struct finding){ .is = true, .rule = RULE_REPEAT };
	snprintf(second.finding.text, sizeof(second.finding.text),
	         "%zu operations with the same seed had other answers the second time", o->count);
	note_finding(b, o, &second);
}

static void run_list(struct battery *b, enum operation_mix mix, uint64_t seed)
{
	uint64_t numbers = (uint64_t)b->pool.slots->count * b->pool.addresses;
	struct operations list = { 0 };
	struct child_answer answer;

	operations_make(&list, mix, seed, b->pool.subscribers, (uint32_t)numbers);
	b->setup.seed = seed;
	b->setup.fair = mix == MIX_ONE || mix == MIX_CHURN;
	child_run(&b->setup, &list, NULL, &answer);
	for (int r = 0; r < RULES; r++)
		b->report->results[r].operations += answer.checks[r];
	if (answer.finding.is)
		note_finding(b, &list, &answer);
	else if (mix == MIX_CHURN && seed == 0)
		judge_repeat(b, &list, &answer);
	free(list.items);
}

static void run_ground(struct battery *b)
{
	const struct trial *t = &b->scenario->trials[0];

	must(scheme_pool_fill(&b->pool, &b->scenario->workload, t));
	b->setup = (struct child_setup){
		.type = t->scheme, .config = t->scheme_config, .pool = &b->pool, .hold_ns = t->nat.hold_down.time,
		.unpaired = t->pool.pooling != POOLING_PAIRED };
	for (int mix = 0; mix < MIXES; mix++)
		for (uint64_t seed = 0; b->ground->mixes & 1u << mix && seed < (mix == MIX_CHURN ? SEEDS : 1); seed++)
			run_list(b, (enum operation_mix)mix, seed);
	scheme_pool_clear(&b->pool);
}

static bool overloads(const struct trial *t)
{
	return t->scheme->overloads && t->scheme->overloads(t->scheme_config);
}

bool conform_run(const char *entry, const char *directory, struct conform_report *out, struct err *e)
{
	struct err unfit = ERR_INIT;

	*out = (struct conform_report){ 0 };
	for (size_t i = 0; i < CONFORM_GROUNDS; i++) {
		struct battery b = { .report = out, .ground = &conform_grounds[i] };

		err_clear(&unfit);
		b.scenario = conform_ground_fit(i, entry, directory, &unfit);
		if (!b.scenario) {
			out->pools_unfit++;
			continue;
		}
		if (overloads(&b.scenario->trials[0])) {
			fail(&unfit, "conform: a scheme that gives a number to several mappings at once is not judged: its numbers "
			             "are not one holder's");
			scenario_destroy(b.scenario);
			break;
		}
		out->pools++;
		run_ground(&b);
		scenario_destroy(b.scenario);
	}
	for (size_t i = 0; i < unfit.count && !out->pools; i++) /* of the largest pool */
		fail(e, "%s", unfit.lines[i]);
	err_clear(&unfit);
	for (int r = 0; r < RULES; r++)
		if (out->results[r].verdict == CONFORM_HELD && !out->results[r].operations)
			out->results[r].verdict = CONFORM_NOT_ASKED;
	return out->pools > 0;
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
