/* The simulator: one at a time, its options, its events. */
#include <cinttypes>
#include <cstring>

#include <ns3/boolean.h>
#include <ns3/config.h>
#include <ns3/double.h>
#include <ns3/event-impl.h>
#include <ns3/global-value.h>
#include <ns3/mac48-address.h>
#include <ns3/nstime.h>
#include <ns3/rng-seed-manager.h>
#include <ns3/simulator.h>
#include <ns3/string.h>
#include <ns3/uinteger.h>

#include "sim/ns3/ns3c_state.h"

using namespace ns3;

namespace
{

char message[512];
ns3c_sim *current;

/* The handle of an event is the event itself: ns-3 holds it until its time has come, cancelled or not. */
class Call : public EventImpl
{
public:
	Call(void (*f)(void *), void *u) : fn(f), user(u) {}

private:
	void Notify() override { fn(user); }

	void (*fn)(void *);
	void *user;
};

} // namespace

int ns3c::fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	return -1;
}

const char *ns3c::dotted(uint32_t address)
{
	static char texts[4][16];
	static unsigned next;
	char *text = texts[next++ % 4];

	snprintf(text, sizeof(texts[0]), "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
	return text;
}

bool ns3c::good_tcp_options(const ns3c_tcp_options &o)
{
	const struct {
		const char *name;
		int64_t value, low, high;
	} ranges[] = {
		{ "segment_size", o.segment_size, 1, 65000 },
		{ "send_buffer", o.send_buffer, o.segment_size, INT32_MAX },
		{ "receive_buffer", o.receive_buffer, o.segment_size, INT32_MAX },
		{ "initial_window", o.initial_window, 1, 65535 },
		{ "syn_tries", o.syn_tries, 1, 16 },
		{ "syn_timeout_ns", o.syn_timeout_ns, 1, INT64_MAX >> 20 },
		{ "data_tries", o.data_tries, 1, UINT32_MAX },
		{ "min_rto_ns", o.min_rto_ns, 1, INT64_MAX >> 20 },
		{ "delayed_ack_ns", o.delayed_ack_ns, 1, INT64_MAX >> 20 },
		{ "delayed_ack_count", o.delayed_ack_count, 1, UINT32_MAX },
		{ "segment_life_ns", o.segment_life_ns, 1, INT64_MAX >> 20 },
	};

	for (const auto &range : ranges)
		if (range.value < range.low || range.value > range.high) {
			fail("tcp.%s: %" PRId64 " is not within %" PRId64 " .. %" PRId64, range.name, range.value, range.low,
			     range.high);
			return false;
		}
	return true;
}

ns3c::Bytes::Bytes(ns3c_sim *s, Ptr<const Packet> packet) : sim(s)
{
	room.swap(sim->scratch);
	if (room.size() < packet->GetSize())
		room.resize(packet->GetSize() < 2048 ? 2048 : packet->GetSize());
	packet->CopyData(room.data(), packet->GetSize());
}

ns3c::Bytes::~Bytes()
{
	room.swap(sim->scratch);
}

Ptr<Packet> ns3c::packet_of(const void *bytes, uint32_t length)
{
	return bytes ? Create<Packet>(static_cast<const uint8_t *>(bytes), length) : Create<Packet>(length);
}

ns3c_sim::ns3c_sim() = default;
ns3c_sim::~ns3c_sim() = default;

const char *ns3c_error(void)
{
	return message;
}

void ns3c_defaults(struct ns3c_options *options)
{
	const int64_t second = 1000000000;

	memset(options, 0, sizeof(*options));
	options->seed = 1;
	options->run = 1;
	options->checksums = true;
	options->tcp.segment_size = 1448;
	options->tcp.send_buffer = 131072;
	options->tcp.receive_buffer = 131072;
	options->tcp.initial_window = 10;
	options->tcp.syn_tries = 6;
	options->tcp.syn_timeout_ns = 3 * second;
	options->tcp.data_tries = 6;
	options->tcp.min_rto_ns = second;
	options->tcp.delayed_ack_ns = second / 5;
	options->tcp.delayed_ack_count = 2;
	options->tcp.segment_life_ns = 120 * second;
	options->tcp.timestamps = true;
	options->tcp.sack = true;
	options->tcp.window_scaling = true;
}

/* So that sockets which applications of ns-3's open are like those opened here. */
static void set_tcp(const ns3c_tcp_options &o)
{
	Config::SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(o.segment_size));
	Config::SetDefault("ns3::TcpSocket::SndBufSize", UintegerValue(o.send_buffer));
	Config::SetDefault("ns3::TcpSocket::RcvBufSize", UintegerValue(o.receive_buffer));
	Config::SetDefault("ns3::TcpSocket::InitialCwnd", UintegerValue(o.initial_window));
	Config::SetDefault("ns3::TcpSocket::ConnCount", UintegerValue(o.syn_tries));
	Config::SetDefault("ns3::TcpSocket::ConnTimeout", TimeValue(NanoSeconds(o.syn_timeout_ns)));
	Config::SetDefault("ns3::TcpSocket::DataRetries", UintegerValue(o.data_tries));
	Config::SetDefault("ns3::TcpSocket::DelAckTimeout", TimeValue(NanoSeconds(o.delayed_ack_ns)));
	Config::SetDefault("ns3::TcpSocket::DelAckCount", UintegerValue(o.delayed_ack_count));
	Config::SetDefault("ns3::TcpSocketBase::MinRto", TimeValue(NanoSeconds(o.min_rto_ns)));
	Config::SetDefault("ns3::TcpSocketBase::MaxSegLifetime", DoubleValue(static_cast<double>(o.segment_life_ns) * 1e-9));
	Config::SetDefault("ns3::TcpSocketBase::Timestamp", BooleanValue(o.timestamps));
	Config::SetDefault("ns3::TcpSocketBase::Sack", BooleanValue(o.sack));
	Config::SetDefault("ns3::TcpSocketBase::WindowScaling", BooleanValue(o.window_scaling));
}

