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
for folder in sim/ns3 sim/base sim/nat sim/scheme; do
	objects=$(find "$build/$folder" -name '*.o' 2>/dev/null | sort)
	if [ -z "$objects" ]; then
		echo "skip licence of $folder: it has no objects here"
		continue
	fi
	# shellcheck disable=SC2086
	foreign=$(nm -u $objects | grep -E ' U (gsl_|fb[A-Z]|fBuf|SSL_|EVP_|BIO_|OPENSSL_|CRYPTO_|RAND_|ERR_)' | sort -u)
	if [ -z "$foreign" ]; then
		echo "ok $folder may be linked with libns3"
	else
		echo "not ok $folder may not be linked with libns3:"
		echo "$foreign"
		bad=1
	fi
done
[ $bad = 0 ]
