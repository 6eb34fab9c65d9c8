/* Hosts: the IPv4 stack, addresses and routes.
 *
 * The stack is put together by hand and with static routing alone: the helper of
 * ns-3's would ask three kinds of routing for each packet. */
#include <ns3/arp-l3-protocol.h>
#include <ns3/icmpv4-l4-protocol.h>
#include <ns3/ipv4-interface-address.h>
#include <ns3/traffic-control-layer.h>
#include <ns3/udp-l4-protocol.h>

#include "sim/ns3/ns3c_state.h"

using namespace ns3;

static void count_drop(ns3c_node *node, const Ipv4Header &, Ptr<const Packet>, Ipv4L3Protocol::DropReason, Ptr<Ipv4>,
                       uint32_t)
{
	node->drops++;
}

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

	host->ipv4 = CreateObject<Ipv4L3Protocol>();
	host->routing = CreateObject<Ipv4StaticRouting>();
	host->node->AggregateObject(arp);
	host->node->AggregateObject(host->ipv4);
	host->node->AggregateObject(CreateObject<Icmpv4L4Protocol>());
	host->ipv4->SetRoutingProtocol(host->routing);
	host->node->AggregateObject(control);
	host->node->AggregateObject(CreateObject<UdpL4Protocol>());
	host->tcp = CreateObject<TcpL4Protocol>();
	host->node->AggregateObject(host->tcp);
	arp->SetTrafficControl(control);
	sim->next_stream += arp->AssignStreams(sim->next_stream);
	host->ipv4->SetAttribute("IpForward", BooleanValue(false));
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

int ns3c_address(struct ns3c_device *device, uint32_t address, unsigned prefix_length)
{
	if (!device)
		return ns3c::fail("address: NULL");
	if (!device->node->host())
		return ns3c::fail("address: the device's node has no stack");
	if (prefix_length > 32)
		return ns3c::fail("address: prefix_length %u is over 32", prefix_length);

	Ptr<Ipv4L3Protocol> ipv4 = device->node->ipv4;

	if (address == 0 || ipv4->GetInterfaceForAddress(Ipv4Address(address)) >= 0)
		return ns3c::fail("address: the host has %s already, or nobody can", ns3c::dotted(address));
	if (device->interface == UINT32_MAX)
		device->interface = ipv4->AddInterface(device->device);
	ipv4->AddAddress(device->interface, Ipv4InterfaceAddress(Ipv4Address(address), mask_of(prefix_length)));
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
