/* Hosts: the IPv4 stack, addresses and routes.
 *
 * The stack is put together by hand and with static routing alone: the helper of
 * ns-3's would ask three kinds of routing for each packet. */
#include <ns3/arp-l3-protocol.h>
#include <ns3/icmpv4-l4-protocol.h>
#include <ns3/ipv4-interface-address.h>
#include <ns3/ipv4-interface.h>
#include <ns3/ipv4-routing-table-entry.h>
#include <ns3/traffic-control-layer.h>
#include <ns3/udp-l4-protocol.h>

#include "sim/ns3/ns3c_state.h"

using namespace ns3;

static const uint32_t LOOPBACK = 0;   /* the interface */

static void count_drop(ns3c_node *node, const Ipv4Header &, Ptr<const Packet>, Ipv4L3Protocol::DropReason, Ptr<Ipv4>,
                       uint32_t)
{
	node->drops++;
}

namespace
{

/* To 224.0.0.0/24 ns-3 must be told the device, and ends the process where nobody did. Here it is that of the route, as
 * for every other address. */
class Routing : public Ipv4StaticRouting
{
public:
	Ipv4L3Protocol *ipv4 = nullptr;

private:
	Ptr<NetDevice> device_to(Ipv4Address address)
	{
		Ptr<NetDevice> device;
		int longest = -1;

		for (uint32_t i = 0; i < GetNRoutes(); i++) {
			Ipv4RoutingTableEntry route = GetRoute(i);
			Ipv4Mask mask = route.GetDestNetworkMask();

			if (mask.IsMatch(address, route.GetDestNetwork()) && mask.GetPrefixLength() > longest) {
				longest = mask.GetPrefixLength();
				device = ipv4->GetNetDevice(route.GetInterface());
			}
		}
		return device;
	}

	Ptr<Ipv4Route> RouteOutput(Ptr<Packet> packet, const Ipv4Header &header, Ptr<NetDevice> out,
	                           Socket::SocketErrno &error) override
	{
		if (!out && header.GetDestination().IsLocalMulticast()) {
			out = device_to(header.GetDestination());
			error = Socket::ERROR_NOROUTETOHOST;
			if (!out)
				return nullptr;
		}
		return Ipv4StaticRouting::RouteOutput(packet, header, out, error);
	}
};

bool right_sum(const uint8_t *bytes, uint32_t length)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < length; i++)
		sum += static_cast<uint32_t>(bytes[i]) << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* ns-3 takes a message whose checksum is wrong, and tells nobody of the answers to pings. */
class Icmp : public Icmpv4L4Protocol
{
public:
	ns3c_node *host = nullptr;

private:
	using Icmpv4L4Protocol::Receive;

	RxStatus Receive(Ptr<Packet> packet, const Ipv4Header &header, Ptr<Ipv4Interface> interface) override
	{
		{
			ns3c::Bytes bytes(host->sim, packet);

			if (host->sim->options.checksums && !right_sum(bytes.data(), packet->GetSize()))
				return RX_CSUM_FAILED;
			host->icmp_arrived(header, bytes.data(), packet->GetSize());
		}
		return Icmpv4L4Protocol::Receive(packet, header, interface);
	}
};

} // namespace

static ns3c_node *new_node(ns3c_sim *sim)
{
	auto node = std::make_unique<ns3c_node>();

	node->sim = sim;
	node->node = CreateObject<Node>();
	sim->nodes.push_back(std::move(node));
	return sim->nodes.back().get();
}

struct ns3c_node *ns3c_add_host(struct ns3c_sim *sim)
{
	if (!sim)
		return ns3c::none("host: NULL");

	ns3c_node *host = new_node(sim);
	Ptr<ArpL3Protocol> arp = CreateObject<ArpL3Protocol>();
	Ptr<TrafficControlLayer> control = CreateObject<TrafficControlLayer>();
	Ptr<Routing> routing = CreateObject<Routing>();
	Ptr<Icmp> icmp = CreateObject<Icmp>();

	host->ipv4 = CreateObject<Ipv4L3Protocol>();
	host->routing = routing;
	routing->ipv4 = PeekPointer(host->ipv4);
	host->node->AggregateObject(arp);
	host->node->AggregateObject(host->ipv4);
	host->node->AggregateObject(icmp);
	icmp->host = host;
	host->ipv4->SetRoutingProtocol(host->routing);
	host->node->AggregateObject(control);
	host->node->AggregateObject(CreateObject<UdpL4Protocol>());
	host->tcp = CreateObject<TcpL4Protocol>();
	host->node->AggregateObject(host->tcp);
	arp->SetTrafficControl(control);
	sim->next_stream += arp->AssignStreams(sim->next_stream);
	host->ipv4->SetAttribute("IpForward", BooleanValue(false));
	host->ipv4->SetDown(LOOPBACK);
	host->ipv4->TraceConnectWithoutContext("Drop", MakeBoundCallback(&count_drop, host));
	return host;
}

