#!/bin/sh
# docs/cgnsim.1 says what the program says; and completion offers what it has.
# usage: test_manual.sh [PROGRAM], or CGNSIM=PROGRAM test_manual.sh
set -eu
program=$(realpath "${1:-${CGNSIM:-build/cgnsim}}")
top=$(realpath "$(dirname "$0")/../..")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"$top/docs/man.sh" "$program" >"$dir/cgnsim.1"
if ! cmp -s "$dir/cgnsim.1" "$top/docs/cgnsim.1"; then
	echo "not ok docs/cgnsim.1 is not what the program says; write it again: docs/man.sh build/cgnsim > docs/cgnsim.1"
	exit 1
fi
echo "ok docs/cgnsim.1 is what the program says"

ln -s "$program" "$dir/cgnsim"
PATH=$dir:$PATH bash -eu -c '
	compopt() { :; }
	. "$0/completion/cgnsim.bash"
	complete_is() {
		wanted=$1
		shift
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_cgnsim
		[ "${COMPREPLY[*]}" = "$wanted" ] || { echo "not ok $*: ${COMPREPLY[*]}, not $wanted"; exit 1; }
		echo "ok $*"
	}
	complete_is validate cgnsim va
	complete_is "--resolved" cgnsim validate --r
	complete_is "--seed=" cgnsim run --see
	complete_is "--tolerance=" cgnsim compare --tol
	complete_is measure cgnsim mea
	complete_is "--keep-logs" cgnsim measure --keep
	complete_is "schemes" cgnsim list sch
	complete_is "block" cgnsim list schemes bl
	complete_is "rfc7768 rfc7422" cgnsim map "$0/tests/scenario/full.json" --scheme rfc
	complete_is "juniper-deterministic juniper-pba" cgnsim conform --scheme jun
	complete_is "rfc7768 rfc7422" cgnsim map "$0/tests/scenario/full.json" --scheme = rfc
	complete_is "juniper-deterministic juniper-pba" cgnsim conform --scheme = jun
	complete_is "$(cgnsim list schemes | cut -d" " -f1 | tr "\n" " ")$(cgnsim list presets | cut -d" " -f1 | tr "\n" " " | sed "s/ $//")" \
		cgnsim conform --scheme =
' "$top"
