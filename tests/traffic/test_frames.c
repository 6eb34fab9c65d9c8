/* What frames of a capture file are, whoever wrote it: byte order, time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/simtime.h"
#include "traffic/frames.h"
#include "traffic/wire.h"
#include "tests/support/handmade.h"

static struct frames *open_made(const struct handmade *h)
{
	struct err e = ERR_INIT;
	struct frames *f = frames_open(h->name, &e);

	assert_non_null(f);
	return f;
}

/* What NFLOG puts before a packet is in the order of the machine that captured; a section says which that is. */
static void nflog_of_either_order(void **state)
{
	enum { NFLOG = 239 };

	(void)state;
	for (int ng = 0; ng < 2; ng++)
		for (int big = 0; big < 2; big++) {
			uint8_t bytes[4 + 8 + 4 + UDP_PACKET] = { 2, 0, 0, 0 };
			uint8_t list[12] = { 0, 5, 0, 10, 'x', 0, 0, 0, 0, 4 + UDP_PACKET, 0, 9 };
			struct wire_packet p;
			struct handmade h;
			struct frame frame;
			struct frames *f;

			for (int i = 0; i < 12 && !big; i += i == 2 ? 6 : 2) {
				list[i] = list[i + 1];
				list[i + 1] = 0;
			}
			memcpy(bytes + 4, list, sizeof(list));
			udp_put(bytes + 16, 0x0a000001, 4000, 0xcb007107);
			if (ng) {
				pcapng_begin(&h, big, NFLOG, 6);
				pcapng_packet(&h, 5, bytes, sizeof(bytes));
			} else {
				pcap_begin(&h, big, false, NFLOG);
				pcap_packet(&h, 5, 0, bytes, sizeof(bytes));
			}
			handmade_close(&h);
			f = open_made(&h);
			assert_int_equal(frames_next(f, &frame), FRAMES_ONE);
			assert_int_equal(wire_decode(frame.bytes, frame.captured, frame.length, frame.link_type, &p), REASON_NONE);
			assert_int_equal(p.source_port, 4000);
			frames_close(f);
			unlink(h.name);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nflog_of_either_order),
	};

	return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
