#!/bin/sh
# docs/formats.md knows every key of a scenario, of a scheme, of a source and of a law, and the guide's links lead somewhere.
# usage: test_docs.sh [PROGRAM], or CGNSIM=PROGRAM test_docs.sh
set -u
export LC_ALL=C
program=$(realpath "${1:-${CGNSIM:-build/cgnsim}}")
top=$(realpath "$(dirname "$0")/../..")
bad=0

# Names and keys of a family, one a line: `list FAMILY` gives the names, `list FAMILY NAME` keys, two spaces in.
words() {
	"$program" list "$1" | sed 's/ .*//' | while read -r name; do
		echo "$name"
		"$program" list "$1" "$name" | sed -n 's/^  \([a-z][a-z_0-9.]*\)$/\1/p'
	done | sed 's/.*\.//' | sort -u
}

for family in keys schemes sources distributions formats; do
	missing=
	count=0
	for word in $(words $family); do
		count=$((count + 1))
		grep -Eq "[\`.\"]$word[\`.\"]|^### .*\`$word\`" "$top/docs/formats.md" || missing="$missing $word"
	done
	if [ $count -gt 0 ] && [ -z "$missing" ]; then
		echo "ok docs/formats.md has all $count words of: list $family"
	else
		echo "not ok docs/formats.md lacks, of $count words of list $family:$missing"
		bad=1
	fi
done

for file in "$top"/README.md "$top"/CONTRIBUTING.md "$top"/docs/*.md; do
	dead=
	for link in $(grep -o '](\([^)#]*\)[^)]*)' "$file" | sed 's/^](//; s/[#)].*//' | grep -v '^https*:' | sort -u); do
		[ -e "$(dirname "$file")/$link" ] || dead="$dead $link"
	done
	if [ -z "$dead" ]; then
		echo "ok links of ${file#"$top/"}"
	else
		echo "not ok links of ${file#"$top/"} lead nowhere:$dead"
		bad=1
	fi
done
[ $bad = 0 ]
