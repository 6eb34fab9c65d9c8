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

/* Writers round up to a whole second of microseconds, and some go beyond. */
static void fractions_carry_over(void **state)
{
	static const struct {
		bool nano;
		uint32_t fraction;
		int64_t time_ns;
	} cases[] = {
		{ false, 999999, 5 * NS_PER_S + 999999000 }, { false, 1000000, 6 * NS_PER_S }, { false, 1500000, 6 * NS_PER_S + 500000000 },
		{ true, 999999999, 5 * NS_PER_S + 999999999 }, { true, 1000000000, 6 * NS_PER_S },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[UDP_PACKET];
		struct handmade h;
		struct frame frame;
		struct frames *f;

		udp_put(bytes, 0x0a000001, 4000, 0xcb007107);
		pcap_begin(&h, false, cases[i].nano, LINK_RAW_IP);
		pcap_packet(&h, 5, cases[i].fraction, bytes, sizeof(bytes));
		handmade_close(&h);
		f = open_made(&h);
		assert_int_equal(frames_next(f, &frame), FRAMES_ONE);
		assert_int_equal(frame.time_ns, cases[i].time_ns);
		frames_close(f);
		unlink(h.name);
	}
}

/* Ticks of a power of 2, against what whole numbers of 128 bits give, rounded down. */
static void fine_resolutions(void **state)
{
	static const struct {
		uint8_t resolution; /* 2^-n s */
		uint64_t ticks;
		int64_t time_ns;
	} cases[] = {
		{ 32, (UINT64_C(5) << 32) + 1, 5 * NS_PER_S },
		{ 40, (UINT64_C(5) << 40) + (UINT64_C(1) << 39) + 3, 5 * NS_PER_S + 500000000 },
		{ 60, (UINT64_C(5) << 60) + 1152921504607, 5 * NS_PER_S + 1000 },    /* 1152921504606.846976 a nanosecond x 1000 */
		{ 60, (UINT64_C(5) << 60) + 1152921504606, 5 * NS_PER_S + 999 },
		{ 63, (UINT64_C(1) << 63) + 9223372037, NS_PER_S + 1 },              /* 9223372036.854775808 a nanosecond */
		{ 63, (UINT64_C(1) << 63) + 9223372036, NS_PER_S },
		{ 64, UINT64_MAX, NS_PER_S - 1 }, { 127, UINT64_MAX, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[UDP_PACKET];
		struct handmade h;
		struct frame frame;
		struct frames *f;

		udp_put(bytes, 0x0a000001, 4000, 0xcb007107);
		pcapng_begin(&h, false, LINK_RAW_IP, 0x80 | cases[i].resolution);
		pcapng_packet(&h, cases[i].ticks, bytes, sizeof(bytes));
		handmade_close(&h);
		f = open_made(&h);
		assert_int_equal(frames_next(f, &frame), FRAMES_ONE);
		assert_int_equal(frame.time_ns, cases[i].time_ns);
		frames_close(f);
		unlink(h.name);
	}
}

/* Zeros behind the last packet are no packets of 1970. */
static void zeros_behind_a_pcap(void **state)
{
	uint8_t bytes[UDP_PACKET];
	struct handmade h;
	struct frame frame;
	struct frames *f;

	(void)state;
	udp_put(bytes, 0x0a000001, 4000, 0xcb007107);
	pcap_begin(&h, false, false, LINK_RAW_IP);
	pcap_packet(&h, 5, 0, bytes, sizeof(bytes));
	handmade_put(&h, 0, 8);
	handmade_put(&h, 0, 8);
	handmade_close(&h);
	f = open_made(&h);
	assert_int_equal(frames_next(f, &frame), FRAMES_ONE);
	assert_int_equal(frames_next(f, &frame), FRAMES_END);
	frames_close(f);
	unlink(h.name);
}

/* Looking for the first time takes nothing from the frames that follow, nor from how they end. */
static void the_first_time_is_looked_up_ahead(void **state)
{
	(void)state;
	for (int undated = 0; undated <= 3; undated++)
		for (int cut = 0; cut < 2; cut++) {
			uint8_t bytes[UDP_PACKET];
			struct handmade h;
			struct frame frame;
			struct frames *f;

			pcapng_begin(&h, false, LINK_RAW_IP, 6);
			for (uint16_t i = 0; i < 3; i++) {
				udp_put(bytes, 0x0a000001, i, 0xcb007107);
				if (i < undated)
					pcapng_undated(&h, bytes, sizeof(bytes));
				else
					pcapng_packet(&h, (uint64_t)(5 + i) * 1000000, bytes, sizeof(bytes));
			}
			fwrite("a block?", 1, cut ? 8 : 0, h.out);
			handmade_close(&h);
			f = open_made(&h);
			assert_int_equal(frames_first_ns(f), undated < 3 ? (5 + undated) * NS_PER_S : NS_NONE);
			for (int i = 0; i < 3; i++) {
				assert_int_equal(frames_next(f, &frame), FRAMES_ONE);
				assert_int_equal(frame.bytes[21], i);
				assert_int_equal(frame.time_ns, i < undated ? NS_NONE : (5 + i) * NS_PER_S);
			}
			assert_int_equal(frames_next(f, &frame), cut ? FRAMES_FAULT : FRAMES_END);
			frames_close(f);
			unlink(h.name);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nflog_of_either_order),
		cmocka_unit_test(fractions_carry_over),
		cmocka_unit_test(fine_resolutions),
		cmocka_unit_test(zeros_behind_a_pcap),
		cmocka_unit_test(the_first_time_is_looked_up_ahead),
	};

	return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
