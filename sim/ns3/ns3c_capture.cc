/* Captures: pcap files with nanoseconds, in this machine's byte order. */
#include <cerrno>
#include <cstring>

#include <ns3/simulator.h>

#include "sim/ns3/ns3c_state.h"

using namespace ns3;

static const uint32_t LINK_ETHERNET = 1, LINK_RAW = 101, SNAP = 65535, PPP_HEADER = 2;

static void put(ns3c_capture *capture, const void *bytes, size_t length)
{
	if (fwrite(bytes, 1, length, capture->out) != length)
		capture->good = false;
}

static void seen(ns3c_capture *capture, Ptr<const Packet> packet)
{
	ns3c::Bytes bytes(capture->sim, packet);
	uint32_t skipped = capture->ethernet || capture->device->tapped ? 0 : PPP_HEADER;
	uint32_t length = packet->GetSize() - skipped, kept = length < SNAP ? length : SNAP;
	int64_t now = Simulator::Now().GetNanoSeconds();
	uint32_t header[] = { static_cast<uint32_t>(now / 1000000000), static_cast<uint32_t>(now % 1000000000), kept, length };

	put(capture, header, sizeof(header));
	put(capture, bytes.data() + skipped, kept);
}

struct ns3c_capture *ns3c_capture_open(struct ns3c_device *device, const char *path)
{
	if (!device || !path)
		return ns3c::none("capture: NULL");

	FILE *out = fopen(path, "wb");
	const uint16_t version[] = { 2, 4 };
	const uint32_t magic = 0xa1b23c4d;
	const uint32_t rest[] = { 0, 0, SNAP, device->ethernet ? LINK_ETHERNET : LINK_RAW };

	if (!out)
		return ns3c::none("%s: %s", path, strerror(errno));

	ns3c_capture *capture = new ns3c_capture { device->node->sim, device, out, path, device->ethernet, true };

	put(capture, &magic, sizeof(magic));
	put(capture, version, sizeof(version));
	put(capture, rest, sizeof(rest));
	capture->sim->captures.insert(capture);
	device->device->TraceConnectWithoutContext("PromiscSniffer", MakeBoundCallback(&seen, capture));
	if (device->tapped)   /* whose sniffer sees only what comes in */
		device->device->TraceConnectWithoutContext("MacTx", MakeBoundCallback(&seen, capture));
	return capture;
}

int ns3c_capture_close(struct ns3c_capture *capture)
{
	if (!capture)
		return 0;

	bool good = fflush(capture->out) == 0 && capture->good;
	std::string path = capture->path;

	capture->device->device->TraceDisconnectWithoutContext("PromiscSniffer", MakeBoundCallback(&seen, capture));
	if (capture->device->tapped)
		capture->device->device->TraceDisconnectWithoutContext("MacTx", MakeBoundCallback(&seen, capture));
	ns3c::forget(capture);
	return good ? 0 : ns3c::fail("%s: not everything could be written", path.c_str());
}

void ns3c::forget(struct ns3c_capture *capture)
{
	fclose(capture->out);
	capture->sim->captures.erase(capture);
	delete capture;
}
