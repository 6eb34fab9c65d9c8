/* basis - all that the results of a run depend on, as a file of its work
 * directory: whoever goes on from there must have the same. */
#ifndef SIM_COMMAND_BASIS_H
#define SIM_COMMAND_BASIS_H

#include "sim/command/opened.h"

#define BASIS_NAME "basis.json"

struct basis {
	cJSON *json;            /* the version, the resolved scenario, checksums of the files it reads; owned */
	char *text;             /* the same, as written; owned */
	uint32_t fingerprint;   /* of the text */
};

/* False with `e` set if a file of the scenario cannot be read. Clear it in both cases. */
bool basis_make(struct basis *b, const struct opened *o, bool keep_logs, struct err *e);
void basis_clear(struct basis *b);

bool basis_write(const struct basis *b, const char *directory, struct err *e);

/* Is the basis in the directory the same? False with `e` set: what differs. */
bool basis_check(const struct basis *b, const char *directory, struct err *e);

#endif
