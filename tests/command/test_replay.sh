#!/bin/sh
# replay as a user meets it: what tshark says of its packets, what the other end of an
# interface sees, what is left on the disk, and the two sides of a scenario's CGN.
# usage: test_replay.sh [PROGRAM], or CGNSIM=PROGRAM test_replay.sh
set -u
program=$(realpath "${1:-${CGNSIM:-build/cgnsim}}")
top=$(realpath "$(dirname "$0")/../..")
captures=${CGNSIM_CAPTURES:-$top/../shared/captures}
dir=$(mktemp -d)
space=cgnsim-replay-$$
trap 'ip netns del "$space" 2>/dev/null; mountpoint -q "$dir/tiny" && umount "$dir/tiny"; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
bad=0

# check NAME COMMAND...: the command must succeed.
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

# refuse NAME STATUS TEXT COMMAND...: that status, one line on stderr with the text, and no file x.pcap.
refuse() {
	name=$1 want=$2 text=$3
	shift 3
	"$@" >out 2>err
	got=$?
	if [ $got = "$want" ] && grep -q "^cgnsim: .*$text" err && ! ls x.pcap* >/dev/null 2>&1; then
		echo "ok $name"
	else
		echo "not ok $name: status $got"
		sed 's/^/  /' err
		bad=1
	fi
}

