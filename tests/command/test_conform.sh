#!/bin/sh
# conform: sound schemes pass, and for each rule there is a plugin that breaks it and is caught. The text of
# docs/plugin.md, and what `make install` installs, build and run.
# usage: test_conform.sh [PROGRAM], or CGNSIM=PROGRAM test_conform.sh
set -u
export LC_ALL=C
program=$(realpath "${1:-${CGNSIM:-build/cgnsim}}")
top=$(realpath "$(dirname "$0")/../..")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
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

# Under a sanitizer a battery takes half a minute: there the blocks, one plugin that is caught, and the walk-through's
# plugin below are enough.
case $program in
*/san/*) slow=yes ;;
*) slow= ;;
esac
conforms() { # NAME ARGUMENTS...
	name=$1
	shift
	if [ "$slow" ] && [ "$name" != block ]; then
		echo "skip $name conforms: it takes long under a sanitizer"
	else
		check "$name conforms" "$program" conform "$@"
	fi
}

# --- what is built in
for scheme in session bounded block deterministic port-set one-to-one; do
	conforms $scheme --scheme $scheme
done
for select in sequential preserve rfc6056-1 rfc6056-2 rfc6056-3 rfc6056-4 rfc6056-5; do
	conforms "session, $select," --scheme session --set select=$select
done
for how in parity=true port_class=true "parity=true --set port_class=true"; do
	conforms "session, preserve, $how," --scheme session --set select=preserve --set $how
done
conforms "scattered blocks, guarded:" --scheme block --set size=16 --set max_blocks=4 \
	--set layout=scattered --set guard=2m --set idle=1m --set interim=5m
conforms "blocks with extensions:" --scheme block --set size=16 --set max_blocks=4 \
	--set extension_size=32 --set skip_idle=true
# One who kept an extension is given a first block again; a block returned when its idle time is over ends a pairing.
for setting in max_blocks=0 extension_share=0.3 layout=scattered; do
	conforms "small blocks with extensions, $setting:" --scheme block --set size=4 --set extension_size=2 --set $setting
done
conforms "blocks with extensions, returned late:" --scheme block --set size=2 --set extension_size=1 --set max_blocks=0 \
	--set idle=5s --set guard=7s
conforms "further blocks alone, as many as may be:" --scheme block --set size=2 --set extension_size=1 --set max_blocks=3 \
	--set extension_share=0.3
conforms "blocks on several addresses:" --scheme block --set size=2 --set max_blocks=4 --set pool.pooling=arbitrary
for pooling in arbitrary soft-paired; do
	conforms "blocks of $pooling pooling:" --scheme block --set size=16 --set max_blocks=4 --set pool.pooling=$pooling
done
# Every block is told of again every second: lists are cut short before that takes minutes.
conforms "small blocks with interim records every second:" --scheme block --set size=8 --set interim=1s
conforms "runs of tries:" --scheme bounded --set tries=128 --set walk=next --set shortest=8
conforms "a rule with a dynamic pool" --scheme deterministic --set dynamic=4 --set block=8
conforms "an interlaced rule with a dynamic pool" --scheme deterministic --set algorithm=1 --set dynamic=4 --set block=8

conforms "growth at a pace" --scheme port-set --set psid_offset=0 --set psid_length=9 --set sharing=56 \
	--set growth=8 --set growth_interval=60s
conforms "a dynamic pool with a limit" --scheme deterministic --set ports_per_subscriber=63 --set dynamic=1 --set block=8 \
	--set max_ports=90

for preset in $("$program" list presets | sed 's/ .*//'); do
	conforms $preset --scheme $preset
done
# One number for several mappings: judged towards each remote endpoint.
for select in random preserve; do
	conforms "session, overloading, $select," --scheme session --set overload=true --set select=$select \
		--set nat.mapping=address-and-port-dependent --set nat.filtering=address-and-port-dependent
done

