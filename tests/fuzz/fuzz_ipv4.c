/* Any bytes as an IPv4 packet: read, rewritten, cut; the sanitizers watch. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/nat/ipv4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *context, uint8_t *bytes, uint32_t length)
{
	struct datagram d;

	(void)context;
	ipv4_read(bytes, length, &d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = must_alloc(size + 1, 1), error[IPV4_ERROR_MOST];
	struct datagram was, now, again;

	memcpy(copy, data, size);
	if (size <= 65535 && ipv4_read(copy, (uint32_t)size, &was)) {
		now = was;
		now.ends.source ^= 0x5a5a5a5a;
		now.ends.source_port ^= 0x1234;
		now.inner.destination_port ^= 0x4321;
		if (now.ends.protocol == IP_ICMP)
			now.ends.destination_port = now.ends.source_port;
		if (now.inner.protocol == IP_ICMP)
			now.inner.source_port = now.inner.destination_port;
		ipv4_write(copy, &was, &now);
		must(ipv4_read(copy, (uint32_t)size, &again) && again.ends.source == now.ends.source);
		ipv4_hop(copy);
		if (ipv4_length(copy) >= 28)
			ipv4_write_error(error, &(struct ipv4_error){ .type = 3 }, copy, ipv4_length(copy));
		ipv4_cut(copy, 576, ignore, NULL);
	}
	free(copy);
	return 0;
}
