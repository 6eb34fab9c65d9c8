/* Links, the devices at their ends, and what devices count. */
#include <ns3/csma-channel.h>
#include <ns3/csma-net-device.h>
#include <ns3/data-rate.h>
#include <ns3/drop-tail-queue.h>
#include <ns3/mac48-address.h>
#include <ns3/nstime.h>
#include <ns3/point-to-point-channel.h>
#include <ns3/point-to-point-net-device.h>
#include <ns3/queue-size.h>

#include "sim/ns3/ns3c_state.h"

using namespace ns3;

struct ns3c_lan {
	ns3c_sim *sim;
	ns3c_link link;
	Ptr<CsmaChannel> channel;
};

/* A link with what was left to us filled in; false if it is none. */
static bool complete(const ns3c_link *asked, uint32_t mtu_limit, ns3c_link *link)
{
	*link = asked ? *asked : ns3c_link();
	if (link->bits_per_second == 0)
		link->bits_per_second = 1000000000;
	if (link->queue_packets == 0)
		link->queue_packets = 100;
	if (link->mtu == 0)
		link->mtu = 1500;
	if (link->delay_ns < 0) {
		ns3c::fail("link: delay_ns is negative");
		return false;
	}
	if (link->mtu < 68 || link->mtu > mtu_limit) {
		ns3c::fail("link: mtu %u is not within 68 .. %u", link->mtu, mtu_limit);
		return false;
	}
	return true;
}

static Ptr<Queue<Packet>> queue_of(const ns3c_link &link)
{
	Ptr<DropTailQueue<Packet>> queue = CreateObject<DropTailQueue<Packet>>();

	queue->SetMaxSize(QueueSize(PACKETS, link.queue_packets));
	return queue;
}

static void count_received(ns3c_device *device, Ptr<const Packet>)
{
	device->received++;
}

static void count_medium_dropped(ns3c_device *device, Ptr<const Packet>)
{
	device->medium_dropped++;
}

ns3c_device *ns3c::device_of(ns3c_node *node, Ptr<NetDevice> device, Ptr<Queue<Packet>> queue, bool ethernet)
{
	auto d = std::make_unique<ns3c_device>();

	d->node = node;
	d->device = device;
	d->queue = queue;
	d->ethernet = ethernet;
	node->node->AddDevice(device);
	device->TraceConnectWithoutContext("PhyTxDrop", MakeBoundCallback(&count_medium_dropped, d.get()));
	if (node->host())
		device->TraceConnectWithoutContext("MacRx", MakeBoundCallback(&count_received, d.get()));
	else
		hook_up(d.get());
	node->sim->devices.push_back(std::move(d));
	return node->sim->devices.back().get();
}

static ns3c_device *end_of(ns3c_node *node, const ns3c_link &link, Ptr<PointToPointChannel> channel)
{
	Ptr<PointToPointNetDevice> device = CreateObject<PointToPointNetDevice>();
	Ptr<Queue<Packet>> queue = queue_of(link);

	device->SetAddress(Mac48Address::Allocate());
	device->SetDataRate(DataRate(link.bits_per_second));
	device->SetMtu(static_cast<uint16_t>(link.mtu));
	device->SetQueue(queue);
	device->Attach(channel);
	return ns3c::device_of(node, device, queue, false);
}

int ns3c_join(struct ns3c_node *a, struct ns3c_node *b, const struct ns3c_link *asked, struct ns3c_device **at_a,
              struct ns3c_device **at_b)
{
	ns3c_link link;

	if (!a || !b)
		return ns3c::fail("join: a node is NULL");
	if (a == b)
		return ns3c::fail("join: both nodes are the same");
	if (!complete(asked, 65535, &link))
		return -1;

	Ptr<PointToPointChannel> channel = CreateObject<PointToPointChannel>();

	channel->SetAttribute("Delay", TimeValue(NanoSeconds(link.delay_ns)));

	ns3c_device *first = end_of(a, link, channel), *second = end_of(b, link, channel);

	if (at_a)
		*at_a = first;
	if (at_b)
		*at_b = second;
	return 0;
}

struct ns3c_lan *ns3c_add_lan(struct ns3c_sim *sim, const struct ns3c_link *asked)
{
	ns3c_link link;

	if (!sim)
		return ns3c::none("lan: NULL");
	if (!complete(asked, 1500, &link))
		return nullptr;

	auto lan = std::make_shared<ns3c_lan>();

	lan->sim = sim;
	lan->link = link;
	lan->channel = CreateObject<CsmaChannel>();
	lan->channel->SetAttribute("DataRate", DataRateValue(DataRate(link.bits_per_second)));
	lan->channel->SetAttribute("Delay", TimeValue(NanoSeconds(link.delay_ns)));
	sim->lans.push_back(std::move(lan));
	return sim->lans.back().get();
}

struct ns3c_device *ns3c_attach(struct ns3c_lan *lan, struct ns3c_node *node)
{
	if (!lan || !node)
		return ns3c::none("attach: NULL");

	Ptr<CsmaNetDevice> device = CreateObject<CsmaNetDevice>();
	Ptr<Queue<Packet>> queue = queue_of(lan->link);

	device->SetAddress(Mac48Address::Allocate());
	device->SetMtu(static_cast<uint16_t>(lan->link.mtu));
	device->SetQueue(queue);
	device->Attach(lan->channel);
	lan->sim->next_stream += device->AssignStreams(lan->sim->next_stream);
	return ns3c::device_of(node, device, queue, true);
}

struct ns3c_node *ns3c_device_node(const struct ns3c_device *device)
{
	return device ? device->node : nullptr;
}

uint32_t ns3c_device_mtu(const struct ns3c_device *device)
{
	return device ? device->device->GetMtu() : 0;
}

struct ns3c_counts ns3c_device_counts(const struct ns3c_device *device)
{
	ns3c_counts counts = {};

	if (!device)
		return counts;
	counts.received = device->received;
	counts.sent = device->tap_sent;
	if (!device->queue)
		return counts;
	counts.waiting = device->queue->GetNPackets();
	counts.queue_dropped = device->queue->GetTotalDroppedPacketsBeforeEnqueue();
	counts.medium_dropped = device->medium_dropped;
	counts.sent = device->queue->GetTotalReceivedPackets() - counts.waiting - counts.medium_dropped;
	return counts;
}
