#include "traffic/frames.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"
#include "traffic/pcapng.h"

struct frames {
	FILE *file;            /* owned by one of the readers */
	uint64_t size;
	pcap_t *pcap;          /* one of these two */
	struct pcapng *pcapng;
	int link_type;         /* pcap: of all frames */
};

/* What a file is that libpcap does not know, where it can be told: a hint for the message. */
static const char *looks_like(const char *path)
{
	static const struct {
		const char *magic;
		size_t length;
		const char *hint;
	} known[] = {
		{ "CGNTRACE", 8, " (it is a flow trace already)" },
		{ "\x1f\x8b", 2, " (it is packed with gzip: unpack it first)" },
		{ "\x28\xb5\x2f\xfd", 4, " (it is packed with zstd: unpack it first)" },
		{ "\xfd" "7zXZ", 5, " (it is packed with xz: unpack it first)" },
		{ "BZh", 3, " (it is packed with bzip2: unpack it first)" },
	};
	char bytes[8] = { 0 };
	const char *hint = "";
	struct stat st;
	FILE *in = fopen(path, "rb");

	if (in && !fstat(fileno(in), &st) && S_ISREG(st.st_mode) && fread(bytes, 1, sizeof(bytes), in) > 0)
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (!memcmp(bytes, known[i].magic, known[i].length))
				hint = known[i].hint;
	if (in)
		fclose(in);
	return hint;
}

struct frames *frames_open(const char *path, struct err *e)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	struct frames *f;
	struct stat st;
	FILE *file = fopen(path, "rb");
	int first;

	if (!file) {
		fail(e, "%s: %s", path, strerror(errno));
		return NULL;
	}
	f = must_alloc(1, sizeof(*f));
	f->file = file;
	if (!fstat(fileno(file), &st) && S_ISREG(st.st_mode))
		f->size = (uint64_t)st.st_size;
	first = getc(file);
	if (first != EOF)
		ungetc(first, file);
	if (first == PCAPNG_FIRST_BYTE) {
		f->pcapng = pcapng_open(file);
		return f;
	}
	f->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!f->pcap) {
		fclose(file);
		free(f);
		fail(e, "%s: not a capture that can be read: %s%s", path, why, looks_like(path));
		return NULL;
	}
	f->link_type = pcap_datalink(f->pcap);
	return f;
}

void frames_close(struct frames *f)
{
	if (!f)
		return;
	if (f->pcap)
		pcap_close(f->pcap);
	pcapng_close(f->pcapng);
	free(f);
}

/* libpcap hands on seconds as a signed number; pcap's are unsigned. With
 * nanosecond precision tv_usec holds nanoseconds. */
static int64_t time_of(const struct pcap_pkthdr *h)
{
	int64_t seconds = h->ts.tv_sec, ns = h->ts.tv_usec;

	if (seconds < 0 && seconds >= INT32_MIN)
		seconds += INT64_C(1) << 32;
	if (seconds < 0 || seconds >= INT64_MAX / NS_PER_S || ns < 0 || ns >= NS_PER_S)
		return NS_NONE;
	return seconds * NS_PER_S + ns;
}

static enum frames_status next_pcapng(struct frames *f, struct frame *out)
{
	struct pcapng_packet p;
	int got = pcapng_next(f->pcapng, &p);

	if (got <= 0)
		return got ? FRAMES_FAULT : FRAMES_END;
	*out = (struct frame){
		.time_ns = p.time_ns,
		.bytes = p.bytes,
		.captured = p.captured,
		.length = p.length,
		.link_type = p.link_type,
	};
	return FRAMES_ONE;
}

static enum frames_status next_pcap(struct frames *f, struct frame *out)
{
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int got = pcap_next_ex(f->pcap, &header, &bytes);

	if (got != 1)
		return got == PCAP_ERROR_BREAK ? FRAMES_END : FRAMES_FAULT;
	*out = (struct frame){
		.time_ns = time_of(header),
		.bytes = bytes,
		.captured = header->caplen,
		.length = header->len,
		.link_type = f->link_type,
	};
	return FRAMES_ONE;
}

enum frames_status frames_next(struct frames *f, struct frame *out)
{
	return f->pcap ? next_pcap(f, out) : next_pcapng(f, out);
}

const char *frames_fault(const struct frames *f)
{
	return f->pcap ? pcap_geterr(f->pcap) : pcapng_fault(f->pcapng);
}

uint64_t frames_size(const struct frames *f)
{
	return f->size;
}

uint64_t frames_read(const struct frames *f)
{
	off_t at = ftello(f->file);

	return at > 0 ? (uint64_t)at : 0;
}

/* pcapng gives the numbers that files hold; for two that wire.h knows libpcap has others. */
char *frames_link_name(int link_type)
{
	int known = link_type == 100 ? DLT_ATM_RFC1483 : link_type == 101 ? DLT_RAW : link_type;
	const char *name = pcap_datalink_val_to_name(known);

	return name ? must_strdup(name) : must_printf("%d", link_type);
}
