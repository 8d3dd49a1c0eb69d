#!/usr/bin/env bash
# usage: man_pages_test.sh PAGE...
#
# Every page is shown without a warning, and what it refers to is there.
set -euo pipefail
export LC_ALL=C.UTF-8 MANWIDTH=80

failures=0

# complain PAGE WHAT <<<TEXT: a failure, unless TEXT is empty.
complain() {
  local text
  text="$(cat)"
  [[ -n "$text" ]] || return 0
  echo "$1: $2:" >&2
  echo "$text" >&2
  failures=$((failures + 1))
}

# Our own pages which PAGE names and which are not among the arguments.
missing_references() {
  local page="$1" name section
  shift
  sed -n 's/^\.Xr \(casemate[^ ]*\) \([1-8]\).*/\1 \2/p' "$page" | sort -u |
    while read -r name section; do
      [[ " $* " == *"/$name.$section "* ]] || echo "$name($section)"
    done
}

for tool in groff man mandoc; do
  command -v "$tool" >/dev/null || { echo "this test needs $tool" >&2; exit 1; }
done
(($# >= 3)) || { echo "three pages at least, not $#" >&2; exit 1; }
for page in "$@"; do
  shown="$(man --warnings -l -Tutf8 "$page" 2>"$TEST_TMPDIR/warnings")"
  complain "$page" "man warns" <"$TEST_TMPDIR/warnings"
  complain "$page" "groff warns" \
    < <(groff -ww -mandoc -Tutf8 -z "$page" 2>&1)
  # Not style: that looks for the other pages in the system's manual.
  complain "$page" "mandoc -Tlint" < <(mandoc -Tlint -W warning "$page")
  complain "$page" "no such pages" < <(missing_references "$page" "$@")
  # Its heading, in which no letter is bold.
  grep -qi "^$(basename "${page%.*}")(${page##*.})" <<<"$shown" ||
    complain "$page" "man shows" <<<"no page"
done
((failures == 0))
