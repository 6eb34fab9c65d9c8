/* sources - every traffic source there is. A new one is a file and a line here. */
#ifndef TRAFFIC_SOURCES_H
#define TRAFFIC_SOURCES_H

#include "sim/base/source.h"

extern const struct source_type source_poisson;
extern const struct source_type source_capture;
extern const struct source_type source_p2p;
extern const struct source_type source_mix;

extern const struct source_type *const source_types[]; /* ended by NULL */

const struct source_type *source_find(const char *name); /* NULL: there is none of that name */

#endif