# clean FILE: tshark finds nothing wrong with it. What it takes for TPM, by its port alone, has no tag that TPM knows.
clean() {
	wrong=$(tshark -r "$1" -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -Y '
		_ws.malformed or ip.checksum.status == 0 or tcp.checksum.status == 0 or udp.checksum.status == 0 or
		icmp.checksum.status == 0 or icmpv6.checksum.status == 0 or tcp.analysis.retransmission or
		tcp.analysis.fast_retransmission or tcp.analysis.spurious_retransmission or tcp.analysis.out_of_order or
		tcp.analysis.lost_segment or tcp.analysis.ack_lost_segment or tcp.analysis.duplicate_ack or
		tcp.analysis.keep_alive or (_ws.expert.severity == error and not tpm)' 2>tshark.err) || return 1
	[ -z "$wrong" ] || { echo "$wrong" | head -5; return 1; }
}

# hex BYTE...: the bytes.
hex() {
	for byte in "$@"; do
		printf "\\$(printf %03o "0x$byte")"
	done
}

# Three pings that nobody answers: 56 bytes of data each.
pings() {
	hex d4 c3 b2 a1 02 00 04 00 00 00 00 00 00 00 00 00 ff ff 00 00 01 00 00 00
	for second in 64 65 66; do
		hex $second 00 00 00 00 00 00 00 62 00 00 00 62 00 00 00
		hex 02 00 00 00 00 02 02 00 00 00 00 01 08 00
		hex 45 00 00 54 00 01 00 00 40 01 00 00 0a 00 00 01 08 08 08 08
		hex 08 00 00 00 02 00 00 $second
		printf %56s x
	done
}

# segment SECOND out|in FLAGS BYTES: a TCP segment between a host and a name server.
segment() {
	total=$(($4 + 40)) frame=$(($4 + 54))
	hex "$1" 00 00 00 00 00 00 00
	for field in caplen len; do
		hex $(printf '%02x %02x 00 00' $((frame % 256)) $((frame / 256)))
	done
	hex 02 00 00 00 00 02 02 00 00 00 00 01 08 00 45 00 $(printf '%02x %02x' $((total / 256)) $((total % 256))) 00 01 00 00 40 06 00 00
	if [ "$2" = out ]; then
		hex 0a 00 00 01 08 08 08 08 9c 40 00 35
	else
		hex 08 08 08 08 0a 00 00 01 00 35 9c 40
	fi
	hex 00 00 00 00 00 00 00 00 50 "$3" ff ff 00 00 00 00
	[ "$4" = 0 ] || printf "%${4}s" x
}

# A zone transfer in two segments that a network card put together, the second with a FIN; reset then.
transfer() {
	hex d4 c3 b2 a1 02 00 04 00 00 00 00 00 00 00 00 00 ff ff 00 00 01 00 00 00
	segment 01 out 02 0
	segment 01 in 12 0
	segment 01 out 18 60
	segment 02 in 18 64240
	segment 02 in 19 36000
	segment 03 out 04 0
}

# connected FILE acknowledged|any: after each SYN-ACK its receiver speaks before its sender does; and no FIN of two is the
# last packet, if they are to be acknowledged.
connected() {
	tshark -r "$1" -Y tcp -T fields -e tcp.stream -e ip.src -e tcp.flags.syn -e tcp.flags.ack -e tcp.flags.fin -e tcp.flags.reset \
		2>tshark.err | awk -v last="$2" '
		$3 == 1 && $4 == 0 { opener[$1] = $2 }
		{ packets[$1, $2]++; fin[$1] = $5; fins[$1] += $5; stream[$1] }
		$1 in server && !($1 in greeted) && $3 == 0 { greeted[$1]; if ($2 == server[$1]) early[$1] }
		$3 == 1 && $4 == 1 && ($1 in opener) { server[$1] = $2 }
		END {
			for (s in server) connections++
			for (s in early) too_early += packets[s, opener[s]] > 1
			for (s in stream) last_fin += last == "acknowledged" && fins[s] > 1 && fin[s]
			if (too_early || last_fin) print too_early + 0 " servers speak too early, " last_fin + 0 " connections end with a FIN"
			exit too_early || last_fin || !connections
		}'
}

# A workload of every protocol, small enough to look at.
cat >small.json <<'END'
{ "name": "small", "duration": "20s", "warmup": "0s",
  "subscribers": { "count": 40, "prefix": "100.64.0.0/24" }, "access": "nat444",
  "traffic": [
    { "source": "poisson", "rate_per_day": 40000, "protocol": "udp",
      "duration": { "distribution": "exponential", "mean": "3s" }, "destinations": { "count": 50 } },
    { "source": "poisson", "rate_per_day": 20000, "protocol": "tcp",
      "duration": { "distribution": "exponential", "mean": "8s" }, "destinations": { "count": 50 } } ],
  "pool": { "prefixes": ["192.0.2.0/32"], "ports": "2000-2063" },
  "nat": { "hold_down": "0s" },
  "schemes": [ { "name": "session", "type": "session" }, { "name": "block", "type": "block", "size": 16, "max_blocks": 1 } ] }
END
"$program" generate small.json -o small.trace --quiet || bad=1

# --- what is written, and what is not
check "a trace as a capture" "$program" replay small.trace --pcap small.pcap
check "the same bytes again" sh -c "'$program' replay small.trace --pcap again.pcap --quiet && cmp small.pcap again.pcap"
check "a quiet one says nothing" sh -c "[ -z \"\$('$program' replay small.trace --pcap again.pcap --quiet 2>&1)\" ]"
check "the report as JSON" sh -c "'$program' replay small.trace --pcap again.pcap --json | grep -q '\"resized_trains\":	0'"
check "the first seconds are the beginning of all" sh -c "
	'$program' replay small.trace --pcap part.pcap --seconds 5s --quiet &&
	size=\$(stat -c %s part.pcap) && [ \$size -gt 1000 ] && [ \$size -lt \$(stat -c %s small.pcap) ]"
refuse "nowhere to go" 2 "is missing" "$program" replay small.trace
refuse "two places to go" 2 "exclude" "$program" replay small.trace --pcap x.pcap --interface lo
refuse "a speed for a file" 2 "go with --interface" "$program" replay small.trace --pcap x.pcap --speed 2
refuse "no trace" 2 "small.pcap" "$program" replay small.pcap --pcap x.pcap
refuse "a flipped bit" 2 "checksum" sh -c "cp small.trace flipped.trace
	printf '\\001' | dd of=flipped.trace bs=1 seek=200 conv=notrunc status=none; '$program' replay flipped.trace --pcap x.pcap"
refuse "a side of a trace" 2 "goes with a scenario" "$program" replay small.trace --side outside --pcap x.pcap
refuse "an import's option of a scenario" 2 "goes with a trace" "$program" replay small.json --inside-opener --pcap x.pcap
refuse "no such side" 2 "neither inside nor outside" "$program" replay small.json --side left --pcap x.pcap
refuse "no such scheme" 2 "nobody" "$program" replay small.json --scheme nobody --pcap x.pcap
refuse "not a time" 2 "is not a time" "$program" replay small.trace --seconds soon --pcap x.pcap
for file in small.trace small.json; do # named as the output by mistake
	cp $file kept
	refuse "not over its own input: $file" 2 "is no pcap" "$program" replay $file --pcap $file
	check "which is still there: $file" cmp $file kept
done
check "a capture is replaced" sh -c "cp small.pcap old.pcap && '$program' replay small.trace --pcap old.pcap --seconds 5s --quiet && cmp part.pcap old.pcap"
check "to standard output, where nothing else goes" sh -c "
	'$program' replay small.trace --pcap - --json >piped.pcap 2>report && cmp small.pcap piped.pcap && grep -q resized_trains report && [ ! -e - ]"
check "a full standard output" sh -c "'$program' replay small.trace --pcap - >/dev/full 2>err; [ \$? = 2 ] && grep -q 'standard output: No space left' err"
refuse "no such interface" 2 "no interface" "$program" replay small.trace --interface nowhere0
if [ "$(id -u)" = 0 ] && mkdir tiny && mount -t tmpfs -o size=64k tmpfs tiny 2>/dev/null; then
	refuse "a full disk" 2 "No space left" "$program" replay small.trace --pcap tiny/x.pcap
	check "a full disk keeps nothing" sh -c '[ -z "$(ls tiny)" ]'
else
	echo "skip a full disk: no file system can be mounted here"
fi

check "killed in the middle: nothing is left" sh -c "mkdir killed && '$program' generate '$top/scenarios/quickstart.json' -o killed.trace \\
	--set duration=60s --set warmup=0s --quiet && { '$program' replay killed.trace --pcap killed/x.pcap --quiet & } && sleep 0.3 &&
	kill -9 \$! && sleep 0.2 && [ -z \"\$(ls -A killed)\" ]"

# --- the two sides of a CGN
number() { # of a key in a JSON report
	sed -n "s/.*\"$2\":[[:space:]]*\([0-9][0-9]*\).*/\1/p" "$1" | head -n 1
}
"$program" replay small.json --side inside --pcap inside.pcap --json >inside.json
"$program" replay small.json --side outside --pcap outside.pcap --json >outside.json
"$program" run small.json --scheme session -o run --quiet
"$program" import inside.pcap --inside 100.64.0.0/24 -o inside.trace --json >inside.import
"$program" import outside.pcap --inside 192.0.2.0/32 -o outside.trace --json >outside.import
refused=$(sed -n '/"refused_by"/,/}/s/.*:[[:space:]]*\([0-9]*\).*/\1/p' outside.json | awk '{ n += $1 } END { print n + 0 }')
udp=$(sed -n '/"flows"/,/}/s/.*"udp":[[:space:]]*\([0-9]*\).*/\1/p' outside.json | head -n 1)
tcp=$(sed -n '/"flows"/,/}/s/.*"tcp":[[:space:]]*\([0-9]*\).*/\1/p' outside.json | head -n 1)
offered=$(sed -n '/"scenario"/,$s/.*"flows":[[:space:]]*\([0-9]*\).*/\1/p' outside.json)
check "the scenario does refuse" test "$refused" -gt 0
check "outside: what was offered but for what was refused" test $((udp + tcp)) = $((offered - refused))
counted=$(sed -n '/"name":.*"session"/,/"refused_by"/p' run/summary.json | sed -n 's/.*"refused":[[:space:]]*\([0-9]*\).*/\1/p' | head -n 1)
check "refused as a run says" test "$counted" = "$refused"
check "inside: the subscribers" sh -c "[ $(number inside.import hosts_inside) = 40 ]"
check "outside: one address" sh -c "[ $(number outside.import hosts_inside) = 1 ]"
check "outside: ports of the pool" sh -c "'$program' trace outside.trace --csv | awk -F, '
	NR == 1 { for (i = 1; i <= NF; i++) if (\$i == \"port\") c = i; if (!c) exit 1; next }
	\$c < 2000 || \$c > 2063 { exit 1 }'"

# --- what tshark says
pings >asked.pcap
"$program" import asked.pcap -o pings.trace --quiet && "$program" replay pings.trace --pcap pings.pcap --quiet
check "pings that nobody answers are as long as they were" sh -c "
	[ \$(stat -c %s pings.pcap) = \$(stat -c %s asked.pcap) ] && '$program' import pings.pcap -o x.trace --quiet && cmp pings.trace x.trace"
transfer >transferred.pcap
"$program" import transferred.pcap -o transfer.trace --quiet && "$program" replay transfer.trace --pcap transfer.pcap --json >transfer.json
check "segments put together by a network card come out again" sh -c "
	'$program' import transfer.pcap -o x.trace --quiet && cmp transfer.trace x.trace && grep -q '\"resized_trains\":	0' transfer.json"
if command -v tshark >/dev/null; then
	check "tshark: connections of a workload" connected small.pcap acknowledged
	check "tshark: connections before a CGN" connected inside.pcap acknowledged
	check "tshark: connections behind a CGN" connected outside.pcap acknowledged
	for file in pings.pcap transfer.pcap small.pcap inside.pcap outside.pcap; do
		check "tshark: $file" clean $file
	done
	for file in P01-isp-dsl-2010-vlan P03-wlan-worm-2003 P05-p2p-gnutella P07-home-tls-v4v6 P15-lan-1kxun P16-enterprise-mix-stitched \
		linktypes/L01-4in6-softwire linktypes/L03-teredo linktypes/L17-wifi-80211-web smarthome/HueBridge--Setup-A-2-STA \
		smarthome/D-LinkSensor--Setup-A-1-STA; do
		path=$(ls "$captures/$file".pcap* 2>/dev/null)
		if [ -z "$path" ]; then
			echo "skip tshark: $file is not in $captures"
			continue
		fi
		"$program" import "$path" -o x.trace --quiet && "$program" replay x.trace --pcap real.pcap --quiet
		check "tshark: $file" clean real.pcap
		case $file in
		P05* | P16*) check "tshark: connections of $file" connected real.pcap any ;;
		esac
	done
else
	echo "skip tshark is not installed"
fi

# --- onto an interface: the other end sees the capture
if ip netns add "$space" 2>/dev/null && ip -n "$space" link add here type veth peer name there 2>/dev/null &&
	ip netns exec "$space" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 2>/dev/null && command -v tshark >/dev/null; then
	ip -n "$space" link set here up
	ip -n "$space" link set there up
	within="ip netns exec $space"
	packets=$(tshark -r small.pcap 2>/dev/null | wc -l)
	$within tshark -Q -i there -w seen.pcap -c "$packets" -a duration:60 2>tshark.err &
	sniffer=$!
	waited=0
	until grep -q "Capturing on" tshark.err || [ $waited = 50 ]; do
		sleep 0.1
		waited=$((waited + 1))
	done
	sleep 1
	begin=$(date +%s%N)
	check "onto an interface" $within "$program" replay small.trace --interface here --speed 10
	took=$((($(date +%s%N) - begin) / 1000000))
	wait $sniffer
	length=$(tshark -r small.pcap -T fields -e frame.time_relative 2>/dev/null | tail -n 1 | cut -d. -f1)
	check "at ten times the pace ($took ms for $length s)" test $took -ge $((length * 100)) -a $took -lt $((length * 100 + 5000))
	bytes() { tshark -r "$1" -x 2>/dev/null; }
	bytes small.pcap >sent && bytes seen.pcap >seen
	check "the other end sees the same frames" sh -c '[ -s seen ] && cmp sent seen'
	ip -n "$space" addr add 192.0.2.1/24 dev here
	ip -n "$space" route add default via 192.0.2.2
	ip -n "$space" link add aside type veth peer name beside
	ip -n "$space" link set aside up
	ip -n "$space" addr add 198.51.100.1/24 dev aside
	ip netns exec "$space" sysctl -qw net.ipv6.conf.here.disable_ipv6=0
	ip -n "$space" addr add 2001:db8::1/64 dev here nodad
	send="$within $program replay small.trace --interface here --speed 1000"
	refuse "where the default route leaves" 2 "default route" $send
	check "unless forced" $send --force
	ip -n "$space" route del default
	# leads_out 4|6 ROUTE...: by these routes.
	leads_out() {
		version=$1
		shift
		for route in "$@"; do
			ip -n "$space" -"$version" route add $route
		done
		refuse "where a route leads out: $*" 2 "default route" $send
		for route in "$@"; do
			ip -n "$space" -"$version" route del $route
		done
	}
	check "with a route to some addresses" sh -c "ip -n $space route add 203.0.113.0/24 via 192.0.2.2 && ip -n $space route add 64.0.0.0/3 via 192.0.2.2 &&
		$send --quiet && ip -n $space route del 64.0.0.0/3"
	leads_out 4 "default nexthop via 198.51.100.2 dev aside nexthop via 192.0.2.2 dev here"
	leads_out 4 "0.0.0.0/1 via 192.0.2.2" "128.0.0.0/1 via 192.0.2.2"
	leads_out 4 "0.0.0.0/2 via 192.0.2.2" "64.0.0.0/3 via 192.0.2.2" "96.0.0.0/3 via 192.0.2.2"
	leads_out 4 "default via 192.0.2.2 table 100"
	leads_out 6 "default via 2001:db8::2"
	leads_out 6 "2000::/3 via 2001:db8::2 table 100"
	check "with a route to other addresses of IPv6" sh -c "ip -n $space -6 route add 8000::/1 via 2001:db8::2 && ip -n $space -6 route add fc00::/7 via 2001:db8::2 &&
		ip -n $space route add default via 198.51.100.2 && ip -n $space route add unreachable 64.0.0.0/2 && $send --quiet"
	ip -n "$space" link set aside down
	refuse "one that is down" 2 "is down" $within "$program" replay small.trace --interface aside --force
	if command -v setpriv >/dev/null; then
		refuse "without the privilege" 3 "CAP_NET_RAW" $within setpriv --bounding-set -net_raw --inh-caps -net_raw \
			"$program" replay small.trace --interface here --force
	else
		echo "skip without the privilege: setpriv is not installed"
	fi
else
	echo "skip onto an interface: no network namespace can be made here, or tshark is not installed"
fi
exit $bad
