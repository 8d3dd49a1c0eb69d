# shellcheck shell=bash
# Format and lint. Sourced by tools/dev, which sets REPO, LIB and CACHE.

# Runs every check, whatever fails. The last line counts the checks.
lint() {
  local passed=0 failed=0 check
  cd "$REPO" || return
  for check in format_check buildifier_check shell_check \
    house_rules_check tidy_check; do
    if [[ "$check" == buildifier_check ]] && ! have_buildifier; then
      echo "== $check: left out, buildifier is not installed"
      continue
    fi
    local start=$SECONDS verdict=passed
    if "$check"; then
      passed=$((passed + 1))
    else
      failed=$((failed + 1))
      verdict=FAILED
    fi
    echo "== $check: $verdict, $((SECONDS - start)) s"
  done
  echo "$passed passed, $failed failed, 0 skipped"
  ((failed == 0))
}

format() {
  cd "$REPO" || return
  sources '*.cc' '*.h' | xargs -0r clang-format-19 -i
  if have_buildifier; then
    build_files | xargs -0r buildifier
  else
    echo "tools/dev: buildifier is not installed; BUILD files left as they are"
  fi
}

# sources PATTERN...: our files, tracked or about to be, each ended by a NUL.
sources() {
  local file
  git ls-files -z --cached --others --exclude-standard -- "$@" |
    while IFS= read -r -d '' file; do
      [[ ! -f "$file" || -L "$file" ]] || printf '%s\0' "$file"
    done
}

build_files() { sources '*BUILD.bazel' '*.bzl' WORKSPACE; }

# Shell files by name, or by their first line where the name does not say.
shell_files() {
  {
    sources '*.sh'
    sources | xargs -0r grep -IlZE '^#!/(usr/)?bin/(env )?(ba)?sh\b' || true
  } | sort -zu
}

have_buildifier() { command -v buildifier >/dev/null; }

format_check() {
  sources '*.cc' '*.h' | xargs -0r clang-format-19 --dry-run --Werror
}

buildifier_check() { build_files | xargs -0r buildifier --mode=check; }

shell_check() {
  shell_files | xargs -0r shellcheck --external-sources --source-path="$REPO"
}

house_rules_check() { sources | python3 "$LIB/house_rules.py"; }

tidy_check() {
  sources '*.cc' | python3 "$LIB/tidy.py" --cache="$CACHE/tidy"
}
