#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# bare-root.sh [12|13] [COMMAND...]: what the README promises, on a Debian that has nothing yet.
#
# Makes the smallest Debian of that version in a temporary folder, copies the files that git knows of into it, and runs the README's
# commands there (or COMMAND), as root, in namespaces of its own for mounts and processes. The root is pivoted, not only chrooted, so that the tests can make
# user and network namespaces inside. Needs root, debootstrap and git. Of this machine it takes how apt, npm and TLS reach the net: settings and
# certificates; PARLOR_MIRROR is where packages come from. What the commands say is in build/bare-root-VERSION.log. Nothing is left behind but that.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

version=${1:-12}
shift || true
case $version in
  12) suite=bookworm ;;
  13) suite=trixie ;;
  *) echo "bare-root: there is Debian 12 or 13, not \"$version\"" >&2; exit 2 ;;
esac
[ "$(id -u)" = 0 ] || { echo 'bare-root: a root is made by root: sudo ./dev bare-root' >&2; exit 1; }

if [ $# -gt 0 ]; then
  commands=("$*")
else
  mapfile -t commands < <(sed -nE 's/^    (\.\/dev [a-z]+) +#.*/\1/p' README.md)
fi
[ ${#commands[@]} -gt 0 ] || { echo 'bare-root: the README has no ./dev commands' >&2; exit 1; }

root=$(mktemp -d "${TMPDIR:-/tmp}/parlor-bare-root.XXXXXX")
chmod 755 "$root" # others than root live there, too
# The mounts are gone with the namespace; should one be left, what it shows is not removed.
trap 'rm -rf --one-file-system "$root"' EXIT
mkdir -p build
log=$PWD/build/bare-root-$version.log

make_root ()
{
  local file
  debootstrap --variant=minbase "$suite" "$root" ${PARLOR_MIRROR:+"$PARLOR_MIRROR"}
  # How apt reaches its mirrors from here, but not what other programs have it do.
  for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
    if [ -f "$file" ] && grep -q 'Acquire' "$file" && ! grep -q 'IndexTargets' "$file"; then
      cp "$file" "$root/etc/apt/apt.conf.d/"
    fi
  done
  for file in /etc/apt/auth.conf /etc/apt/auth.conf.d /etc/npmrc ~/.npmrc /etc/resolv.conf /etc/hosts \
      /usr/local/share/ca-certificates /etc/ssl/certs/ca-certificates.crt; do
    if [ -e "$file" ]; then
      mkdir -p "$root${file%/*}"
      cp -rLpT "$file" "$root$file"
    fi
  done
  mkdir "$root/src"
  git ls-files -z | tar -c --null --files-from=- | tar -x -C "$root/src"
  # As a clone: some of what is run asks git for the files.
  git -C "$root/src" init -q
  git -C "$root/src" add -A
  git -C "$root/src" -c user.name=nobody -c user.email=nobody@localhost commit -qm 'As it is here'
}

# in_root COMMAND: in the root, with nothing of this session but the way to the net.
in_root ()
{
  local name passed=()
  for name in $(compgen -e | grep -E '^((https?|no|all)_proxy|(HTTPS?|NO|ALL)_PROXY|CI)$'); do
    passed+=("$name=${!name}")
  done
  # shellcheck disable=SC2016 # expanded by the inner shell
  unshare --mount --pid --fork --kill-child bash -euc '
    root=$1 command=$2
    shift 2
    mount --bind "$root" "$root"
    cd "$root"
    mkdir -p old
    mount -t proc proc proc
    mount --rbind /sys sys
    mount --rbind /dev dev
    mount -t tmpfs -o mode=1777 tmpfs dev/shm
    pivot_root . old
    cd /
    umount -l /old
    rmdir /old
    exec env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb LANG=C.UTF-8 \
      NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt "$@" bash -c "cd /src && $command"
  ' in_root "$root" "$1" "${passed[@]}" < /dev/null
}

echo "==> Making Debian $version in $root (log: $log)"
make_root > "$log" 2>&1 || { tail -n 20 "$log"; exit 1; }

failed=0
for command in "${commands[@]}"; do
  began=$SECONDS
  echo "==> $command"
  status=0
  in_root "$command" > "$log.part" 2>&1 || status=$?
  cat "$log.part" >> "$log"
  tail -n 15 "$log.part"
  rm "$log.part"
  echo "==> $command: exit status $status after $((SECONDS - began)) s"
  [ $status = 0 ] || failed=1
done
exit $failed
