#!/usr/bin/env bash
# usage: run_python_test.sh TEST.py CASEMATE [unittest arguments]
#
# Runs one file of system tests against the program CASEMATE.
set -euo pipefail

test_file="$1"
CASEMATE_BINARY="$(readlink -f "$2")"
shift 2
export CASEMATE_BINARY
export PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH="$PWD/testing/system:$PWD/testing/interop:$PWD/testing/corruptions"
exec python3 "$test_file" "$@"
