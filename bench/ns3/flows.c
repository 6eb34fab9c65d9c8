/* flows - what a node without a stack costs: flows [HOSTS] [SECONDS]
 *
 * HOSTS (100) hosts open a TCP connection each every 2 s, for SECONDS (600), through a node that forwards each
 * packet as bytes, and send 10 kB to one server. Prints the flows, packets, events, CPU seconds and memory. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "sim/ns3/ns3c.h"

#define SECOND INT64_C(1000000000)
#define INSIDE UINT32_C(0x0a000001)   /* 10.0.0.1, the first host */
#define SERVER UINT32_C(0xc0000201)   /* 192.0.2.1 */

enum { BYTES = 10000, MOST = 65536 };

static struct bench {
	struct ns3c_sim *sim;
	struct ns3c_device *inside[MOST], *outside;
	int64_t until;
	uint64_t flows, packets, received;
} bench;

static void forward(struct ns3c_device *from, uint8_t *bytes, uint32_t length, void *user)
{
	uint32_t to = (uint32_t)bytes[16] << 24 | (uint32_t)bytes[17] << 16 | (uint32_t)bytes[18] << 8 | bytes[19];

	(void)user;
	bench.packets++;
	ns3c_send(from == bench.outside ? bench.inside[to - INSIDE] : bench.outside, bytes, length);
}

static void connected(struct ns3c_tcp *tcp, void *user)
{
	(void)user;
	ns3c_tcp_send(tcp, NULL, BYTES);
	ns3c_tcp_close(tcp);
}

static void arrived(struct ns3c_tcp *tcp, uint32_t length, void *user)
{
	(void)tcp, (void)user;
	bench.received += length;
}

static void open_flow(void *host)
{
	static const struct ns3c_tcp_events events = { .connected = connected };
	int64_t next = ns3c_now(bench.sim) + 2 * SECOND;

	if (!ns3c_tcp_connect(host, 0, 0, SERVER, 80, NULL, &events, NULL)) {
		fprintf(stderr, "flows: %s\n", ns3c_error());
		exit(1);
	}
	bench.flows++;
	if (next < bench.until)
		ns3c_at(bench.sim, next, open_flow, host);
}

int main(int argc, char **argv)
{
	static const struct ns3c_tcp_events sink = { .arrived = arrived };
	const struct ns3c_link link = { .delay_ns = 5000000 };
	int hosts = argc > 1 ? atoi(argv[1]) : 100;
	struct ns3c_options options;
	struct ns3c_node *middle, *server;
	struct ns3c_device *device;
	struct rusage used;
	double seconds;
	clock_t begin;

	if (hosts < 1 || hosts > MOST)
		return 2;
	bench.until = (argc > 2 ? atoi(argv[2]) : 600) * SECOND;
	ns3c_defaults(&options);
	options.tcp.segment_life_ns = 5 * SECOND;
	bench.sim = ns3c_create(&options);
	middle = ns3c_add_raw(bench.sim, forward, NULL);
	server = ns3c_add_host(bench.sim);
	ns3c_join(middle, server, &link, &bench.outside, &device);
	ns3c_address(device, SERVER, 32);
	ns3c_route(device, 0, 0, 0);
	ns3c_tcp_listen(server, 0, 80, NULL, &sink, NULL, NULL);
	for (int i = 0; i < hosts; i++) {
		struct ns3c_node *host = ns3c_add_host(bench.sim);

		ns3c_join(host, middle, &link, &device, &bench.inside[i]);
		ns3c_address(device, INSIDE + (uint32_t)i, 32);
		ns3c_route(device, 0, 0, 0);
		ns3c_at(bench.sim, 2 * SECOND * i / hosts, open_flow, host);
	}
	begin = clock();
	ns3c_run(bench.sim, -1);
	seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
	getrusage(RUSAGE_SELF, &used);
	printf("%" PRIu64 " flows, %" PRIu64 " packets in the middle, %" PRIu64 " bytes, %" PRIu64 " events, %.2f s, %ld MB\n",
	       bench.flows, bench.packets, bench.received, ns3c_event_count(bench.sim), seconds, used.ru_maxrss / 1024);
	ns3c_destroy(bench.sim);
	return bench.received == bench.flows * BYTES ? 0 : 1;
}
