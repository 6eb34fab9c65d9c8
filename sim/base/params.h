/* params - parameters as data.
 *
 * One row says all there is to know of a parameter: the parser, `cgnsim list`,
 * the manual and the manifest read the same table. `offset` is where the value
 * lives in the configuration struct; its C type follows from `type`. */
#ifndef SIM_BASE_PARAMS_H
#define SIM_BASE_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/addr.h"

enum param_type {
	PARAM_BOOL,     /* bool */
	PARAM_U32,      /* uint32_t */
	PARAM_U64,      /* uint64_t */
	PARAM_REAL,     /* double */
	PARAM_DURATION, /* int64_t, nanoseconds */
	PARAM_TEXT,     /* char *, owned by the configuration */
	PARAM_CHOICE,   /* int: index into `choices` */
	PARAM_PORTS,    /* struct port_range */
	PARAM_RANGE,    /* struct addr_range */
	PARAM_DISTRIBUTION, /* struct distribution (sim/base/distribution.h) of durations: an object { "distribution": ... }, or a duration: constant */
	PARAM_RANGES,   /* struct addr_ranges: a list of prefixes, addresses or A-B */
	PARAM_PORT_LIST, /* struct port_ranges: a list of ports or LO-HI */
	PARAM_EXEMPTS,  /* struct exempts: a list of prefixes, each with :PORT or not, or :PORT alone */
	PARAM_OBJECT,   /* struct in place, with its own table `object` */
	PARAM_FILE,     /* char *, owned: a file's name; a relative one begins at the scenario's directory. It must be there */
	PARAM_OBJECT_FILE, /* as PARAM_FILE, and the file holds a JSON object with its own table `object`: a struct whose first
	                      member is the file's name */
	PARAM_SECONDS,  /* double: a duration, in seconds */
	PARAM_JSON,     /* a value that its owner reads by itself; nothing is stored */
	PARAM_NAMED,    /* struct named_numbers: an object of names that its owner knows, each a whole number, a duration or a switch */
};

/* A value of a PARAM_NAMED. */
struct named_number {
	char *name;           /* owned */
	enum { NAMED_NUMBER, NAMED_DURATION, NAMED_SWITCH } kind; /* as it was written */
	int64_t value;        /* a duration in nanoseconds; a switch 0 or 1 */
};
struct named_numbers {
	struct named_number *items; /* owned */
	size_t count;
};

#define PARAM_ALL "*"

struct param {
	const char *name;
	enum param_type type;
	const char *unit;     /* "s", "ports", ""; for list and the manual */
	const char *preset;   /* the default, as JSON text: "\"1h\"", "0", "true"; "null": none, the value stays 0; NULL: must be given */
	double min, max;      /* closed; for durations in seconds; both 0: no bound but the type's */
	const char *word;     /* PARAM_U32, PARAM_DURATION: a text that stands for word_value; NULL: none */
	int64_t word_value;
	const char *only;     /* the one value accepted so far, as JSON text; NULL: any */
	const char *const *choices; /* PARAM_CHOICE: names, ended by NULL */
	const char *shorthand;      /* PARAM_OBJECT: a value that is no object stands for this key of it; PARAM_ALL: for all its keys */
	const struct param *object; /* PARAM_OBJECT, PARAM_OBJECT_FILE: its table */
	size_t offset;
	const char *help;     /* one sentence */
};

#endif
