#include "analysis/figures.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analysis/csv.h"
#include "analysis/plots.h"
#include "analysis/run_summary.h"
#include "analysis/utf8.h"
#include "sim/base/file.h"
#include "sim/base/must.h"

/* The script that all others begin with: it makes no figure of its own. */
#define STYLE "style"

extern char **environ;

static const char *script_text(const char *stem)
{
	for (const struct plot_script *p = plot_scripts; p->stem; p++)
		if (!strcmp(p->stem, stem))
			return p->text;
	return "";
}

/* A name as a gnuplot string. In single quotes only the quote itself is special. */
static void write_name(FILE *to, const char *name)
{
	fputc('\'', to);
	for (const char *at = name; *at;) {
		size_t length = utf8_length(at);

		if (*at == '\'')
			fputs("''", to);
		else if (length)
			fwrite(at, 1, length, to);
		else
			fputc('?', to);
		at += length ? length : 1;
	}
	fputc('\'', to);
}

static bool is_plain(const char *text)
{
	return *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.")];
}

/* What a table's first column may say, in the order of the figure's colours; or
 * what the column "run" of a table of several runs says. */
struct names {
	const char *column; /* what the column must be called */
	const char **items; /* owned, not the texts */
	size_t count;
};

/* The place of a text among the names; their count if it is none. */
static size_t place_of(const struct names *names, const char *text)
{
	size_t which = 0;

	while (which < names->count && strcmp(names->items[which], text))
		which++;
	return which;
}

/* A run's schemes. */
static struct names names_of_run(const struct run_summary *run)
{
	struct names n = { .column = "scheme", .items = must_alloc(run->count, sizeof(*n.items)), .count = run->count };

	for (size_t i = 0; i < n.count; i++)
		n.items[i] = run_scheme_name(run, i);
	return n;
}

/* Whatever a column says, in its order; the texts are the table's. */
static struct names names_of_table(const struct csv *table, size_t column)
{
	struct names n = { .column = table->header[column], .items = must_alloc(table->rows, sizeof(*n.items)) };

	for (size_t r = 0; r < table->rows; r++)
		if (place_of(&n, csv_cell(table, r, column)) == n.count)
			n.items[n.count++] = csv_cell(table, r, column);
	return n;
}

static size_t column_named(const struct csv *table, const char *name)
{
	size_t c = 0;

	while (c < table->columns && strcmp(table->header[c], name))
		c++;
	return c;
}

static void write_names(FILE *to, const char *array, const struct names *names)
{
	fprintf(to, "array %s[%zu]\n", array, names->count);
	for (size_t i = 0; i < names->count; i++) {
		fprintf(to, "%s[%zu] = ", array, i + 1);
		write_name(to, names->items[i]);
		fputc('\n', to);
	}
}

static bool write_columns(FILE *to, const struct csv *table, const struct names *names, const char *path, struct err *e)
{
	for (size_t c = 0; c < table->columns; c++) {
		if (!is_plain(table->header[c]) || strpbrk(table->header[c], "+-."))
			return fail(e, "%s: line 1: column %zu has no name of letters, digits and _", path, c + 1);
		fprintf(to, "at_%s = %zu\n", table->header[c], c + 1);
	}
	if (strcmp(table->header[0], names->column))
		return fail(e, "%s: line 1: the first column must be \"%s\"", path, names->column);
	return true;
}

/* `runs`: empty if no column names any. */
static bool write_rows(FILE *to, const struct csv *table, const struct names *names, const struct names *runs,
                       const char *path, struct err *e)
{
	fputs("$data << END_OF_DATA\n", to);
	for (size_t c = 0; c < table->columns; c++)
		fprintf(to, "%s%c", table->header[c], c + 1 < table->columns ? ',' : '\n');
	for (size_t r = 0; r < table->rows; r++) {
		size_t which = place_of(names, csv_cell(table, r, 0));

		if (which == names->count)
			return fail(e, "%s: row %zu: there is no %s \"%s\" in summary.json", path, r + 1, names->column, csv_cell(table, r, 0));
		fprintf(to, "%zu", which + 1);
		for (size_t c = 1; c < table->columns; c++) {
			const char *cell = csv_cell(table, r, c);

			if (runs->count && !strcmp(table->header[c], runs->column))
				fprintf(to, ",%zu", place_of(runs, cell) + 1);
			else
				fprintf(to, ",%s", is_plain(cell) ? cell : *cell ? "?" : "NaN");
		}
		fputc('\n', to);
	}
	fputs("END_OF_DATA\n", to);
	return true;
}

/* What the scripts are promised: see the head of style.gp. */
static bool write_data(FILE *to, const struct csv *table, const struct names *names, const char *path, struct err *e)
{
	size_t run_column = column_named(table, "run");
	struct names runs = { 0 };
	bool good;

	write_names(to, "names", names);
	if (run_column < table->columns) {
		runs = names_of_table(table, run_column);
		write_names(to, "runs", &runs);
	}
	good = write_columns(to, table, names, path, e) && write_rows(to, table, names, &runs, path, e);
	free(runs.items);
	return good;
}

