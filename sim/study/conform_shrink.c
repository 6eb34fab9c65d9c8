#include "sim/study/conform_shrink.h"

#include <stdlib.h>
#include <time.h>

#include "sim/base/must.h"

#define TRIES 20000u
#define CALLS 1500000    /* of all tries for a rule: so long as the clock does not stop it, the list is the same everywhere */
#define CALLS_OF_PROCESS 200 /* a try with a short list costs this much */
#define SECONDS 30.0     /* of a rule, for calls that take long; it decides how short the list gets, never what is broken */
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
	int64_t calls;       /* that are left */
	uint32_t numbers;    /* of the pool: a fill asks no more often, and once more */
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

static int64_t calls_of(const struct asking *a, const struct operations *o)
{
	int64_t calls = CALLS_OF_PROCESS;

	for (size_t i = 0; i < o->count; i++)
		calls += o->items[i].kind == OPERATION_FILL ? (o->items[i].n < a->numbers ? o->items[i].n : a->numbers) + 1 : 1;
	return calls;
}

static bool breaks_again(void *context, const struct operations *o)
{
	struct asking *a = context;
	struct child_answer answer;

	a->calls -= calls_of(a, o);
	if (a->calls < 0 || now_s() > a->until_s) {
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
	struct asking a = { .setup = *setup, .rule = found->finding.rule, .until_s = now_s() + SECONDS, .calls = CALLS,
	                    .numbers = setup->pool->addresses * setup->pool->slots->count, .tries = TRIES };

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
