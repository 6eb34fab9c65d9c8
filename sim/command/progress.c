#include "sim/command/progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SILENT_S 2.0    /* shorter work needs no bar */
#define BAR_EVERY_S 0.1
#define LINE_EVERY_S 10.0
#define WIDTH 24

static double now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void progress_begin_at(struct progress *p, const char *what, FILE *to, bool bar, bool colour, double now_s)
{
	*p = (struct progress){
		.to = to, .what = what, .bar = bar, .colour = colour, .begun_s = now_s, .shown_s = now_s
	};
}

void progress_begin(struct progress *p, const char *what, bool quiet)
{
	const char *terminal = getenv("TERM"), *no_color = getenv("NO_COLOR");
	bool bar = isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;

	progress_begin_at(p, what, quiet ? NULL : stderr, bar, !no_color || !*no_color, now_seconds());
}

/* "412", "9.8k", "31M". */
static const char *human(double n, char text[32])
{
	static const char units[] = " kMGT";
	size_t u = 0;

	while (n >= 1000 && units[u + 1]) {
		n /= 1000;
		u++;
	}
	if (u)
		snprintf(text, 32, "%.*f%c", n < 10 ? 1 : 0, n, units[u]);
	else
		snprintf(text, 32, "%.0f", n);
	return text;
}

static const char *time_left(double s, char text[32])
{
	if (s < 90)
		snprintf(text, 32, "%.0f s", s);
	else if (s < 5400)
		snprintf(text, 32, "%.0f min", s / 60);
	else
		snprintf(text, 32, "%.1f h", s / 3600);
	return text;
}

static void draw(struct progress *p, double share, uint64_t count, double elapsed)
{
	char total[32], rate[32], left[32] = "?", bar[WIDTH + 1];
	size_t full = (size_t)(share * WIDTH);

	human((double)count, total);
	human((double)count / elapsed, rate);
	if (share > 0)
		time_left(elapsed / share - elapsed, left);
	if (!p->bar) {
		fprintf(p->to, "cgnsim: %3.0f%%, %s %s, %s/s, %s left\n", share * 100, total, p->what, rate, left);
		return;
	}
	memset(bar, ' ', WIDTH);
	memset(bar, '#', full);
	bar[WIDTH] = '\0';
	fprintf(p->to, "\r%s[%s]%s %3.0f%%  %s %s  %s/s  %s left\033[K", p->colour ? "\033[32m" : "", bar,
	        p->colour ? "\033[0m" : "", share * 100, total, p->what, rate, left);
	fflush(p->to);
	p->drawn = true;
}

void progress_show_at(struct progress *p, double share, uint64_t count, double now_s)
{
	double elapsed = now_s - p->begun_s;

	if (!p->to || elapsed < SILENT_S || now_s - p->shown_s < (p->bar ? BAR_EVERY_S : LINE_EVERY_S))
		return;
	p->shown_s = now_s;
	draw(p, share < 0 ? 0 : share > 1 ? 1 : share, count, elapsed);
}

void progress_show(struct progress *p, double share, uint64_t count)
{
	if (p->to)
		progress_show_at(p, share, count, now_seconds());
}

void progress_end(struct progress *p)
{
	if (p->drawn) {
		fputs("\r\033[K", p->to);
		fflush(p->to);
	}
	p->drawn = false;
}
