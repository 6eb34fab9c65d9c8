/* conform_anew - the same list in a process begun anew: another time of day, other places in memory, and a C library that
 * keeps nothing for later. What a process of the same image hides shows there: a seed that is a clock or an address, and
 * memory that is lost late in a list.
 *
 * That process is the program itself with another command line (conform_setup.anew). It writes what was answered on each
 * pool with anew_write(), and the battery reads it with anew_read(). */
#ifndef SIM_STUDY_CONFORM_ANEW_H
#define SIM_STUDY_CONFORM_ANEW_H

#include "sim/study/child.h"
#include "sim/study/conform_ground.h"

/* Of each pool; zeroed: not asked there. Clear it. */
struct anew {
	struct anew_pool {
		char **calls;         /* and their answers, one each; owned */
		size_t call_count;
		char *kept;           /* the sentence on memory that was not given back; NULL: none; owned */
	} pools[CONFORM_GROUNDS];
};
void anew_clear(struct anew *a);

/* What the list is answered; in the process begun anew also how much memory it takes each time. False if it breaks a rule. */
bool anew_ask(const struct child_setup *setup, const struct operations *list, bool memory, struct anew_pool *out);

void anew_write(const struct anew *a, FILE *to);

/* Runs the program with this command line (ended by NULL) once the second of `began` is over. False if it fails. */
bool anew_read(char *const *command, int64_t began, struct anew *out);

#endif
