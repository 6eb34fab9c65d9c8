/* Nothing is wrong, in C++: the next number from the inside port's on. */
#include <cgnsim/scheme.h>

static int alloc(void *state, const cgnsim_request *r, cgnsim_grant *grant)
{
	const auto *host = static_cast<const cgnsim_host *>(state);
	uint32_t from = r->suggested == CGNSIM_NONE ? 0 : r->suggested;

	grant->slot = host->find(host->nat, r->address, r->protocol, 0, host->slots - 1, from);
	return grant->slot == CGNSIM_NONE ? CGNSIM_NO_PORT : CGNSIM_GIVEN;
}

const struct cgnsim_scheme cgnsim_scheme = { .abi = CGNSIM_SCHEME_ABI, .name = "plus", .alloc = alloc };
