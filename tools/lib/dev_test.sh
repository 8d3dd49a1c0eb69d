#!/usr/bin/env bash
# Tests of tools/dev and its shell parts, without installing or building.
set -euo pipefail

cd "$TEST_SRCDIR/$TEST_WORKSPACE"
readonly dev=tools/dev LIB=tools/lib
failures=0

# expect WHAT GOT WANTED
expect() {
  [[ "$2" == "$3" ]] && return
  printf 'FAILED %s\n  got:    %s\n  wanted: %s\n' "$1" "$2" "$3" >&2
  failures=$((failures + 1))
}

# In a subshell: the command may be a function that exits.
status_of() {
  local status=0
  ("$@") >"$TEST_TMPDIR/out" 2>"$TEST_TMPDIR/err" || status=$?
  echo "$status"
}

help_has_a_line_for_each_verb() {
  expect "status of no verb" "$(status_of "$dev")" 0
  expect "verbs in the help" \
    "$(awk 'NR > 1 { print $1 }' "$TEST_TMPDIR/out" | sort)" \
    "$(sed -n 's/^verb_\([a-z]*\)() {.*/\1/p' "$dev" | sort)"
}

unknown_verbs_are_refused() {
  expect "status of an unknown verb" "$(status_of "$dev" nonsense)" 2
  expect "stdout of an unknown verb" "$(cat "$TEST_TMPDIR/out")" ""
  expect "verbs on stderr" "$(grep -c '^  build ' "$TEST_TMPDIR/err")" 1
  # A function of the script that is no verb must not become one.
  expect "status of a helper's name" "$(status_of "$dev" usage)" 2
}

bad_arguments_are_refused() {
  # What would go on from here must not install or build.
  refuse() { exit 2; }
  run_bazel() { exit 77; }
  expect "fuzz option" "$(status_of fuzz --sideways)" 2
  expect "fuzz seconds" "$(status_of fuzz --seconds soon)" 2
  expect "fuzz without seconds" "$(status_of fuzz --seconds)" 2
  expect "fuzz in order" "$(status_of fuzz --seconds=3)" 77
  expect "vectors" "$(status_of "$dev" vectors /nonexistent)" 2
}

missing_packages_are_those_not_installed() {
  dpkg-query() {
    printf '%s\n' "installed git" "not-installed jq" "config-files tar"
    return 1 # As it does when it knows nothing of one of them.
  }
  expect "missing packages" \
    "$(missing_packages git jq tar absent | tr '\n' ' ')" "absent jq tar "
  unset -f dpkg-query
}

installed_packages_need_no_rights() {
  local asked=no
  missing_packages() { :; }
  install_packages() { asked=yes; }
  ensure_packages build test lint
  expect "installs nothing" "$asked" no
  missing_packages() { echo "$*"; }
  install_packages() { asked="$*"; }
  warn_unless_debian_12() { :; }
  ensure_packages lint
  expect "installs what is missing" "$asked" "${lint_packages[*]}"
}

processes_of_tests_are_found() {
  local before="$TEST_TMPDIR/before" pid
  list_ours /no/such/base >"$before"
  env TEST_SRCDIR=/no/such/base/x sleep 1000 &
  pid=$!
  expect "a process left behind" \
    "$(wait_for_leftovers /no/such/base "$before")" \
    "process $pid sleep 1000 "
  expect "a process of other tests" \
    "$(wait_for_leftovers /no/such/bas "$before")" ""
  kill "$pid"
  wait "$pid" || true
  expect "nothing left behind" \
    "$(wait_for_leftovers /no/such/base "$before")" ""
}

# The parts on their own, where a test needs to reach inside.
# shellcheck source=tools/lib/packages.sh
source "$LIB/packages.sh"
# shellcheck source=tools/lib/run_tests.sh
source "$LIB/run_tests.sh"
# shellcheck source=tools/lib/fuzz.sh
source "$LIB/fuzz.sh"

help_has_a_line_for_each_verb
unknown_verbs_are_refused
bad_arguments_are_refused
missing_packages_are_those_not_installed
installed_packages_need_no_rights
processes_of_tests_are_found
((failures == 0))
