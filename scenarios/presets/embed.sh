#!/bin/sh
# embed.sh FILE.json... : prints a C file that holds each preset as text, with what `list` shows of it. A preset's
# "description", "source" and "assumed" stand on lines of their own, without escapes.
set -eu
echo '#include "sim/scenario/presets.h"'
for file in "$@"; do
	stem=$(basename "$file" .json | tr - _)
	printf '\nstatic const char text_%s[] = {\n' "$stem"
	od -An -v -td1 "$file" | sed -e 's/  */ /g' -e 's/ \(-*[0-9][0-9]*\)/ \1,/g' -e 's/^/\t/'
	printf '\t0\n};\n'
done
printf '\nconst struct preset presets[] = {\n'
for file in "$@"; do
	name=$(basename "$file" .json)
	printf '\t{ "%s",\n' "$name"
	for key in description source assumed; do
		sed -n "s/^  \"$key\": \(\"[^\"\\\\]*\"\),\$/\t  \1,/p" "$file"
	done
	printf '\t  text_%s },\n' "$(echo "$name" | tr - _)"
done
printf '\t{ 0 },\n};\n'
