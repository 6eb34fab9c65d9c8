#!/bin/sh
# LIBS=... coverage.sh BUILD: which lines of sim/nat the tests of tests/nat run, file by file. BUILD's library and tests are
# made; the NAT is compiled again, for gcov, in a tree of its own. Exit 1 below 95 in 100.
set -eu
export LC_ALL=C
cd "$(dirname "$0")/.."
build=$1
out=$(realpath -m build/cov)
least=95

rm -rf "$out"
mkdir -p "$out"
for source in sim/nat/*.c; do
	gcc -std=c11 -w -O0 --coverage -ffp-contract=off -D_GNU_SOURCE -I. -c -o "$out/$(basename "$source" .c).o" "$source"
done
for test in tests/nat/test_*.c; do
	name=$(basename "$test" .c)
	gcc -fno-lto --coverage -o "$out/$name" "$build/tests/nat/$name.o" "$build"/tests/*.o "$out"/*.o "$build/libcgnsim.a" $LIBS
	"$out/$name" >"$out/log" 2>&1 || { echo "coverage: $name fails" >&2; exit 2; }
done
for data in "$out"/*.gcda; do
	gcov -t -o "$out" "$data"
done >"$out/text"
# A line of a header counts once, and as run if it is in any file that includes it.
awk -F: -v least=$least '
	$2 ~ /^ *0$/ && $3 == "Source" { file = $4; sub(/^.*\/sim\//, "sim/", file); next }
	file !~ /^sim\/nat\// || $1 ~ /^ *-$/ || $2 ~ /^ *0$/ { next }
	{
		line = file ":" ($2 + 0)
		if (!(line in ran)) {
			ran[line] = 0
			lines[file]++
		}
		if ($1 !~ /[#=]/ && !ran[line]) {
			ran[line] = 1
			run[file]++
		}
	}
	END {
		sort = "sort"
		for (file in lines) {
			printf "%-24s %5d of %5d lines  %6.2f %%\n", file, run[file], lines[file], 100 * run[file] / lines[file] | sort
			all += lines[file]
			done += run[file]
		}
		for (line in ran)
			if (!ran[line])
				print "not run: " line | sort
		close(sort)
		share = all ? 100 * done / all : 0
		printf "%-24s %5d of %5d lines  %6.2f %%\n", "sim/nat", done, all, share
		if (share < least)
			printf "coverage: below %d %%\n", least
		exit share < least
	}' "$out/text"
