#include "traffic/replay_route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 1 << 16, IN_USE_BITS = 3 };

#define IN_USE 0x20 /* 2000::/3 */

struct routes {
	unsigned interface;
	double share[2]; /* of IPv4 and IPv6: of all that matters how much leaves by the interface */
};

/* How much of 2000::/3 lies in the prefix. */
static double share6(const uint8_t *prefix, unsigned length)
{
	unsigned compared = length < IN_USE_BITS ? length : IN_USE_BITS;
	double share = 1;

	if (compared && (prefix[0] ^ IN_USE) >> (8 - compared))
		return 0;
	for (unsigned bit = IN_USE_BITS; bit < length; bit++)
		share /= 2;
	return share;
}

static double share4(unsigned length)
{
	double share = 1;

	for (unsigned bit = 0; bit < length; bit++)
		share /= 2;
	return share;
}

static bool leaves_by(const struct rtattr *hops, unsigned interface)
{
	const struct rtnexthop *hop = RTA_DATA(hops);
	size_t left = RTA_PAYLOAD(hops);

	while (left >= sizeof(*hop) && hop->rtnh_len >= sizeof(*hop) && hop->rtnh_len <= left) {
		size_t step = RTNH_ALIGN(hop->rtnh_len);

		if ((unsigned)hop->rtnh_ifindex == interface)
			return true;
		left -= step < left ? step : left;
		hop = (const struct rtnexthop *)(const void *)((const char *)hop + step);
	}
	return false;
}

static void take_route(struct routes *r, const struct nlmsghdr *message)
{
	static const uint8_t anywhere[16] = { 0 };
	const struct rtmsg *route = NLMSG_DATA(message);
	const uint8_t *prefix = anywhere;
	bool named = false, ours = false, object = false;
	size_t left = RTM_PAYLOAD(message);

	if (route->rtm_type != RTN_UNICAST || route->rtm_flags & RTM_F_CLONED)
		return;
	for (const struct rtattr *a = RTM_RTA(route); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (a->rta_type == RTA_DST)
			prefix = RTA_DATA(a);
		named = named || a->rta_type == RTA_OIF || a->rta_type == RTA_MULTIPATH;
		object = object || a->rta_type == RTA_NH_ID;
		if (a->rta_type == RTA_OIF)
			ours = ours || *(const unsigned *)RTA_DATA(a) == r->interface;
		else if (a->rta_type == RTA_MULTIPATH)
			ours = ours || leaves_by(a, r->interface);
	}
	if (!ours && (named || !object))
		return;
	if (route->rtm_family == AF_INET)
		r->share[0] += share4(route->rtm_dst_len);
	else if (route->rtm_family == AF_INET6)
		r->share[1] += share6(prefix, route->rtm_dst_len);
}

/* Takes what the kernel answers, up to its end. False with errno set. */
static bool take_answers(int fd, struct routes *r)
{
	static _Alignas(struct nlmsghdr) char buffer[BUFFER];

	for (;;) {
		ssize_t got = recv(fd, buffer, sizeof(buffer), 0);
		size_t left = got > 0 ? (size_t)got : 0;

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		for (const struct nlmsghdr *m = (const struct nlmsghdr *)buffer; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
			if (m->nlmsg_type == NLMSG_DONE)
				return true;
			if (m->nlmsg_type == NLMSG_ERROR) {
				errno = -((const struct nlmsgerr *)NLMSG_DATA(m))->error;
				return false;
			}
			if (m->nlmsg_type == RTM_NEWROUTE)
				take_route(r, m);
		}
	}
}

static bool ask(int fd, uint8_t family, struct routes *r)
{
	struct {
		struct nlmsghdr header;
		struct rtmsg route;
	} request = { .header = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		      .route = { .rtm_family = family } };

	return send(fd, &request, sizeof(request), 0) == (ssize_t)sizeof(request) && take_answers(fd, r);
}

bool route_leads_out(unsigned interface, bool *out, struct err *e)
{
	struct routes r = { .interface = interface };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	bool good = fd >= 0 && ask(fd, AF_INET, &r) && ask(fd, AF_INET6, &r);

	if (!good)
		fail(e, "--interface: which routes leave by it cannot be asked for: %s; --force sends all the same", strerror(errno));
	if (fd >= 0)
		close(fd);
	*out = r.share[0] >= 0.5 || r.share[1] >= 0.5;
	return good;
}
