#!/usr/bin/env bash
# apt_install.sh PACKAGE...: installs Debian packages, as root, without a
# question and without leaving a service behind.
#
# Installing `prometheus` would start a server on port 9090 and at every boot.
# Only its programs are wanted, so for the time of the installation Debian's
# hook for this (policy-rc.d) refuses that one service, and it is disabled
# afterwards. A policy-rc.d that is already there is somebody's decision and
# stays. A server that was installed before is not touched.
set -euo pipefail

readonly policy=/usr/sbin/policy-rc.d
readonly apt=(
  apt-get install --yes --no-install-recommends
  -o DPkg::Lock::Timeout=300
)
export DEBIAN_FRONTEND=noninteractive

hold_prometheus() {
  [[ -e "$policy" ]] && return
  trap 'rm -f "$policy"' EXIT
  cat >"$policy" <<'POLICY'
#!/bin/sh
# Casemate's tools/lib/apt_install.sh put this here and removes it.
case "$1" in prometheus*) exit 101 ;; esac
exit 0
POLICY
  chmod 755 "$policy"
}

release_prometheus() {
  if [[ -d /run/systemd/system ]]; then
    systemctl disable --now prometheus.service
  elif command -v update-rc.d >/dev/null; then
    update-rc.d prometheus disable
  fi
}

brings_prometheus=no
for package in "$@"; do
  [[ "$package" == prometheus ]] && brings_prometheus=yes
done

[[ "$brings_prometheus" == no ]] || hold_prometheus
# The package index may be absent or old; only then is it worth the download.
if ! "${apt[@]}" "$@"; then
  apt-get update
  "${apt[@]}" "$@"
fi
[[ "$brings_prometheus" == no ]] || release_prometheus
