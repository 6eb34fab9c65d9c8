/* Two hosts and a link of 10 Mbit/s and 20 ms: one sends the other a megabyte,
 * and what passes is captured. usage: transfer CAPTURE.pcap */
#include <inttypes.h>
#include <stdio.h>

#include "sim/ns3/ns3c.h"

enum { PORT = 80, SIZE = 1000000 };

static uint32_t left = SIZE;

static void fill(struct ns3c_tcp *tcp, uint32_t space, void *user)
{
	int64_t taken = ns3c_tcp_send(tcp, NULL, space < left ? space : left);

	(void)user;
	if (taken > 0)
		left -= (uint32_t)taken;
	if (left == 0)
		ns3c_tcp_close(tcp);
}

static void done(struct ns3c_tcp *tcp, enum ns3c_end how, void *sim)
{
	struct ns3c_tcp_info info = ns3c_tcp_get_info(tcp);

	printf("%s after %.3f s: %" PRIu64 " bytes sent, %" PRIu64 " received, %u segments again\n", ns3c_end_name(how),
	       (double)ns3c_now(sim) * 1e-9, info.sent, info.received, info.retransmitted);
}

int main(int argc, char **argv)
{
	const struct ns3c_link slow = { .bits_per_second = 10000000, .delay_ns = 20000000 };
	const struct ns3c_tcp_events client = { .space = fill, .ended = done }, server = { .ended = done };
	const uint32_t here = 0xc0000201, there = 0xc0000202; /* 192.0.2.1 and .2 */
	struct ns3c_sim *sim = ns3c_create(NULL);
	struct ns3c_node *a = ns3c_add_host(sim), *b = ns3c_add_host(sim);
	struct ns3c_device *at_a, *at_b;
	bool good = argc == 2 && ns3c_join(a, b, &slow, &at_a, &at_b) == 0 && ns3c_address(at_a, here, 24) == 0 &&
	            ns3c_address(at_b, there, 24) == 0 && ns3c_capture_open(at_a, argv[1]) &&
	            ns3c_tcp_listen(b, 0, PORT, NULL, &server, NULL, sim) &&
	            ns3c_tcp_connect(a, 0, 0, there, PORT, NULL, &client, sim) && ns3c_run(sim, -1) == 0;

	if (!good)
		fprintf(stderr, "%s\n", argc == 2 ? ns3c_error() : "usage: transfer CAPTURE.pcap");
	ns3c_destroy(sim);
	return good && left == 0 ? 0 : 1;
}
