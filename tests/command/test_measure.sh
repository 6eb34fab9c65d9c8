#!/bin/sh
# What measure makes of an event file is what run made of the same scenario, byte for byte; and what it refuses.
# usage: test_measure.sh [PROGRAM], or CGNSIM=PROGRAM test_measure.sh
set -u
program=$(realpath "${1:-${CGNSIM:-build/cgnsim}}")
top=$(realpath "$(dirname "$0")/../..")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp "$top/tests/golden/small.json" "$dir/small.json"
cd "$dir" || exit 1
bad=0
# A scenario with everything in it: homes' NATs, a limit, exempt destinations, all three protocols, demand, five schemes.
one="--set replications=1 --set warmup=auto --quiet"

check() {
	name=$1
	shift
	if "$@" >out 2>err; then
		echo "ok $name"
	else
		echo "not ok $name: $*"
		sed 's/^/  /' out err
		bad=1
	fi
}

# refuse NAME TEXT COMMAND...: exit 2, one line on stderr with the text in it, and no directory.
refuse() {
	name=$1 text=$2
	shift 2
	"$@" -o refused >/dev/null 2>err
	if [ $? = 2 ] && [ "$(grep -c '^cgnsim: ' err)" = 1 ] && [ "$(wc -l <err)" = 1 ] && grep -q -- "$text" err &&
		[ ! -e refused ] && [ ! -e refused.unfinished ]; then
		echo "ok $name"
	else
		echo "not ok $name"
		sed 's/^/  /' err
		bad=1
	fi
}

# The same but for the line that says how they were made.
same() {
	sed -i 's/cgnsim run small.json/cgnsim measure events small.json/' "$1/manifest.json" "$1/report.html"
	diff -r "$1" "$2"
}

check "run writes events beside its results" "$program" run small.json $one --keep-logs --events events -o ran
check "measure" "$program" measure events small.json $one --keep-logs -o measured
check "gives every byte that run gave" same ran measured
check "logs too" test -s measured/logs/per-session.log.zst -a -s measured/logs/ranges.records
check "the same events for any number of threads" sh -c "'$program' run small.json $one --events again --threads 1 -o one &&
	cmp events again"
check "writing events changes no result" sh -c "'$program' run small.json $one --keep-logs -o plain && cmp plain/summary.json ran/summary.json"
check "measured twice, in place" sh -c "cp -r measured first && '$program' measure events small.json $one --keep-logs -o measured &&
	diff -r first measured"
check "one scheme of several" "$program" measure events small.json $one --scheme blocks -o part
check "has the measures that it has among all" sh -c "jq -S '.schemes[] | select(.name == \"blocks\") | .ports, .log, .ambiguity' ran/summary.json >a &&
	jq -S '.schemes[0] | .ports, .log, .ambiguity' part/summary.json >b && cmp a b && [ \$(jq '.schemes | length' part/summary.json) = 1 ]"
check "the warm-up too is that of all" sh -c "jq .warmup_s ran/manifest.json >a && jq .warmup_s part/manifest.json >b && cmp a b"

check "the report of a world without packets is silent about them" sh -c "! grep -q 'What only packets show' measured/report.html"
check "and shows them where there are some" sh -c "jq '.schemes[1].packets = { syns: 4711, setup_delay: { mean: 0.0425 } }' ran/summary.json >s &&
	cp s plain/summary.json && '$program' report plain && grep -q 'What only packets show' plain/report.html &&
	grep -q '4,711\|4711' plain/report.html"

refuse "another setting is named" '\$\.pool\.ports was "1024-12000", and now is "1024-2000"' \
	"$program" measure events small.json $one --set pool.ports=1024-2000
refuse "another seed" '\$\.seed was 7, and now is 8' "$program" measure events small.json $one --seed 8
refuse "another setting of a scheme" '\$\.schemes\[2\]\.size was 64, and now is 128' \
	"$program" measure events small.json $one --set 'schemes[2].size=128'
check "events of one scheme" "$program" run small.json $one --scheme blocks --events blocks -o x
refuse "schemes that it lacks" 'no events of the scheme "per-session"' "$program" measure blocks small.json $one
refuse "what is no event file" "not an event file" "$program" measure small.json small.json
head -c 100000 events >short
refuse "one that is cut short" "breaks off" "$program" measure short small.json $one
cp events flipped
printf '\377' | dd of=flipped bs=1 seek=2000000 conv=notrunc 2>dd
refuse "a damaged one" "damaged in the section of scheme 0, instance" "$program" measure flipped small.json $one
refuse "no such file" "nowhere: No such file" "$program" measure nowhere small.json
refuse "events of several replications" "holds one replication" "$program" run small.json --quiet --events more
refuse "events of a run gone on from" "neither with --resume" "$program" run small.json $one --events more --resume
check "nothing is left of what was refused" test ! -e more

# The scenario's capture is another by the time of measuring: then flows are known by the trace's numbers alone, and it is said.
cat >capture.json <<END
{ "name": "capture", "seed": 1, "duration": "3m", "warmup": "2m", "subscribers": { "count": 40 },
  "traffic": [ { "source": "capture", "file": "traffic.trace" } ], "pool": { "prefixes": [ "192.0.2.0/30" ] },
  "schemes": [ { "name": "s", "type": "session" }, { "name": "b", "type": "block" } ] }
END
check "a trace as the workload" "$program" generate small.json --set subscribers.count=20 --set warmup=0s -o traffic.trace
check "events of a trace" "$program" run capture.json -q --events of-trace -o trace.ran
check "are measured to the same bytes" sh -c "'$program' measure of-trace capture.json -q -o trace.measured &&
	cmp trace.ran/summary.json trace.measured/summary.json"
check "another trace of the same name" "$program" generate small.json --set subscribers.count=20 --set warmup=0s --seed 9 -o traffic.trace
check "is measured, with a warning" sh -c "'$program' measure of-trace capture.json -q -o other.measured 2>said &&
	[ \$(grep -c 'of another workload' said) = 1 ] && jq -e '.warnings[] | select(test(\"another workload\"))' other.measured/summary.json"
check "and the NAT did the same" sh -c "jq '.schemes[].ports' trace.ran/summary.json >a && jq '.schemes[].ports' other.measured/summary.json >b &&
	cmp a b"

# An automatic warm-up is that of all schemes, so one alone, its events too, gives the row that it gives beside the others.
cat >auto.json <<END
{ "name": "auto", "duration": "1m", "subscribers": { "count": 30 }, "pool": { "prefixes": [ "192.0.2.0/30" ] }, "access": "nat44",
  "schemes": [ { "name": "s", "type": "session" }, { "name": "slow", "type": "block", "nat": { "timeouts": { "udp": "900s" } } } ] }
END
check "schemes with other timers" "$program" run auto.json -q -o auto.both
check "one of them alone" "$program" run auto.json --scheme s -q -o auto.one --events auto.events
check "and measured of its events" "$program" measure auto.events auto.json --scheme s -q -o auto.measured
for which in one measured; do
	check "gives the same row: $which" sh -c "jq '.schemes[0]' auto.both/summary.json >a && jq '.schemes[0]' auto.$which/summary.json >b && cmp a b"
done
exit $bad
