#!/bin/sh
# Installs the packages of packages.txt that are missing. Does nothing when all are there.
set -eu
cd "$(dirname "$0")"

if ! command -v dpkg-query >/dev/null 2>&1; then
	echo "setup: no dpkg here, so packages are not checked; packages.txt lists what is needed" >&2
	exit 0
fi
missing=
for package in $(sed 's/#.*//' packages.txt); do
	case $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) in
	*"ok installed") ;;
	*) missing="$missing $package" ;;
	esac
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" != 0 ]; then
	echo "setup: missing packages:$missing" >&2
	echo "setup: install them with: sudo apt-get install$missing" >&2
	exit 3
fi
echo "  SETUP  $missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "setup: apt-get could not install:$missing" >&2
	exit 3
fi
