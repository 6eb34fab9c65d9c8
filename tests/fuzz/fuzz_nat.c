/* Any bytes as a NAT's configuration and the packets that come to it: the NAT and
 * its model (tests/model_nat.h) must say the same, and in the end have everything back. */
#include <stddef.h>
#include <stdint.h>

#include "sim/base/must.h"
#include "tests/storm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dice dice = { .bytes = data, .left = size };
	struct tally tally = { 0 };

	must(storm(dice_below(&dice, STORM_COMBINATIONS), UINT64_MAX, &dice, "these bytes", &tally));
	return 0;
}
