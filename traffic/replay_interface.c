#include "traffic/replay_interface.h"

#include <errno.h>
#include <libnet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim/base/must.h"
#include "traffic/replay_packet.h"

enum { TRIES = 1000 }; /* that a full queue gets, a millisecond each */

struct replay_interface {
	libnet_t *net;
	char name[IF_NAMESIZE];
	double speed;
	bool begun;
	struct timespec begin;
	int64_t late_ns;
};

/* Is there a route to everywhere by this interface? The kernel's tables, IPv4 and IPv6. */
static bool has_default_route(const char *name)
{
	char line[512], device[64];
	unsigned long destination, mask;
	unsigned length, flags;
	bool found = false;
	FILE *f = fopen("/proc/net/route", "r");

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%63s %lx %*s %*s %*s %*s %*s %lx", device, &destination, &mask) == 3 && !destination && !mask &&
		        !strcmp(device, name);
	if (f)
		fclose(f);
	f = fopen("/proc/net/ipv6_route", "r");
	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "00000000000000000000000000000000 %x %*s %*s %*s %*s %*s %*s %x %63s", &length, &flags, device) == 3 &&
		        !length && !(flags & 0x0200) && !strcmp(device, name); /* RTF_REJECT */
	if (f)
		fclose(f);
	return found;
}

struct replay_interface *replay_interface_open(const char *name, double speed, bool force, struct err *e)
{
	char why[LIBNET_ERRBUF_SIZE] = "";
	struct replay_interface *i;

	if (strlen(name) >= IF_NAMESIZE || !if_nametoindex(name)) {
		fail(e, "--interface: there is no interface \"%.60s\" here", name);
		return NULL;
	}
	if (!force && has_default_route(name)) {
		fail(e, "--interface: the default route leaves by %s: made-up packets would go out into the world; --force sends them",
		     name);
		return NULL;
	}
	i = must_alloc(1, sizeof(*i));
	i->speed = speed;
	memcpy(i->name, name, strlen(name));
	i->net = libnet_init(LIBNET_LINK_ADV, name, why);
	if (!i->net) {
		fail_lacks(e, "%s: packets cannot be sent there: %s; it needs the capability CAP_NET_RAW (run as root, or setcap "
		              "cap_net_raw+ep on the program)",
		           name, *why ? why : strerror(errno));
		free(i);
		return NULL;
	}
	return i;
}

static int64_t since(const struct timespec *begin)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - begin->tv_sec) * NS_PER_S + (now.tv_nsec - begin->tv_nsec);
}

/* Waits until the frame's moment. */
static void pace(struct replay_interface *i, int64_t time_ns)
{
	double due = (double)time_ns / i->speed;
	int64_t due_ns = due < (double)NS_LONGEST ? (int64_t)due : NS_LONGEST, now_ns;
	struct timespec until;

	if (!i->begun) {
		clock_gettime(CLOCK_MONOTONIC, &i->begin);
		i->begun = true;
	}
	now_ns = since(&i->begin);
	if (now_ns >= due_ns) {
		i->late_ns = now_ns - due_ns > i->late_ns ? now_ns - due_ns : i->late_ns;
		return;
	}
	until.tv_sec = i->begin.tv_sec + (i->begin.tv_nsec + due_ns) / NS_PER_S;
	until.tv_nsec = (i->begin.tv_nsec + due_ns) % NS_PER_S;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		continue;
}

static bool take_frame(void *context, int64_t time_ns, const uint8_t *bytes, size_t length, struct err *e)
{
	struct replay_interface *i = context;

	pace(i, time_ns);
	for (int try = 0; try < TRIES; try++) {
		struct timespec pause = { .tv_nsec = NS_PER_MS };

		errno = 0;
		if (libnet_adv_write_link(i->net, bytes, (uint32_t)length) == (int)length)
			return true;
		if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			break;
		nanosleep(&pause, NULL);
	}
	return fail_lacks(e, "%s: a frame of %zu bytes could not be sent: %s%s", i->name, length, strerror(errno),
	                  errno == EMSGSIZE ? "; the interface's MTU must be larger" : "");
}

struct replay_taker replay_interface_taker(struct replay_interface *i)
{
	return (struct replay_taker){ .context = i, .frame = take_frame };
}

int64_t replay_interface_late(const struct replay_interface *i)
{
	return i->late_ns;
}

void replay_interface_close(struct replay_interface *i)
{
	if (!i)
		return;
	libnet_destroy(i->net);
	free(i);
}
