/* progress - how far a long run is, on stderr.
 *
 * Says nothing in the first two seconds. On a terminal a bar with rate and time
 * left is drawn over itself; elsewhere a line comes every ten seconds. NO_COLOR
 * (https://no-color.org) and a terminal that cannot go back are honoured. The
 * clock that it reads never reaches a result. */
#ifndef SIM_COMMAND_PROGRESS_H
#define SIM_COMMAND_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
	FILE *to;            /* NULL: quiet */
	const char *what;    /* "trains": what is counted */
	bool bar, colour;
	bool drawn;          /* the bar is on the screen */
	double begun_s, shown_s;
};

/* `what` must outlive it. */
void progress_begin(struct progress *p, const char *what, bool quiet);

/* `share` of the work is done (0 to 1), and so many are counted. Cheap when there is nothing to say. */
void progress_show(struct progress *p, double share, uint64_t count);

/* Takes the bar away. */
void progress_end(struct progress *p);

/* The same to any stream at a given time, in seconds from any moment: for tests. */
void progress_begin_at(struct progress *p, const char *what, FILE *to, bool bar, bool colour, double now_s);
void progress_show_at(struct progress *p, double share, uint64_t count, double now_s);

#endif
