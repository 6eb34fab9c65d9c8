/* TCP sockets: the handles, and ns-3's callbacks as those of C. */
#include <ns3/inet-socket-address.h>
#include <ns3/rtt-estimator.h>
#include <ns3/simulator.h>
#include <ns3/tcp-congestion-ops.h>
#include <ns3/tcp-recovery-ops.h>

#include "sim/ns3/ns3c_tcp.h"

using namespace ns3;

/* Of a socket whose handle has not ended. */
static ns3c_tcp *handle_of(Ptr<Socket> socket)
{
	return static_cast<ns3c::Tcp *>(PeekPointer(socket))->handle;
}

static void connected(Ptr<Socket> socket)
{
	ns3c_tcp *tcp = handle_of(socket);

	if (!tcp)
		return;
	tcp->open = true;
	if (tcp->events.connected)
		tcp->events.connected(tcp, tcp->user);
}

static void received(Ptr<Socket> socket)
{
	for (Ptr<Packet> packet; (packet = socket->Recv(UINT32_MAX, 0)) && packet->GetSize() > 0;) {
		ns3c_tcp *tcp = handle_of(socket);

		if (!tcp)
			continue;
		tcp->received += packet->GetSize();
		if (tcp->events.received) {
			ns3c::Bytes bytes(tcp->sim, packet);

			tcp->events.received(tcp, bytes.data(), packet->GetSize(), tcp->user);
		} else if (tcp->events.arrived) {
			tcp->events.arrived(tcp, packet->GetSize(), tcp->user);
		}
	}
}

static void sent(Ptr<Socket> socket, uint32_t length)
{
	ns3c_tcp *tcp = handle_of(socket);

	if (!tcp)
		return;
	tcp->sent += length;
	if (tcp->events.sent)
		tcp->events.sent(tcp, length, tcp->user);
}

static void space(Ptr<Socket> socket, uint32_t length)
{
	ns3c_tcp *tcp = handle_of(socket);

	if (tcp && tcp->open && !tcp->closing)
		tcp->events.space(tcp, length, tcp->user);
}

/* ns-3 calls a reset a normal close, too. */
static void finished(Ptr<Socket> socket)
{
	ns3c::Tcp *s = static_cast<ns3c::Tcp *>(PeekPointer(socket));
	ns3c_tcp *tcp = s->handle;

	if (!tcp || !s->finished_here())
		return;
	tcp->telling = true;
	if (!tcp->events.finished)
		ns3c_tcp_close(tcp);
	else
		tcp->events.finished(tcp, tcp->user);
	tcp->telling = false;
}

static void set_callbacks(ns3c_tcp *tcp)
{
	ns3c::Tcp *socket = PeekPointer(tcp->socket);

	socket->handle = tcp;
	socket->watch_calls(MakeCallback(&connected), MakeCallback(&finished));
	socket->SetRecvCallback(MakeCallback(&received));
	socket->SetDataSentCallback(MakeCallback(&sent));
	if (tcp->events.space)
		socket->SetSendCallback(MakeCallback(&space));
	if (tcp->events.icmp)
		socket->set_icmp();
}

static void accepted(ns3c_tcp *listener, Ptr<Socket> socket, const Address &)
{
	if (listener->ended) {
		static_cast<ns3c::Tcp *>(PeekPointer(socket))->abort();
		return;
	}

	ns3c_tcp *tcp = new ns3c_tcp { listener->sim, DynamicCast<ns3c::Tcp>(socket), listener->events, nullptr,
	                               listener->user };

	tcp->open = true;
	tcp->sim->tcps.insert(tcp);
	set_callbacks(tcp);
	if (listener->accepted) {
		void *user = listener->accepted(tcp, listener->user);

		if (user)
			tcp->user = user;
	}
}

