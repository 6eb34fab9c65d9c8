#include "sim/study/conform_shrink.h"

#include <stdlib.h>
#include <time.h>

#include "sim/base/must.h"

#define TRIES 20000u
#define SECONDS 8.0      /* of a rule; the clock decides how short the list gets, never whether a rule is broken */
#define LIMIT_S 0.25     /* of one call, which at first took longer than CONFORM_LIMIT_S if that was what was found */

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#define TOLD_SECONDS 1   /* of processor time: of calls that take too long in sum, only the first are told */

struct asking {
	struct child_setup setup;
	enum rule_id rule;
	double until_s;
	unsigned tries;
};

void conform_ask(const struct child_setup *setup, enum rule_id rule, const struct operations *o, struct child_answer *out)
{
	struct child_answer second;

	child_run(setup, o, NULL, out);
	if (rule != RULE_REPEAT || out->finding.is)
		return;
	child_run(setup, o, NULL, &second);
	out->checks[RULE_REPEAT]++;
	if (second.finding.is || second.trace == out->trace)
		return;
	out->finding = (struct finding){ .is = true, .rule = RULE_REPEAT };
	out->at_end = true;
	snprintf(out->finding.text, sizeof(out->finding.text), "the same operations with the same seed are answered otherwise "
	         "the second time");
}

static bool breaks_again(void *context, const struct operations *o)
{
	struct asking *a = context;
	struct child_answer answer;

	if (now_s() > a->until_s) {
		a->tries = 0;
		return false;
	}
	conform_ask(&a->setup, a->rule, o, &answer);
	return answer.finding.is && answer.finding.rule == a->rule;
}

/* The calls on the way there, and the sentence as it is then. */
static void tell(struct asking *a, const struct operations *o, struct conform_result *r)
{
	struct child_answer answer;
	bool twice = a->rule == RULE_REPEAT;

	if (a->setup.kind == CHILD_AGAIN)
		a->setup.kind = CHILD_ONE; /* one round is as good as another */
	if (twice)
		a->setup.label = "first:  ";
	child_tell(&a->setup, o, &r->calls, &r->call_count, &answer);
	if (twice) {
		a->setup.label = "second: ";
		child_tell(&a->setup, o, &r->calls, &r->call_count, &answer);
	}
	if (answer.finding.is && answer.finding.rule == a->rule && !answer.slow) {
		free(r->finding);
		r->finding = must_strdup(answer.finding.text);
	}
}

void conform_shrink(const struct child_setup *setup, struct operations *o, const struct child_answer *found,
                    struct conform_result *result)
{
	struct asking a = { .setup = *setup, .rule = found->finding.rule, .until_s = now_s() + SECONDS, .tries = TRIES };

	result->finding = must_strdup(found->finding.text);
	if (found->done < o->count && !found->at_end)
		o->count = found->done + 1;
	if (found->slow) {
		a.setup.seconds = TOLD_SECONDS;
	} else {
		a.setup.limit_s = LIMIT_S;
		operations_shrink(o, breaks_again, &a, &a.tries);
		a.setup.limit_s = CONFORM_LIMIT_S;
	}
	tell(&a, o, result);
}
