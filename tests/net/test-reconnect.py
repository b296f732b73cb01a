#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls whose path breaks: when both ends notice, what they say, and when the picture is back.

      home a                 edge (NAT)                    core with the relay                home b
    10.1.0.2 -- 10.1.0.1 | 203.0.113.9 ==line== 203.0.113.14 | 198.51.100.1 -- 198.51.100.2

Whoever rings is in home a, unless a test says otherwise. Where it is about TURN, both homes are behind a NAT, as in test-calls.py. The
times that are printed are those of this machine, now; what is asserted is several times what they are to be.
"""

import os
import signal
import shutil
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../call"))
from calls import STUN, TURN_TCP, TURN_UDP, Scene, ends_of, watches
from lab import SERVER, Link, Space, cable, isolate
from peers import Peer, Relay, Skipped, figure, run

LINK, BUILD = sys.argv[1:3]
PORT = 3002
ROOM = f"http://{SERVER}:{PORT}"
KEY = "AAECAwQFBgcICQoLDA0ODw"
DEADLINE = 60.0
NOTICE = 8.0  # seconds for what is to take two

NAT = """
table ip nat {
  chain out { type nat hook postrouting priority 100; oifname "wan" masquerade; }
}
"""


class Street:
    """The two homes and what is between them; `relay` in the core, `calls` makes the two ends of a call."""

    def __init__(self):
        self.a, self.edge, self.core, self.b = (Space() for _ in range(4))
        cable(self.a, "lan", "10.1.0.2/24", self.edge, "lan", "10.1.0.1/24")
        self.line = Link(LINK, self.edge, "wan", "203.0.113.9/29", self.core, "to-a", "203.0.113.14/29")
        cable(self.core, "to-b", "198.51.100.1/24", self.b, "lan", "198.51.100.2/24")
        self.core.ip("addr", "add", f"{SERVER}/32", "dev", "lo")
        for router in (self.edge, self.core):
            router.sysctl("ipv4/ip_forward", 1)
        self.edge.run("nft", "-f", "-", input=NAT)
        self.route()
        self.children = []
        self.relay = None
        self.start_relay()

    def route(self):
        """What goes with an address or an interface that goes, and what a DHCP client would bring back."""
        self.a.ip("route", "replace", "default", "via", "10.1.0.1")
        self.edge.ip("route", "replace", "default", "dev", "wan")
        self.b.ip("route", "replace", "default", "via", "198.51.100.1")

    def start_relay(self):
        self.relay = Relay(BUILD, "--plain-http", listen=f"{SERVER}:{PORT}", prefix=self.core.command())
        self.children.append(self.relay)

    def peer(self, home, *options, room="room"):
        peer = Peer(BUILD, f"{ROOM}/{room}#{KEY}", *options, prefix=home.command())
        self.children.append(peer)
        return peer

    def calls(self, *options, swapped=False, room="room"):
        """Both ends see each other, and have said all there is to say in the beginning."""
        home, other = (self.b, self.a) if swapped else (self.a, self.b)
        callee = self.peer(other, "--answer", *options, room=room)
        callee.until("ready", DEADLINE)
        caller = self.peer(home, "--call", *options, room=room)
        for peer in (caller, callee):
            peer.until("state", DEADLINE, state="active")
            peer.stats_with(lambda s: "none" in options or figure(s, "in", "video", "frames") > 30, DEADLINE)
        return caller, callee

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in reversed(self.children):
            child.kill()
        self.line.close()
        for space in (self.a, self.edge, self.core, self.b):
            space.close()


def now():
    return time.time() * 1000


def notices(peers, since, what):
    for name, peer in zip("ab", peers):
        took = (peer.until("state", NOTICE, state="reconnecting")["t"] - since) / 1000
        print(f"# {what}: {name} noticed after {took:.2f} s", flush=True)


def is_back(peers, since, what, within=DEADLINE):
    """Active again, with pictures that go on coming."""
    for name, peer in zip("ab", peers):
        took = (peer.until("state", within, state="active")["t"] - since) / 1000
        print(f"# {what}: {name} had them back after {took:.2f} s", flush=True)
    for peer in peers:
        first = figure(peer.stats_with(lambda s: True, DEADLINE), "in", "video", "frames")
        peer.stats_with(lambda s: figure(s, "in", "video", "frames") > first + 30, DEADLINE)


def hangs_up(peers):
    peers[0].say("hang-up")
    assert peers[0].until("ended", DEADLINE)["reason"] == "hung-up"
    assert peers[1].until("ended", DEADLINE)["reason"] == "remote-hung-up"
    for peer in peers:
        assert peer.end() == 0, peer.errors


def sleep_until(moment):
    """What the test is about takes this long: an outage of so many seconds."""
    time.sleep(max(0, (moment - now()) / 1000))


def outage(street, peers, seconds, what):
    cut = now()
    street.a.ip("link", "set", "lan", "down")
    notices(peers, cut, what)
    sleep_until(cut + seconds * 1000)
    street.a.ip("link", "set", "lan", "up")
    street.route()
    is_back(peers, now(), what)


def no_false_alarm():
    """20 % loss both ways for half a minute, with pictures and with nothing but pings."""
    with Street() as street:
        pairs = [street.calls(), street.calls("--media", "none", room="quiet")]
        street.line.set(loss=20, delay=25)
        end = time.monotonic() + 30
        for pair in pairs:
            for peer in pair:
                while time.monotonic() < end:
                    peer.event(DEADLINE)
        for pair in pairs:
            for peer in pair:
                peer.stats_with(lambda s: True, DEADLINE)
                while not peer.lines.empty():
                    peer.event(DEADLINE)
                assert not any(e.get("state") == "reconnecting" for e in peer.events), peer.events
        street.line.set(loss=0)
        for pair in pairs:
            hangs_up(pair)


def link_down_5_s():
    for swapped in (False, True):
        with Street() as street:
            pair = street.calls(swapped=swapped)
            outage(street, pair, 5, "link down 5 s")
            hangs_up(pair)


def link_down_20_s():
    with Street() as street:
        pair = street.calls()
        outage(street, pair, 20, "link down 20 s")
        hangs_up(pair)


def blackout():
    """Nothing arrives, and no interface says why."""
    with Street() as street:
        pair = street.calls()
        for seconds in (5, 20):
            cut = now()
            street.line.set(loss=100)
            notices(pair, cut, f"black-out {seconds} s")
            sleep_until(cut + seconds * 1000)
            street.line.set(loss=0)
            is_back(pair, now(), f"black-out {seconds} s")
        hangs_up(pair)


def one_way():
    """One of the two hears nothing; both say so."""
    with Street() as street:
        pair = street.calls()
        cut = now()
        street.line.set("ba", loss=100)
        notices(pair, cut, "one way")
        street.line.set("ba", loss=0)
        is_back(pair, now(), "one way")
        hangs_up(pair)


def address_changed():
    for swapped in (False, True):
        with Street() as street:
            pair = street.calls(swapped=swapped)
            cut = now()
            street.a.ip("addr", "del", "10.1.0.2/24", "dev", "lan")
            street.a.ip("addr", "add", "10.1.0.3/24", "dev", "lan")
            street.route()
            notices(pair, cut, "another address")
            is_back(pair, cut, "another address")
            hangs_up(pair)


def nat_rebinding():
    """The router has another address, and has forgotten every connection."""
    with Street() as street:
        pair = street.calls()
        cut = now()
        street.edge.ip("addr", "del", "203.0.113.9/29", "dev", "wan")
        street.edge.ip("addr", "add", "203.0.113.10/29", "dev", "wan")
        street.route()
        notices(pair, cut, "another NAT")
        is_back(pair, cut, "another NAT")
        hangs_up(pair)


def relay_restarted():
    """The call goes on, and both are in the room again."""
    with Street() as street:
        pair = street.calls()
        street.relay.kill()
        for peer in pair:
            frames = figure(peer.stats_with(lambda s: True, DEADLINE), "in", "video", "frames")
            peer.stats_with(lambda s: figure(s, "in", "video", "frames") > frames + 60, DEADLINE)
        street.start_relay()
        began = now()
        for peer in pair:
            took = (peer.until("ready", DEADLINE)["t"] - began) / 1000
            print(f"# relay restarted: in the room after {took:.2f} s", flush=True)
            assert not any(e.get("state") == "reconnecting" for e in peer.events), peer.events
        # They have other ids there now, and still find each other.
        for peer in pair:
            seen = len(peer.events)
            peer.stats_with(lambda s: len(peer.events) > seen + 1, DEADLINE)
        cut = now()
        street.a.ip("addr", "del", "10.1.0.2/24", "dev", "lan")
        street.a.ip("addr", "add", "10.1.0.3/24", "dev", "lan")
        street.route()
        notices(pair, cut, "relay restarted, another address")
        is_back(pair, cut, "relay restarted, another address")
        hangs_up(pair)


def killed():
    for swapped in (False, True):
        with Street() as street:
            caller, callee = street.calls(swapped=swapped)
            callee.process.send_signal(signal.SIGKILL)
            began = now()
            ended = caller.until("ended", DEADLINE)
            print(f"# killed: {ended['reason']} after {(ended['t'] - began) / 1000:.2f} s", flush=True)
            assert ended["reason"] == "vanished", ended
            assert ended["t"] - began < 20000, ended
            assert caller.end() == 1


def stopped():
    for swapped in (False, True):
        with Street() as street:
            caller, callee = street.calls(swapped=swapped)
            callee.process.send_signal(signal.SIGSTOP)
            began = now()
            took = (caller.until("state", NOTICE, state="reconnecting")["t"] - began) / 1000
            print(f"# stopped: noticed after {took:.2f} s", flush=True)
            sleep_until(began + 10000)
            callee.process.send_signal(signal.SIGCONT)
            began = now()
            is_back([caller], began, "stopped")
            first = figure(callee.stats_with(lambda s: s["t"] > began + 3000, DEADLINE), "in", "video", "frames")
            callee.stats_with(lambda s: figure(s, "in", "video", "frames") > first + 30, DEADLINE)
            states = [e["state"] for e in callee.events if e["event"] == "state"]
            assert states[-1] == "active", states
            hangs_up([caller, callee])


def udp_blocked():
    """A router begins to drop all UDP in the middle of a call that goes straight from home to home; TCP to a TURN server still gets through."""
    if not shutil.which("turnserver"):
        raise Skipped("there is no turnserver")
    for blocked in ("a", "b", "ab"):
        with Scene(BUILD, "cone", "cone", [STUN, TURN_UDP, TURN_TCP]) as scene:
            pair = scene.calls()
            for peer in pair:
                path = watches(peer)["pair"]
                assert "relay" not in path, path
            cut = now()
            for home in blocked:
                scene.town.block_udp(getattr(scene.town, home))
            notices(pair, cut, f"UDP blocked for {blocked}")
            is_back(pair, cut, f"UDP blocked for {blocked}")
            for peer in pair:
                stats = peer.stats_with(lambda s: "pair" in s, DEADLINE)
                print(f"# UDP blocked for {blocked}: {stats['pair']}", flush=True)
                assert "relay" in [kind for kind, _, _ in ends_of(stats)], stats
            hangs_up(pair)


TESTS = [
    no_false_alarm,
    link_down_5_s,
    link_down_20_s,
    blackout,
    one_way,
    address_changed,
    nat_rebinding,
    relay_restarted,
    killed,
    stopped,
    udp_blocked,
]

if __name__ == "__main__":
    isolate()
    run([test for test in TESTS if not sys.argv[3:] or test.__name__ in sys.argv[3:]])
