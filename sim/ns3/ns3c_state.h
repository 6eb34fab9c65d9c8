/* What the parts of the bindings share; only for sim/ns3/ns3c_*.cc. */
#ifndef SIM_NS3_NS3C_STATE_H
#define SIM_NS3_NS3C_STATE_H

#include <cstdarg>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <ns3/event-id.h>
#include <ns3/ipv4-l3-protocol.h>
#include <ns3/ipv4-static-routing.h>
#include <ns3/net-device.h>
#include <ns3/node.h>
#include <ns3/object-factory.h>
#include <ns3/packet.h>
#include <ns3/queue.h>
#include <ns3/tcp-l4-protocol.h>
#include <ns3/tcp-socket-base.h>
#include <ns3/traced-callback.h>

#include "sim/ns3/ns3c.h"

struct ns3c_device {
	ns3c_node *node;
	ns3::Ptr<ns3::NetDevice> device;
	ns3::Ptr<ns3::Queue<ns3::Packet>> queue;
	uint64_t received = 0, medium_dropped = 0;
	uint32_t interface = UINT32_MAX;   /* of a host's IPv4, once it has an address */
	bool ethernet;
	ns3c_packet_fn *tapped = nullptr;   /* of a tap */
	void *tap_user = nullptr;
	uint64_t tap_sent = 0;
	std::vector<std::pair<uint32_t, uint32_t>> arp;              /* address and mask */
	std::unordered_map<uint32_t, ns3::Address> neighbours;       /* of a node without a stack */
};

struct ns3c_node {
	ns3c_sim *sim;
	ns3::Ptr<ns3::Node> node;
	/* Of a host. */
	ns3::Ptr<ns3::Ipv4L3Protocol> ipv4;
	ns3::Ptr<ns3::Ipv4StaticRouting> routing;
	ns3::Ptr<ns3::TcpL4Protocol> tcp;
	ns3::Ptr<ns3::TcpSocketBase> pattern;   /* of its TCP sockets: copying one is much quicker than making one */
	uint64_t drops = 0;
	ns3::TracedCallback<const ns3::Ipv4Header &, const uint8_t *, uint32_t> icmp_arrived;   /* whole, from its type on */
	/* Of a node without a stack. */
	ns3c_packet_fn *received = nullptr;
	void *user = nullptr;

	bool host() const { return bool(ipv4); }
};

struct ns3c_capture {
	ns3c_sim *sim;
	ns3c_device *device;
	FILE *out;
	std::string path;
	bool ethernet, good;
};

struct ns3c_sim {
	ns3c_options options;
	bool running = false;
	int64_t next_stream = 0;   /* of random draws: all are dealt here, so that no earlier simulation shows */
	std::vector<std::unique_ptr<ns3c_node>> nodes;
	std::vector<std::unique_ptr<ns3c_device>> devices;
	std::vector<std::shared_ptr<ns3c_lan>> lans;
	std::vector<std::shared_ptr<ns3c_app>> apps;
	std::unordered_set<ns3c_tcp *> tcps;
	std::unordered_set<ns3c_udp *> udps;
	std::unordered_set<ns3c_capture *> captures;
	std::vector<uint8_t> scratch;   /* what a callback is shown; taken and given back by a Bytes */

	ns3c_sim();
	~ns3c_sim();
};

namespace ns3c
{

/* Sets what ns3c_error() says. Returns -1. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Null, and what ns3c_error() says. */
template <typename... Arguments> std::nullptr_t none(const char *format, Arguments... arguments)
{
	fail(format, arguments...);
	return nullptr;
}

/* An address as text, good until the next call but three. */
const char *dotted(uint32_t address);

bool good_tcp_options(const ns3c_tcp_options &o);

/* False, said of `who`, unless there is a host and the address may be that of another one. */
bool good_destination(const char *who, const ns3c_node *host, uint32_t address);

/* The address that a host sends from to another; 0 without a route. */
uint32_t source_to(ns3c_node *host, uint32_t address);

/* The bytes of a packet for a callback, in room that is used again; callbacks may nest. */
class Bytes
{
public:
	Bytes(ns3c_sim *sim, ns3::Ptr<const ns3::Packet> packet);
	~Bytes();
	Bytes(const Bytes &) = delete;
	Bytes &operator=(const Bytes &) = delete;
	uint8_t *data() { return room.data(); }

private:
	ns3c_sim *sim;
	std::vector<uint8_t> room;
};

/* What the header says is an IP packet's length, 0 if it is none: Ethernet pads short ones. */
uint32_t ip_length(const uint8_t *bytes, uint32_t length);

/* A packet of `length` bytes; NULL is zeros. */
ns3::Ptr<ns3::Packet> packet_of(const void *bytes, uint32_t length);

/* Makes a device known, counts on it, and hands what a node without a stack receives to its callback. */
ns3c_device *device_of(ns3c_node *node, ns3::Ptr<ns3::NetDevice> device, ns3::Ptr<ns3::Queue<ns3::Packet>> queue,
                       bool ethernet);
void hook_up(ns3c_device *device);

void forget(ns3c_tcp *tcp);
void forget(ns3c_udp *udp);
void forget(ns3c_capture *capture);

} // namespace ns3c

#endif
