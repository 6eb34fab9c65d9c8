# worlds - the scenarios that both worlds run, and what is allowed between them. Read by test_worlds.sh and docs/worlds.sh.

# With links that take no time the two must agree: every count, peak, log record and answer is equal, and a mean in time
# differs by what the packets of a handshake take on the wire, some microseconds of seconds.
WORLDS_SAME="--exact --tolerance *=0.00001 --ignore log.bytes_zstd --ignore packets.*"

# With the scenario's own delays: the tolerances of compare, and beside them what a scenario says for itself. Where nothing
# is refused, every flow gets its mapping in both.
WORLDS_APART="--tolerance ports.*created=0 --tolerance ports.refus*=0"
# Numbers are drawn: one that is free 20 ms later is another's, and of 2,000 incidents that changes some.
WORLDS_no_hold_down="$WORLDS_APART --tolerance ambiguity.*ratio=0,0.02 --tolerance ambiguity.*.entropy_bits=0.05,0.02"
# Refusals decide what comes after them: a connection that lives 20 ms longer may refuse another, whose retry refuses a
# third. The flows differ then, the law does not: counts are held to a twentieth and a tenth.
WORLDS_limit_tcp_retry="--tolerance *=0.05,3 --tolerance ambiguity.*ratio=0,0.03 --ignore packets.*"
WORLDS_full_address="--tolerance *=0.1,5 --tolerance ambiguity.*ratio=0,0.05 --ignore packets.*"

# Runs a scenario in both worlds. usage: worlds_run CGNSIM SCENARIO DIR [OPTION]...
worlds_run() {
	program=$1 scenario=$2 into=$3
	shift 3
	"$program" run "$scenario" -o "$into/flow" --quiet "$@" &&
		"$program" run "$scenario" --world ns3 -o "$into/packet" --quiet "$@"
}

# What is allowed for a scenario of this name.
worlds_options() {
	eval "printf '%s' \"\${WORLDS_$(printf %s "$1" | tr - _):-$WORLDS_APART}\""
}
