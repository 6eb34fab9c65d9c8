#!/bin/sh
# Names what the packet world lacks here, and how to get it; says nothing if it can be built.
# usage: missing.sh [C++ COMPILER]
cxx=${1:-g++}

missing=
command -v "${cxx%% *}" >/dev/null 2>&1 || missing="$missing g++"
[ -e /usr/include/ns3/tcp-socket-base.h ] || missing="$missing libns3-dev"
[ -z "$missing" ] || echo "missing packages:$missing (apt-get install$missing)"
