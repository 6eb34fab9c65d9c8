/* UDP sockets. */
#include <ns3/callback.h>
#include <ns3/inet-socket-address.h>
#include <ns3/simulator.h>
#include <ns3/socket.h>
#include <ns3/udp-l4-protocol.h>

#include "sim/ns3/ns3c_state.h"

using namespace ns3;

struct ns3c_udp {
	ns3c_node *host;
	Ptr<Socket> socket;
	ns3c_udp_events events;
	void *user;
	bool closed;
};

enum { UDP_MOST = 65507 };

static void received(ns3c_udp *udp, Ptr<Socket> socket)
{
	Address from;

	/* The callback may close the socket. */
	for (Ptr<Packet> packet; (packet = socket->RecvFrom(from));) {
		InetSocketAddress sender = InetSocketAddress::ConvertFrom(from);
		ns3c::Bytes bytes(udp->host->sim, packet);

		udp->events.received(udp, sender.GetIpv4().Get(), sender.GetPort(), bytes.data(), packet->GetSize(), udp->user);
		if (udp->closed)
			return;
	}
}

static void icmp(ns3c_udp *udp, Ipv4Address from, uint8_t ttl, uint8_t type, uint8_t code, uint32_t info)
{
	ns3c_icmp error = { from.Get(), type, code, ttl, info };

	if (!udp->closed)
		udp->events.icmp(udp, &error, udp->user);
}

struct ns3c_udp *ns3c_udp_open(struct ns3c_node *host, uint32_t address, uint16_t port,
                               const struct ns3c_udp_events *events, void *user)
{
	if (!host || !host->host() || !events)
		return ns3c::none("udp: no host, or no events");
	if (address && host->ipv4->GetInterfaceForAddress(Ipv4Address(address)) < 0)
		return ns3c::none("udp: the host does not have %s", ns3c::dotted(address));

	Ptr<Socket> socket = host->node->GetObject<UdpL4Protocol>()->CreateSocket();

	if (socket->Bind(InetSocketAddress(address ? Ipv4Address(address) : Ipv4Address::GetAny(), port)) != 0) {
		socket->Close();
		return ns3c::none("udp: port %u is taken", port);
	}

	ns3c_udp *udp = new ns3c_udp { host, socket, *events, user, false };

	if (events->received)
		socket->SetRecvCallback(MakeBoundCallback(&received, udp));
	else
		socket->ShutdownRecv();
	if (events->icmp)
		socket->SetAttribute("IcmpCallback", CallbackValue(MakeBoundCallback(&icmp, udp)));
	host->sim->udps.insert(udp);
	return udp;
}

int ns3c_udp_send(struct ns3c_udp *udp, uint32_t address, uint16_t port, const void *bytes, uint32_t length)
{
	if (!udp || udp->closed)
		return ns3c::fail("udp: NULL, or closed");
	if (!ns3c::good_destination("udp", udp->host, address))
		return -1;
	if (port == 0)
		return ns3c::fail("udp: send to port 0");
	if (length > UDP_MOST)
		return ns3c::fail("udp: %u bytes are over %d", length, UDP_MOST);
	/* Of a socket with an address, ns-3 looks for the route too late to tell. */
	if (ns3c::source_to(udp->host, address) == 0)
		return ns3c::fail("udp: the host has no route to %s", ns3c::dotted(address));
	if (udp->socket->SendTo(ns3c::packet_of(bytes, length), 0, InetSocketAddress(Ipv4Address(address), port)) < 0)
		return ns3c::fail("udp: ns-3 sends nothing to %s", ns3c::dotted(address));
	return 0;
}

uint16_t ns3c_udp_port(const struct ns3c_udp *udp)
{
	Address local;

	if (!udp || udp->socket->GetSockName(local) != 0)
		return 0;
	return InetSocketAddress::ConvertFrom(local).GetPort();
}

int ns3c_udp_close(struct ns3c_udp *udp)
{
	if (!udp || udp->closed)
		return ns3c::fail("udp: NULL, or closed");
	udp->socket->SetRecvCallback(MakeNullCallback<void, Ptr<Socket>>());
	udp->socket->Close();
	udp->closed = true;
	Simulator::ScheduleNow(static_cast<void (*)(ns3c_udp *)>(&ns3c::forget), udp);
	return 0;
}

void ns3c::forget(ns3c_udp *udp)
{
	udp->host->sim->udps.erase(udp);
	delete udp;
}
