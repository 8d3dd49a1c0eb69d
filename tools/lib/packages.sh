# shellcheck shell=bash disable=SC2034
# What casemate needs of Debian 12, by purpose, and the one way to install it.
# Sourced by tools/dev, which sets LIB.

build_packages=(
  android-libboringssl-dev
  bazel-bootstrap
  bazel-platforms
  bazel-rules-java
  bazel-rules-proto
  bazel-skylib
  clang-19
  fuse3
  libabsl-dev
  libcivetweb-dev
  libcli11-dev
  libfuse3-dev
  libutf8proc-dev
  lld-19
  nlohmann-json3-dev
  prometheus-cpp-dev
)

test_packages=(
  attr
  default-jdk-headless
  git
  jq
  libclang-rt-19-dev
  libgmock-dev
  libgtest-dev
  librapidcheck-dev
  llvm-19
  man-db
  mandoc
  maven
  procps
  prometheus
  psmisc
  python3
  python3-pip
  sqlite3
  strace
  tar
  util-linux
)

lint_packages=(
  clang-format-19
  clang-tidy-19
  git
  python3
  shellcheck
)

# ensure_packages GROUP...: installs the packages of the groups which are
# missing. Silent, and needs no rights, when there are none.
ensure_packages() {
  local group wanted=() missing=()
  for group in "$@"; do
    local -n packages="${group}_packages"
    wanted+=("${packages[@]}")
  done
  if ! { command -v dpkg-query && command -v apt-get; } >/dev/null; then
    echo "tools/dev: not a Debian system; it needs: ${wanted[*]}" >&2
    return 0
  fi
  mapfile -t missing < <(missing_packages "${wanted[@]}")
  ((${#missing[@]})) || return 0
  warn_unless_debian_12
  install_packages "${missing[@]}"
}

# Prints those of its arguments which are not installed, one a line.
missing_packages() {
  local installed
  installed="$(dpkg-query --show \
    --showformat='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)"
  comm -13 <(sed -n 's/^installed //p' <<<"$installed" | sort -u) \
    <(printf '%s\n' "$@" | sort -u)
}

warn_unless_debian_12() {
  local release
  release="$(. /etc/os-release && echo "${ID:-} ${VERSION_ID:-}")"
  [[ "$release" == "debian 12" ]] ||
    echo "tools/dev: made for Debian 12, this is '$release'; going on" >&2
}

install_packages() {
  local root=()
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "tools/dev: packages are missing. As root, run:" >&2
      echo "  bash $LIB/apt_install.sh $*" >&2
      return 1
    fi
    root=(sudo)
    # Without a terminal nobody can answer: better to fail than to hang.
    [[ -t 0 ]] || root+=(--non-interactive)
  fi
  "${root[@]}" bash "$LIB/apt_install.sh" "$@" >&2
}
