/* Two ways to show the NAT the same TCP packets, as trains of one and as
 * datagrams, must give a session the same life. */
#include "tests/support/natbench.h"
#include "tests/support/schemeconf.h"

#include "sim/base/rng.h"
#include "sim/nat/translate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define REMOTE 0xc6120001u
#define PUBLIC 0xc0000201u

enum { PACKETS = 7 };

struct ends {
	int64_t first_ns;   /* when the first mapping ended; 0: it has not */
	bool held;          /* its number was not free at once */
};

static void watch(void *context, const struct nat_event *e)
{
	struct ends *ends = context;

	if (e->kind == NAT_MAPPING_ENDED && !ends->first_ns) {
		ends->first_ns = e->time_ns;
		ends->held = true;
	}
	if (e->kind == NAT_PORT_RELEASED && e->time_ns == ends->first_ns)
		ends->held = false;
}

struct packet {
	int64_t at_ns;
	uint8_t what;       /* one of SEG_SYN_*, SEG_FIN_*, SEG_RST, or 0 */
	bool inbound;
};

static struct nat_config config_of(void)
{
	struct nat_config c = bench_defaults();

	c.timeouts.tcp_open = 30 * S;
	c.timeouts.tcp_closing = 60 * S;
	c.timeouts.tcp_established = 300 * S;
	c.hold_down.tcp = RELEASE;
	return c;
}

static struct ends life(const struct packet *packets, bool trains)
{
	static const uint32_t outside = PUBLIC;
	static const uint64_t random[16];
	struct nat_config config = config_of();
	struct slots *slots = slots_create((struct port_range){ 2000, 2000 }, &(struct port_ranges){ 0 });
	struct ends ends = { 0 };
	struct nat *nat = nat_create(&(struct nat_setup){
		.config = &config, .slots = slots, .addresses = 1, .subscribers = 1, .rng_key = RNG_TEST,
		.sink = { .context = &ends, .event = watch }, .scheme_create = scheme_find("session")->create,
		.scheme_config = random, .outside = trains ? NULL : &outside,
	});

	for (int i = 0; i < PACKETS && !ends.first_ns; i++) {
		const struct packet *p = &packets[i];
		struct segment train = train_of(p->at_ns, 0, PROTO_TCP, 5000, (uint8_t)(p->what | (p->inbound ? SEG_INBOUND : 0)));
		struct datagram d = { .ends = { 1, REMOTE, 5000, 4433, IP_TCP } };

		nat_advance(nat, p->at_ns);
		if (ends.first_ns)
			break;
		train.remote = REMOTE;
		if (p->inbound)
			d.ends = (struct packet_ends){ REMOTE, PUBLIC, 4433, 2000, IP_TCP };
		d.tcp_flags = p->what & (SEG_SYN_OUT | SEG_SYN_IN) ? TCP_SYN : p->what & (SEG_FIN_OUT | SEG_FIN_IN) ? TCP_FIN :
		              p->what & SEG_RST ? TCP_RST : TCP_ACK;
		if (trains)
			nat_show(nat, &train);
		else if (p->inbound)
			nat_inbound(nat, p->at_ns, &d);
		else
			nat_outbound(nat, p->at_ns, 0, 0, &d);
	}
	nat_advance(nat, packets[PACKETS - 1].at_ns + 1000 * S);
	nat_destroy(nat);
	slots_destroy(slots);
	return ends;
}

/* Every kind of packet after every other, at moments on either side of every timeout. */
static void trains_of_one_live_as_datagrams(void **state)
{
	static const int64_t gaps[] = { 1, 10, 25, 29, 31, 55, 61, 200, 239, 241, 299 };
	static const uint8_t out[] = { SEG_SYN_OUT, SEG_FIN_OUT, SEG_RST, 0 }, in[] = { SEG_SYN_IN, SEG_FIN_IN, SEG_RST, 0 };
	struct rng r;

	(void)state;
	rng_seed(&r, RNG_TEST);
	for (int n = 0; n < 20000; n++) {
		struct packet packets[PACKETS] = { { 0, out[rng_below(&r, 2)], false } };
		struct ends a, b;

		for (int i = 1; i < PACKETS; i++) {
			packets[i].at_ns = packets[i - 1].at_ns + gaps[rng_below(&r, 11)] * S;
			packets[i].inbound = rng_below(&r, 2);
			packets[i].what = packets[i].inbound ? in[rng_below(&r, 4)] : out[rng_below(&r, 4)];
		}
		a = life(packets, true);
		b = life(packets, false);
		if (a.first_ns != b.first_ns || a.held != b.held) {
			for (int i = 0; i < PACKETS; i++)
				print_error("%lld s: %02x %s\n", (long long)(packets[i].at_ns / S), packets[i].what,
				            packets[i].inbound ? "in" : "out");
			fail_msg("as trains %lld s (%d), as datagrams %lld s (%d)", (long long)(a.first_ns / S), a.held,
			         (long long)(b.first_ns / S), b.held);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trains_of_one_live_as_datagrams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
