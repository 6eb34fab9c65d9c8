#!/bin/sh
# run --world ns3: what it says, where it keeps what it needs for a while, and what it warns of.
# usage: CGNSIM=PROGRAM test_run.sh
set -u
top=$(realpath "$(dirname "$0")/../..")
program=$(realpath "${CGNSIM:-$top/build/cgnsim}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0

if [ ! -x "$(dirname "$program")/cgnsim-ns3" ]; then
	echo "skip ns3 run: there is no cgnsim-ns3 beside $program (make ns3)"
	exit 0
fi
holds() { # NAME STATUS
	if [ "$2" = 0 ]; then
		echo "ok ns3 run: $1"
	else
		echo "not ok ns3 run: $1"
		bad=1
	fi
}

cd "$dir" || exit 1
cat > s.json <<'EOF'
{ "name": "s", "duration": "30s", "warmup": "0s", "subscribers": { "count": 5 }, "access": "nat44",
  "traffic": [{ "source": "poisson", "rate_per_day": 20000, "protocol": "udp", "duration": { "distribution": "constant", "value": "20ms" } }],
  "pool": { "prefixes": ["192.0.2.0/30"] }, "schemes": [{ "name": "one", "type": "session" }] }
EOF
mkdir kept
TMPDIR=$dir/kept "$program" run s.json --world ns3 -o r >said 2>/dev/null
holds "it runs" $?
[ -z "$(ls kept)" ] && ! grep -q 'kept\|cgnsim-ns3' said
holds "its own files are gone, and not spoken of" $?
grep -q '^of packets, warm-up included' said && grep -Eq '^one .* - +0\.030 s ' said
holds "a table of packets: no connection was set up, an answer takes one round trip" $?
tr -d '\n\t ' <r/summary.json | grep -q '"setup_delay":{"mean":null,"p50":null,"p99":null,"max":null}'
holds "of no delays there is no mean" $?
said=$(TMPDIR=$dir/none "$program" run s.json --world ns3 -o q 2>&1)
[ $? = 2 ] && printf %s "$said" | grep -q "^cgnsim: $dir/none/cgnsim-ns3-.*: No such file or directory"
holds "TMPDIR says where" $?
sed 's/"protocol": "udp"/"protocol": "udp", "port": 0/' s.json >zero.json
said=$("$program" run zero.json --world ns3 -o q -q 2>&1)
[ $? = 2 ] && printf %s "$said" | grep -q '^[a-z0-9-]*: zero.json: .*port 0'
holds "a fault of the workload names the scenario" $?
said=$("$program" run s.json --world ns3 -o q --events f 2>&1)
[ $? = 2 ] && printf %s "$said" | grep -q 'cgnsim-ns3 -o writes'
holds "who wants the event file is told how to get one" $?

"$program" generate s.json -o w.trace -q
packet=$(dirname "$program")/cgnsim-ns3
"$packet" s.json --workload w.trace -o e -q 2>said && [ ! -s said ]
holds "the scenario's own workload needs no word" $?
"$packet" s.json --workload w.trace -o e10 -q --set subscribers.prefix=10.0.0.0/24 2>said && [ ! -s said ]
"$program" measure e s.json -o m -q 2>/dev/null && "$program" measure e10 s.json -o m10 -q --set subscribers.prefix=10.0.0.0/24 2>/dev/null &&
	"$program" compare m m10 --exact --ignore 'log.*bytes*' --ignore 'log.by_format.*' >/dev/null
holds "hosts of other addresses are the subscribers in their order" $?
said=$("$packet" s.json --workload w.trace -o e3 -q --set subscribers.count=3 2>&1)
[ $? = 2 ] && printf %s "$said" | grep -q 'w.trace: 5 hosts, more than the scenario.s $.subscribers.count of 3'
holds "but not more of them than there are subscribers" $?
for other in --seed=7 --set=duration=20s; do
	"$packet" s.json --workload w.trace -o e -q "$other" 2>said && grep -q 'warning: w.trace is not the workload that s.json gives' said
	holds "another's is warned of ($other)" $?
done
sed 's/"count": 5/"count": 2/; s/"traffic":.*/"traffic": [{ "source": "capture", "file": "w.trace" }],/' s.json >c.json
"$program" run c.json --world ns3 -o c -q 2>said
grep -q 'the captured flows carry what "packets" in the scenario says' said
holds "a captured flow's own bytes are missed" $?
"$program" run c.json -o f -q 2>said
! grep -q 'the captured flows carry' said
holds "but not by the flow world" $?
[ $bad = 0 ]
