#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two parlor-peers with a relay between them that lies, over real sockets, with real certificates, pictures and sound.

tests/unit/test-hostile-relay.c has the long table; here is what whoever runs a relay would do first, end to end. The side that finds the
attack names it, was never active and never got a picture or a sound. Without an attack the same relay carries the call.
"""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(__file__))
from hostile_relay import Attack, HostileRelay
from peers import Peer, Relay, run

BUILD = sys.argv[1]
KEY = "AAECAwQFBgcICQoLDA0ODw"
GUEST_KEY = "NqBfhilKCtfm6KJ1t3UDfw"
OTHER_TOKEN = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


def on(kind):
    """The attack that changes messages of one type in their way to the relay by the function that follows."""

    def make(change):
        class One(Attack):
            def to_relay(self, message):
                return change(message) if message["type"] == kind else message

        return One

    return make


def change_fingerprint(message):
    line = re.search(r"a=fingerprint:sha-256 (.)", message["sdp"])
    message["sdp"] = message["sdp"].replace(line[0], line[0][:-1] + ("B" if line[1] == "A" else "A"))
    return message


def without(field):
    def change(message):
        message.pop(field)
        return message

    return change


def with_nonce(message):
    return {**message, "nonce": OTHER_TOKEN}


def edited(message):
    return {**message, "sdp": message["sdp"] + "a=x\r\n"}


class NothingButSdp(Attack):
    """As if neither side had heard of proofs."""

    def to_relay(self, message):
        for field in ("commit", "nonce", "proof"):
            if message["type"] in ("offer", "answer"):
                message.pop(field, None)
        return None if message["type"] == "reveal" else message


class OwnKey(Attack):
    """Exchanges the proof of the offer for one of its own making."""

    def to_relay(self, message):
        if message["type"] == "offer":
            message["proof"] = {"by": "app", "mac": OTHER_TOKEN, "guest": OTHER_TOKEN}
        return message


class ClaimsSeed(Attack):
    """Says of everybody that they speak only the seed's dialect."""

    def to_guest(self, message):
        for peer in message.get("peers", []) + [message.get("peer", {})]:
            peer["dialect"] = "seed"
        return message


class DropsSubprotocol(Attack):
    drops_subprotocol = True


def invite(relay, key=KEY):
    scheme = "parlor" if key == KEY else "http"
    return f"{scheme}://127.0.0.1:{relay.port}/room#{key}"


def call(attack, caller_key=KEY, callee_key=KEY, until_seen=False):
    """(caller, callee): all events of each, until both have ended. With until_seen the caller hangs up once both see each other."""
    with Relay(BUILD) as behind, HostileRelay(behind.url, attack()) as relay:
        with Peer(BUILD, invite(relay, callee_key), "--answer") as callee:
            callee.until("ready")
            with Peer(BUILD, invite(relay, caller_key), "--call", "--duration", "60") as caller:
                if until_seen:
                    for peer in callee, caller:
                        peer.until("first-frame", kind="video")
                    caller.say("hang-up")
                caller.until("ended")
                callee.until("ended")
                return caller.events, callee.events


def assert_found(events, reason):
    """The attack was named, and nothing was seen or heard before."""
    assert events[-1]["reason"] == reason, events[-1]
    assert not any(e["event"] in ("first-frame", "security", "stats") for e in events), events
    assert not any(e.get("state") == "active" for e in events), events


def security_of(events):
    return [e for e in events if e["event"] == "security"]


def carries_the_call_without_an_attack():
    for keys, proof in (((KEY, KEY), "app"), ((KEY, GUEST_KEY), "guest"), ((GUEST_KEY, KEY), "guest")):
        caller, callee = call(Attack, *keys, until_seen=True)
        assert caller[-1]["reason"] == "hung-up" and callee[-1]["reason"] == "remote-hung-up", (caller[-1], callee[-1])
        one, other = security_of(caller), security_of(callee)
        assert len(one) == len(other) == 1, (one, other)
        assert one[0]["proof"] == other[0]["proof"] == proof, (one, other)
        assert one[0]["emoji"] == other[0]["emoji"] and len(one[0]["emoji"]) == 5, (one, other)


def finds_each_attack():
    attacks = {
        # name: (attack, what the caller finds, what the callee finds); None: it hears that the other has hung up
        "offer with another fingerprint": (on("offer")(change_fingerprint), None, "proof-wrong"),
        "answer with another fingerprint": (on("answer")(change_fingerprint), "proof-wrong", None),
        "offer with a line more": (on("offer")(edited), None, "proof-wrong"),
        "answer with a line more": (on("answer")(edited), "proof-wrong", None),
        "offer without a proof": (on("offer")(without("proof")), None, "proof-missing"),
        "answer without a proof": (on("answer")(without("proof")), "proof-missing", None),
        "offer without a commit": (on("offer")(without("commit")), None, "proof-missing"),
        "answer without a nonce": (on("answer")(without("nonce")), "proof-missing", None),
        "nothing but SDP": (NothingButSdp, None, "proof-missing"),
        "a proof by another key": (OwnKey, None, "proof-wrong"),
        "another reveal": (on("reveal")(with_nonce), None, "commit-mismatch"),
        "no reveal": (on("reveal")(lambda message: None), None, "reveal-timeout"),
    }
    for name, (attack, caller_finds, callee_finds) in attacks.items():
        caller, callee = call(attack)
        try:
            for events, finds in ((caller, caller_finds), (callee, callee_finds)):
                if finds:
                    assert_found(events, finds)
                else:
                    assert events[-1]["reason"] == "remote-hung-up", events[-1]
                    assert not any(e["event"] == "first-frame" for e in events), events
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from None


def calls_nobody_who_is_said_to_be_a_seed():
    with Relay(BUILD) as behind, HostileRelay(behind.url, ClaimsSeed()) as relay:
        with Peer(BUILD, invite(relay), "--answer") as callee:
            callee.until("ready")
            with Peer(BUILD, invite(relay), "--manual") as caller:
                assert [peer["dialect"] for peer in caller.until("ready")["peers"]] == ["seed"], caller.events
                caller.say("call")
                caller.until("error", code="state")
                caller.say("quit")
                assert caller.end() == 0, caller.errors
                assert not any(e["event"] == "state" for e in caller.events), caller.events


def refuses_a_relay_without_the_subprotocol():
    with Relay(BUILD) as behind, HostileRelay(behind.url, DropsSubprotocol()) as relay:
        with Peer(BUILD, invite(relay), "--call") as peer:
            assert "downgrade" in peer.until("error", code="rejected")["message"]
            assert peer.end() == 1


run(
    [
        carries_the_call_without_an_attack,
        finds_each_attack,
        calls_nobody_who_is_said_to_be_a_seed,
        refuses_a_relay_without_the_subprotocol,
    ]
)
