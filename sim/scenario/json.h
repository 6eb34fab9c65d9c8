/* json - JSON text to a cJSON tree, strictly, and pieces of messages about it.
 *
 * cJSON reads more than JSON and does not say why it gives up; json_read()
 * checks the text against RFC 8259 first, so that a fault has line, column and
 * reason, and so that nothing that cJSON would cut short or round to infinity
 * gets through: NUL bytes (also as \u0000), numbers beyond double, invalid
 * UTF-8, nesting deeper than JSON_DEPTH. */
#ifndef SIM_SCENARIO_JSON_H
#define SIM_SCENARIO_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "sim/base/err.h"

#define JSON_DEPTH 64
#define JSON_NUMBER_MAX 60 /* characters: cJSON's own buffer has 64 */

/* A bit of cJSON's `type`, above cJSON's own: the value came from the command line. */
#define JSON_FROM_COMMAND_LINE (1 << 16)

/* The tree, to be freed with cJSON_Delete(); NULL with one fault in `e`:
 * "NAME: line 3, column 5: expected a value, not '}'". */
cJSON *json_read(const char *text, size_t length, const char *name, struct err *e);

/* A value in a few words, for messages: itself if it is short. Returns `out`. */
#define JSON_BRIEF 80
char *json_brief(const cJSON *value, char out[JSON_BRIEF]);

/* The place of a member: "$.pool" and "ports" give "$.pool.ports"; a key that
 * is no plain word is put as ["key"]. The caller frees it. */
char *json_member_place(const char *place, const char *key);
char *json_item_place(const char *place, size_t index); /* "$.schemes[2]" */

#endif