# --- plugins
for source in "$top"/tests/plugins/*.c; do
	name=$(basename "$source" .c)
	if ! ${CC:-cc} -std=gnu11 -O1 -Wall -Wextra -Werror -shared -fPIC -I"$top/include" -o "$name.so" "$source" 2>err; then
		echo "not ok $name is built"
		sed 's/^/  /' err
		bad=1
	fi
done
for name in good_single good_blocks good_buddy good_dynamic good_home good_parts good_ranges good_ranges_logged; do
	conforms $name --plugin $name.so
done
conforms "a plugin with parameters of its own" --plugin good_blocks.so --set parameters.size=5 --set parameters.guard=0

# What breaks a rule is cut down: to so many lines, of which the first says what it was made for.
most_lines() { # NAME
	case $1 in
	unpredictable_*) echo 61 ;; # one in two is right by chance, or a number must come free first; 60 calls are shown
	unpredictable) echo 45 ;; # a dozen right guesses are needed before chance is out of the question
	*_tcp) echo 61 ;; # a large address is filled
	nothing-leaked_late) echo 61 ;; # the list is not cut down in a process begun anew
	*) echo 16 ;;
	esac
}
lines_of() { # RULE
	awk -v rule="$1" '/^(broken|held|not asked) / { is = $1 == "broken" && $2 == rule } is && /^             / { n++ } END { print n + 0 }' out
}
for source in "$top"/tests/plugins/broken_*.c; do
	name=$(basename "$source" .c)
	what=${name#broken_}
	rule=${what%%_*} # after it, how it is broken
	if [ "$slow" ] && [ "$what" != limit ]; then
		echo "skip $name is caught: it takes long under a sanitizer"
		continue
	fi
	"$program" conform --plugin "./$name.so" --junit junit.xml >out 2>err
	status=$?
	# Where its address lies, the same twice or not, is the loader's: it is one rule or the other.
	if [ "$what" = repeatable_address ]; then
		grep -Eq '^broken +(repeatable|apart) ' out
		check "$name is caught" test $? = 0
		continue
	fi
	if [ $status = 1 ] && grep -q "^broken *$rule " out && ! grep -v '^cgnsim: *[0-9]*%' err && grep -q "name=\"$rule\"><failure" junit.xml; then
		echo "ok $name is caught"
		lines=$(lines_of "$rule")
		check "$name: $lines lines show it, $(most_lines "$what") at most" test "$lines" -ge 1 -a "$lines" -le "$(most_lines "$what")"
	else
		echo "not ok $name: status $status"
		sed 's/^/  /' out err
		bad=1
	fi
done
# What breaks a rule alone is not told as done to a neighbour.
if [ -z "$slow" ]; then
	"$program" conform --plugin broken_in-pool_edge.so --quiet >edge
	check "one rule that is broken is one that is told" test "$(grep -c '^broken ' edge)" = 1
fi
# Two parts do not hide a block that is kept back from the one who could have it.
if [ "$slow" ]; then
	echo "skip a further block that is kept back is found: it takes long under a sanitizer"
elif ${CC:-cc} -std=gnu11 -O1 -shared -fPIC -DDEFECT_KEEPS -I"$top/include" -o keeps.so "$top/tests/plugins/good_parts.c" 2>err; then
	"$program" conform --plugin keeps.so --quiet >kept 2>err
	check "a further block that is kept back is found" grep -q "^broken *true-reasons" kept
else
	echo "not ok a further block that is kept back is found: it is not built"
	bad=1
fi
if [ "$slow" ]; then
	echo "skip each of the rules has a plugin that breaks it: it takes long under a sanitizer"
else
	rules=$("$program" conform --scheme one-to-one --json | sed -n 's/^.*"name":	*"\([a-z-]*\)".*/\1/p')
	missing=
	for rule in $rules; do
		[ -e "$top/tests/plugins/broken_$rule.c" ] || missing="$missing $rule"
	done
	check "each of the $(echo "$rules" | wc -w) rules has a plugin that breaks it" test -n "$rules" -a -z "$missing"
fi

if command -v xmllint >/dev/null; then
	check "JUnit is XML" xmllint --noout junit.xml
else
	echo "skip JUnit is XML: xmllint is not there (libxml2-utils)"
fi

# The shortest way beyond four numbers is five calls, whatever the list was.
"$program" conform --plugin broken_limit.so >found
check "the shortest way is found" sh -c "[ \$(grep -c ' s: alloc' found) = 5 ]"

