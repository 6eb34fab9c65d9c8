/* The simulator of the bindings: time, events, one simulation after another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/support/ns3net.h"

#include <cmocka.h>

struct log {
	struct ns3c_sim *sim;
	int64_t times[8];
	int who[8];
	unsigned count;
};

struct note {
	struct log *log;
	int who;
};

static void take(void *user)
{
	struct note *note = user;
	struct log *log = note->log;

	log->times[log->count] = ns3c_now(log->sim);
	log->who[log->count++] = note->who;
}

static void stop(void *user)
{
	ns3c_stop(user);
}

static void nothing(void *user)
{
	(void)user;
}

/* By time, then by order of scheduling; what is cancelled is not called. */
static void events_come_in_order(void **state)
{
	struct log log = { .sim = ns3c_create(NULL) };
	struct note notes[5];
	struct ns3c_event *gone;

	(void)state;
	assert_non_null(log.sim);
	for (int i = 0; i < 5; i++)
		notes[i] = (struct note) { &log, i };
	assert_non_null(ns3c_at(log.sim, 20, take, &notes[0]));
	assert_non_null(ns3c_at(log.sim, 10, take, &notes[1]));
	gone = ns3c_at(log.sim, 15, take, &notes[2]);
	assert_non_null(ns3c_at(log.sim, 20, take, &notes[3]));
	assert_non_null(ns3c_at(log.sim, 0, take, &notes[4]));
	ns3c_cancel(gone);
	ns3c_cancel(NULL);
	assert_int_equal(ns3c_run(log.sim, -1), 0);
	assert_int_equal(log.count, 4);
	assert_true(log.who[0] == 4 && log.who[1] == 1 && log.who[2] == 0 && log.who[3] == 3);
	assert_true(log.times[0] == 0 && log.times[1] == 10 && log.times[2] == 20 && log.times[3] == 20);
	assert_null(ns3c_at(log.sim, 19, nothing, NULL));
	assert_string_equal(ns3c_error(), "at: 19 ns is past, it is 20 ns");
	assert_null(ns3c_at(log.sim, 30, NULL, NULL));
	ns3c_destroy(log.sim);
}

static void a_run_ends_where_it_was_told(void **state)
{
	struct log log = { .sim = ns3c_create(NULL) };
	struct note note = { &log, 0 };

	(void)state;
	ns3c_at(log.sim, 10, take, &note);
	ns3c_at(log.sim, 30, take, &note);
	ns3c_at(log.sim, 40, stop, log.sim);
	ns3c_at(log.sim, 50, take, &note);
	assert_int_equal(ns3c_run(log.sim, 20), 0);
	assert_true(log.count == 1 && ns3c_now(log.sim) == 20);
	assert_int_equal(ns3c_run(log.sim, 30), 0);
	assert_true(log.count == 2 && ns3c_now(log.sim) == 30);
	assert_int_equal(ns3c_run(log.sim, 29), -1);
	assert_int_equal(ns3c_run(log.sim, 45), 0);
	assert_int_equal(ns3c_now(log.sim), 40);
	/* The end of the run that was stopped does not end this one. */
	assert_int_equal(ns3c_run(log.sim, 100), 0);
	assert_true(log.count == 3 && ns3c_now(log.sim) == 100);
	ns3c_destroy(log.sim);
}

static void run_again(void *user)
{
	assert_int_equal(ns3c_run(user, 100), -1);
	ns3c_destroy(user);
}

