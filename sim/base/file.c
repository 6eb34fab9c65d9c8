#include "sim/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/must.h"

/* A file without a name in the path's directory, so that a process that is killed
 * leaves nothing behind; -1 where the file system or the lack of /proc forbid it. */
static int nameless(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory = slash ? must_printf("%.*s", (int)(slash - path) + 1, path) : must_strdup(".");
	int fd = -1;

	if (!access("/proc/self/fd", X_OK))
		fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	free(directory);
	return fd;
}

bool outfile_open(struct outfile *f, const char *path, struct err *e)
{
	int fd;
	struct stat st;

	*f = (struct outfile){ 0 };
	if (!*path)
		return fail(e, "the name of the output file is empty");
	if (!stat(path, &st) && !S_ISREG(st.st_mode)) /* a rename would put a file in its place */
		return fail(e, "%s: is %s, not a file", path, S_ISDIR(st.st_mode) ? "a directory" : "a device or a pipe");
	if (!stat(path, &st) && !(st.st_mode & 0222)) /* nor does a rename, or root, ask for leave */
		return fail(e, "%s: is there and is read-only", path);
	f->path = must_strdup(path);
	fd = nameless(path);
	if (fd < 0) {
		f->temporary = must_printf("%s.XXXXXX", path);
		fd = mkstemp(f->temporary);
	}
	if (fd >= 0) {
		mode_t mask = umask(0);

		umask(mask);
		if (fchmod(fd, 0666 & ~mask) == 0)
			f->stream = fdopen(fd, "wb");
	}
	if (!f->stream) {
		fail(e, "%s: %s", path, strerror(errno));
		if (fd >= 0) {
			close(fd);
			if (f->temporary)
				unlink(f->temporary);
		}
		free(f->path);
		free(f->temporary);
		*f = (struct outfile){ 0 };
		return false;
	}
	return true;
}

/* Gives the nameless file a name beside the final one: a rename replaces what is there, a link does not. */
static bool name_it(struct outfile *f)
{
	char *self = must_printf("/proc/self/fd/%d", fileno(f->stream));
	bool good = false;

	for (unsigned i = 0; i < 100 && !good; i++) {
		free(f->temporary);
		f->temporary = must_printf("%s.%ld.%u", f->path, (long)getpid(), i);
		good = !linkat(AT_FDCWD, self, AT_FDCWD, f->temporary, AT_SYMLINK_FOLLOW);
		if (!good && errno != EEXIST)
			break;
	}
	if (!good) {
		free(f->temporary);
		f->temporary = NULL;
	}
	free(self);
	return good;
}

bool outfile_commit(struct outfile *f, struct err *e)
{
	bool good = true;

	must(f->stream);
	errno = 0;
	if (fflush(f->stream) || ferror(f->stream) || fsync(fileno(f->stream)))
		good = fail(e, "%s: %s", f->path, errno ? strerror(errno) : "could not be written");
	if (good && !f->temporary && !name_it(f))
		good = fail(e, "%s: %s", f->path, strerror(errno));
	if (fclose(f->stream) && good)
		good = fail(e, "%s: %s", f->path, strerror(errno));
	f->stream = NULL;
	if (good && rename(f->temporary, f->path))
		good = fail(e, "%s: %s", f->path, strerror(errno));
	if (good) {
		free(f->temporary);
		f->temporary = NULL;
	}
	outfile_abandon(f);
	return good;
}

void outfile_abandon(struct outfile *f)
{
	if (f->stream)
		fclose(f->stream);
	if (f->temporary)
		unlink(f->temporary);
	free(f->temporary);
	free(f->path);
	*f = (struct outfile){ 0 };
}

char *file_read(const char *path, size_t *length, struct err *e)
{
	char *text = NULL;
	size_t room = 0, have = 0, got;
	FILE *in = fopen(path, "rb");

	if (!in) {
		fail(e, "%s: %s", path, strerror(errno));
		return NULL;
	}
	do {
		if (room - have < 65536) {
			room = room * 2 + 65536 + 1;
			text = must_grow(text, room, 1);
		}
		got = fread(text + have, 1, room - have - 1, in);
		have += got;
	} while (got);
	if (ferror(in)) {
		fail(e, "%s: %s", path, strerror(errno));
		free(text);
		text = NULL;
	} else {
		text[have] = '\0';
		*length = have;
	}
	fclose(in);
	return text;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	return remove(path);
}

bool directory_remove(const char *path)
{
	return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0;
}
