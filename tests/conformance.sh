#!/bin/sh
# conformance.sh BUILD: docs/conformance.md on stdout, as the tests of requirements in
# BUILD say it. Exit 3 if one of them is not built, 1 if a requirement is broken.
set -eu
cd "$(dirname "$0")/.."
build=$1
broken=0

cat <<'END'
# Conformance

What the RFCs ask of a NAT, requirement by requirement, and the test that shows it. `make conformance` writes this page by
running the tests; `make test` fails if it is not what they say. Requirements are in our own words; their levels (MUST,
SHOULD, MAY) are the RFCs'. *not modelled* is what a simulator cannot have, or what is a choice not taken, with the reason.

Where the texts contradict each other, the later rules: refusals are told by ICMP code 1 (RFC 6888 REQ-11), not 13
(RFC 5508 REQ-8); an established TCP session that falls silent ends after 2 h 4 min in all (RFC 5382 REQ-5), which is
RFC 6146's two hours and then its four minutes of rest.

END
for test in tests/*/test_rfc*.c; do
	program=$build/${test%.c}
	[ -x "$program" ] || { echo "conformance: $program is not built" >&2; exit 3; }
	"$program" --conformance || broken=1
done
exit $broken
