#include "sim/world/checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim/base/crc.h"
#include "sim/base/file.h"
#include "sim/base/must.h"
#include "sim/base/simtime.h"

static const char magic[8] = "cgnsim\0\2";

#define HEAD (sizeof(magic) + 4)

/* Sums read from a file, still in their bytes. */
struct entry {
	uint32_t replication;
	bool finished;         /* from a done-N */
	char *path;            /* where it was read; owned */
	uint8_t *bytes;        /* owned */
	size_t length;
};

struct checkpoint {
	char *directory;       /* owned */
	uint32_t fingerprint;
	unsigned rank;
	int64_t every_ns, written_ns;
	struct entry *entries; /* owned */
	size_t entry_count;
	uint64_t next_done;    /* number of the next done-N */
	struct carry_out finished; /* entries for it */
	bool holds;
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void add_entry(struct checkpoint *c, uint32_t replication, const char *path, const char *name,
                      const struct carry_in *sums)
{
	struct entry *entry;

	c->entries = must_grow(c->entries, c->entry_count + 1, sizeof(*c->entries));
	entry = &c->entries[c->entry_count++];
	*entry = (struct entry){
		.replication = replication,
		.finished = !strncmp(name, "done-", 5),
		.path = must_strdup(path),
		.length = (size_t)(sums->end - sums->at),
	};
	entry->bytes = must_alloc(entry->length, 1);
	if (entry->length)
		memcpy(entry->bytes, sums->at, entry->length);
	c->holds = true;
}

static uint32_t word_at(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static bool read_entries(struct checkpoint *c, const char *path, const char *name, const uint8_t *bytes, size_t length,
                         struct err *e)
{
	struct carry_in in, sums;

	if (length < HEAD + 4 || memcmp(bytes, magic, sizeof(magic)))
		return fail(e, "%s: is not the state of a run that this version can go on from", path);
	if (crc32c(0, bytes, length - 4) != word_at(bytes + length - 4))
		return fail(e, "%s: is damaged: its checksum does not fit", path);
	if (word_at(bytes + sizeof(magic)) != c->fingerprint)
		return fail(e, "%s: belongs to another run", path);
	in = (struct carry_in){ bytes + HEAD, bytes + length - 4 };
	while (in.at < in.end) {
		uint64_t replication, size;

		if (!carry_take_number(&in, UINT32_MAX, &replication) || !carry_take_number(&in, SIZE_MAX, &size) ||
		    !carry_take_part(&in, size, &sums))
			return fail(e, "%s: is damaged: its entries are malformed", path);
		add_entry(c, (uint32_t)replication, path, name, &sums);
	}
	return true;
}

/* "done-12" is 12; false if the name is not of this form. */
static bool number_of(const char *name, const char *prefix, uint64_t *number)
{
	char *end;

	if (strncmp(name, prefix, strlen(prefix)) || name[strlen(prefix)] < '0' || name[strlen(prefix)] > '9')
		return false;
	errno = 0;
	*number = strtoull(name + strlen(prefix), &end, 10);
	return !*end && !errno && *number < UINT32_MAX;
}

static bool read_one(struct checkpoint *c, const char *name, struct err *e)
{
	uint64_t number;
	size_t length;
	char *path, *bytes;
	bool good;

	if (number_of(name, "done-", &number)) {
		if (number >= c->next_done)
			c->next_done = number + 1;
	} else if (!number_of(name, "now-", &number)) {
		return true;
	}
	path = must_printf("%s/%s", c->directory, name);
	bytes = file_read(path, &length, e);
	good = bytes && read_entries(c, path, name, (const uint8_t *)bytes, length, e);
	free(bytes);
	free(path);
	return good;
}

struct checkpoint *checkpoint_open(const struct checkpoint_setup *setup, struct err *e)
{
	struct checkpoint *c = must_alloc(1, sizeof(*c));
	DIR *dir = opendir(setup->directory);
	struct dirent *entry;
	bool good = dir != NULL;

	*c = (struct checkpoint){
		.directory = must_strdup(setup->directory),
		.fingerprint = setup->fingerprint,
		.rank = setup->rank,
		.every_ns = setup->every_ns,
		.written_ns = now_ns(),
	};
	if (!dir)
		fail(e, "%s: %s", setup->directory, strerror(errno));
	while (good && (entry = readdir(dir)))
		good = read_one(c, entry->d_name, e);
	if (dir)
		closedir(dir);
	if (!good) {
		checkpoint_close(c);
		return NULL;
	}
	return c;
}

static void entry_clear(struct entry *entry)
{
	free(entry->path);
	free(entry->bytes);
}

void checkpoint_close(struct checkpoint *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->entry_count; i++)
		entry_clear(&c->entries[i]);
	free(c->entries);
	free(c->finished.bytes);
	free(c->directory);
	free(c);
}

static bool is_finished(const struct checkpoint *c, uint32_t replication)
{
	for (size_t i = 0; i < c->entry_count; i++)
		if (c->entries[i].finished && c->entries[i].replication == replication)
			return true;
	return false;
}

static void put_word(struct carry_out *o, uint32_t n)
{
	const uint8_t bytes[4] = { (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24) };

	carry_bytes(o, bytes, sizeof(bytes));
}

static void put_entry(struct carry_out *o, uint32_t replication, const void *bytes, size_t length)
{
	carry_number(o, replication);
	carry_number(o, length);
	carry_bytes(o, bytes, length);
}

static void put_sums(struct carry_out *o, uint32_t replication, const struct sums *sums)
{
	struct carry_out body = { 0 };

	sums_carry(&body, sums);
	put_entry(o, replication, body.bytes, body.length);
	free(body.bytes);
}

/* Writes the file NAME with these entries. */
static bool write_file(struct checkpoint *c, const char *name, const struct carry_out *entries, struct err *e)
{
	char *path = must_printf("%s/%s", c->directory, name);
	struct carry_out file = { 0 };
	struct outfile out;
	bool good = outfile_open(&out, path, e);

	if (good) {
		carry_bytes(&file, magic, sizeof(magic));
		put_word(&file, c->fingerprint);
		carry_bytes(&file, entries->bytes, entries->length);
		put_word(&file, crc32c(0, file.bytes, file.length));
		fwrite(file.bytes, 1, file.length, out.stream);
		good = outfile_commit(&out, e);
	}
	c->holds |= good;
	free(file.bytes);
	free(path);
	return good;
}

/* What was read of replications from this one on that nobody has finished. */
static void put_unfinished(struct carry_out *o, const struct checkpoint *c, uint32_t from)
{
	for (size_t i = 0; i < c->entry_count; i++) {
		const struct entry *entry = &c->entries[i];

		if (!entry->finished && entry->replication >= from && !is_finished(c, entry->replication))
			put_entry(o, entry->replication, entry->bytes, entry->length);
	}
}

static bool write_now(struct checkpoint *c, const struct carry_out *entries, struct err *e)
{
	char *name = must_printf("now-%u", c->rank);
	bool good = write_file(c, name, entries, e);

	free(name);
	return good;
}

bool checkpoint_settle(struct checkpoint *c, struct err *e)
{
	struct carry_out entries = { 0 };
	bool good = true;

	must(!c->rank);
	put_unfinished(&entries, c, 0);
	if (entries.length)
		good = write_now(c, &entries, e);
	free(entries.bytes);
	for (size_t i = 0; good && i < c->entry_count; i++) {
		const char *slash = strrchr(c->entries[i].path, '/');

		if (!c->entries[i].finished && strcmp(slash, "/now-0"))
			unlink(c->entries[i].path); /* entries of one file share a path: it may be gone */
	}
	return good;
}

bool checkpoint_take(struct checkpoint *c, uint32_t replication, struct sums *into, struct err *e)
{
	bool finished = is_finished(c, replication);

	for (size_t i = 0; i < c->entry_count; i++) {
		struct entry *entry = &c->entries[i];
		struct carry_in in = { entry->bytes, entry->bytes + entry->length };

		if (entry->replication != replication || entry->finished != finished)
			continue;
		if (!sums_take(&in, into))
			return fail(e, "%s: is damaged: its sums do not fit this run", entry->path);
	}
	if (finished && into->done_count != into->jobs)
		return fail(e, "%s: is damaged: a finished replication lacks jobs", c->directory);
	return true;
}

bool checkpoint_due(const struct checkpoint *c)
{
	return now_ns() - c->written_ns >= c->every_ns;
}

int64_t checkpoint_every_ns(const struct checkpoint *c)
{
	return c->every_ns;
}

void checkpoint_finished(struct checkpoint *c, uint32_t replication, const struct sums *sums)
{
	if (!is_finished(c, replication))
		put_sums(&c->finished, replication, sums);
}

bool checkpoint_write(struct checkpoint *c, uint32_t replication, const struct sums *now, struct err *e)
{
	struct carry_out entries = { 0 };
	bool good = true;

	if (c->finished.length) {
		char *name = must_printf("done-%llu", (unsigned long long)c->next_done);

		good = write_file(c, name, &c->finished, e);
		free(name);
		c->next_done++;
		free(c->finished.bytes);
		c->finished = (struct carry_out){ 0 };
	}
	if (now && now->done_count)
		put_sums(&entries, replication, now);
	if (!c->rank)
		put_unfinished(&entries, c, replication + 1);
	if (good && entries.length)
		good = write_now(c, &entries, e);
	free(entries.bytes);
	c->written_ns = now_ns();
	return good;
}

bool checkpoint_holds(const struct checkpoint *c)
{
	return c && c->holds;
}