struct ns3c_node *ns3c_add_raw(struct ns3c_sim *sim, ns3c_packet_fn *received, void *user)
{
	if (!sim || !received)
		return ns3c::none("raw: NULL");

	ns3c_node *node = new_node(sim);

	node->received = received;
	node->user = user;
	return node;
}

static Ipv4Mask mask_of(unsigned prefix_length)
{
	return Ipv4Mask(prefix_length == 0 ? 0 : ~UINT32_C(0) << (32 - prefix_length));
}

/* Whether an address of this prefix is no host's: the network's own, or its broadcast. A prefix of two addresses needs
 * neither (RFC 3021). */
static bool nobodys(uint32_t address, Ipv4Mask mask)
{
	uint32_t rest = ~mask.Get();

	return rest > 1 && ((address & rest) == 0 || (address & rest) == rest);
}

bool ns3c::good_destination(const char *who, const ns3c_node *host, uint32_t address)
{
	Ipv4Address to(address);

	if (!host || !host->host()) {
		fail("%s: no host", who);
		return false;
	}
	if (to.IsAny() || to.IsBroadcast()) {
		fail("%s: %s is not one host's address", who, dotted(address));
		return false;
	}
	for (uint32_t i = LOOPBACK + 1; i < host->ipv4->GetNInterfaces(); i++)
		for (uint32_t k = 0; k < host->ipv4->GetNAddresses(i); k++) {
			Ipv4InterfaceAddress own = host->ipv4->GetAddress(i, k);

			if (own.GetLocal() == to) {
				fail("%s: %s is the host's own", who, dotted(address));
				return false;
			}
			if (own.GetMask().IsMatch(own.GetLocal(), to) && nobodys(address, own.GetMask())) {
				fail("%s: %s is not one host's address", who, dotted(address));
				return false;
			}
		}
	return true;
}

uint32_t ns3c::source_to(ns3c_node *host, uint32_t address)
{
	Ipv4Header header;
	Socket::SocketErrno error;

	header.SetDestination(Ipv4Address(address));

	Ptr<Ipv4Route> route = host->routing->RouteOutput(nullptr, header, nullptr, error);

	return route ? route->GetSource().Get() : 0;
}

int ns3c_address(struct ns3c_device *device, uint32_t address, unsigned prefix_length)
{
	if (!device)
		return ns3c::fail("address: NULL");
	if (!device->node->host())
		return ns3c::fail("address: the device's node has no stack");
	if (prefix_length > 32)
		return ns3c::fail("address: prefix_length %u is over 32", prefix_length);

	Ptr<Ipv4L3Protocol> ipv4 = device->node->ipv4;
	Ipv4Address own(address);
	Ipv4Mask mask = mask_of(prefix_length);

	if (own.IsAny() || own.IsBroadcast() || own.IsMulticast() || nobodys(address, mask))
		return ns3c::fail("address: %s/%u is not one host's", ns3c::dotted(address), prefix_length);
	if (ipv4->GetInterfaceForAddress(own) >= 0)
		return ns3c::fail("address: the host has %s already", ns3c::dotted(address));
	if (device->interface == UINT32_MAX)
		device->interface = ipv4->AddInterface(device->device);
	ipv4->AddAddress(device->interface, Ipv4InterfaceAddress(own, mask));
	ipv4->SetMetric(device->interface, 1);
	ipv4->SetUp(device->interface);
	return 0;
}

int ns3c_route(struct ns3c_device *device, uint32_t destination, unsigned prefix_length, uint32_t gateway)
{
	if (!device)
		return ns3c::fail("route: NULL");
	if (device->interface == UINT32_MAX)
		return ns3c::fail("route: the device has no address yet");
	if (prefix_length > 32)
		return ns3c::fail("route: prefix_length %u is over 32", prefix_length);

	Ipv4Mask mask = mask_of(prefix_length);

	if (destination & ~mask.Get())
		return ns3c::fail("route: %s has bits beyond the prefix of %u", ns3c::dotted(destination), prefix_length);
	if (gateway && !ns3c::good_destination("route", device->node, gateway))
		return -1;
	if (gateway)
		device->node->routing->AddNetworkRouteTo(Ipv4Address(destination), mask, Ipv4Address(gateway),
		                                         device->interface);
	else
		device->node->routing->AddNetworkRouteTo(Ipv4Address(destination), mask, device->interface);
	return 0;
}

int ns3c_forward(struct ns3c_node *host, bool on)
{
	if (!host || !host->host())
		return ns3c::fail("forward: no host");
	host->ipv4->SetAttribute("IpForward", BooleanValue(on));
	return 0;
}

uint64_t ns3c_host_drops(const struct ns3c_node *host)
{
	return host ? host->drops : 0;
}
