/* Any bytes as a NAT's configuration (the first four choose it) and the packets that come to it: the NAT and its model
 * (tests/model_nat.h) must say the same, and in the end have everything back. */
#include <stddef.h>
#include <stdint.h>

#include "sim/base/must.h"
#include "tests/storm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dice dice = { .bytes = data, .left = size };
	uint32_t world = dice_below(&dice, UINT32_MAX);
	struct dice of_world = dice_of_seed(0, world);
	struct tally tally = { 0 };

	must(storm(world % STORM_COMBINATIONS, UINT64_MAX, &of_world, &dice, "these bytes", &tally));
	return 0;
}
