#!/bin/sh
# map beyond what test_cli.sh asks of it: rules whose numbers are no run, IPv6 prefixes, records of former rules.
# usage: test_map.sh [PROGRAM], or CGNSIM=PROGRAM test_map.sh
set -u
program=$(realpath "${1:-${CGNSIM:-build/cgnsim}}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
ln -s "$program" cgnsim
PATH=$dir:$PATH
bad=0
count=0

# expect STATUS TEXT COMMAND...: the exit status, and all that comes on both streams; a text that ends in '*' is only
# its beginning.
expect() {
	status=$1 want=$2
	shift 2
	"$@" >out 2>&1 </dev/null
	got=$?
	count=$((count + 1))
	text=$(cat out)
	case $want in
	*'*') case $text in "${want%?}"*) text=$want ;; esac ;;
	esac
	if [ $got = "$status" ] && [ "$text" = "$want" ]; then
		echo "ok $count: $*"
	else
		bad=1
		echo "not ok $count: $*: status $got"
		sed 's/^/  /' out
	fi
}

cat >rules.json <<'END'
{ "subscribers": { "count": 60, "prefix": "10.0.0.0/8" },
  "pool": { "prefixes": ["192.0.2.0/30"], "ports": "1024-1151" },
  "schemes": [
    { "name": "interlaced", "type": "deterministic", "algorithm": 1 },
    { "name": "horizontal", "type": "deterministic", "algorithm": 3, "pool": { "pooling": "arbitrary" } },
    { "name": "address-first", "type": "deterministic", "fill": "address-first" },
    { "name": "one", "type": "one-to-one", "pool": { "prefixes": ["198.51.100.0/26"] } },
    { "name": "masks", "type": "port-set", "masks": "0x000f" } ] }
END
cat >map-e.json <<'END'
{ "subscribers": { "count": 65536, "prefix": "10.0.0.0/8" },
  "pool": { "prefixes": ["192.0.2.0/24"] },
  "schemes": [ { "name": "map-e", "type": "port-set", "ea_bits": 16, "ipv6_prefix": "2001:db8::/40" } ] }
END

# --- numbers that are no run, and that lie on several addresses
rule="cgnsim map rules.json --scheme"
expect 0 '10.0.0.17 -> 192.0.2.1 ports 1026-1026,1041-1041,1056-1056,1071-1071,1086-1086,1101-1101,1116-1116,1131-1131 (8)' \
	$rule interlaced --inside 10.0.0.17
expect 0 '192.0.2.1:1041 -> 10.0.0.17' $rule interlaced --outside 192.0.2.1:1041
expect 1 'cgnsim: 192.0.2.1:1151 is nobody'"'"'s by the rule of interlaced' $rule interlaced --outside 192.0.2.1:1151
expect 0 '10.0.0.17 -> 192.0.2.0 ports 1071-1071,1131-1131, 192.0.2.1 ports 1026-1026,1086-1086, 192.0.2.2 ports 1041-1041,1101-1101, 192.0.2.3 ports 1056-1056,1116-1116 (8)' \
	$rule horizontal --inside 10.0.0.17
