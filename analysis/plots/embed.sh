#!/bin/sh
# embed.sh FILE.gp... : prints a C file that holds each script as text, by its stem.
set -eu
echo '#include "analysis/plots.h"'
echo
echo 'const struct plot_script plot_scripts[] = {'
for file in "$@"; do
	stem=${file##*/}
	printf '\t{ "%s",\n' "${stem%.gp}"
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/\t  "&\\n"/' "$file"
	printf '\t},\n'
done
printf '\t{ 0, 0 },\n};\n'
