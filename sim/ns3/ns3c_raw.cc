/* Nodes without a stack: packets in and out as bytes.
 *
 * On a LAN such a node has to speak ARP, of which it knows as little as it can:
 * it answers for the prefixes it was given, and keeps who sent what. */
#include <ns3/arp-header.h>
#include <ns3/mac48-address.h>

#include "sim/ns3/ns3c_state.h"

using namespace ns3;

enum { TYPE_IPV4 = 0x0800, TYPE_ARP = 0x0806, TYPE_IPV6 = 0x86dd };

uint32_t ns3c::ip_length(const uint8_t *bytes, uint32_t length)
{
	uint32_t said = 0;

	if (length >= 20 && bytes[0] >> 4 == 4 && (bytes[0] & 15u) >= 5 && (bytes[0] & 15u) * 4 <= length)
		said = static_cast<uint32_t>(bytes[2]) << 8 | bytes[3];
	else if (length >= 40 && bytes[0] >> 4 == 6)
		said = 40 + (static_cast<uint32_t>(bytes[4]) << 8 | bytes[5]);
	return said >= 20 && said <= length ? said : 0;
}

static uint32_t word(const uint8_t *bytes)
{
	return static_cast<uint32_t>(bytes[0]) << 24 | static_cast<uint32_t>(bytes[1]) << 16 |
	       static_cast<uint32_t>(bytes[2]) << 8 | bytes[3];
}

static void arp_received(ns3c_device *device, Ptr<const Packet> packet)
{
	ArpHeader asked, answer;
	Ptr<Packet> reply = Create<Packet>();

	packet->PeekHeader(asked);
	device->neighbours[asked.GetSourceIpv4Address().Get()] = asked.GetSourceHardwareAddress();
	if (!asked.IsRequest())
		return;

	uint32_t wanted = asked.GetDestinationIpv4Address().Get();

	for (auto [address, mask] : device->arp)
		if ((wanted & mask) == address) {
			answer.SetReply(device->device->GetAddress(), asked.GetDestinationIpv4Address(),
			                asked.GetSourceHardwareAddress(), asked.GetSourceIpv4Address());
			reply->AddHeader(answer);
			device->device->Send(reply, asked.GetSourceHardwareAddress(), TYPE_ARP);
			return;
		}
}

static bool received(ns3c_device *device, Ptr<NetDevice>, Ptr<const Packet> packet, uint16_t type, const Address &from)
{
	if (type == TYPE_ARP) {
		arp_received(device, packet);
		return true;
	}
	if (type != TYPE_IPV4 && type != TYPE_IPV6)
		return true;

	ns3c::Bytes bytes(device->node->sim, packet);
	uint32_t length = ns3c::ip_length(bytes.data(), packet->GetSize());

	device->received++;
	if (length == 0)
		return true;
	if (device->ethernet && type == TYPE_IPV4)
		device->neighbours[word(bytes.data() + 12)] = from;
	device->node->received(device, bytes.data(), length, device->node->user);
	return true;
}

void ns3c::hook_up(ns3c_device *device)
{
	device->device->SetReceiveCallback(MakeBoundCallback(&received, device));
}

int ns3c_answer_arp(struct ns3c_device *device, uint32_t address, unsigned prefix_length)
{
	if (!device || device->node->host() || !device->ethernet)
		return ns3c::fail("answer_arp: no device on a LAN of a node without a stack");
	if (prefix_length > 32)
		return ns3c::fail("answer_arp: prefix_length %u is over 32", prefix_length);

	uint32_t mask = prefix_length == 0 ? 0 : ~UINT32_C(0) << (32 - prefix_length);

	device->arp.emplace_back(address & mask, mask);
	return 0;
}

int ns3c_send(struct ns3c_device *device, const void *packet, uint32_t length)
{
	if (!device || !packet)
		return ns3c::fail("send: NULL");
	if (device->node->host())
		return ns3c::fail("send: the device is a host's, which sends by its sockets");

	const uint8_t *bytes = static_cast<const uint8_t *>(packet);
	bool v6 = length > 0 && bytes[0] >> 4 == 6;
	Address to;

	if (ns3c::ip_length(bytes, length) != length)
		return ns3c::fail("send: %u bytes that are no IP packet of that length", length);
	if (length > device->device->GetMtu())
		return ns3c::fail("send: %u bytes are over the MTU of %u", length, device->device->GetMtu());
	to = device->device->GetBroadcast();
	if (device->ethernet && !v6) {
		auto known = device->neighbours.find(word(bytes + 16));

		if (known != device->neighbours.end())
			to = known->second;
	}
	return device->device->Send(Create<Packet>(bytes, length), to, v6 ? TYPE_IPV6 : TYPE_IPV4) ? 0 : 1;
}