expect 0 '{
	"inside":	"10.0.0.17",
	"outside":	"192.0.2.0",
	"ports":	["1071-1071", "1131-1131"],
	"count":	8,
	"further":	[{
			"outside":	"192.0.2.1",
			"ports":	["1026-1026", "1086-1086"],
			"count":	2
		}, *' $rule horizontal --inside 10.0.0.17 --json
expect 0 '192.0.2.3:1116 -> 10.0.0.17' $rule horizontal --outside 192.0.2.3:1116
expect 0 '10.0.0.17 -> 192.0.2.1 ports 1056-1063 (8)' $rule address-first --inside 10.0.0.17
expect 0 '10.0.0.17 -> 198.51.100.17 ports 1024-1151 (128)' $rule one --inside 10.0.0.17
expect 0 '10.0.0.17 -> 192.0.2.1 ports 1025-1025,1041-1041,1057-1057,1073-1073,1089-1089,1105-1105,1121-1121,1137-1137 (8)
  prv 1
  prm 15' $rule masks --inside 10.0.0.17
expect 1 'cgnsim: 2001:db8::/56 is no subscriber'"'"'s by the rule of one, which knows of no IPv6' $rule one --inside 2001:db8::/56

# --all of each: every number once, and back to its subscriber
cat >whole.sh <<'END'
cgnsim map rules.json --scheme $1 --all >all.csv || exit 1
awk -F, 'NR > 1 { for (p = $3; p <= $4; p++) if (seen[$2, p]++) exit 1 }' all.csv || exit 1
awk -F, 'NR > 1 && NR % 37 == 2 { print $1, $2 ":" $4 }' all.csv | while read inside outside; do
	cgnsim map rules.json --scheme $1 --outside $outside | head -1 | grep -qx -- "$outside -> $inside" || echo "not $outside"
done
END
for scheme in interlaced horizontal address-first one masks; do
	expect 0 '' sh whole.sh $scheme
done

# --- MAP: RFC 7597 appendix A, example 1
rule="cgnsim map map-e.json"
expect 0 '10.0.18.52 -> 192.0.2.18 ports 1232-1235,2256-2259,3280-3283,*' $rule --inside 2001:db8:12:3400::/56
expect 0 '192.0.2.18:64723 -> 10.0.18.52
  psid 52
  psid_length 8
  psid_offset 6
  end_user_prefix 2001:db8:12:3400::/56
  ce 2001:db8:12:3400:0:c000:212:34
  rule_ipv6 2001:db8::/40
  rule_ipv4 192.0.2.0/24
  ea_bits 16' $rule --outside 192.0.2.18:64723
expect 0 '52' sh -c "$rule --inside 2001:db8:12:3400:0:c000:212:34 --json | sed -n 's/.*\"psid\":	\(.*\),/\1/p'"
expect 0 '2001:db8:12:3400:0:c000:212:34' sh -c "$rule --outside 192.0.2.18:1232 --json | sed -n 's/.*\"ce\":	\"\(.*\)\",/\1/p'"
# examples 4 and 5: rules of one CE, with no embedded bits
cat >rule.json <<'END'
{ "subscribers": { "count": 1, "prefix": "10.2.3.4" }, "pool": { "prefixes": ["192.0.2.1"], "ports": "1-65535" }, "schemes": [
  { "name": "alone", "type": "port-set", "ea_bits": 0, "ipv6_prefix": "2001:db8:12:3400::/56" },
  { "name": "shared", "type": "port-set", "ea_bits": 0, "psid_length": 8, "psid": 52, "ipv6_prefix": "2001:db8:12:3400::/56",
    "pool": { "prefixes": ["192.0.2.18"] } } ] }
END
expect 0 '10.2.3.4 -> 192.0.2.1 ports 1-65535 (65535)
  psid 0
  psid_length 0
  end_user_prefix 2001:db8:12:3400::/56
  ce 2001:db8:12:3400:0:c000:201:0
  rule_ipv6 2001:db8:12:3400::/56
  rule_ipv4 192.0.2.1
  ea_bits 0' cgnsim map rule.json --scheme alone --inside 2001:db8:12:3400::/56
expect 0 '192.0.2.18:64723 -> 10.2.3.4
  psid 52
  psid_length 8
  psid_offset 6
  end_user_prefix 2001:db8:12:3400::/56
  ce 2001:db8:12:3400:0:c000:212:34
  rule_ipv6 2001:db8:12:3400::/56
  rule_ipv4 192.0.2.18
  ea_bits 0' cgnsim map rule.json --scheme shared --outside 192.0.2.18:64723
expect 0 '10.2.3.4 -> 192.0.2.18 ports 1232-1235,2256-2259,3280-3283,*' cgnsim map rule.json --scheme shared --inside 2001:db8:12:3400::/56
expect 1 'cgnsim: 192.0.2.18:1236 is nobody'"'"'s by the rule of shared' cgnsim map rule.json --scheme shared --outside 192.0.2.18:1236
expect 1 'cgnsim: 2001:db9::/56 is no subscriber'"'"'s by the rule of map-e' $rule --inside 2001:db9::/56
expect 2 'cgnsim: map: --inside: "2001:db8:" is not an IPv4 address, nor an IPv6 prefix (see cgnsim map --help)' $rule --inside 2001:db8:

# --- the dynamic pool: RFC 7422's example and one that is interlaced, and the ranges that A+P grows by
cat >dynamic.json <<'END'
{ "subscribers": { "count": 14, "prefix": "198.51.100.1-198.51.100.14" }, "pool": { "prefixes": ["192.0.2.1"] }, "schemes": [
  { "name": "rfc7422", "type": "deterministic", "dynamic": 2, "max_ports": 5040 },
  { "name": "forbidden", "type": "deterministic", "dynamic": 2, "max_ports": 4032 },
  { "name": "staggered", "type": "deterministic", "algorithm": 1, "dynamic": 2, "block": 4, "pool": { "ports": "1024-1087" } },
  { "name": "a-plus-p", "type": "port-set", "psid_offset": 0, "psid_length": 9, "sharing": 14, "growth": 128 } ] }
END
rule="cgnsim map dynamic.json --scheme"
expect 0 '198.51.100.14 -> 192.0.2.1 ports 53440-57471 (4032)
  dynamic 192.0.2.1 ports 57472-65535 (8064), in blocks of 100: the log says whose' $rule rfc7422 --inside 198.51.100.14
expect 0 '{
	"inside":	"198.51.100.14",
	"outside":	"192.0.2.1",
	"ports":	["53440-57471"],
	"count":	4032,
	"dynamic":	{
		"outside":	"192.0.2.1",
		"ports":	["57472-65535"],
		"count":	8064,
		"block":	100,
		"holder":	"in the log"
	}
}' $rule rfc7422 --inside 198.51.100.14 --json
expect 1 'cgnsim: 192.0.2.1:57472 is of the dynamic pool of rfc7422, given in blocks of 100: the log says whose' \
	$rule rfc7422 --outside 192.0.2.1:57472
