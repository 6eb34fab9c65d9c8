/* log_csv - comma-separated values with a header line; fields that a record
 * does not have are empty. */
#include "analysis/log_text.h"

static const struct log_piece event[LOG_KINDS] = {
	[LOG_MAPPING_ADD]    = LOG_PIECE(",nat44-bib-create,"),
	[LOG_MAPPING_DELETE] = LOG_PIECE(",nat44-bib-delete,"),
	[LOG_BLOCK_ADD]      = LOG_PIECE(",port-block-allocate,,"),
	[LOG_BLOCK_DELETE]   = LOG_PIECE(",port-block-deallocate,,"),
	[LOG_SESSION_ADD]    = LOG_PIECE(",nat44-session-create,"),
	[LOG_SESSION_DELETE] = LOG_PIECE(",nat44-session-delete,"),
};
static const struct log_piece protocol[PROTO_COUNT] = {
	[PROTO_TCP]  = LOG_PIECE("tcp,"),
	[PROTO_UDP]  = LOG_PIECE("udp,"),
	[PROTO_ICMP] = LOG_PIECE("icmp,"),
};

static size_t csv_encode(const struct log_record *r, char *out)
{
	char *at = put_time(out, r->time_ns);

	at = put_piece(at, &event[r->kind]);
	if (!log_kind_is_block(r->kind))
		at = put_piece(at, &protocol[r->protocol]);
	at = put_address(at, r->inside);
	*at++ = ',';
	if (!log_kind_is_block(r->kind))
		at = put_number(at, r->inside_port);
	*at++ = ',';
	at = put_address(at, r->outside);
	*at++ = ',';
	at = put_number(at, r->lo);
	*at++ = ',';
	at = put_block_end(at, r);
	*at++ = ',';
	if (log_kind_is_session(r->kind))
		at = put_address(at, r->remote);
	*at++ = ',';
	if (log_kind_is_session(r->kind))
		at = put_number(at, r->remote_port);
	*at++ = '\n';
	return (size_t)(at - out);
}

static size_t csv_length(const struct log_record *r)
{
	size_t lo = number_length(r->lo);
	size_t n = LOG_TIME_LENGTH + event[r->kind].length + addresses_length(r->inside, r->outside) + lo + 7;

	if (log_kind_is_block(r->kind))
		return n + block_end_length(r);
	n += protocol[r->protocol].length + number_length(r->inside_port) + lo;
	if (log_kind_is_session(r->kind))
		n += address_length(r->remote) + number_length(r->remote_port);
	return n;
}

static bool take_protocol_field(struct log_line *l, struct log_record *r)
{
	return log_kind_is_block(r->kind) || take_protocol(l, &r->protocol);
}

static bool take_inside_port(struct log_line *l, struct log_record *r)
{
	return log_kind_is_block(r->kind) || take_number(l, &r->inside_port);
}

static bool take_remote(struct log_line *l, struct log_record *r)
{
	if (!log_kind_is_session(r->kind))
		return take_text(l, ",");
	return take_address(l, &r->remote) && take_text(l, ",") && take_number(l, &r->remote_port);
}

static bool csv_decode(const char *line, size_t length, struct log_record *out)
{
	struct log_line l = { line, line + length };
	struct log_record r = { 0 };

	if (!take_time(&l, &r.time_ns) || !take_text(&l, ",") || !take_kind(&l, &r.kind) || !take_text(&l, ",") ||
	    !take_protocol_field(&l, &r) || !take_text(&l, ",") || !take_address(&l, &r.inside) || !take_text(&l, ",") ||
	    !take_inside_port(&l, &r) || !take_text(&l, ",") || !take_address(&l, &r.outside) || !take_text(&l, ",") ||
	    !take_number(&l, &r.lo) || !take_text(&l, ",") || !take_block_end(&l, &r) || !take_text(&l, ",") ||
	    !take_remote(&l, &r) || !take_end(&l))
		return false;
	if (!log_kind_is_block(r.kind) && (r.lo != r.hi || r.step))
		return false;
	*out = r;
	return true;
}

const struct log_format log_csv = {
	.name          = "csv",
	.summary       = "comma-separated values with a header line",
	.extension     = "csv",
	.resolution_ns = NS_PER_MS,
	.prologue      = "time,event,protocol,inside,inside_port,outside,lo,hi,remote,remote_port\n",
	.encode        = csv_encode,
	.length        = csv_length,
	.decode        = csv_decode,
};