/* As TcpL4Protocol::CreateSocket(), of our class. */
static Ptr<ns3c::Tcp> create(ns3c_node *host)
{
	Ptr<ns3c::Tcp> socket = CreateObject<ns3c::Tcp>();
	TypeIdValue rtt, congestion, recovery;
	ObjectFactory factory;

	host->tcp->GetAttribute("RttEstimatorType", rtt);
	host->tcp->GetAttribute("SocketType", congestion);
	host->tcp->GetAttribute("RecoveryType", recovery);
	socket->SetNode(host->node);
	socket->SetTcp(host->tcp);
	factory.SetTypeId(rtt.Get());
	socket->SetRtt(factory.Create<RttEstimator>());
	factory.SetTypeId(congestion.Get());
	socket->SetCongestionControlAlgorithm(factory.Create<TcpCongestionOps>());
	factory.SetTypeId(recovery.Get());
	socket->SetRecoveryAlgorithm(factory.Create<TcpRecoveryOps>());
	return socket;
}

static Ptr<ns3c::Tcp> copy(ns3c_node *host)
{
	if (!host->pattern)
		host->pattern = create(host);

	Ptr<ns3c::Tcp> socket = CopyObject<ns3c::Tcp>(DynamicCast<ns3c::Tcp>(host->pattern));

	host->tcp->AddSocket(socket);
	return socket;
}

/* A socket of a host that has the address (0: any); NULL if it has not, or an argument is bad. */
static Ptr<ns3c::Tcp> socket_of(ns3c_node *host, uint32_t address, const ns3c_tcp_options *options)
{
	if (!host || !host->host())
		return ns3c::none("tcp: no host");
	if (options && !ns3c::good_tcp_options(*options))
		return nullptr;
	if (address && host->ipv4->GetInterfaceForAddress(Ipv4Address(address)) < 0)
		return ns3c::none("tcp: the host does not have %s", ns3c::dotted(address));

	Ptr<ns3c::Tcp> socket = copy(host);

	if (options)
		socket->set_options(*options);
	return socket;
}

Ptr<ns3c::Tcp> ns3c::hold_port(ns3c_node *host, uint32_t address, uint16_t port, const ns3c_tcp_options *options)
{
	Ptr<Tcp> socket = socket_of(host, address, options);

	if (socket && socket->Bind(InetSocketAddress(Ipv4Address(address), port)) != 0) {
		socket->drop();
		return none("tcp: port %u is taken", port);
	}
	return socket;
}

static ns3c_tcp *handle(ns3c_node *host, Ptr<ns3c::Tcp> socket, const ns3c_tcp_events *events, void *user)
{
	ns3c_tcp *tcp = new ns3c_tcp { host->sim, socket, *events, nullptr, user };

	host->sim->tcps.insert(tcp);
	return tcp;
}

struct ns3c_tcp *ns3c_tcp_connect(struct ns3c_node *host, uint32_t local_address, uint16_t local_port, uint32_t address,
                                  uint16_t port, const struct ns3c_tcp_options *options,
                                  const struct ns3c_tcp_events *events, void *user)
{
	if (!ns3c::good_destination("tcp", host, address))
		return nullptr;
	if (port == 0 || !events)
		return ns3c::none("tcp: connect to port 0, or no events");

	Ptr<ns3c::Tcp> socket = socket_of(host, local_address, options);
	uint32_t source = socket ? ns3c::source_to(host, address) : 0;

	if (!socket)
		return nullptr;
	if (source == 0) {
		socket->drop();
		return ns3c::none("tcp: the host has no route to %s", ns3c::dotted(address));
	}
	if (local_address)
		source = local_address;
	if (local_port ? !socket->bind_for(source, local_port, address, port)
	               : socket->Bind(InetSocketAddress(Ipv4Address(source), 0)) != 0) {
		socket->drop();
		return local_port ? ns3c::none("tcp: port %u is taken", local_port) : ns3c::none("tcp: every port is taken");
	}

	ns3c_tcp *tcp = handle(host, socket, events, user);

	set_callbacks(tcp);
	socket->dial(address, port);
	return tcp;
}

