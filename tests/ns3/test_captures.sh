#!/bin/sh
# Captures of both sides of the CGN: tshark finds nothing wrong in their headers, whatever the ports, and import gives the
# workload's flows back. Payload is no protocol's, so tshark is told to take none for one: zeros to port 520 are broken RIP.
# usage: CGNSIM=PROGRAM test_captures.sh
set -u
program=$(realpath "${CGNSIM:-build/cgnsim}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0

ok() { echo "ok ns3 captures: $1"; }
not_ok() { echo "not ok ns3 captures: $1"; bad=1; }

if [ ! -x "$(dirname "$program")/cgnsim-ns3" ]; then
	echo "skip ns3 captures: there is no cgnsim-ns3 beside $program (make ns3)"
	exit 0
fi
cd "$dir" || exit 1
for access in nat44 nat444; do
	cat > s.json <<EOF
{ "name": "s", "duration": "60s", "warmup": "0s", "subscribers": { "count": 20 }, "access": "$access",
  "traffic": [
    { "source": "poisson", "rate_per_day": 20000, "protocol": "tcp", "duration": { "distribution": "exponential", "mean": "3s" } },
    { "source": "poisson", "rate_per_day": 20000, "protocol": "udp", "port": 520, "duration": { "distribution": "exponential", "mean": "3s" } },
    { "source": "poisson", "rate_per_day": 20000, "protocol": "icmp", "duration": { "distribution": "exponential", "mean": "3s" } }],
  "pool": { "prefixes": ["192.0.2.0/30"] },
  "packets": { "datagram": 2000, "core": { "mtu": 1300 } } }
EOF
	"$program" generate s.json -o w.trace > generated || { not_ok "$access: generate"; continue; }
	"$program" run s.json --world ns3 -o "run-$access" --pcap "$access" -q 2>/dev/null || { not_ok "$access: run"; continue; }
	for side in inside outside; do
		file=$access-session-0-$side.pcap
		if ! command -v tshark >/dev/null 2>&1; then
			echo "skip ns3 captures: $access, $side: there is no tshark here"
			continue
		fi
		wrong=$(tshark -r "$file" -d udp.port==1-65535,data -d tcp.port==1-65535,data -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE \
			-Y '_ws.malformed || ip.checksum.status == "Bad" || tcp.checksum.status == "Bad" || udp.checksum.status == "Bad" || icmp.checksum.status == "Bad"' 2>/dev/null | wc -l)
		packets=$(tshark -r "$file" 2>/dev/null | wc -l)
		[ "$packets" -gt 1000 ] && [ "$wrong" = 0 ] && ok "$access, $side: $packets packets, none malformed, no bad checksum" ||
			not_ok "$access, $side: $wrong of $packets packets are malformed or have a bad checksum"
	done
	"$program" import "$access-session-0-inside.pcap" -o i.trace -q 2>/dev/null
	sed 's/.*hosts, \([0-9]* flows ([^)]*)\).*/\1/' generated > want
	"$program" trace i.trace --json | tr -d '\n\t ' | sed 's/.*"flows":{"tcp":\([0-9]*\),"udp":\([0-9]*\),"icmp":\([0-9]*\).*/\1 \2 \3/' > got
	[ "$(sed 's/[^0-9]*(\{0,1\}\([0-9]*\) flows (\([0-9]*\) tcp, \([0-9]*\) udp, \([0-9]*\) icmp)/\2 \3 \4/' want)" = "$(cat got)" ] &&
		ok "$access: import gives the flows back ($(cat want))" || not_ok "$access: import gives $(cat got) of $(cat want)"
done
[ $bad = 0 ]
