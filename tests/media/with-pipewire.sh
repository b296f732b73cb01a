#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# with-pipewire.sh COMMAND...: runs a test in a session of its own, with a sound and camera server of its own.
# Where there is none it skips, in the way of TAP; a test that does not speak TAP sets SKIP_STATUS=77.
# Nothing of the user's is touched: the runtime directory, the bus and the servers' state are new, and go with the test.
for tool in dbus-run-session pipewire wireplumber pipewire-pulse pactl gst-launch-1.0; do
  if ! command -v "$tool" >/dev/null; then
    echo "1..0 # SKIP $tool is not installed"
    exit "${SKIP_STATUS:-0}"
  fi
done

XDG_RUNTIME_DIR=$(mktemp -d "${TMPDIR:-/tmp}/parlor-pw.XXXXXX") || exit 1
chmod 700 "$XDG_RUNTIME_DIR"
XDG_STATE_HOME=$XDG_RUNTIME_DIR/state
XDG_CONFIG_HOME=$XDG_RUNTIME_DIR/config
export XDG_RUNTIME_DIR XDG_STATE_HOME XDG_CONFIG_HOME
unset PULSE_SERVER PIPEWIRE_REMOTE DISPLAY WAYLAND_DISPLAY
trap 'rm -rf "$XDG_RUNTIME_DIR"' EXIT

dbus-run-session -- sh -c '
  parts=
  wait_for () {
    tries=100
    while [ ! -S "$1" ] && [ $tries -gt 0 ]; do sleep 0.1; tries=$((tries - 1)); done
  }
  pipewire >"$XDG_RUNTIME_DIR/pipewire.log" 2>&1 & server=$!
  wait_for "$XDG_RUNTIME_DIR/pipewire-0"
  wireplumber >"$XDG_RUNTIME_DIR/wireplumber.log" 2>&1 & policy=$!
  # Cameras are linked by it: begin when it is there to stay.
  tries=100
  until { pw-cli ls Client 2>/dev/null | grep -qi wireplumber && sleep 0.5 && kill -0 ${policy%% *} 2>/dev/null; } ||
        [ $tries -eq 0 ]; do
    # Without logind 0.4 gives up, though only its Bluetooth part wants it: then the other parts by themselves.
    if ! kill -0 $policy 2>/dev/null && [ -z "$parts" ]; then
      parts=1
      wireplumber -c main.conf >>"$XDG_RUNTIME_DIR/wireplumber.log" 2>&1 & policy=$!
      wireplumber -c policy.conf >>"$XDG_RUNTIME_DIR/wireplumber.log" 2>&1 & policy="$policy $!"
    fi
    sleep 0.1
    tries=$((tries - 1))
  done
  pipewire-pulse >"$XDG_RUNTIME_DIR/pulse.log" 2>&1 & pulse=$!
  wait_for "$XDG_RUNTIME_DIR/pulse/native"
  tries=100
  until pactl info >/dev/null 2>&1 || [ $tries -eq 0 ]; do sleep 0.1; tries=$((tries - 1)); done
  "$@"
  status=$?
  kill $pulse $policy $server 2>/dev/null
  wait
  exit $status' sh "$@"
