/* Ping, on a raw socket of our own: ns-3's has the identifier 0 always, which is no
 * identifier that a NAT could tell two hosts apart by. */
#include <ns3/icmpv4.h>
#include <ns3/inet-socket-address.h>
#include <ns3/ipv4-raw-socket-factory.h>
#include <ns3/simulator.h>
#include <ns3/socket.h>
#include <ns3/uinteger.h>

#include "sim/ns3/ns3c_app.h"

using namespace ns3;

enum { ICMP = 1, ECHO_REPLY = 0, UNREACHABLE = 3, ECHO_REQUEST = 8, EXCEEDED = 11, HEADER = 8 };

namespace
{

struct Ping : ns3c_app {
	ns3c_ping how;
	Ptr<Socket> socket;
	std::vector<int64_t> sent_at;   /* by sequence number; -1 once it was answered */
};

} // namespace

static uint16_t half(const uint8_t *bytes)
{
	return static_cast<uint16_t>(bytes[0] << 8 | bytes[1]);
}

static void put_half(uint8_t *bytes, uint32_t value)
{
	bytes[0] = static_cast<uint8_t>(value >> 8);
	bytes[1] = static_cast<uint8_t>(value);
}

static void send(Ping *ping)
{
	uint8_t header[HEADER] = { ECHO_REQUEST };
	uint32_t sequence = static_cast<uint32_t>(ping->sent_at.size());
	uint32_t sum = (ECHO_REQUEST << 8) + ping->how.identifier + sequence;   /* the data are zeros */

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	if (ping->host->sim->options.checksums)
		put_half(header + 2, ~sum & 0xffff);
	put_half(header + 4, ping->how.identifier);
	put_half(header + 6, sequence);

	Ptr<Packet> packet = Create<Packet>(header, HEADER);

	packet->AddAtEnd(Create<Packet>(ping->how.size));
	ping->sent_at.push_back(ns3c_now(ping->host->sim));
	ping->counts.requests++;
	ping->counts.sent += ping->how.size;
	ping->socket->SendTo(packet, 0, InetSocketAddress(Ipv4Address(ping->how.address), 0));
	if (ping->sent_at.size() < ping->how.count)
		Simulator::Schedule(NanoSeconds(ping->how.interval_ns), &send, ping);
}

static void replied(Ping *ping, const uint8_t *icmp, uint32_t data)
{
	uint16_t sequence = half(icmp + 6);

	if (half(icmp + 4) != ping->how.identifier || sequence >= ping->sent_at.size() || ping->sent_at[sequence] < 0)
		return;

	int64_t rtt = ns3c_now(ping->host->sim) - ping->sent_at[sequence];

	ping->sent_at[sequence] = -1;
	ping->counts.answers++;
	ping->counts.received += data;
	if (ping->how.replied)
		ping->how.replied(sequence, rtt, ping->how.user);
}

/* An error quotes the header of the packet that it is about, and eight bytes at least of what follows. */
static void failed(Ping *ping, const uint8_t *icmp, uint32_t length, uint32_t from, uint8_t ttl)
{
	const uint8_t *quoted = icmp + HEADER;
	uint32_t header = length > HEADER ? (quoted[0] & 15u) * 4u : 0;

	if (header < 20 || length < HEADER + header + HEADER || quoted[9] != ICMP || quoted[header] != ECHO_REQUEST ||
	    half(quoted + header + 4) != ping->how.identifier || !ping->how.icmp)
		return;

	uint32_t info = static_cast<uint32_t>(half(icmp + 4)) << 16 | half(icmp + 6);
	ns3c_icmp error = { from, icmp[0], icmp[1], ttl, info };

	ping->how.icmp(half(quoted + header + 6), &error, ping->how.user);
}

/* Not by the socket: a raw one sees fragments, each by itself. */
static void received(Ping *ping, const Ipv4Header &ip, const uint8_t *icmp, uint32_t length)
{
	if (length < HEADER)
		return;
	if (icmp[0] == ECHO_REPLY)
		replied(ping, icmp, length - HEADER);
	else if (icmp[0] == UNREACHABLE || icmp[0] == EXCEEDED)
		failed(ping, icmp, length, ip.GetSource().Get(), ip.GetTtl());
}

struct ns3c_app *ns3c_add_ping(struct ns3c_node *host, const struct ns3c_ping *how)
{
	if (!how)
		return ns3c::none("ping: NULL");
	if (!ns3c::good_times("ping", host, how->start_ns, 0))
		return nullptr;
	if (!ns3c::good_destination("ping", host, how->address))
		return nullptr;
	if (how->size > 65507)
		return ns3c::none("ping: size %u is over 65507", how->size);
	if (how->count == 0 || how->count > 65536)
		return ns3c::none("ping: count %u is not within 1 .. 65536", how->count);
	if (how->interval_ns <= 0)
		return ns3c::none("ping: interval_ns must be above 0");

	auto ping = std::make_shared<Ping>();

	ping->how = *how;
	ping->socket = Socket::CreateSocket(host->node, Ipv4RawSocketFactory::GetTypeId());
	ping->socket->SetAttribute("Protocol", UintegerValue(ICMP));
	ping->socket->Bind();
	ping->socket->ShutdownRecv();
	host->icmp_arrived.ConnectWithoutContext(MakeBoundCallback(&received, ping.get()));
	Simulator::Schedule(NanoSeconds(how->start_ns - ns3c_now(host->sim)), &send, ping.get());
	return ns3c::keep(host, ping);
}
