# shellcheck shell=bash
# Bazel as this repository runs it. Sourced by tools/dev, which sets REPO
# and CACHE.

# run_bazel COMMAND [ARGUMENTS]: outputs stay outside the repository; actions
# are shared between configurations and checkouts through a disk cache, unless
# .bazelrc.user names another one.
run_bazel() {
  local command="$1" startup=() flags=()
  shift
  read -ra startup <<<"${CASEMATE_BAZEL_STARTUP:-}"
  case "$command" in
    build | test | info)
      flags+=(--experimental_convenience_symlinks=ignore)
      grep -qs -- --disk_cache "$REPO/.bazelrc.user" ||
        flags+=("--disk_cache=$CACHE/bazel-disk")
      [[ -t 2 ]] || flags+=(--show_progress_rate_limit=30)
      ;;
  esac
  (cd "$REPO" && bazel "${startup[@]}" "$command" "${flags[@]}" "$@") \
    </dev/null
}

# bazel_bin [FLAGS]: where a build with FLAGS puts its binaries.
bazel_bin() { run_bazel info "$@" bazel-bin 2>/dev/null; }
