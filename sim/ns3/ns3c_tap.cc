/* Devices of hosts whose other end is the program. */
#include <ns3/mac48-address.h>
#include <ns3/virtual-net-device.h>

#include "sim/ns3/ns3c_state.h"

using namespace ns3;

enum { TYPE_IPV4 = 0x0800 };

static bool taken(ns3c_device *device, Ptr<Packet> packet, const Address &, const Address &, uint16_t type)
{
	ns3c::Bytes bytes(device->node->sim, packet);

	device->tap_sent++;
	if (type == TYPE_IPV4)
		device->tapped(device, bytes.data(), packet->GetSize(), device->tap_user);
	return true;
}

struct ns3c_device *ns3c_add_tap(struct ns3c_node *host, uint32_t mtu, ns3c_packet_fn *sent, void *user)
{
	if (!host || !sent)
		return ns3c::none("add_tap: NULL");
	if (!host->host())
		return ns3c::none("add_tap: the node is no host");
	if (mtu < 68 || mtu > 65535)
		return ns3c::none("add_tap: mtu %u is not within 68 .. 65535", mtu);

	Ptr<VirtualNetDevice> device = CreateObject<VirtualNetDevice>();

	device->SetAddress(Mac48Address::Allocate());
	device->SetMtu(static_cast<uint16_t>(mtu));
	device->SetNeedsArp(false);
	device->SetIsPointToPoint(true);

	ns3c_device *d = ns3c::device_of(host, device, nullptr, false);

	d->tapped = sent;
	d->tap_user = user;
	device->SetSendCallback(MakeBoundCallback(&taken, d));
	return d;
}

int ns3c_tap_deliver(struct ns3c_device *tap, const void *bytes, uint32_t length)
{
	if (!tap || !bytes)
		return ns3c::fail("tap_deliver: NULL");
	if (!tap->tapped)
		return ns3c::fail("tap_deliver: the device is no tap");
	if (ns3c::ip_length(static_cast<const uint8_t *>(bytes), length) != length)
		return ns3c::fail("tap_deliver: %u bytes that are no IP packet of that length", length);

	Ptr<VirtualNetDevice> device = DynamicCast<VirtualNetDevice>(tap->device);

	device->Receive(Create<Packet>(static_cast<const uint8_t *>(bytes), length), TYPE_IPV4, device->GetBroadcast(),
	                device->GetAddress(), NetDevice::PACKET_HOST);
	return 0;
}
