/* Tries, by its own account, and never gives anything. */
#include <cgnsim/scheme.h>

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	(void)state, (void)r, (void)grant;
	return CGNSIM_TRIES_EXHAUSTED;
}

static void promise(void *state, struct cgnsim_promise *promise)
{
	(void)state;
	promise->partial = true;
}

const struct cgnsim_scheme cgnsim_scheme = { .abi = CGNSIM_SCHEME_ABI, .name = "never", .alloc = alloc, .promise = promise };
