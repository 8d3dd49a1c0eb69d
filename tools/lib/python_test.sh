#!/usr/bin/env bash
# python_test.sh SCRIPT: runs a Python test as Bazel's sh_test does a shell one.
set -euo pipefail

cd "$TEST_SRCDIR/$TEST_WORKSPACE"
PYTHONPATH="$PWD" exec python3 -B "$1" --verbose
