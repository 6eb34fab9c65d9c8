/* log_syslog - RFC 5424 messages, one a line.
 *
 * <134>1 TIME cgn nat - EVENT [nat@32473 protocol="udp" inside="A:P" outside="A:P"]
 * <134>1 TIME cgn nat - EVENT [nat@32473 inside="A" outside="A:LO-HI"], or A:LO-HI/STEP
 *
 * Priority 134 is facility local0, severity informational. 32473 is the
 * enterprise number that RFC 5612 keeps for examples. */
#include "analysis/log_text.h"

#define PRI "<134>1 "
#define FROM " cgn nat - "
#define ID " [nat@32473 "

/* All the text between the time and the first value. */
static const struct log_piece opening[LOG_KINDS] = {
	[LOG_MAPPING_ADD]    = LOG_PIECE(FROM "nat44-bib-create" ID "protocol=\""),
	[LOG_MAPPING_DELETE] = LOG_PIECE(FROM "nat44-bib-delete" ID "protocol=\""),
	[LOG_BLOCK_ADD]      = LOG_PIECE(FROM "port-block-allocate" ID "inside=\""),
	[LOG_BLOCK_DELETE]   = LOG_PIECE(FROM "port-block-deallocate" ID "inside=\""),
	[LOG_SESSION_ADD]    = LOG_PIECE(FROM "nat44-session-create" ID "protocol=\""),
	[LOG_SESSION_DELETE] = LOG_PIECE(FROM "nat44-session-delete" ID "protocol=\""),
};
static const struct log_piece protocol_inside[PROTO_COUNT] = {
	[PROTO_TCP]  = LOG_PIECE("tcp\" inside=\""),
	[PROTO_UDP]  = LOG_PIECE("udp\" inside=\""),
	[PROTO_ICMP] = LOG_PIECE("icmp\" inside=\""),
};
static const struct log_piece pri = LOG_PIECE(PRI);
static const struct log_piece outside = LOG_PIECE("\" outside=\"");
static const struct log_piece remote = LOG_PIECE("\" remote=\"");
static const struct log_piece closing = LOG_PIECE("\"]\n");

static char *put_endpoint(char *out, uint32_t address, uint16_t port)
{
	out = put_address(out, address);
	*out++ = ':';
	return put_number(out, port);
}

static size_t syslog_encode(const struct log_record *r, char *out)
{
	char *at = put_piece(out, &pri);

	at = put_time(at, r->time_ns);
	at = put_piece(at, &opening[r->kind]);
	if (log_kind_is_block(r->kind)) {
		at = put_address(at, r->inside);
		at = put_piece(at, &outside);
		at = put_endpoint(at, r->outside, r->lo);
		*at++ = '-';
		at = put_block_end(at, r);
	} else {
		at = put_piece(at, &protocol_inside[r->protocol]);
		at = put_endpoint(at, r->inside, r->inside_port);
		at = put_piece(at, &outside);
		at = put_endpoint(at, r->outside, r->lo);
		if (log_kind_is_session(r->kind)) {
			at = put_piece(at, &remote);
			at = put_endpoint(at, r->remote, r->remote_port);
		}
	}
	return (size_t)(put_piece(at, &closing) - out);
}

static size_t syslog_length(const struct log_record *r)
{
	size_t n = (size_t)pri.length + LOG_TIME_LENGTH + opening[r->kind].length + outside.length +
	           addresses_length(r->inside, r->outside) + 1 + number_length(r->lo) + closing.length;

	if (log_kind_is_block(r->kind))
		return n + 1 + block_end_length(r);
	n += protocol_inside[r->protocol].length + 1u + number_length(r->inside_port);
	if (log_kind_is_session(r->kind))
		n += remote.length + address_length(r->remote) + 1u + number_length(r->remote_port);
	return n;
}

static bool take_endpoint(struct log_line *l, uint32_t *address, uint16_t *port)
{
	return take_address(l, address) && take_text(l, ":") && take_number(l, port);
}

static bool take_block(struct log_line *l, struct log_record *r)
{
	return take_text(l, "inside=\"") && take_address(l, &r->inside) && take_text(l, outside.text) &&
	       take_endpoint(l, &r->outside, &r->lo) && take_text(l, "-") && take_block_end(l, r);
}

static bool take_mapping(struct log_line *l, struct log_record *r)
{
	if (!take_text(l, "protocol=\"") || !take_protocol(l, &r->protocol) || !take_text(l, "\" inside=\"") ||
	    !take_endpoint(l, &r->inside, &r->inside_port) || !take_text(l, outside.text) ||
	    !take_endpoint(l, &r->outside, &r->lo))
		return false;
	r->hi = r->lo;
	return !log_kind_is_session(r->kind) || (take_text(l, remote.text) && take_endpoint(l, &r->remote, &r->remote_port));
}

static bool syslog_decode(const char *line, size_t length, struct log_record *out)
{
	struct log_line l = { line, line + length };
	struct log_record r = { 0 };

	if (!take_text(&l, PRI) || !take_time(&l, &r.time_ns) || !take_text(&l, FROM) || !take_kind(&l, &r.kind) ||
	    !take_text(&l, ID))
		return false;
	if (!(log_kind_is_block(r.kind) ? take_block(&l, &r) : take_mapping(&l, &r)))
		return false;
	if (!take_text(&l, "\"]") || !take_end(&l))
		return false;
	*out = r;
	return true;
}

const struct log_format log_syslog = {
	.name          = "syslog",
	.summary       = "RFC 5424 text, one message a line",
	.extension     = "log",
	.resolution_ns = NS_PER_MS,
	.encode        = syslog_encode,
	.length        = syslog_length,
	.decode        = syslog_decode,
};
