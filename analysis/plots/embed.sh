#!/bin/sh
# embed.sh FILE.gp... : prints a C file that holds each script as text, by its
# stem. Bytes, not string literals: those may not be long.
set -eu
echo '#include "analysis/plots.h"'
for file in "$@"; do
	stem=${file##*/}
	printf '\nstatic const char text_%s[] = {\n' "${stem%.gp}"
	od -An -v -td1 "$file" | sed -e 's/  */ /g' -e 's/ \(-*[0-9][0-9]*\)/ \1,/g' -e 's/^/\t/'
	printf '\t0\n};\n'
done
printf '\nconst struct plot_script plot_scripts[] = {\n'
for file in "$@"; do
	stem=${file##*/}
	printf '\t{ "%s", text_%s },\n' "${stem%.gp}" "${stem%.gp}"
done
printf '\t{ 0, 0 },\n};\n'
