#!/usr/bin/env bash
# demo.sh CASEMATE: a vault from init to unmount, in a temporary
# folder that is gone afterwards. Fails when what was read back differs.
set -euo pipefail

readonly casemate="$1"
# Any Debian that can build has these few hundred files in nested folders.
readonly tree=/usr/include/linux
work="$(mktemp -d)"
readonly work
readonly vault="$work/vault" mountpoint="$work/mnt"
readonly password="$work/password"

say() { printf '\n== %s\n' "$*"; }
run() {
  printf '$ %s\n' "casemate ${*//"$work/"/}"
  "$casemate" "$@"
}

is_mounted() { grep -q " $mountpoint fuse" /proc/self/mounts; }

clean_up() {
  local status=$?
  trap - EXIT
  if is_mounted; then
    "$casemate" unmount "$mountpoint" 2>/dev/null ||
      fusermount3 -u -z "$mountpoint" || true
  fi
  # Only what is not mounted is deleted: never the inside of a vault.
  is_mounted || rm -rf --one-file-system "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A port nobody answers on. Somebody may take it first; the mount then says so.
free_port() {
  local port
  for _ in {1..50}; do
    port=$((20000 + RANDOM % 20000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
  return 1
}

# The body at http://127.0.0.1:$1/metrics, without needing curl.
metrics() {
  exec 3<>"/dev/tcp/127.0.0.1/$1"
  printf 'GET /metrics HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&3
  cat <&3
  exec 3<&-
}

# The first lines of its input, all of which is read: with pipefail, a writer
# that is cut off would fail the demo.
first() { sed -n "1,${1}p"; }

make_vault() {
  say "A vault, with a password of its own"
  (umask 077 && head -c 24 /dev/urandom | base64 >"$password")
  run init "$vault" --password-file "$password"
  run info "$vault"
}

mount_vault() {
  mkdir "$mountpoint"
  port="$(free_port)"
  say "Mounted, with metrics on port $port"
  run mount "$vault" "$mountpoint" --password-file "$password" \
    --metrics-listen "127.0.0.1:$port"
  grep " $mountpoint fuse" /proc/self/mounts
}

copy_tree() {
  say "$tree, copied in"
  cp -a "$tree" "$mountpoint/"
  echo "$(find "$tree" -type f | wc -l) files, $(du -sh "$tree" | cut -f1)"
  say "What you see"
  find "$mountpoint" -type f -printf '%s  %P\n' | sort -k 2 | first 6
  say "What the disk sees"
  find "$vault/d" -type f -printf '%s  %P\n' | sort -k 2 | first 6
  say "Read back and compared"
  diff -r "$tree" "$mountpoint/linux"
  echo "no difference"
}

show_metrics() {
  say "A few of the metrics"
  metrics "$port" | grep -E '^casemate_[a-z_]+(\{[^}]*\})? [1-9]' |
    grep -v _bucket | first 8
}

unmount_vault() {
  say "Unmounted, and a look inside without a mount"
  run unmount "$mountpoint"
  run ls "$vault" /linux --password-file "$password" | first 8
}

what_next() {
  cat <<NEXT

== With a vault of your own
  $casemate init ~/vault
  mkdir -p ~/clear
  $casemate mount ~/vault ~/clear
  $casemate unmount ~/clear
NEXT
}

make_vault
mount_vault
copy_tree
show_metrics
unmount_vault
what_next
