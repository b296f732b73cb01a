#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls between two homes behind NATs: directly where that is possible, else through a real coturn, else not at all."""

import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from calls import DEADLINE, STUN, TURN_TCP, TURN_UDP, Scene, ends_of, seconds_to_first_frame, watches
from lab import SERVER, isolate
from peers import run

BUILD = sys.argv[1]


def talk(scene, caller_options=(), callee_options=()):
    """A call with pictures and sound both ways, and its end; returns what each end says of the path."""
    caller, callee = scene.calls(caller_options, callee_options)
    paths = []
    for peer in (caller, callee):
        stats = watches(peer)
        print(f"# {stats['pair']}, first picture after {seconds_to_first_frame(peer):.1f} s", flush=True)
        paths.append(ends_of(stats))
    caller.say("hang-up")
    assert callee.until("ended", DEADLINE)["reason"] == "remote-hung-up"
    assert caller.end() == 0 and callee.end() == 0
    return paths


def fails(scene, *options):
    """No call comes up, and both ends say why within their deadline: 20 s once the descriptions are there; the later hears it of the other."""
    caller, callee = scene.calls(options, options)
    for peer in (caller, callee):
        ended = peer.until("ended", DEADLINE)
        assert ended["reason"] in ("connect-failed", "connect-timeout"), ended
        assert not any(event["event"] == "first-frame" for event in peer.events), peer.events
        took = ended["t"] - [e["t"] for e in peer.events if e.get("state") == "connecting"][-1]
        print(f"# {ended['reason']} after {took / 1000:.1f} s", flush=True)
        assert peer.end() == 1


def kinds(path):
    return {kind for kind, _, _ in path}


def cone():
    with Scene(BUILD, "cone", "cone", [STUN, TURN_UDP, TURN_TCP]) as scene:
        here, there = talk(scene)
        assert "relay" not in kinds(here) | kinds(there), (here, there)
        assert here[1][2] == "198.51.100.2" and there[1][2] == "203.0.113.2", (here, there)


def cone_without_turn():
    with Scene(BUILD, "cone", "cone", [STUN]) as scene:
        for path in talk(scene):
            assert "relay" not in kinds(path), path


def symmetric():
    with Scene(BUILD, "symmetric", "symmetric", [STUN, TURN_UDP]) as scene:
        for path in talk(scene):
            assert "relay" in kinds(path), path
        # The homes' own addresses were among the candidates: a TURN server that goes there opens its own network too.
        with open(scene.coturn.log, encoding="utf-8") as log:
            denied = {line.split("peer IP ")[1].split()[0] for line in log if "denied in the range" in line}
        assert denied == {"10.1.0.2", "10.2.0.2"}, denied


def udp_blocked():
    with Scene(BUILD, "tcp-only", "cone", [STUN, TURN_UDP, TURN_TCP]) as scene:
        here, there = talk(scene)
        # Out of home a there is only TCP to coturn.
        assert here[0][0] == "relay" and there[1][0] == "relay", (here, there)


def relay_only():
    """Where a direct path exists, but one end does not want it."""
    with Scene(BUILD, "cone", "cone", [STUN, TURN_UDP]) as scene:
        here, there = talk(scene, ["--relay-only"])
        assert here[0][0] == "relay" and there[1] == ("relay", "udp", SERVER), (here, there)


def symmetric_without_turn():
    """The control: what TURN is for."""
    with Scene(BUILD, "symmetric", "symmetric", [STUN]) as scene:
        fails(scene)


def cone_without_stun():
    with Scene(BUILD, "cone", "cone") as scene:
        fails(scene)


def nothing_possible():
    with Scene(BUILD, "tcp-only", "tcp-only", [STUN, TURN_UDP]) as scene:
        fails(scene)


def wrong_secret():
    """coturn serves nobody whose credentials it cannot check, and the call says so in time."""
    with Scene(BUILD, "symmetric", "symmetric", [STUN, TURN_UDP], coturn_secret="another") as scene:
        fails(scene)


def relay_only_without_turn():
    with Scene(BUILD, "cone", "cone", [STUN]) as scene:
        fails(scene, "--relay-only")


if __name__ == "__main__":
    isolate("turnserver")
    run(
        [
            cone,
            cone_without_turn,
            symmetric,
            udp_blocked,
            relay_only,
            symmetric_without_turn,
            cone_without_stun,
            nothing_possible,
            wrong_secret,
            relay_only_without_turn,
        ]
    )
