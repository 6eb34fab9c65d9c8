#include <ns3/ipv4-end-point.h>
#include <ns3/rtt-estimator.h>
#include <ns3/simulator.h>
#include <ns3/tcp-header.h>
#include <ns3/tcp-rx-buffer.h>
#include <ns3/tcp-socket-state.h>
#include <ns3/tcp-tx-buffer.h>

#include "sim/ns3/ns3c_tcp.h"

using namespace ns3;

namespace ns3c
{

Tcp::Tcp()
{
	watch();
}

Tcp::Tcp(const Tcp &listener) : TcpSocketBase(listener)
{
	watch();
}

void Tcp::watch()
{
	m_state.ConnectWithoutContext(MakeCallback(&Tcp::moved, this));
}

void Tcp::watch_calls(Callback<void, Ptr<Socket>> connected, Callback<void, Ptr<Socket>> finished)
{
	SetConnectCallback(connected, MakeCallback(&Tcp::unanswered, this));
	SetCloseCallbacks(finished, MakeCallback(&Tcp::gave_up, this));
}

bool Tcp::bind_for(uint32_t local_address, uint16_t local_port, uint32_t address, uint16_t port)
{
	m_endPoint = m_tcp->Allocate(nullptr, Ipv4Address(local_address), local_port, Ipv4Address(address), port);
	return m_endPoint && SetupCallback() == 0;
}

void Tcp::dial(uint32_t address, uint16_t port)
{
	m_endPoint->SetPeer(Ipv4Address(address), port);
	m_rtt->Reset();
	m_synCount = m_synRetries;
	m_dataRetrCount = m_dataRetries;
	DoConnect();
}

void Tcp::drop()
{
	DeallocateEndPoint();
	m_tcp->RemoveSocket(this);
}

Ptr<TcpSocketBase> Tcp::Fork()
{
	return CopyObject<Tcp>(this);
}

void Tcp::set_options(const ns3c_tcp_options &o)
{
	SetSegSize(o.segment_size);
	SetSndBufSize(o.send_buffer);
	SetRcvBufSize(o.receive_buffer);
	SetInitialCwnd(o.initial_window);
	SetSynRetries(o.syn_tries);
	SetConnTimeout(NanoSeconds(o.syn_timeout_ns));
	SetDataRetries(o.data_tries);
	SetDelAckTimeout(NanoSeconds(o.delayed_ack_ns));
	SetDelAckMaxCount(o.delayed_ack_count);
	SetMinRto(NanoSeconds(o.min_rto_ns));
	m_msl = static_cast<double>(o.segment_life_ns) * 1e-9;
	m_timestampEnabled = o.timestamps;
	m_sackEnabled = o.sack;
	m_winScalingEnabled = o.window_scaling;
}

void Tcp::set_icmp()
{
	m_icmpCallback = MakeCallback(&Tcp::icmp, this);
}

void Tcp::icmp(Ipv4Address from, uint8_t ttl, uint8_t type, uint8_t code, uint32_t info)
{
	ns3c_icmp error = { from.Get(), type, code, ttl, info };

	if (handle && handle->events.icmp)
		handle->events.icmp(handle, &error, handle->user);
}

/* Called before the state is what it will be. */
void Tcp::moved(TcpStates_t from, TcpStates_t to)
{
	if (!handle)
		return;
	if (to == TIME_WAIT)
		end(handle, NS3C_CLOSED);
	else if (to == CLOSED)
		end(handle, handle->aborting                        ? NS3C_ABORTED
		            : from == SYN_SENT                      ? NS3C_REFUSED
		            : from == LAST_ACK || from == CLOSING ? NS3C_CLOSED
		                                                    : NS3C_RESET);
}

/* An error: the retries are over, or a reset was sent. */
void Tcp::gave_up(Ptr<Socket>)
{
	if (handle)
		end(handle, handle->aborting ? NS3C_ABORTED : m_dataRetrCount == 0 ? NS3C_LOST : NS3C_RESET);
}

void Tcp::unanswered(Ptr<Socket>)
{
	if (handle)
		end(handle, NS3C_NO_ANSWER);
}

/* To a listener nothing that is acknowledged was ever sent: it has to say so (RFC 9293 3.10.7.2), and ns-3 says nothing. */
void Tcp::refuse(const TcpHeader &header, const Address &from, const Address &to)
{
	TcpHeader reset;

	reset.SetFlags(TcpHeader::RST);
	reset.SetSequenceNumber(header.GetAckNumber());
	reset.SetSourcePort(header.GetDestinationPort());
	reset.SetDestinationPort(header.GetSourcePort());
	m_tcp->SendPacket(Create<Packet>(), reset, InetSocketAddress::ConvertFrom(to).GetIpv4(),
	                  InetSocketAddress::ConvertFrom(from).GetIpv4());
}

/* ns-3 takes a reset with ACK, which a closed port answers to a SYN, for an ACK to be ignored (RFC 9293 3.10.7.3). */
void Tcp::DoForwardUp(Ptr<Packet> packet, const Address &from, const Address &to)
{
	TcpHeader header;

	if (m_state == LISTEN) {
		packet->PeekHeader(header);
		if ((header.GetFlags() & (TcpHeader::RST | TcpHeader::ACK)) == TcpHeader::ACK) {
			refuse(header, from, to);
			return;
		}
	}
	if (m_state == SYN_SENT) {
		packet->PeekHeader(header);
		if (header.GetFlags() & TcpHeader::RST && header.GetFlags() & TcpHeader::ACK &&
		    header.GetAckNumber() == m_tcb->m_nextTxSequence + SequenceNumber32(1)) {
			CloseAndNotify();
			return;
		}
	}
	TcpSocketBase::DoForwardUp(packet, from, to);
}

/* FIN is repeated for ever by ns-3, and would keep a simulation alive that runs until nothing is left. */
void Tcp::SendEmptyPacket(uint8_t flags)
{
	if (flags & TcpHeader::SYN && m_synCount > 0)
		retransmitted += syns++ > 0;
	if (flags & TcpHeader::FIN) {
		if (fins > m_dataRetries) {
			m_dataRetrCount = 0;
			NotifyErrorClose();
			DeallocateEndPoint();
			return;
		}
		retransmitted += fins++ > 0;
	}
	TcpSocketBase::SendEmptyPacket(flags);
}

uint32_t Tcp::SendDataPacket(SequenceNumber32 seq, uint32_t maxSize, bool withAck)
{
	retransmitted += seq < m_tcb->m_highTxMark.Get();
	return TcpSocketBase::SendDataPacket(seq, maxSize, withAck);
}

bool Tcp::may_send() const
{
	return !m_shutdownSend && (m_state == ESTABLISHED || m_state == CLOSE_WAIT);
}

/* Of a connection that nobody has answered there is nothing to reset (RFC 9293 3.10.5). */
void Tcp::abort()
{
	if (m_state != SYN_SENT)
		SendRST();
	CloseAndNotify();
}

void Tcp::fill(ns3c_tcp_info *info) const
{
	Address local, remote;

	GetSockName(local);
	if (InetSocketAddress::IsMatchingType(local)) {
		info->local_address = InetSocketAddress::ConvertFrom(local).GetIpv4().Get();
		info->local_port = InetSocketAddress::ConvertFrom(local).GetPort();
	}
	if (m_endPoint) {
		info->remote_address = m_endPoint->GetPeerAddress().Get();
		info->remote_port = m_endPoint->GetPeerPort();
	}
	info->syns = syns;
	info->retransmitted = retransmitted;
	info->window = m_tcb->m_cWnd;
	info->rtt_ns = m_rtt && m_rtt->GetNSamples() ? m_rtt->GetEstimate().GetNanoSeconds() : 0;
}

} // namespace ns3c