/* The user's environment, but with the numbers and letters that the scripts count on. */
static char **environment(void)
{
	static char locale[] = "LC_ALL=C.UTF-8";
	size_t count = 0;
	char **all;

	for (char **v = environ; *v; v++)
		count++;
	all = must_alloc(count + 2, sizeof(*all));
	count = 0;
	for (char **v = environ; *v; v++)
		if (strncmp(*v, "LC_", 3) && strncmp(*v, "LANG", 4))
			all[count++] = *v;
	all[count] = locale;
	return all;
}

/* The line of gnuplot's complaints that says what is wrong: "line 5: ...", not
 * its echo of the script nor a warning. The first line that is not empty if there is no such line. */
static void fail_with_complaint(FILE *complaints, const char *path, struct err *e)
{
	char line[512], first[512] = "no reason given";
	bool any = false, found = false;

	rewind(complaints);
	while (!found && fgets(line, sizeof(line), complaints)) {
		char *text = line + strspn(line, " \t");

		text[strcspn(text, "\n")] = '\0';
		found = !strncmp(text, "line ", 5) && !strstr(text, "warning:");
		if (*text && (found || !any)) {
			any = true;
			memmove(first, text, strlen(text) + 1);
		}
	}
	fail(e, "%s: gnuplot failed: %s", path, first);
}

/* Runs gnuplot on `script`; its output and complaints go to the two files. No
 * shell, and no start-up files of the user (-d). */
static enum figures_result run_gnuplot(FILE *script, FILE *svg, FILE *complaints, const char *path, struct err *e)
{
	static char name[] = "gnuplot", defaults[] = "-d", from_stdin[] = "-";
	char *argv[] = { name, defaults, from_stdin, NULL };
	char **env = environment();
	posix_spawn_file_actions_t files;
	pid_t child;
	int status = 0, bad;

	must(!posix_spawn_file_actions_init(&files));
	must(!posix_spawn_file_actions_adddup2(&files, fileno(script), STDIN_FILENO));
	must(!posix_spawn_file_actions_adddup2(&files, fileno(svg), STDOUT_FILENO));
	must(!posix_spawn_file_actions_adddup2(&files, fileno(complaints), STDERR_FILENO));
	bad = posix_spawnp(&child, name, &files, NULL, argv, env);
	posix_spawn_file_actions_destroy(&files);
	free(env);
	if (bad == ENOENT || bad == EACCES)
		return FIGURES_NO_GNUPLOT;
	if (bad) {
		fail(e, "%s: gnuplot could not be started: %s", path, strerror(bad));
		return FIGURES_FAILED;
	}
	while (waitpid(child, &status, 0) < 0)
		must(errno == EINTR);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return FIGURES_MADE;
	if (WIFSIGNALED(status))
		fail(e, "%s: gnuplot was ended by signal %d", path, WTERMSIG(status));
	else
		fail_with_complaint(complaints, path, e);
	return FIGURES_FAILED;
}

/* `run`: NULL for a table that belongs to none. */
static enum figures_result draw(const char *text, const char *csv_path, const char *svg_path, const struct run_summary *run,
                                struct err *e)
{
	enum figures_result result = FIGURES_FAILED;
	struct csv table = { 0 };
	struct names names = { 0 };
	struct outfile svg = { 0 };
	FILE *script = tmpfile(), *complaints = tmpfile();

	if (!script || !complaints) {
		fail(e, "%s: no temporary file could be made: %s", svg_path, strerror(errno));
		goto out;
	}
	if (!csv_read(&table, csv_path, e))
		goto out;
	names = run ? names_of_run(run) : names_of_table(&table, 0);
	if (!write_data(script, &table, &names, csv_path, e) || !outfile_open(&svg, svg_path, e))
		goto out;
	fprintf(script, "%s%s", script_text(STYLE), text);
	if (fflush(script) || ferror(script) || fseek(script, 0, SEEK_SET)) {
		fail(e, "%s: the temporary file could not be written: %s", svg_path, strerror(errno));
		goto out;
	}
	result = run_gnuplot(script, svg.stream, complaints, svg_path, e);
	if (result == FIGURES_MADE && !outfile_commit(&svg, e))
		result = FIGURES_FAILED;
out:
	outfile_abandon(&svg);
	csv_clear(&table);
	free(names.items);
	if (script)
		fclose(script);
	if (complaints)
		fclose(complaints);
	return result;
}

static enum figures_result make_figure(const char *dir, const struct plot_script *plot, const struct run_summary *run, struct err *e)
{
	char *csv_path = must_printf("%s/%s.csv", dir, plot->stem);
	char *svg_path = must_printf("%s/%s.svg", dir, plot->stem);
	enum figures_result result = FIGURES_MADE; /* no table, no figure */

	if (!access(csv_path, F_OK) || errno != ENOENT)
		result = draw(plot->text, csv_path, svg_path, run, e);
	free(csv_path);
	free(svg_path);
	return result;
}

enum figures_result figure_make(const char *stem, const char *csv_path, const char *svg_path, struct err *e)
{
	return draw(script_text(stem), csv_path, svg_path, NULL, e);
}

enum figures_result figures_make(const char *dir, struct err *e)
{
	enum figures_result result = FIGURES_MADE;
	struct run_summary run;

	if (!run_summary_read(&run, dir, e))
		return FIGURES_FAILED;
	for (const struct plot_script *p = plot_scripts; p->stem && result == FIGURES_MADE; p++)
		if (strcmp(p->stem, STYLE))
			result = make_figure(dir, p, &run, e);
	run_summary_clear(&run);
	return result;
}
