/* Memory of an import grows with the flows alive at once: four times as many flows, each of a host of its own, take as
 * much as the first quarter of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "traffic/import.h"
#include "traffic/trace_file.h"
#include "tests/support/handmade.h"

enum { FLOWS = 120000, PER_SECOND = 4000 }; /* enough to fill what is kept before it goes to the disk */
enum kind { PLAIN, IPV6, HOME };

/* A datagram of host i, which sends no other. */
static void host_speaks(struct handmade *h, enum kind kind, uint32_t i)
{
	static const uint8_t ports[8] = { 15, 160, 0, 53, 0, 8 };
	uint8_t bytes[40 + UDP_PACKET] = { 0x60, 0, 0, 0, 0, 8, 17, 64, 0x20, 1, 0x0d, 0xb8, [24] = 0x20, 1, 0x0d, 0xb8, [39] = 1 };
	uint32_t length = 48;

	for (int b = 0; b < 4; b++)
		bytes[20 + b] = (uint8_t)(i >> (24 - 8 * b));
	memcpy(bytes + 40, ports, sizeof(ports));
	if (kind == HOME) {
		bytes[5] = UDP_PACKET;
		bytes[6] = 4;
		udp_put(bytes + 40, 0xc0a80002, 4000, 0xcb007107);
		length = sizeof(bytes);
	} else if (kind == PLAIN) {
		udp_put(bytes, 0x0a000000 + i, 4000, 0xcb007107);
		length = UDP_PACKET;
	}
	pcap_packet(h, 1 + i / PER_SECOND, i % PER_SECOND * (1000000 / PER_SECOND), bytes, length);
}

/* In a process of its own, whose memory is its own. */
static long peak_kb(const char *capture, uint32_t flows)
{
	struct rusage used;
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct import_options how = { 0 };
		struct import_report r;
		struct err e = ERR_INIT;
		char name[] = "/tmp/test_memory.XXXXXX";
		struct trace_writer *w;
		struct trace *t;

		close(mkstemp(name));
		w = trace_writer_open(name, &e);
		t = import_to(&capture, 1, &how, w, &r, &e);
		status = !t || t->flows[PROTO_UDP] + t->flow6_count != flows || !trace_writer_commit(w, t, &e);
		unlink(name);
		_exit(status);
	}
	assert_true(child > 0);
	assert_int_equal(wait4(child, &status, 0, &used), child);
	assert_int_equal(status, 0);
	return used.ru_maxrss;
}

static void memory_is_of_live_flows(void **state)
{
	(void)state;
#ifdef __SANITIZE_ADDRESS__
	print_message("skipped: a sanitizer keeps what was freed\n");
	skip();
#endif
	for (enum kind kind = PLAIN; kind <= HOME; kind++) {
		long peak[2];

		for (uint32_t many = 0; many < 2; many++) {
			uint32_t flows = many ? 4 * FLOWS : FLOWS;
			struct handmade h;

			pcap_begin(&h, false, false, LINK_RAW_IP);
			for (uint32_t i = 0; i < flows; i++)
				host_speaks(&h, kind, i);
			handmade_close(&h);
			peak[many] = peak_kb(h.name, flows);
			unlink(h.name);
		}
		if (peak[1] > peak[0] + peak[0] / 10)
			fail_msg("kind %d: %ld KB, and four times as many take %ld KB", (int)kind, peak[0], peak[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_of_live_flows),
	};

	return cmocka_run_group_tests_name("import_memory", tests, NULL, NULL);
}
