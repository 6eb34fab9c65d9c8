#!/bin/sh
# What run, import and generate leave on the disk: all of it, or nothing.
# usage: test_files.sh [PROGRAM], or CGNSIM=PROGRAM test_files.sh
set -u
program=$(realpath "${1:-${CGNSIM:-build/cgnsim}}")
top=$(realpath "$(dirname "$0")/../..")
captures=${CGNSIM_CAPTURES:-$top/../shared/captures}
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; mountpoint -q "$dir/tiny" && umount "$dir/tiny"; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
bad=0
short="--set duration=20s --set warmup=10s --set subscribers.count=300 --quiet"

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

# refuse NAME TEXT COMMAND...: exit 2, one line on stderr with the text in it, and nothing new here.
refuse() {
	name=$1 text=$2
	shift 2
	before=$(find . | sort)
	"$@" >/dev/null 2>"$dir/../refused.$$"
	got=$?
	mv "$dir/../refused.$$" refused
	after=$(find . ! -name refused | sort)
	before=$(printf '%s\n' "$before" | grep -vx './refused')
	if [ $got = 2 ] && [ "$(grep -c '^cgnsim: ' refused)" = "$(wc -l <refused)" ] && grep -q -- "$text" refused &&
		[ "$before" = "$after" ]; then
		echo "ok $name"
	else
		echo "not ok $name: status $got"
		sed 's/^/  /' refused
		bad=1
	fi
}

# --- run
check "run writes all of its files" "$program" run "$top/scenarios/quickstart.json" -o q $short
for file in summary.json manifest.json report.html timeseries.csv subscribers.csv ambiguity.csv log.csv replications.csv; do
	check "run wrote $file" test -s q/$file
done
check "the run again, in place" "$program" run "$top/scenarios/quickstart.json" -o q $short
check "the same bytes again" sh -c "cp -r q first && '$program' run '$top/scenarios/quickstart.json' -o q $short --threads 1 && diff -r first q"
check "the interface's example runs as it stands" "$program" run "$top/tests/scenario/full.json" -o full \
	--set duration=30s --set warmup=30s --quiet
check "nothing else is left" sh -c '[ "$(ls | sort | tr "\n" " ")" = "err first full out q " ]'

check "kept logs hold as many lines as the table says" sh -c "
	'$program' run '$top/scenarios/quickstart.json' -o kept $short --keep-logs --set warmup=0s &&
	[ \$(zstd -dc kept/logs/per-session.log.zst | wc -l) = \$(sed -n 's/^per-session,syslog,\([0-9]*\),.*/\1/p' kept/log.csv) ]"

mkdir foreign && echo mine >foreign/notes.txt
refuse "a directory that no run made" 'notes.txt' "$program" run "$top/scenarios/quickstart.json" -o foreign $short
check "unless forced" "$program" run "$top/scenarios/quickstart.json" -o foreign $short --force
check "and then what was there stays" grep -q mine foreign/notes.txt
refuse "a file in the directory's place" 'not a directory' "$program" run "$top/scenarios/quickstart.json" -o foreign/notes.txt $short
refuse "below a file" 'foreign/notes.txt' "$program" run "$top/scenarios/quickstart.json" -o foreign/notes.txt/a $short
refuse "a place nobody may write" '/proc' "$program" run "$top/scenarios/quickstart.json" -o /proc/cgnsim $short
refuse "a capture that is not there" 'nowhere.pcap' "$program" run "$top/scenarios/capture.json" \
	--set 'traffic[0].file=nowhere.pcap' -o c $short

mkdir tiny
if mount -t tmpfs -o size=64k none tiny 2>/dev/null; then
	refuse "a full disk" 'No space left on device' "$program" run "$top/scenarios/quickstart.json" -o tiny/q $short
	refuse "a full disk, with logs" 'tiny' "$program" run "$top/scenarios/quickstart.json" -o tiny/q $short --keep-logs
	refuse "a full disk, for a trace" 'No space left on device' "$program" generate "$top/scenarios/quickstart.json" \
		-o tiny/t --set duration=1m --set warmup=10s --set subscribers.count=300 --quiet
	[ ! -d "$captures" ] || refuse "a full disk, for an import" 'No space left on device' "$program" import \
		"$captures/P04-dns-server-2016.pcapng" -o tiny/t --quiet
	umount tiny
else
	echo "skip a full disk: no tmpfs can be mounted here"
fi

# --- generate, import
check "generate" "$program" generate "$top/scenarios/quickstart.json" -o g.trace --set duration=20s --set warmup=10s \
	--set subscribers.count=300 --quiet
check "a generated trace runs as a capture" "$program" run "$top/scenarios/capture.json" --set 'traffic[0].file=g.trace' \
	--set 'traffic[0].scale=replay' --set 'traffic[0].extend=once' -o g $short
check "and offers the same flows" sh -c "'$program' run '$top/scenarios/quickstart.json' -o same $short &&
	grep '\"flows\"' same/summary.json >a && grep '\"flows\"' g/summary.json >b && cmp a b"