struct ns3c_tcp *ns3c_tcp_listen(struct ns3c_node *host, uint32_t address, uint16_t port,
                                 const struct ns3c_tcp_options *options, const struct ns3c_tcp_events *events,
                                 void *(*fn)(struct ns3c_tcp *tcp, void *user), void *user)
{
	if (port == 0 || !events)
		return ns3c::none("tcp: listen on port 0, or no events");

	Ptr<ns3c::Tcp> socket = ns3c::hold_port(host, address, port, options);

	if (!socket)
		return nullptr;

	ns3c_tcp *tcp = handle(host, socket, events, user);

	tcp->listening = true;
	tcp->accepted = fn;
	socket->SetAcceptCallback(MakeNullCallback<bool, Ptr<Socket>, const Address &>(), MakeBoundCallback(&accepted, tcp));
	socket->Listen();
	return tcp;
}

int64_t ns3c_tcp_send(struct ns3c_tcp *tcp, const void *bytes, uint32_t length)
{
	if (!tcp || tcp->listening || tcp->ended)
		return ns3c::fail("tcp: not a connection, or one that has ended");
	if (!tcp->open)
		return ns3c::fail("tcp: not open yet");
	if (tcp->closing || !tcp->socket->may_send())
		return ns3c::fail("tcp: closed for sending");

	uint32_t room = tcp->socket->GetTxAvailable(), taken = length < room ? length : room;

	if (taken > 0 && tcp->socket->Send(ns3c::packet_of(bytes, taken), 0) < 0)
		return ns3c::fail("tcp: the send buffer does not take %u bytes", taken);
	return taken;
}

int ns3c_tcp_close(struct ns3c_tcp *tcp)
{
	if (!tcp)
		return ns3c::fail("tcp: NULL");
	if (tcp->ended || tcp->closing)
		return 0;
	if (!tcp->open && !tcp->listening)
		return ns3c_tcp_abort(tcp);
	tcp->closing = true;
	if (tcp->listening) {
		/* The handle stays behind: what is half open still refers to it. */
		tcp->ended = true;
		tcp->socket->Close();
		return 0;
	}
	/* Told by the other side's FIN, ns-3 would acknowledge that once more after our own. */
	if (tcp->telling)
		tcp->socket->ShutdownSend();
	else
		tcp->socket->Close();
	return 0;
}

int ns3c_tcp_abort(struct ns3c_tcp *tcp)
{
	if (!tcp || tcp->listening)
		return ns3c::fail("tcp: not a connection");
	if (tcp->ended)
		return 0;
	tcp->closing = true;
	tcp->aborting = true;
	tcp->socket->abort();
	return 0;
}

struct ns3c_tcp_info ns3c_tcp_get_info(const struct ns3c_tcp *tcp)
{
	ns3c_tcp_info info = {};

	if (!tcp)
		return info;
	info = tcp->info;
	if (!tcp->ended)
		tcp->socket->fill(&info);
	info.open = tcp->open;
	info.sent = tcp->sent;
	info.received = tcp->received;
	return info;
}

static void told(ns3c_tcp *tcp)
{
	if (tcp->events.ended)
		tcp->events.ended(tcp, tcp->how, tcp->user);
	ns3c::forget(tcp);
}

void ns3c::end(ns3c_tcp *tcp, ns3c_end how)
{
	tcp->socket->fill(&tcp->info);
	tcp->socket->handle = nullptr;
	tcp->ended = true;
	tcp->how = how;
	Simulator::ScheduleNow(&told, tcp);
}

void ns3c::forget(ns3c_tcp *tcp)
{
	tcp->socket->handle = nullptr;
	tcp->sim->tcps.erase(tcp);
	delete tcp;
}

const char *ns3c_end_name(enum ns3c_end end)
{
	static const char *const names[] = { "closed", "no answer", "refused", "reset", "lost", "aborted" };

	return static_cast<unsigned>(end) < sizeof(names) / sizeof(*names) ? names[end] : "unknown";
}