struct ns3c_sim *ns3c_create(const struct ns3c_options *options)
{
	ns3c_options o;

	ns3c_defaults(&o);
	if (options)
		o = *options;
	if (current)
		return ns3c::none("there is a simulation already: ns3c_destroy() it first");
	if (o.seed == 0)
		return ns3c::none("seed: 0 is not within 1 .. %u", UINT32_MAX);
	if (!ns3c::good_tcp_options(o.tcp))
		return nullptr;
	GlobalValue::Bind("ChecksumEnabled", BooleanValue(o.checksums));
	RngSeedManager::SetSeed(o.seed);
	RngSeedManager::SetRun(o.run);
	Mac48Address::ResetAllocationIndex();
	set_tcp(o.tcp);
	current = new ns3c_sim;
	current->options = o;
	return current;
}

void ns3c_destroy(struct ns3c_sim *sim)
{
	if (!sim || sim->running)
		return;
	Simulator::Destroy();
	while (!sim->tcps.empty())
		ns3c::forget(*sim->tcps.begin());
	while (!sim->udps.empty())
		ns3c::forget(*sim->udps.begin());
	while (!sim->captures.empty())
		ns3c::forget(*sim->captures.begin());
	delete sim;
	Config::Reset();
	current = nullptr;
}

int ns3c_attribute(struct ns3c_sim *sim, const char *name, const char *value)
{
	if (!sim || !name || !value)
		return ns3c::fail("attribute: NULL");
	if (!Config::SetDefaultFailSafe(name, StringValue(value)))
		return ns3c::fail("attribute: ns-3 has no %s that could be %s", name, value);
	for (auto &node : sim->nodes)
		node->pattern = nullptr;
	return 0;
}

int64_t ns3c_now(const struct ns3c_sim *)
{
	return Simulator::Now().GetNanoSeconds();
}

struct ns3c_event *ns3c_at(struct ns3c_sim *sim, int64_t at_ns, void (*fn)(void *user), void *user)
{
	if (!sim || !fn)
		return ns3c::none("at: NULL");

	int64_t now = ns3c_now(sim);

	if (at_ns < now)
		return ns3c::none("at: %" PRId64 " ns is past, it is %" PRId64 " ns", at_ns, now);

	EventId id = Simulator::Schedule(NanoSeconds(at_ns - now), Ptr<EventImpl>(new Call(fn, user), false));

	return reinterpret_cast<ns3c_event *>(id.PeekEventImpl());
}

void ns3c_cancel(struct ns3c_event *event)
{
	if (event)
		reinterpret_cast<EventImpl *>(event)->Cancel();
}

int ns3c_run(struct ns3c_sim *sim, int64_t until_ns)
{
	if (!sim)
		return ns3c::fail("run: NULL");
	if (sim->running)
		return ns3c::fail("run: it runs already, and was called from a callback");
	if (until_ns >= 0 && until_ns < ns3c_now(sim))
		return ns3c::fail("run: %" PRId64 " ns is past, it is %" PRId64 " ns", until_ns, ns3c_now(sim));

	EventId end;

	if (until_ns >= 0)
		end = Simulator::Schedule(NanoSeconds(until_ns - ns3c_now(sim)), [] { Simulator::Stop(); });
	sim->running = true;
	Simulator::Run();
	sim->running = false;
	end.Cancel();
	return 0;
}

void ns3c_stop(struct ns3c_sim *)
{
	Simulator::Stop();
}

uint64_t ns3c_event_count(const struct ns3c_sim *)
{
	return Simulator::GetEventCount();
}