static void faults_are_told(void **state)
{
	struct ns3c_options options;
	struct ns3c_sim *sim;

	(void)state;
	ns3c_defaults(&options);
	options.seed = 0;
	assert_null(ns3c_create(&options));
	assert_string_equal(ns3c_error(), "seed: 0 is not within 1 .. 4294967295");
	options.seed = 1;
	options.tcp.syn_tries = 0;
	assert_null(ns3c_create(&options));
	assert_string_equal(ns3c_error(), "tcp.syn_tries: 0 is not within 1 .. 16");
	sim = ns3c_create(NULL);
	assert_non_null(sim);
	assert_null(ns3c_create(NULL));
	assert_string_equal(ns3c_error(), "there is a simulation already: ns3c_destroy() it first");
	assert_int_equal(ns3c_attribute(sim, "ns3::TcpL4Protocol::SocketType", "ns3::TcpNewReno"), 0);
	assert_int_equal(ns3c_attribute(sim, "ns3::TcpL4Protocol::Nonsense", "1"), -1);
	assert_int_equal(ns3c_run(NULL, 0), -1);
	ns3c_at(sim, 1, run_again, sim);
	assert_int_equal(ns3c_run(sim, 10), 0);
	assert_int_equal(ns3c_now(sim), 10);
	ns3c_destroy(sim);
	ns3c_destroy(NULL);
}

/* --- the same bytes --------------------------------------------------------------- */

static void sum_up(struct ns3c_tcp *tcp, uint32_t length, void *user)
{
	(void)tcp, (void)length, (void)user;
}

static void say(struct ns3c_tcp *tcp, uint32_t space, void *user)
{
	(void)user, (void)space;
	ns3c_tcp_send(tcp, NULL, 50000);
	ns3c_tcp_close(tcp);
}

static bool listen_in(struct net *n, struct ns3c_device *from, uint8_t *bytes, uint32_t length)
{
	uint64_t *sum = n->user, now = (uint64_t)ns3c_now(n->sim);

	(void)from;
	*sum = (*sum ^ now) * UINT64_C(1099511628211);
	for (uint32_t i = 0; i < length; i++)
		*sum = (*sum ^ bytes[i]) * UINT64_C(1099511628211);
	return true;
}

/* A digest of all packets in the middle, and their times, of everything that draws or keeps something. */
static uint64_t one_simulation(const struct ns3c_options *options)
{
	const struct ns3c_tcp_events client = { .space = say }, server = { .arrived = sum_up };
	const struct ns3c_on_off draws = { .address = SERVER, .port = 9, .exponential = true, .on_ns = SECOND,
		                           .off_ns = SECOND, .bits_per_second = 80000, .packet_size = 1000 };
	uint64_t sum = UINT64_C(14695981039346656037);
	struct net n = { .pass = listen_in, .user = &sum };

	net_up(&n, options, NULL);
	net_must(ns3c_tcp_listen(n.server, 0, 80, NULL, &server, NULL, NULL));
	for (int i = 0; i < 5; i++)
		net_must(ns3c_tcp_connect(n.client, 0, 0, SERVER, 80, NULL, &client, NULL));
	net_must(ns3c_add_http_server(n.server, 0, 8080) && ns3c_add_http_client(n.client, SERVER, 8080, SECOND, 0));
	net_must(ns3c_add_on_off(n.client, &draws));
	ns3c_run(n.sim, 30 * SECOND);
	assert_true(n.packets > 200);
	net_down(&n);
	return sum;
}

/* Whatever came between, and however that ended. */
static void a_second_simulation_leaves_the_same_bytes(void **state)
{
	struct ns3c_options other;
	uint64_t first = one_simulation(NULL);
	struct ns3c_sim *sim;

	(void)state;
	ns3c_defaults(&other);
	other.checksums = false;
	other.tcp.segment_size = 536;
	assert_int_not_equal(one_simulation(&other), first);
	sim = ns3c_create(NULL);
	assert_int_equal(ns3c_attribute(sim, "ns3::Ipv4L3Protocol::DefaultTtl", "7"), 0);
	ns3c_at(sim, SECOND, nothing, NULL);
	ns3c_destroy(sim);
	/* Not by chance: an HTTP server draws one of two sizes. */
	for (int i = 0; i < 8; i++)
		assert_int_equal(one_simulation(NULL), first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_in_order),
		cmocka_unit_test(a_run_ends_where_it_was_told),
		cmocka_unit_test(faults_are_told),
		cmocka_unit_test(a_second_simulation_leaves_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
