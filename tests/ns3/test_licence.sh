#!/bin/sh
# libns3 is GPL-2.0-only: what is linked with it may call nothing of GSL (GPL-3.0), libfixbuf (LGPL-3.0) or OpenSSL
# (Apache-2.0). Held to that are our own objects: ns-3's libraries as Debian links them name GSL themselves.
# usage: CGNSIM=PROGRAM test_licence.sh
set -u
top=$(realpath "$(dirname "$0")/../..")
build=$(dirname "$(realpath "${CGNSIM:-$top/build/cgnsim}")")
bad=0

if ! command -v nm >/dev/null 2>&1; then
	echo "skip licence: there is no nm here (apt-get install binutils)"
	exit 0
fi
foreign() { # FILE...: what they call of those libraries
	nm -u "$@" | grep -E ' U (gsl_|fb[A-Z]|fBuf|SSL_|EVP_|BIO_|OPENSSL_|CRYPTO_|RAND_|ERR_)' | sort -u
}

holds() { # NAME FILE...
	name=$1
	shift
	if [ $# = 0 ] || [ ! -e "$1" ]; then
		echo "skip licence of $name: it is not built here"
		return
	fi
	found=$(foreign "$@")
	if [ -z "$found" ]; then
		echo "ok $name may be linked with libns3"
	else
		echo "not ok $name may not be linked with libns3:"
		echo "$found"
		bad=1
	fi
}

for folder in sim/ns3 sim/base sim/nat sim/scheme; do
	# shellcheck disable=SC2046
	holds "$folder" $(find "$build/$folder" -name '*.o' 2>/dev/null | sort)
done
# Of the library the packet world takes what it needs, from whatever folder: the program shows what that calls.
for program in "$build/cgnsim-ns3" "$build/examples/ns3/transfer"; do
	holds "$(basename "$program")" "$program"
done
# The same look finds GSL where it is.
if foreign "$build/cgnsim" | grep -q gsl_; then
	echo "ok GSL is seen in cgnsim"
else
	echo "not ok GSL is not seen in cgnsim"
	bad=1
fi
[ $bad = 0 ]
