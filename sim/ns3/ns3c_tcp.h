/* A TCP socket of ns-3's that tells what it does; only for sim/ns3/ns3c_tcp*.cc.
 *
 * ns-3's callbacks call a reset a normal close, and say nothing of the last
 * steps. The socket's own state does, so the socket here is a subclass that
 * looks at it; that also counts what is sent again without a trace source, each
 * of which costs a look-up by name for each socket. */
#ifndef SIM_NS3_NS3C_TCP_H
#define SIM_NS3_NS3C_TCP_H

#include <ns3/tcp-socket-base.h>

#include "sim/ns3/ns3c_state.h"

namespace ns3c
{

class Tcp : public ns3::TcpSocketBase
{
public:
	Tcp();
	Tcp(const Tcp &listener);

	ns3c_tcp *handle = nullptr;   /* none before it was accepted, and once it has ended */
	uint32_t syns = 0, fins = 0, retransmitted = 0;

	void set_options(const ns3c_tcp_options &options);
	void set_icmp();
	void watch_calls(ns3::Callback<void, ns3::Ptr<ns3::Socket>> connected,
	                 ns3::Callback<void, ns3::Ptr<ns3::Socket>> finished);
	/* Takes a local port for one peer alone; false if the two have a connection of those ports already. */
	bool bind_for(uint32_t local_address, uint16_t local_port, uint32_t address, uint16_t port);
	/* Bound, it sends its SYN: Connect() would put the route's address in place of the one that it is bound to. */
	void dial(uint32_t address, uint16_t port);
	void drop();   /* its port, without a word to anybody */
	void abort();
	bool may_send() const;
	bool finished_here() const { return m_state == CLOSE_WAIT; }
	void fill(ns3c_tcp_info *info) const;

private:
	ns3::Ptr<ns3::TcpSocketBase> Fork() override;
	void DoForwardUp(ns3::Ptr<ns3::Packet> packet, const ns3::Address &from, const ns3::Address &to) override;
	void SendEmptyPacket(uint8_t flags) override;
	uint32_t SendDataPacket(ns3::SequenceNumber32 seq, uint32_t maxSize, bool withAck) override;
	void refuse(const ns3::TcpHeader &header, const ns3::Address &from, const ns3::Address &to);
	void watch();
	void moved(TcpStates_t from, TcpStates_t to);
	void gave_up(ns3::Ptr<ns3::Socket>);
	void unanswered(ns3::Ptr<ns3::Socket>);
	void icmp(ns3::Ipv4Address from, uint8_t ttl, uint8_t type, uint8_t code, uint32_t info);
};

} // namespace ns3c

struct ns3c_tcp {
	ns3c_sim *sim;
	ns3::Ptr<ns3c::Tcp> socket;
	ns3c_tcp_events events;
	void *(*accepted)(struct ns3c_tcp *tcp, void *user);   /* of a listener */
	void *user;
	bool listening = false, open = false, ended = false, closing = false, aborting = false, telling = false;
	uint64_t sent = 0, received = 0;
	ns3c_end how = NS3C_CLOSED;
	ns3c_tcp_info info = {};   /* as it ended */
};

namespace ns3c
{

/* A socket that holds a port of an address (0: of any) and does no more; NULL, and said, if the port is taken. */
ns3::Ptr<Tcp> hold_port(ns3c_node *host, uint32_t address, uint16_t port, const ns3c_tcp_options *options);

/* The handle's last call will be made, with nothing of ns-3's on the stack. */
void end(ns3c_tcp *tcp, ns3c_end how);

} // namespace ns3c

#endif
