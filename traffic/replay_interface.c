#include "traffic/replay_interface.h"

#include <errno.h>
#include <libnet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sim/base/must.h"
#include "traffic/replay_packet.h"
#include "traffic/replay_route.h"

enum { TRIES = 1000 }; /* that a full queue gets, a millisecond each */

struct replay_interface {
	libnet_t *net;
	char name[IF_NAMESIZE];
	double speed;
	bool begun;
	struct timespec begin;
	int64_t late_ns;
};

static bool is_up(const char *name)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool up;

	memcpy(request.ifr_name, name, strlen(name));
	up = fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) || request.ifr_flags & IFF_UP;
	if (fd >= 0)
		close(fd);
	return up;
}

/* May made-up packets be sent there? */
static bool may_send(const char *name, bool force, struct err *e)
{
	unsigned index = strlen(name) < IF_NAMESIZE ? if_nametoindex(name) : 0;
	bool out = false;

	if (!index)
		return fail(e, "--interface: there is no interface \"%.60s\" here", name);
	if (!is_up(name))
		return fail(e, "--interface: %s is down: nothing can be sent there until it is up (ip link set %s up)", name, name);
	if (!force && !route_leads_out(index, &out, e))
		return false;
	return !out || fail(e, "--interface: the default route leaves by %s, or routes to as much: made-up packets would go out into "
	                       "the world; --force sends them", name);
}

struct replay_interface *replay_interface_open(const char *name, double speed, bool force, struct err *e)
{
	char why[LIBNET_ERRBUF_SIZE] = "";
	struct replay_interface *i;

	if (!may_send(name, force, e))
		return NULL;
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
	return (errno == EPERM ? fail_lacks : fail)(e, "%s: a frame of %zu bytes could not be sent: %s%s", i->name, length, strerror(errno),
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
