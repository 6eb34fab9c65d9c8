#!/bin/sh
# cgnsim fit: a workload generated from a mix is fitted, the mix that comes out runs; its faults have a place; nothing is
# half-written.
# usage: test_fit.sh [PROGRAM], or CGNSIM=PROGRAM test_fit.sh
set -u
export LC_ALL=C
program=$(realpath "${1:-${CGNSIM:-build/cgnsim}}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
bad=0

ok() { echo "ok $1"; }
no() { echo "not ok $1"; bad=1; }
check() { if eval "$2"; then ok "$1"; else no "$1"; fi; }

cat >given.json <<'END'
{ "mix": 1,
  "sockets_per_day": { "distribution": "gamma", "shape": 2, "mean": 20000 },
  "gaps": { "distribution": "weibull", "shape": 0.6, "scale": 0.6646 },
  "protocols": {
    "tcp": { "share": 0.4, "duration": { "distribution": "lognormal", "median": 2, "sigma": 1.5 }, "well_known": 0.9,
             "ends": { "fin": 7, "half": 1, "reset": 1, "silent": 1, "unanswered": 1 } },
    "udp": { "share": 0.6, "fan_out": { "distribution": "pareto", "minimum": 0.8, "shape": 1.5, "max": 500 },
             "spacing": { "distribution": "exponential", "mean": 2 },
             "duration": { "distribution": "mixture", "parts": [ { "distribution": "constant", "value": 0, "weight": 0.5 },
                                                                 { "distribution": "exponential", "mean": 5, "weight": 0.5 } ] } } },
  "destinations": { "count": 2000, "zipf": 1.1 } }
END
cat >s.json <<'END'
{ "name": "s", "duration": "5m", "warmup": "5m", "subscribers": { "count": 60 }, "traffic": [ { "source": "mix", "file": "given.json" } ],
  "access": "nat44", "pool": { "prefixes": ["192.0.2.0/30"] }, "schemes": [ { "name": "a", "type": "session" } ] }
END

"$program" generate s.json -o t --quiet || no "generate"
"$program" fit t -o found.json >report || no "fit"
check "the report names the laws" 'grep -q "^gaps  *weibull  *shape 0\.[56]" report && grep -q "^tcp duration  *lognormal  *median" report &&
	grep -q "^udp fan-out  *pareto" report && grep -q "^destinations  *zipf" report'
check "how far the hosts' rates are from their law is at least what the table shows" '
	told=$(grep -A1 "^sockets a day" report | sed -n "s/.*; KS \([0-9.]*\).*/\1/p") && [ -n "$told" ] &&
	awk -F, -v told="$told" "/^sockets a day/ { d = \$3 - \$4; d = d < 0 ? -d : d; most = d > most ? d : most }
		END { exit !(most > 0 && most <= told + 0.001 && told < most + 0.1) }" found.csv'
check "moments are told from durations" 'grep -q "^udp .* [45][0-9]\.[0-9]% of one moment" report'
check "table and mix are there" '[ -s found.json ] && [ "$(head -1 found.csv)" = law,x,measured,fitted ]'
if command -v gnuplot >/dev/null; then
	cp found.csv drawn.csv
	check "report draws it again" '"$program" report drawn.csv && cmp -s drawn.svg found.svg'
	check "and the figure" 'grep -q "</svg>" found.svg && grep -q "tcp duration (s): lognormal" found.svg'
fi
"$program" fit t -o again.json --json >account || no "fit --json"
check "--json is the account in the mix" 'tr -d " \t\n" <account | sed "s/^{//" >a; tr -d " \t\n" <again.json >m; grep -qF "$(cat a)" m'
cmp -s found.json again.json && ok "twice the same" || no "twice the same"

"$program" run s.json --set 'traffic[0].file=found.json' --set subscribers.count=100 -o run --quiet 2>warnings || no "run of what was fitted"
check "the run says what stands behind the mix" 'grep -q "60 distinct captured hosts stand behind the 100 subscribers" warnings'
check "a capture shorter than the timers gives no tails" 'grep -q "no quantiles of ports above 0.9" warnings'
once='traffic=[{"source":"capture","file":"t","extend":"once"}]'
"$program" run s.json --set "$once" -o once --quiet 2>warnings
check "a capture that lasts as long as the run is no matter" '[ -s once/summary.json ] && ! grep -q "workload ends" warnings'
"$program" run s.json --set "$once" --set duration=10m -o longer --quiet 2>warnings
check "a run that goes on after the capture is told of" '[ "$(grep -c "workload ends before the window" warnings)" = 1 ] &&
	grep -q "workload ends before the window" longer/summary.json'
check "the manifest names the mix" 'grep -q "\"file\":.*\"found.json\"" run/manifest.json'

# What is wrong with a mix is told by its place in the mix.
fault() {
	sed "$2" given.json >bad.json
	"$program" validate s.json --set 'traffic[0].file=bad.json' >out 2>&1
	if [ $? = 2 ] && grep -qF "$3" out; then ok "fault: $1"; else no "fault: $1: $(cat out)"; fi
}
fault "a share below 0" 's/"share": 0.4/"share": -1/' 'bad.json: $.protocols.tcp.share: -1 is out of range'
fault "an unknown key" 's/"well_known"/"wellknown"/' 'bad.json: $.protocols.tcp.wellknown: unknown key; the nearest known one is "well_known"'
fault "an unknown law" 's/"weibull"/"weibul"/' 'bad.json: $.gaps.distribution: "weibul"'
fault "another version" 's/"mix": 1/"mix": 2/' 'bad.json: $.mix: 2 is out of range'
fault "no JSON" 's/}$/]/' 'bad.json: line'
fault "no protocol" 's/"share": 0\.[46]/"share": 0/' 'bad.json: $.protocols: no protocol has a share above 0'
fault "gaps without a mean" 's/"gaps": .*/"gaps": { "distribution": "pareto", "shape": 0.9, "minimum": 1 },/' 'bad.json: $.gaps: '

# Refused, with nothing written.
refused() {
	"$program" fit "$@" >out 2>&1
	status=$?
	[ $status = 2 ] && [ "$(wc -l <out)" -le 2 ]
}
check "no -o" 'refused t && grep -q "o MIX is missing" out'
check "no trace" 'refused s.json -o x.json && [ ! -e x.json ] && [ ! -e x.csv ]'
check "a trace is not written over" 'cp t t2; refused t -o t2 && cmp -s t t2 && grep -q "is no mix" out && [ ! -e t2.csv ]'
check "nor a scenario" 'cp s.json s2.json; refused t -o s2.json && cmp -s s.json s2.json && grep -q "is no mix" out && [ ! -e s2.csv ]'
check "nor a capture that is called as the table is" '"$program" replay t --pcap cap.csv -q && cp cap.csv kept && refused t -o cap.json &&
	cmp -s cap.csv kept && grep -q "cap.csv: is there and is no table" out && [ ! -e cap.json ] && [ ! -e cap.svg ]'
check "nor a picture of something else" 'echo picture >pic.svg; refused t -o pic.json && [ "$(cat pic.svg)" = picture ] && [ ! -e pic.csv ]'

# A trace of a flow or two has no law to draw: a mix all the same, and no figure, not even that of an earlier fit.
"$program" generate s.json -o few --quiet --set subscribers.count=1 --set warmup=0s --set duration=10s --seed 3
check "a trace of a few flows" 'cp found.json few.json; cp found.csv few.csv; cp found.svg few.svg 2>/dev/null
	"$program" fit few -o few.json --quiet 2>out && [ "$(cat few.csv)" = "law,x,measured,fitted" ] && [ ! -e few.svg ] &&
	grep -q "no law has a value to draw" out && "$program" validate s.json --set "traffic[0].file=few.json" >out 2>&1'
# A fit that fails leaves an earlier one as it was.
check "an earlier fit outlives one that fails" 'cp found.json old.json; cp found.csv old.csv; echo "<?xml" >old.svg; chmod 444 old.json
	refused t -o old.json; cmp -s found.json old.json && cmp -s found.csv old.csv && [ "$(cat old.svg)" = "<?xml" ]'
mkdir full.json
check "an output that cannot be written" 'refused t -o full.json && [ ! -e full.csv ] && [ ! -e full.svg ]'
check "without gnuplot the mix is there, with a warning" '
	PATH=/nowhere "$program" fit t -o bare.json --quiet 2>out && [ -s bare.json ] && [ -s bare.csv ] && [ ! -e bare.svg ] && grep -q "gnuplot is not there" out'
exit $bad
