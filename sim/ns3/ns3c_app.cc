/* Applications that move bytes: sink, bulk, on and off. */
#include <ns3/bulk-send-application.h>
#include <ns3/data-rate.h>
#include <ns3/inet-socket-address.h>
#include <ns3/onoff-application.h>
#include <ns3/simulator.h>
#include <ns3/string.h>
#include <ns3/uinteger.h>

#include "sim/ns3/ns3c_app.h"

using namespace ns3;

bool ns3c::good_times(const char *who, const ns3c_node *host, int64_t start_ns, int64_t stop_ns)
{
	if (!host || !host->host())
		fail("%s: no host", who);
	else if (start_ns < Simulator::Now().GetNanoSeconds())
		fail("%s: start_ns is past", who);
	else if (stop_ns != 0 && stop_ns <= start_ns)
		fail("%s: stop_ns is not after start_ns", who);
	else
		return true;
	return false;
}

/* ns-3 counts an application's times from when it is given to its node. */
void ns3c::run_between(ns3c_node *host, Ptr<Application> application, int64_t start_ns, int64_t stop_ns)
{
	int64_t now = Simulator::Now().GetNanoSeconds();

	application->SetStartTime(NanoSeconds(start_ns - now));
	if (stop_ns)
		application->SetStopTime(NanoSeconds(stop_ns - now));
	host->node->AddApplication(application);
}

static void *sink_accepted(struct ns3c_tcp *, void *user)
{
	static_cast<ns3c_app *>(user)->counts.answers++;
	return user;
}

static void sink_arrived(struct ns3c_tcp *, uint32_t length, void *user)
{
	static_cast<ns3c_app *>(user)->counts.received += length;
}

static void sink_received(struct ns3c_udp *, uint32_t, uint16_t, const uint8_t *, uint32_t length, void *user)
{
	static_cast<ns3c_app *>(user)->counts.received += length;
	static_cast<ns3c_app *>(user)->counts.answers++;
}

/* Of sockets of ours: ns-3's PacketSink keeps every connection that it ever accepted. */
struct ns3c_app *ns3c_add_sink(struct ns3c_node *host, uint32_t address, uint16_t port, bool tcp)
{
	ns3c_tcp_events arrives = {};
	ns3c_udp_events receives = {};
	auto app = std::make_shared<ns3c_app>();

	arrives.arrived = sink_arrived;
	receives.received = sink_received;
	if (port == 0)
		return ns3c::none("sink: port 0");
	if (tcp ? !ns3c_tcp_listen(host, address, port, nullptr, &arrives, sink_accepted, app.get())
	        : !ns3c_udp_open(host, address, port, &receives, app.get()))
		return nullptr;
	return ns3c::keep(host, app);
}

static void count_sent(ns3c_app *app, Ptr<const Packet> packet)
{
	app->counts.sent += packet->GetSize();
	app->counts.requests++;
}

struct ns3c_app *ns3c_add_bulk(struct ns3c_node *host, uint32_t address, uint16_t port, uint64_t bytes,
                               int64_t start_ns, int64_t stop_ns)
{
	if (!ns3c::good_times("bulk", host, start_ns, stop_ns))
		return nullptr;
	if (!ns3c::good_destination("bulk", host, address))
		return nullptr;
	if (port == 0)
		return ns3c::none("bulk: to port 0");

	Ptr<BulkSendApplication> bulk = CreateObject<BulkSendApplication>();
	ns3c_app *app = ns3c::keep(host, std::make_shared<ns3c_app>());

	bulk->SetAttribute("Protocol", TypeIdValue(TypeId::LookupByName("ns3::TcpSocketFactory")));
	bulk->SetAttribute("Remote", AddressValue(InetSocketAddress(Ipv4Address(address), port)));
	bulk->SetMaxBytes(bytes);
	bulk->TraceConnectWithoutContext("Tx", MakeBoundCallback(&count_sent, app));
	ns3c::run_between(host, bulk, start_ns, stop_ns);
	return app;
}

/* A law as ns-3 reads it: seconds. */
static StringValue law(bool exponential, int64_t mean_ns)
{
	char text[96];
	const char *kind = exponential ? "ExponentialRandomVariable[Mean" : "ConstantRandomVariable[Constant";

	snprintf(text, sizeof(text), "ns3::%s=%.9f]", kind, static_cast<double>(mean_ns) * 1e-9);
	return StringValue(text);
}

struct ns3c_app *ns3c_add_on_off(struct ns3c_node *host, const struct ns3c_on_off *how)
{
	if (!how)
		return ns3c::none("on_off: NULL");
	if (!ns3c::good_times("on_off", host, how->start_ns, how->stop_ns))
		return nullptr;
	if (!ns3c::good_destination("on_off", host, how->address))
		return nullptr;
	if (how->port == 0)
		return ns3c::none("on_off: to port 0");
	if (how->on_ns <= 0 || how->off_ns < 0)
		return ns3c::none("on_off: on_ns must be above 0, off_ns 0 or more");
	if (how->bits_per_second == 0)
		return ns3c::none("on_off: bits_per_second is 0");
	if (how->packet_size == 0 || how->packet_size > 65507)
		return ns3c::none("on_off: packet_size %u is not within 1 .. 65507", how->packet_size);

	Ptr<OnOffApplication> on_off = CreateObject<OnOffApplication>();
	ns3c_app *app = ns3c::keep(host, std::make_shared<ns3c_app>());
	const char *protocol = how->tcp ? "ns3::TcpSocketFactory" : "ns3::UdpSocketFactory";

	on_off->SetAttribute("Protocol", TypeIdValue(TypeId::LookupByName(protocol)));
	on_off->SetAttribute("Remote", AddressValue(InetSocketAddress(Ipv4Address(how->address), how->port)));
	on_off->SetAttribute("DataRate", DataRateValue(DataRate(how->bits_per_second)));
	on_off->SetAttribute("PacketSize", UintegerValue(how->packet_size));
	on_off->SetAttribute("OnTime", law(how->exponential, how->on_ns));
	on_off->SetAttribute("OffTime", law(how->exponential && how->off_ns > 0, how->off_ns));
	on_off->SetMaxBytes(how->bytes);
	on_off->TraceConnectWithoutContext("Tx", MakeBoundCallback(&count_sent, app));
	host->sim->next_stream += on_off->AssignStreams(host->sim->next_stream);
	ns3c::run_between(host, on_off, how->start_ns, how->stop_ns);
	return app;
}

struct ns3c_app_counts ns3c_app_get_counts(const struct ns3c_app *app)
{
	return app ? app->counts : ns3c_app_counts();
}