# --- what cannot be judged
refuse() {
	name=$1 text=$2
	shift 2
	"$@" >out 2>err
	got=$?
	if [ $got = 2 ] && grep -q -- "$text" err; then
		echo "ok $name"
	else
		echo "not ok $name: status $got"
		sed 's/^/  /' out err
		bad=1
	fi
}
refuse "another version is refused" 'version 2 of the plugin interface, and this is version 1' "$program" conform --plugin other_version.so
echo 'int nothing;' >no.c && ${CC:-cc} -shared -fPIC -o no.so no.c
refuse "no scheme in the library" 'has no symbol cgnsim_scheme' "$program" conform --plugin no.so
refuse "no library" 'nowhere.so' "$program" conform --plugin nowhere.so
refuse "not a library" 'no.c' "$program" conform --plugin no.c
refuse "an unknown parameter" 'knows: size, most, guard' "$program" conform --plugin good_blocks.so --set parameters.sise=5
refuse "a parameter out of range" 'size: is not a whole number of 1 to 4096' "$program" conform --plugin good_blocks.so --set parameters.size=0
refuse "a duration is wanted" 'guard: is not a duration of 0s to 1h' "$program" conform --plugin good_blocks.so --set parameters.guard=2h
refuse "a place where no JUnit can be" 'nowhere/junit.xml' "$program" conform --plugin broken_limit.so --junit nowhere/junit.xml
check "is told before anything is judged" test ! -s out
refuse "both" 'one of --plugin and --scheme' "$program" conform --plugin good_blocks.so --scheme block
refuse "an unknown scheme" 'preset' "$program" conform --scheme nosuch
refuse "a mistyped type of scheme" 'the nearest is "session"' "$program" conform --scheme sesion

# --- docs/plugin.md, word for word, with nothing but what is installed
block() { # LANGUAGE: the first block of it
	sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$top/docs/plugin.md" | sed '1d' | sed '/^```$/,$d'
}
block c >first-free.c
block json >first-free.json
block sh >steps.sh
check "the walk-through has a scheme of ten lines" sh -c "[ \$(grep -c '[^[:space:]]' first-free.c) -le 11 ]"
check "make install" make -C "$top" install DESTDIR= PREFIX="$dir/inst" BUILD="$(dirname "$program")" -o "$program" SETUP=
check "installs header and pkg-config file" test -s inst/include/cgnsim/scheme.h -a -s inst/share/pkgconfig/cgnsim.pc
check "make install with DESTDIR" make -C "$top" install DESTDIR="$dir/stage" PREFIX=/usr/local BUILD="$(dirname "$program")" \
	-o "$program" SETUP=
check "a scheme builds against it" sh -c "${CC:-cc} -shared -fPIC -o staged.so first-free.c \
	\$(PKG_CONFIG_SYSROOT_DIR='$dir/stage' PKG_CONFIG_PATH='$dir/stage/usr/local/share/pkgconfig' pkg-config --cflags cgnsim)"
check "the walk-through builds, conforms and runs" env PATH="$dir/inst/bin:$PATH" PKG_CONFIG_PATH="$dir/inst/share/pkgconfig" \
	sh -e steps.sh
check "and measures" grep -q '"mine"' results/first-free/summary.json

# A scheme in C++ exports what a scheme in C does.
if ! command -v "${CXX:-c++}" >/dev/null; then
	echo "skip a scheme in C++: there is no compiler"
else
	check "a scheme in C++ builds" "${CXX:-c++}" -std=c++20 -shared -fPIC -fvisibility=hidden -I"$top/include" -o plus.so \
		-x c++ "$top/tests/plugins/plus.cc"
	conforms "a scheme in C++" --plugin plus.so
fi

# --- in a run
cat >run.json <<'END'
{ "subscribers": { "count": 200 }, "duration": "30s", "warmup": "10s", "pool": { "prefixes": ["192.0.2.0/30"] },
  "schemes": [ { "name": "blocks", "type": "plugin", "library": "good_blocks.so", "parameters": { "size": 32, "guard": "90s" } },
               { "name": "ranges", "type": "plugin", "library": "good_ranges.so" } ] }
END
check "a scenario with plugins runs" "$program" run run.json -o run --quiet
check "the same bytes again, on one thread" sh -c "'$program' run run.json -o again --quiet --threads 1 && diff -r run again"
check "a rule logs nothing and names everybody" sh -c "'$program' run run.json -o ranges --scheme ranges --quiet &&
	grep -q 'ranges,.*,0,0' ranges/log.csv && grep -q '\"unique_ratio\":	1,' ranges/summary.json"
check "map asks a plugin's rule" sh -c "'$program' map run.json --scheme ranges --inside 100.64.0.3 --json | grep -q '\"count\":	1290'"
sed 's/good_ranges/broken_held-once/' run.json >broken.json
refuse "a run on a broken plugin" 'held-once.so: subscriber .* taken; `cgnsim conform' "$program" run broken.json -o broken --quiet
check "leaves nothing" test ! -e broken

exit $bad
