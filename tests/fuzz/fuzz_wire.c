/* Any bytes as a frame of any link type: a packet or a reason. The first two
 * bytes choose the link type, so that all of them are met. */
#include <stdint.h>

#include "sim/base/must.h"
#include "traffic/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_packet p, inner;
	enum reason why, inner_why;
	int link_type;

	if (size < 2)
		return 0;
	link_type = data[0] | data[1] << 8;
	why = wire_decode(data + 2, size - 2, size, link_type, &p);
	must(why <= REASON_NONE);
	must(why == REASON_LINK_TYPE || wire_knows(link_type)); /* one that is known may wrap one that is not */
	if (why == REASON_NONE) {
		must(p.protocol == IP_TCP || p.protocol == IP_UDP || p.protocol == IP_ICMP);
		must(p.length >= 20);
		must(!(p.first_fragment && p.later_fragment));
	}
	for (int deep = 0; deep < 4 && wire_unwrap(&p, &inner, &inner_why) != TUNNEL_NONE; deep++) {
		must(inner_why <= REASON_NONE && (inner_why != REASON_NONE || inner.version == 4));
		p = inner;
	}
	return 0;
}
