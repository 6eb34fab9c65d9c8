#include "sim/nat/errors.h"

#include "sim/base/must.h"
#include "sim/nat/rate.h"
#include "sim/nat/state.h"
#include "sim/nat/wire.h"

/* It is about the packet as its sender knows it. Outward it comes from the address that was spoken to. */
void error_send(struct nat *nat, int64_t now_ns, const struct datagram *about, uint8_t code, struct nat_path back)
{
	struct edge *e = nat->edge;
	uint32_t rate = nat->config->icmp_per_second;
	struct datagram d = {
		.ends = { .source = back.inside ? 0 : about->ends.destination,
		          .destination = about->ends.source, .protocol = IP_ICMP },
		.icmp_type = ICMP_UNREACHABLE,
		.icmp_code = code,
		.inner = about->ends,
	};

	must(about->ends.protocol != IP_ICMP || !icmp_is_error(about->icmp_type)); /* RFC 1122 section 3.2.2 */
	if (!rate)
		return;
	if (!back.inside && edge_find(e, d.ends.destination) != ADDRESS_NONE) {
		struct passage p = error_inbound(nat, &d); /* a host of ours spoke: hairpin (RFC 4787 REQ-9) */

		if (!outcome_passes(p.outcome))
			return;
		back = p.path;
	}
	if (!rate_has(e->icmp_ns, now_ns, rate)) {
		e->icmp_withheld++;
		return;
	}
	rate_take(&e->icmp_ns, now_ns, rate);
	e->icmp_sent++;
	if (e->send)
		e->send(e->send_context, now_ns, &d, back);
}

struct passage error_outbound(struct nat *nat, uint32_t subscriber, uint8_t host, struct datagram *d)
{
	const struct packet_ends *in = &d->inner; /* as it came in: remote -> host */
	struct inside inside;
	enum protocol protocol;
	uint32_t entry;
	struct wire_end out;

	if (!wire_protocol(in->protocol, &protocol))
		return (struct passage){ .outcome = OUT_MALFORMED };
	inside = nat_inside(nat, subscriber, host, in->destination_port, protocol, in->source, wire_remote_port(in, in->source_port));
	entry = table_find(&nat->table, table_hash(&inside), &inside);
	if (entry == INDEX_NONE)
		return (struct passage){ .outcome = OUT_NO_MAPPING };
	out = wire_outside(nat, &nat->table.mappings[entry]);
	d->ends.source = out.address;
	d->inner.destination = out.address;
	d->inner.destination_port = out.number;
	if (in->protocol == IP_ICMP)
		d->inner.source_port = out.number;
	return (struct passage){ .outcome = OUT_ICMP_ERROR };
}

struct passage error_inbound(struct nat *nat, struct datagram *d)
{
	const struct packet_ends *in = &d->inner; /* as it left: public -> remote */
	enum protocol protocol;
	uint32_t entry;
	const struct mapping *m;
	int depends;

	if (!wire_protocol(in->protocol, &protocol) || in->source != d->ends.destination)
		return (struct passage){ .outcome = OUT_MALFORMED };
	entry = wire_holder(nat, in->source, protocol, in->source_port, in->destination,
	                    wire_remote_port(in, in->destination_port));
	if (entry == INDEX_NONE)
		return (struct passage){ .outcome = OUT_NO_MAPPING };
	m = &nat->table.mappings[entry];
	/* A mapping that depends on the remote never sent to another one. */
	depends = nat->config->mapping[protocol];
	if ((depends != ENDPOINT_INDEPENDENT && m->inside.remote != in->destination) ||
	    (depends == ADDRESS_AND_PORT_DEPENDENT && m->inside.remote_port != wire_remote_port(in, in->destination_port)))
		return (struct passage){ .outcome = OUT_NO_MAPPING };
	d->ends.destination = 0;
	d->inner.source = 0;
	d->inner.source_port = m->inside.port;
	if (in->protocol == IP_ICMP)
		d->inner.destination_port = m->inside.port;
	return (struct passage){ .outcome = OUT_ICMP_ERROR, .path = wire_inward(m) };
}
