/* utf8 - text of unknown origin, for places that must hold valid UTF-8. */
#ifndef ANALYSIS_UTF8_H
#define ANALYSIS_UTF8_H

#include <stddef.h>

/* Bytes of the character that begins at `at` (text ended by a 0 byte): 1 to 4.
 * 0 if none does that XML 1.0 allows, a control character included: skip one byte then. */
size_t utf8_length(const char *at);

#endif