printf 'CGNTRACE\001\000\000\000' >old.trace && head -c 100 /dev/zero >>old.trace
refuse "a trace of an older version" 'version 1' "$program" trace old.trace
if [ -d "$captures" ]; then
	cp "$captures/P19-nat-inside.pcap" x.pcap && chmod u+w x.pcap
	head -c 30000 x.pcap >cut.pcap
	refuse "import over its own input" 'no flow trace' "$program" import x.pcap -o x.pcap
	check "which is as it was" cmp x.pcap "$captures/P19-nat-inside.pcap"
	refuse "a capture that breaks off" 'breaks off after packet' "$program" import cut.pcap -o cut.trace
	check "unless the part is asked for" sh -c "'$program' import cut.pcap -o cut.trace --partial >/dev/null && [ -s cut.trace ]"
	refuse "a run on a capture that breaks off" 'breaks off\|truncated' "$program" run "$top/scenarios/capture.json" \
		--set 'traffic[0].file=cut.pcap' -o c $short
	for tool in gzip zstd xz; do
		if ! command -v $tool >/dev/null; then
			echo "skip packed with $tool: not installed"
			continue
		fi
		check "packed with $tool" sh -c "$tool -c x.pcap >x.packed && '$program' import x.pcap -o 1.trace -q &&
			'$program' import x.packed -o 2.trace -q && '$program' import - -o 3.trace -q <x.packed && cmp 1.trace 2.trace && cmp 1.trace 3.trace"
		check "two members of $tool" sh -c "(head -c 20000 x.pcap | $tool -c; tail -c +20001 x.pcap | $tool -c) >x.packed &&
			'$program' import x.packed -o 2.trace -q && cmp 1.trace 2.trace"
		check "zeros behind $tool" sh -c "(cat x.packed; head -c 1000 /dev/zero) >z.packed &&
			'$program' import z.packed -o 2.trace -q && cmp 1.trace 2.trace"
		(cat x.packed; echo more) >more.packed
		refuse "something else behind $tool" "behind the $tool data" "$program" import more.packed -o cut2.trace
		head -c -100 x.packed >cut.packed
		refuse "$tool that breaks off" 'breaks off' "$program" import cut.packed -o cut2.trace
		check "and the part of it" "$program" import cut.packed -o cut2.trace --partial --quiet
		rm -f cut2.trace
	done
	if command -v zstd >/dev/null; then
		check "zstd with skippable frames, the first one first" sh -c "(printf '\\120\\052\\115\\030\\003\\000\\000\\000abc'; zstd -c x.pcap;
			printf '\\137\\052\\115\\030\\000\\000\\000\\000') >x.packed && '$program' import x.packed -o 2.trace -q && cmp 1.trace 2.trace"
		check "zstd with the largest window" sh -c "zstd -q --ultra -22 --long=31 -c <x.pcap >x.packed &&
			'$program' import x.packed -o 2.trace -q && cmp 1.trace 2.trace"
	fi
	if command -v xz >/dev/null; then
		check "xz with a large dictionary" sh -c "(ulimit -v 20000000; xz --lzma2=dict=512MiB -c x.pcap >x.packed) &&
			'$program' import x.packed -o 2.trace -q && cmp 1.trace 2.trace"
		grep -q __asan "$program" && echo "skip more memory than there is: a sanitizer wants all of it" ||
			refuse "more memory than there is" 'more memory' sh -c "ulimit -v 300000; '$program' import x.packed -o 8.trace"
	fi
	check "a capture from a pipe" sh -c "cat x.pcap | '$program' import - -o 2.trace -q && cmp 1.trace 2.trace"
	refuse "standard input twice" 'read once' "$program" import - - -o 4.trace
	(umask 077 && echo 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef >key)
	check "anonymised: the same trace again" sh -c "'$program' import x.pcap -o 4.trace -q --anonymize key &&
		'$program' import x.pcap -o 5.trace -q --anonymize key && cmp 4.trace 5.trace"
	check "and none of its addresses" sh -c "'$program' trace 1.trace --csv | tail -n +2 | cut -d, -f2,6 | tr , '\n' | sort -u >plain &&
		'$program' trace 4.trace --csv | tail -n +2 | cut -d, -f2,6 | tr , '\n' | sort -u >masked &&
		[ \$(wc -l <plain) = \$(wc -l <masked) ] && [ -z \"\$(comm -12 plain masked)\" ]"
	chmod 0640 key
	refuse "a key that others may read" 'chmod 600' "$program" import x.pcap -o 6.trace --anonymize key
	refuse "no key" 'nokey' "$program" import x.pcap -o 6.trace --anonymize nokey
	refuse "a prefix that is none" '10.0.0.1/8' "$program" import x.pcap -o 6.trace --inside 10.0.0.1/8
	refuse "a split that is none" 'sctp=60s' "$program" import x.pcap -o 6.trace --split sctp=60s
	check "the split of one protocol goes before that of all, in either order" sh -c "
		'$program' import x.pcap -o 2.trace -q --split udp=30s --split 60s && '$program' trace 2.trace --json >a &&
		'$program' import x.pcap -o 2.trace -q --split 60s --split udp=30s && '$program' trace 2.trace --json >b &&
		cmp a b && grep -q '\"udp\":[[:space:]]*30\b' a && grep -q '\"tcp\":[[:space:]]*60\b' a"
	refuse "a trace to standard output" 'standard output' "$program" import x.pcap -o -
	refuse "a file that may not grow so far" 'File too large' sh -c "ulimit -f 8; '$program' import '$captures/P04-dns-server-2016.pcapng' -o 6.trace"
	many=$(seq 600 | sed 's/.*/x.pcap/')
	check "hundreds of captures at once" sh -c "ulimit -S -n 256; '$program' import $(echo $many) -o 6.trace -q" && rm -f 6.trace
	refuse "more than may be open, in one line" 'may be open at once' sh -c "ulimit -n 256; '$program' import $(echo $many) -o 6.trace"
	check "which is one line" sh -c '[ $(wc -l <refused) = 1 ]'
	refuse "a station that is none" '02:00' "$program" import x.pcap -o 6.trace --inside-mac 02:00
	check "killed in the middle: nothing is left" sh -c "mkdir killed && mkfifo fifo && { (cat x.pcap; sleep 5) >fifo & } &&
		{ '$program' import fifo -o killed/t -q & } && sleep 1 && kill -9 \$! && sleep 0.2 && [ -z \"\$(ls -A killed)\" ]; wait"
	chmod 0444 cut.trace
	refuse "a read-only output" 'read-only' "$program" import x.pcap -o cut.trace
	cp "$captures/P05-p2p-gnutella.pcap" p05.pcap
	for family in 4 6; do
		check "split flows are told apart by version, as text and as JSON ($family)" sh -c "
			'$program' import '$captures/P07-home-tls-v4v6.pcap' -o 8.trace --split 30s >text &&
			'$program' import '$captures/P07-home-tls-v4v6.pcap' -o 8.trace --split 30s --json >json && case $family in
			4) grep -q '^  split  *30 ' text && grep -qx '[[:space:]]*\"split_flows\":[[:space:]]*30,' json ;;
			6) grep -q ' 35 more by --split' text && grep -qx '[[:space:]]*\"split_flows\":[[:space:]]*35' json ;;
			esac && grep -q '^packets used: 3011' text && grep -q '\"crowded_flows\":' json"
	done
	"$program" import "$captures/P07-home-tls-v4v6.pcap" -o 8.trace --quiet
	check "a list of a trace has its IPv6 flows" sh -c "[ \$('$program' trace 8.trace --csv | grep -c '^,[0-9a-f]*:.*,tcp,') = 135 ]"
	"$program" import "$captures/linktypes/L01-4in6-softwire.pcap" -o 8.trace --quiet
	check "and its homes" sh -c "'$program' trace 8.trace --csv | grep -q '^0,192.168.0.1,.*,22e0:1685:eda7:38cc:58bd:f3f1:aa3f:22d8,'"
	check "of a tunnel that is not gone into nobody counts flows" sh -c "
		'$program' import '$captures/linktypes/L02-6in4.pcap' -o 8.trace | grep -q '^  in 6in4 .* packets, not gone into'"
	check "no payload in a trace" sh -c "grep -aq GNUTELLA p05.pcap && '$program' import p05.pcap -o 7.trace -q && ! grep -aq GNUTELLA 7.trace"
	"$program" import p05.pcap -o asked.trace -q --inside-opener --split 60s --answered
	check "a source asks for what import is asked for" sh -c "
		'$program' run '$top/scenarios/capture.json' -o asked1 $short --set 'traffic[0].file=p05.pcap' \
			--set 'traffic[0].inside_opener=true' --set 'traffic[0].split=60s' --set 'traffic[0].answered=true' &&
		'$program' run '$top/scenarios/capture.json' -o asked2 $short --set 'traffic[0].file=asked.trace' &&
		'$program' run '$top/scenarios/capture.json' -o asked3 $short --set 'traffic[0].file=p05.pcap' &&
		cmp asked1/summary.json asked2/summary.json && ! cmp -s asked1/summary.json asked3/summary.json"
	refuse "and not of a trace" 'traffic\[0\].split' "$program" run "$top/scenarios/capture.json" -o a $short \
		--set 'traffic[0].file=asked.trace' --set 'traffic[0].split=60s'
	refuse "nor a split that no silence is" 'traffic\[0\].split' "$program" run "$top/scenarios/capture.json" -o a $short \
		--set 'traffic[0].file=p05.pcap' --set 'traffic[0].split=1s'
	check "a capture with hundreds of hosts, three schemes" "$program" run "$top/scenarios/capture.json" \
		--set "traffic[0].file=$captures/P01-isp-dsl-2010-vlan.pcap" -o p01 --set duration=30s --set warmup=30s --quiet
	refuse "not a capture" 'notes.txt' "$program" import foreign/notes.txt -o n.trace
else
	for name in "packed captures, pipes, keys" "import over its own input" "a capture that breaks off" "a capture with hundreds of hosts, three schemes"; do
		echo "skip $name: $captures is not there (set CGNSIM_CAPTURES)"
	done
fi
exit $bad
