/* simtime - simulated time: integer nanoseconds from the start of the run,
 * and durations as users write them. */
#ifndef SIM_BASE_SIMTIME_H
#define SIM_BASE_SIMTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_DAY (86400 * NS_PER_S)
#define NS_NEVER  INT64_MAX /* later than any time */
#define NS_NONE   INT64_MIN /* no such time */

/* Longest duration accepted anywhere: 100 years, so that sums of a few never overflow. */
#define NS_LONGEST (36525 * NS_PER_DAY)

/* "90s", "2h4m", "250ms", "1.5h", "300" (seconds). Units: ns us ms s m h d, in
 * falling order, each at most once. False if the text is anything else or
 * longer than NS_LONGEST. */
bool duration_parse(const char *text, int64_t *out_ns);

/* Seconds as a number, as JSON may give them; false if negative, not finite or too long. */
bool duration_from_seconds(double seconds, int64_t *out_ns);

/* Shortest text in the same units: "2h4m", "250ms", "0s". Returns `text`. */
#define DURATION_TEXT 48
char *duration_format(int64_t ns, char text[DURATION_TEXT]);

double seconds_from_ns(int64_t ns);

#endif