expect 1 '{
	"outside":	"192.0.2.1",
	"port":	58204,
	"inside":	null,
	"dynamic":	true,
	"block":	100,
	"holder":	"in the log",
	"reason":	"192.0.2.1:58204 is of the dynamic pool of rfc7422, given in blocks of 100: the log says whose"
}' sh -c "$rule rfc7422 --outside 192.0.2.1:58204 --json 2>&- "
expect 0 '192.0.2.1:57471 -> 198.51.100.14' $rule rfc7422 --outside 192.0.2.1:57471
expect 0 '198.51.100.14 -> 192.0.2.1 ports 53440-57471 (4032)' $rule forbidden --inside 198.51.100.14
expect 1 "cgnsim: 192.0.2.1:58204 is nobody's by the rule of forbidden" $rule forbidden --outside 192.0.2.1:58204
expect 1 '{
	"outside":	"192.0.2.1",
	"port":	58204,
	"inside":	null,
	"reason":	"192.0.2.1:58204 is nobody'"'"'s by the rule of forbidden"
}' sh -c "$rule forbidden --outside 192.0.2.1:58204 --json 2>&- "
expect 1 '{
	"inside":	"198.51.100.15",
	"outside":	null,
	"reason":	"198.51.100.15 is no subscriber'"'"'s address: they are 198.51.100.1 to 198.51.100.14"
}' sh -c "$rule forbidden --inside 198.51.100.15 --json 2>&- "
expect 2 'cgnsim: dynamic.json: $.schemes[0].max_ports: 4100 leaves 68 above the share of 4032, less than a block of 100: the dynamic pool would be nobody'"'"'s' \
	$rule rfc7422 --outside 192.0.2.1:58204 --set 'schemes[0].max_ports=4100'
expect 2 'cgnsim: dynamic.json: $.schemes[0].max_ports: goes with dynamic alone: without it nobody gets more than the share' \
	$rule rfc7422 --outside 192.0.2.1:58204 --set 'schemes[0].dynamic=0'

# --- a prefix of IPv4 for each
cat >prefixes.json <<'END'
{ "subscribers": { "count": 4 }, "pool": { "prefixes": ["192.0.2.0/28"], "ports": "1024-1123", "pooling": "arbitrary" },
  "schemes": [ { "name": "few", "type": "port-set", "ea_bits": 2, "ipv6_prefix": "2001:db8::/46" } ] }
END
expect 0 '100.64.0.1 -> 192.0.2.4 ports 1024-1123 on each of 4 addresses (400)
  ipv4_prefix 192.0.2.4/30
  psid 0
  psid_length 0
  end_user_prefix 2001:db8:1::/48
  ce 2001:db8:1::c000:204:0
  rule_ipv6 2001:db8::/46
  rule_ipv4 192.0.2.0/28
  ea_bits 2' cgnsim map prefixes.json --inside 100.64.0.1
