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
if [ -d "$captures" ]; then
	cp "$captures/P19-nat-inside.pcap" x.pcap && chmod u+w x.pcap
	head -c 30000 x.pcap >cut.pcap
	refuse "import over its own input" 'no flow trace' "$program" import x.pcap -o x.pcap
	check "which is as it was" cmp x.pcap "$captures/P19-nat-inside.pcap"
	refuse "a capture that breaks off" 'breaks off after packet' "$program" import cut.pcap -o cut.trace
	check "unless the part is asked for" sh -c "'$program' import cut.pcap -o cut.trace --partial >/dev/null && [ -s cut.trace ]"
	refuse "a run on a capture that breaks off" 'breaks off\|truncated' "$program" run "$top/scenarios/capture.json" \
		--set 'traffic[0].file=cut.pcap' -o c $short
	chmod 0444 cut.trace
	refuse "a read-only output" 'read-only' "$program" import x.pcap -o cut.trace
	check "a capture with hundreds of hosts, three schemes" "$program" run "$top/scenarios/capture.json" \
		--set "traffic[0].file=$captures/P01-isp-dsl-2010-vlan.pcap" -o p01 --set duration=30s --set warmup=30s --quiet
	refuse "not a capture" 'notes.txt' "$program" import foreign/notes.txt -o n.trace
else
	for name in "import over its own input" "a capture that breaks off" "a capture with hundreds of hosts, three schemes"; do
		echo "skip $name: $captures is not there (set CGNSIM_CAPTURES)"
	done
fi
exit $bad
