# shellcheck shell=bash
# Runs libFuzzer on the targets of //fuzz. Sourced by tools/dev, which sets
# REPO and CACHE.

# fuzz [TARGET] [--seconds N]: all targets, or the one whose input, test or
# binary is called TARGET. Each starts from a copy of its seeds. What crashes
# it is kept in $CACHE/fuzz/. The last line counts the targets.
fuzz() {
  local seconds=10 wanted="" target targets=() passed=0 failed=0
  while (($#)); do
    case "$1" in
      --seconds) seconds="${2:-}" && shift ;;
      --seconds=*) seconds="${1#*=}" ;;
      -*) refuse "fuzz: unknown option: $1" ;;
      *) wanted="$(fuzz_input "$1")" ;;
    esac
    shift
  done
  [[ "$seconds" =~ ^[1-9][0-9]*$ ]] || refuse "fuzz: --seconds takes a number"

  local found
  found="$(run_bazel query --noshow_progress \
    'filter("_libfuzzer$", kind("cc_binary rule", //fuzz/...))')" || return
  mapfile -t targets < <(sort <<<"$found")
  if [[ -n "$wanted" ]]; then
    local known=" ${targets[*]} "
    targets=("//fuzz:${wanted}_fuzz_libfuzzer")
    [[ "$known" == *" ${targets[0]} "* ]] ||
      refuse "fuzz: no target '$wanted' among:$known"
  fi
  [[ -n "${targets[0]}" ]] || refuse "fuzz: no targets in //fuzz"

  run_bazel build --config=fuzz "${targets[@]}" >&2
  local bin
  bin="$(bazel_bin --config=fuzz)/fuzz"
  for target in "${targets[@]}"; do
    if fuzz_one "$bin" "$(fuzz_input "$target")" "$seconds"; then
      passed=$((passed + 1))
    else
      failed=$((failed + 1))
    fi
  done
  echo "$passed passed, $failed failed, 0 skipped"
  ((failed == 0))
}

# The input a target is named after: //fuzz:chunk_fuzz_libfuzzer gives chunk.
fuzz_input() {
  local name="${1##*:}"
  name="${name%_libfuzzer}"
  echo "${name%_fuzz}"
}

# fuzz_one BINARIES INPUT SECONDS, in a subshell for its trap.
fuzz_one() (
  local bin="$1" input="$2" seconds="$3" work crashes="$CACHE/fuzz/$2"
  work="$(mktemp -d)"
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$crashes" "$work/corpus"
  local seeds
  seeds="$(fuzz_seeds "$input")"
  [[ -z "$seeds" ]] || cp "$REPO/$seeds"/* "$work/corpus/"
  echo "== $input: $seconds s, $(find "$work/corpus" -type f | wc -l) seeds"
  cd "$work" || return
  if "$bin/${input}_fuzz_libfuzzer" "-max_total_time=$seconds" -timeout=10 \
    "-artifact_prefix=$crashes/" corpus </dev/null >log 2>&1; then
    tail -n 1 log
    return 0
  fi
  cat log
  echo "$input failed; the input it failed on is in $crashes." >&2
  echo "Once it is mended, the input belongs in ${seeds:-fuzz/corpus}." >&2
  return 1
)

# The folder of an input's seeds, as the test of the same name declares it.
fuzz_seeds() {
  run_bazel query --noshow_progress "labels(data, //fuzz:${1}_fuzz)" |
    sed -n 's,^//fuzz:\(corpus/.*\)/[^/]*$,fuzz/\1,p' | head -n 1
}