expect 0 '192.0.2.15:1024 -> 100.64.0.3*' cgnsim map prefixes.json --outside 192.0.2.15:1024
expect 0 'inside,outside,lo,hi,psid,end_user_prefix,ce
100.64.0.0,192.0.2.0,1024,1123,0,2001:db8::/48,2001:db8::c000:200:0
100.64.0.3,192.0.2.15,1024,1123,0,2001:db8:3::/48,2001:db8:3::c000:20c:0' sh -c "cgnsim map prefixes.json --all | sed -n '1,2p;\$p'"
expect 0 '198.51.100.1 -> 192.0.2.1 ports 1024-1024,1040-1040,1056-1056,1072-1072 (4)
  dynamic 192.0.2.1 ports 1038-1039,1054-1055,1070-1071,1086-1087 (8), in blocks of 4: the log says whose' \
	$rule staggered --inside 198.51.100.1
expect 0 '198.51.100.14 -> 192.0.2.1 ports 2688-2815 (128)
  dynamic 192.0.2.1 ports 2816-65535 (62720), in blocks of 128: the log says whose*' $rule a-plus-p --inside 198.51.100.14
expect 0 '14' sh -c "$rule rfc7422 --all --json | grep -c '\"dynamic\":{\"outside\":\"192.0.2.1\",\"ports\":\[\"57472-65535\"\]'"

# --- records: what run leaves answers what the rule of then would have
cat >then.json <<'END'
{ "subscribers": { "count": 14, "prefix": "198.51.100.1-198.51.100.14" }, "access": "nat44", "duration": "2d", "warmup": "1s",
  "sample_interval": "1h", "traffic": [ { "source": "poisson", "rate_per_day": 1 } ], "pool": { "prefixes": ["192.0.2.1"] },
  "schemes": [ { "name": "rfc7422", "type": "deterministic", "dynamic": 2, "max_ports": 5040 } ] }
END
expect 0 'cgnsim: warning: rfc7422: the warm-up*' cgnsim run then.json -o kept --keep-logs --quiet
expect 0 '[2026-01-01T00:00:00Z]:198.51.100.0:28:192.0.2.1:32:2:5040:0:1-1023
[2026-01-02T00:00:00Z]:198.51.100.0:28:192.0.2.1:32:2:5040:0:1-1023
[2026-01-03T00:00:00Z]:198.51.100.0:28:192.0.2.1:32:2:5040:0:1-1023' cat kept/logs/rfc7422.records
cat kept/logs/rfc7422.records >records
echo '[2026-02-01T00:00:00Z]:198.51.100.0:28:192.0.2.2:32:0:0:0:1-1023' >>records
expect 0 '192.0.2.1:2001 -> 198.51.100.1' cgnsim map --records records --time 2026-01-15T00:00:00Z --outside 192.0.2.1:2001
expect 0 '192.0.2.1:2001 -> 198.51.100.1' cgnsim map then.json --scheme rfc7422 --records records --time 2026-01-15T00:00:00Z \
	--outside 192.0.2.1:2001
expect 1 'cgnsim: 192.0.2.1 is not an address of the pool' cgnsim map --records records --time 2026-02-01T00:00:00Z --outside 192.0.2.1:2001
expect 1 'cgnsim: 192.0.2.1:58204 is of the dynamic pool of the record of 2026-01-03T00:00:00Z, given in blocks of 100: the log says whose' \
	cgnsim map --records records --time 2026-01-15T00:00:00Z --outside 192.0.2.1:58204
expect 0 '198.51.100.2 -> 192.0.2.1 ports 5056-9087 (4032)
  dynamic 192.0.2.1 ports 57472-65535 (8064), in blocks of 100: the log says whose' cgnsim map --records records --time 2026-01-01T00:00:00Z --inside 198.51.100.2
expect 1 'cgnsim: records: no record is from 2025-12-31T23:59:59Z or before' \
	cgnsim map --records records --time 2025-12-31T23:59:59Z --all
expect 2 'cgnsim: map: --records and --time go together (see cgnsim map --help)' cgnsim map --records records --all
expect 2 'cgnsim: map: --time: "yesterday" is not a time (such as 2026-01-01T12:00:00Z) (see cgnsim map --help)' \
	cgnsim map --records records --time yesterday --all
expect 2 'cgnsim: map: give a SCENARIO, or --records (see cgnsim map --help)' cgnsim map --all
echo '[2026-02-01T00:00:00Z]:198.51.100.0' >>records
expect 2 'cgnsim: records:5: is not [time]:I:mask:O:mask:D:M:A:R' cgnsim map --records records --time 2026-01-15T00:00:00Z --all
exit $bad
