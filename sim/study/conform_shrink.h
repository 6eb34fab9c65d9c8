/* conform_shrink - by how little a rule is broken: a list of operations that breaks it, cut down. */
#ifndef SIM_STUDY_CONFORM_SHRINK_H
#define SIM_STUDY_CONFORM_SHRINK_H

#include "sim/study/child.h"
#include "sim/study/conform.h"

/* Of one call: of the first run, and of those that only ask whether it breaks again. */
#define CONFORM_LIMIT_S 2.0

/* Does a run of the list break a rule? For RULE_REPEAT two runs are made, and held against each other. */
void conform_ask(const struct child_setup *setup, enum rule_id rule, const struct operations *o, struct child_answer *out);

/* Cuts the list down to what still breaks the rule that `found` tells of, and fills the result's sentence and calls. */
void conform_shrink(const struct child_setup *setup, struct operations *o, const struct child_answer *found,
                    struct conform_result *result);

#endif
