#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time of day jumps by an hour, and back, in the middle of a call: nobody is to notice.

libfaketime stands between the programs and CLOCK_REALTIME, and only that one: the other clocks go on, as they do when somebody sets the time.
What each says the time is (`t` of its events, the date in the relay's answers) proves that it jumped there.
"""

import contextlib
import email.utils
import glob
import os
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, os.path.dirname(__file__))
from peers import Peer, Relay, figure, run

BUILD = sys.argv[1]
HOUR = 3600
NEAR = 600  # seconds: much more than a test takes, much less than an hour
LIBRARY = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
MORE = 45  # pictures, and packets of sound: about a second of each


class Clock:
    """What time it is for the programs that run with its env."""

    def __init__(self, folder, name):
        self.path = os.path.join(folder, name)
        self.offset = None
        self.set(0)
        self.env = {
            "LD_PRELOAD": ":".join(filter(None, [LIBRARY[0], os.environ.get("PARLOR_TEST_PRELOAD")])),
            "FAKETIME_TIMESTAMP_FILE": self.path,
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def set(self, offset):
        """Seconds from the true time. At once: nobody reads half a file."""
        with open(self.path + ".new", "w", encoding="ascii") as file:
            file.write(f"{offset:+d}\n")
        os.rename(self.path + ".new", self.path)
        self.offset = offset

    def assert_shown(self, seconds, what):
        off = seconds - time.time()
        print(f"# {what}: {off:+.1f} s", flush=True)
        assert abs(off - self.offset) < NEAR, (what, off, self.offset)


def goes_on(peer, clock, what):
    """Pictures and sound go on coming, by the clock as it is now."""
    first = peer.stats_with(lambda s: abs(s["t"] / 1000 - time.time() - clock.offset) < NEAR)
    stats = peer.stats_with(
        lambda s: figure(s, "in", "video", "frames") > figure(first, "in", "video", "frames") + MORE
        and figure(s, "in", "audio", "packets") > figure(first, "in", "audio", "packets") + MORE
    )
    clock.assert_shown(stats["t"] / 1000, what)


def goes_on_at_the_relay(relay, clock):
    with urllib.request.urlopen(relay.url + "/room", timeout=30) as answer:
        clock.assert_shown(email.utils.parsedate_to_datetime(answer.headers["Date"]).timestamp(), "relay")


def leave_nothing(child):
    """What libfaketime keeps for one who was killed is in the way of whoever gets its number next."""
    for path in glob.glob(f"/dev/shm/*faketime_*_{child.process.pid}"):
        os.unlink(path)


def clock_jump():
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:

        def started(child):
            stack.callback(leave_nothing, child)
            return stack.enter_context(child)

        clocks = [Clock(folder, name) for name in ("caller", "callee", "relay")]
        words = [f"{name}={value}" for name, value in clocks[2].env.items()]
        relay = started(Relay(BUILD, prefix=["env", *words]))
        callee = started(Peer(BUILD, relay.url + "/room", "--answer", env=clocks[1].env))
        callee.until("ready")
        caller = started(Peer(BUILD, relay.url + "/room", "--call", env=clocks[0].env))
        talk_through_jumps(relay, (caller, callee), clocks)


def all_go_on(relay, peers, clocks):
    goes_on_at_the_relay(relay, clocks[2])
    for peer, clock, name in zip(peers, clocks, ("caller", "callee")):
        goes_on(peer, clock, name)


def talk_through_jumps(relay, peers, clocks):
    for peer in peers:
        peer.until("state", state="active")
        peer.until("first-frame", kind="video")
    all_go_on(relay, peers, clocks)
    # One after the other: they differ for a while, and agree again.
    for offset in (HOUR, 0):
        for clock in clocks:
            clock.set(offset)
            all_go_on(relay, peers, clocks)
    for peer in peers:
        states = [event["state"] for event in peer.events if event["event"] == "state"]
        assert states[-1] == "active" and states.count("active") == 1 and "reconnecting" not in states, states
        assert not any(event["event"] in ("ended", "error") for event in peer.events), peer.events
        # RTCP reckons with the time of day.
        assert all(0 <= event.get("rtt_ms", 0) < 20000 for event in peer.events), peer.events
    peers[0].say("hang-up")
    assert peers[0].until("ended")["reason"] == "hung-up"
    assert peers[1].until("ended")["reason"] == "remote-hung-up"
    for peer in peers:
        assert peer.end() == 0, peer.errors


if __name__ == "__main__":
    if not LIBRARY:
        print("1..0 # SKIP there is no libfaketime", flush=True)
        sys.exit(0)
    run([clock_jump])
