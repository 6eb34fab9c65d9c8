#!/bin/sh
# Every capture that there is: what is replayed from its trace imports to the same trace, nothing is made up in it that
# its report would tell of, and tshark finds nothing wrong with a packet.
set -u
top=$(realpath "$(dirname "$0")/../..")
program=$(realpath "${CGNSIM:-$top/build/cgnsim}")
captures=${CGNSIM_CAPTURES:-$top/../shared/captures}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
bad=0

wrong='_ws.malformed or ip.checksum.status == 0 or tcp.checksum.status == 0 or udp.checksum.status == 0 or
	icmp.checksum.status == 0 or icmpv6.checksum.status == 0 or tcp.analysis.retransmission or
	tcp.analysis.fast_retransmission or tcp.analysis.spurious_retransmission or tcp.analysis.out_of_order or
	tcp.analysis.lost_segment or tcp.analysis.ack_lost_segment or tcp.analysis.duplicate_ack or tcp.analysis.keep_alive'

command -v tshark >/dev/null || echo "skip what tshark says: it is not installed"
for file in "$captures"/*.pcap* "$captures"/linktypes/*.pcap* "$captures"/smarthome/*.pcap*; do
	name=${file##*/}
	if [ ! -r "$file" ]; then
		echo "skip $name is not in ${file%/*}"
		continue
	fi
	"$program" import "$file" -o first.trace --quiet && "$program" replay first.trace --pcap replayed.pcap --json >report &&
		"$program" import replayed.pcap -o second.trace --quiet && cmp first.trace second.trace >differs 2>&1
	same=$?
	made_up=$(grep -c '"\(resized_trains\|unclosed_flows\|merged_flows\|seams_lost\)":[[:space:]]*[1-9]' report)
	found=
	if command -v tshark >/dev/null; then
		found=$(tshark -r replayed.pcap -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE \
			-Y "$wrong" 2>/dev/null | head -n 3)
	fi
	if [ $same = 0 ] && [ "$made_up" = 0 ] && [ -z "$found" ]; then
		echo "ok $name"
	else
		echo "not ok $name: same $same, made up $made_up"
		cat differs
		printf '%s\n' "$found"
		bad=1
	fi
done
exit $bad
