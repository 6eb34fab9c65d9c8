#!/bin/sh
# The examples in C are short, run, and say what docs/ns3.md says.
# usage: CGNSIM=PROGRAM test_examples.sh
set -u
top=$(realpath "$(dirname "$0")/../..")
build=$(dirname "$(realpath "${CGNSIM:-$top/build/cgnsim}")")
missing=$(sh "$top/sim/ns3/missing.sh" "${CXX:-g++}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0

if [ -n "$missing" ]; then
	echo "skip ns3 examples: $missing"
	exit 0
fi
holds() { # NAME STATUS
	if [ "$2" = 0 ]; then
		echo "ok $1"
	else
		echo "not ok $1"
		bad=1
	fi
}

for source in "$top"/examples/ns3/*.c; do
	[ "$(wc -l <"$source")" -le 60 ]
	holds "$(basename "$source") has at most 60 lines" $?
done
"$build/examples/ns3/transfer" "$dir/t.pcap" >"$dir/said"
status=$?
sed 's/^/  /' "$dir/said"
[ $status = 0 ] && grep -q '^closed after 0.979 s: 0 bytes sent, 1000000 received' "$dir/said"
holds "transfer delivers a megabyte" $?
grep -qF "$(head -n 1 "$dir/said")" "$top/docs/ns3.md"
holds "transfer says what docs/ns3.md says" $?
"$build/examples/ns3/transfer" "$dir/none/t.pcap" 2>"$dir/said" && status=0 || status=$?
[ $status = 1 ] && grep -q 'none/t.pcap: No such file or directory' "$dir/said"
holds "transfer says what is wrong" $?
[ $bad = 0 ]
