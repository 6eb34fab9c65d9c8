/* HTTP by ns-3's 3GPP model: pages of a main object and embedded ones. */
#include <ns3/pointer.h>
#include <ns3/three-gpp-http-client.h>
#include <ns3/three-gpp-http-server.h>
#include <ns3/three-gpp-http-variables.h>
#include <ns3/uinteger.h>

#include "sim/ns3/ns3c_app.h"
#include "sim/ns3/ns3c_tcp.h"

using namespace ns3;

namespace
{

/* ns-3's takes its port as it begins, and says nothing if it does not get it: until then the port is held. */
class Server : public ThreeGppHttpServer
{
public:
	Ptr<ns3c::Tcp> held;

private:
	void StartApplication() override
	{
		held->drop();
		held = nullptr;
		ThreeGppHttpServer::StartApplication();
	}
};

/* ns-3's closes a socket that is not there if it is stopped before it began, as at a simulation's end. */
class Client : public ThreeGppHttpClient
{
	void StopApplication() override
	{
		if (GetSocket())
			ThreeGppHttpClient::StopApplication();
	}
};

} // namespace

static void count_sent(ns3c_app *app, Ptr<const Packet> packet)
{
	app->counts.sent += packet->GetSize();
}

static void count_request(ns3c_app *app, Ptr<const Packet>)
{
	app->counts.requests++;
}

static void count_received(ns3c_app *app, Ptr<const Packet> packet, const Address &)
{
	app->counts.received += packet->GetSize();
}

static void count_answer(ns3c_app *app, Ptr<const ThreeGppHttpClient>, Ptr<const Packet>)
{
	app->counts.answers++;
}

/* Its draws are dealt by the simulation, as all are. */
static Ptr<ThreeGppHttpVariables> deal_streams(ns3c_node *host, Ptr<Application> application)
{
	PointerValue value;

	application->GetAttribute("Variables", value);

	Ptr<ThreeGppHttpVariables> variables = value.Get<ThreeGppHttpVariables>();

	host->sim->next_stream += variables->AssignStreams(host->sim->next_stream);
	return variables;
}

static ns3c_app *started(ns3c_node *host, Ptr<Application> application, int64_t start_ns, int64_t stop_ns)
{
	ns3c_app *app = ns3c::keep(host, std::make_shared<ns3c_app>());

	application->TraceConnectWithoutContext("Tx", MakeBoundCallback(&count_sent, app));
	application->TraceConnectWithoutContext("Rx", MakeBoundCallback(&count_received, app));
	ns3c::run_between(host, application, start_ns, stop_ns);
	return app;
}

struct ns3c_app *ns3c_add_http_server(struct ns3c_node *host, uint32_t address, uint16_t port)
{
	int64_t now = host ? ns3c_now(host->sim) : 0;

	if (!ns3c::good_times("http_server", host, now, 0))
		return nullptr;
	if (port == 0)
		return ns3c::none("http_server: port 0");

	Ptr<ns3c::Tcp> held = ns3c::hold_port(host, address, port, nullptr);

	if (!held)
		return nullptr;

	Ptr<Server> server = CreateObject<Server>();

	server->held = held;
	/* ns-3's has drawn it before there were streams to draw it from. */
	server->SetMtuSize(deal_streams(host, server)->GetMtuSize());
	server->SetAttribute("LocalAddress", AddressValue(Ipv4Address(address)));
	server->SetAttribute("LocalPort", UintegerValue(port));
	return started(host, server, now, 0);
}

struct ns3c_app *ns3c_add_http_client(struct ns3c_node *host, uint32_t address, uint16_t port, int64_t start_ns,
                                      int64_t stop_ns)
{
	if (!ns3c::good_times("http_client", host, start_ns, stop_ns))
		return nullptr;
	if (!ns3c::good_destination("http_client", host, address))
		return nullptr;
	if (port == 0)
		return ns3c::none("http_client: to port 0");

	Ptr<ThreeGppHttpClient> client = CreateObject<Client>();

	deal_streams(host, client);
	client->SetAttribute("RemoteServerAddress", AddressValue(Ipv4Address(address)));
	client->SetAttribute("RemoteServerPort", UintegerValue(port));

	ns3c_app *app = started(host, client, start_ns, stop_ns);

	for (const char *name : { "TxMainObjectRequest", "TxEmbeddedObjectRequest" })
		client->TraceConnectWithoutContext(name, MakeBoundCallback(&count_request, app));
	for (const char *name : { "RxMainObject", "RxEmbeddedObject" })
		client->TraceConnectWithoutContext(name, MakeBoundCallback(&count_answer, app));
	return app;
}
