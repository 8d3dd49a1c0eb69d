# shellcheck shell=bash
# Runs tests in phases, counts them, and looks for what they left behind.
# Sourced by tools/dev, which sets REPO and LIB.

# run_tests [TARGETS AND FLAGS] --phase FLAGS... [--phase FLAGS...]...: one
# `bazel test` a phase, all of them whatever fails. Prints the counts as the
# last line; fails when a target failed, none passed, or something was left.
run_tests() (
  local common=() phases=() arg
  while (($#)) && [[ "$1" != --phase ]]; do
    common+=("$1")
    shift
  done
  names_a_target "${common[@]}" || common+=(//...)

  local work output_base
  work="$(mktemp -d)"
  trap 'rm -rf "$work"' EXIT
  output_base="$(run_bazel info output_base 2>/dev/null)"
  list_ours "$output_base" >"$work/before"

  local events status=0 flags=()
  while (($#)); do
    shift
    flags=()
    while (($#)) && [[ "$1" != --phase ]]; do
      flags+=("$1")
      shift
    done
    events="$work/events.${#phases[@]}"
    status=0
    run_bazel test --keep_going "--build_event_json_file=$events" \
      "${flags[@]}" "${common[@]}" || status=$?
    phases+=(--phase "$status" "$events")
  done

  local leftovers=()
  mapfile -t leftovers < <(wait_for_leftovers "$output_base" "$work/before")
  for arg in "${leftovers[@]}"; do phases+=(--leftover "$arg"); done
  python3 "$LIB/bep_summary.py" "${phases[@]}"
)

names_a_target() {
  local arg
  for arg in "$@"; do
    [[ "$arg" == -* ]] || return 0
  done
  return 1
}

# Casemate's mounts, and the processes which come from tests run in Bazel's
# output base $1: their program is there, or their environment says so (a
# server that a test started, say). One a line, sorted.
list_ours() {
  local output_base="$1" proc
  {
    awk '$1 ~ /casemate/ || $3 ~ /casemate/ { print "mount", $2, $3 }' \
      /proc/self/mounts
    {
      find /proc -mindepth 2 -maxdepth 2 -path '/proc/[0-9]*/exe' \
        -lname "$output_base/*" -printf '%h\n' 2>/dev/null || true
      grep -lsz "^TEST_SRCDIR=$output_base/" /proc/[0-9]*/environ |
        sed 's,/environ$,,' || true
    } | sort -u | while read -r proc; do
      echo "process ${proc#/proc/} $(tr '\0' ' ' 2>/dev/null <"$proc/cmdline")"
    done
  } | sort
}

# Prints what is there now and is not in the file $2. What is just going away
# gets three seconds to do so.
wait_for_leftovers() {
  local output_base="$1" before="$2" left=""
  for _ in {1..15}; do
    left="$(comm -13 "$before" <(list_ours "$output_base"))"
    [[ -n "$left" ]] || return 0
    sleep 0.2
  done
  printf '%s\n' "$left"
}
