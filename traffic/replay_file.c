#include "traffic/replay_file.h"

#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/must.h"
#include "traffic/replay_packet.h"

#define PCAP_END_NS ((INT64_C(1) << 32) * NS_PER_S) /* seconds have 32 bits there */

enum { SNAP_LENGTH = 262144, BUFFER = 1 << 20 };

struct replay_file {
	struct outfile out;    /* path NULL: standard output */
	const char *name;
	pcap_t *pcap;
	pcap_dumper_t *dumper; /* on a descriptor of its own: libpcap closes what it is given */
	FILE *stream;
	int64_t epoch_ns;
};

/* A pcap may be replaced, or an empty file. */
static bool may_write(const char *path, struct err *e)
{
	static const uint32_t magics[] = { 0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1 };
	uint32_t magic = 0;
	FILE *in = fopen(path, "rb");
	size_t got = in ? fread(&magic, 1, sizeof(magic), in) : 0;
	bool may = !got;

	if (in)
		fclose(in);
	for (size_t i = 0; i < sizeof(magics) / sizeof(*magics); i++)
		may = may || magic == magics[i];
	return may || fail(e, "%s: is there and is no pcap; it is not written over", path);
}

/* The descriptor to write on, for libpcap to close; -1 with `e` set. */
static int descriptor(struct replay_file *f, const char *path, struct err *e)
{
	int fd;

	f->name = strcmp(path, "-") ? path : "standard output";
	if (f->name == path) {
		if (!may_write(path, e) || !outfile_open(&f->out, path, e))
			return -1;
		fd = dup(fileno(f->out.stream));
	} else {
		if (isatty(STDOUT_FILENO)) {
			fail(e, "--pcap -: standard output is a terminal; a capture goes to a file or a program");
			return -1;
		}
		fd = dup(STDOUT_FILENO);
	}
	if (fd < 0)
		fail(e, "%s: %s", f->name, strerror(errno));
	return fd;
}

struct replay_file *replay_file_open(const char *path, int64_t epoch_ns, int64_t duration_ns, struct err *e)
{
	struct replay_file *f;
	int fd;

	if (epoch_ns < 0 || epoch_ns >= PCAP_END_NS - duration_ns) {
		fail(e, "%s: a pcap holds times from 1970 to 2106; the trace begins %" PRId64 " s from 1970 and lasts %" PRId64 " s", path,
		     epoch_ns / NS_PER_S, duration_ns / NS_PER_S);
		return NULL;
	}
	f = must_alloc(1, sizeof(*f));
	f->epoch_ns = epoch_ns;
	fd = descriptor(f, path, e);
	if (fd < 0) {
		outfile_abandon(&f->out);
		free(f);
		return NULL;
	}
	f->stream = fdopen(fd, "wb");
	f->pcap = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAP_LENGTH, PCAP_TSTAMP_PRECISION_NANO);
	must(f->stream && f->pcap);
	setvbuf(f->stream, NULL, _IOFBF, BUFFER);
	f->dumper = pcap_dump_fopen(f->pcap, f->stream);
	if (!f->dumper) {
		fail(e, "%s: %s", f->name, pcap_geterr(f->pcap));
		fclose(f->stream);
		replay_file_abandon(f);
		return NULL;
	}
	return f;
}

static bool written(struct replay_file *f, struct err *e)
{
	if (!ferror(f->stream))
		return true;
	return fail(e, "%s: %s", f->name, errno ? strerror(errno) : "could not be written");
}

static bool take_frame(void *context, int64_t time_ns, const uint8_t *bytes, size_t length, struct err *e)
{
	struct replay_file *f = context;
	int64_t at_ns = f->epoch_ns + time_ns;
	struct pcap_pkthdr header = { .caplen = (bpf_u_int32)length, .len = (bpf_u_int32)length };

	header.ts.tv_sec = at_ns / NS_PER_S;
	header.ts.tv_usec = at_ns % NS_PER_S; /* nanoseconds, as the precision says */
	errno = 0;
	pcap_dump((u_char *)f->dumper, &header, bytes);
	return written(f, e);
}

struct replay_taker replay_file_taker(struct replay_file *f)
{
	return (struct replay_taker){ .context = f, .frame = take_frame };
}

static void close_pcap(struct replay_file *f)
{
	if (f->dumper)
		pcap_dump_close(f->dumper);
	pcap_close(f->pcap);
	f->dumper = NULL;
}

bool replay_file_commit(struct replay_file *f, struct err *e)
{
	bool good;

	errno = 0;
	good = (pcap_dump_flush(f->dumper) == 0 && written(f, e)) || fail(e, "%s: %s", f->name, strerror(errno));
	close_pcap(f);
	if (good && f->out.path)
		good = outfile_commit(&f->out, e);
	else
		outfile_abandon(&f->out);
	free(f);
	return good;
}

void replay_file_abandon(struct replay_file *f)
{
	if (!f)
		return;
	close_pcap(f);
	outfile_abandon(&f->out);
	free(f);
}
