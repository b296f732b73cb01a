# SPDX-License-Identifier: GPL-3.0-or-later
"""A town with parlor-relay and coturn in its core, and calls from home to home, measured at both ends."""

import os
import re
import secrets
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../call"))
from lab import SERVER, Town
from peers import Child, Peer, Relay, figure

STUN_PORT = 3478
RELAY_PORT = 3002
STUN = f"stun:{SERVER}:{STUN_PORT}"
TURN_UDP = f"turn:{SERVER}:{STUN_PORT}?transport=udp"
TURN_TCP = f"turn:{SERVER}:{STUN_PORT}?transport=tcp"
CONFIG = os.path.join(os.path.dirname(__file__), "../../data/coturn/turnserver.conf")
ROOM = f"http://{SERVER}:{RELAY_PORT}/tea#AAECAwQFBgcICQoLDA0ODw"
DEADLINE = 60.0  # seconds for what takes a few

# Which candidates have which addresses: a pair that says otherwise is not the one that carries the call.
TRUTH = {
    "host": r"10\.[12]\.0\.2",
    "srflx": r"203\.0\.113\.2|198\.51\.100\.2",
    "prflx": r"203\.0\.113\.2|198\.51\.100\.2",
    "relay": re.escape(SERVER),
}


class Coturn(Child):
    """The coturn of this machine with the configuration that Parlor ships, on the lab's address."""

    def __init__(self, town, folder, secret):
        places = [f"--listening-ip={SERVER}", f"--relay-ip={SERVER}", f"--userdb={folder}/db", f"--pidfile={folder}/pid"]
        self.log = os.path.join(folder, "coturn.log")
        log = [f"--log-file={self.log}", "--simple-log", "--verbose"]
        super().__init__(
            town.core.command("turnserver", "-c", CONFIG, f"--static-auth-secret={secret}", *places, *log)
        )
        with town.core.udp() as asker:
            asker.settimeout(0.1)
            asker.connect((SERVER, STUN_PORT))
            self._await(asker)

    def _await(self, asker):
        """Until it answers a binding request (RFC 8489)."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end and self.process.poll() is None:
            try:
                asker.send(b"\0\1\0\0\x21\x12\xa4\x42" + secrets.token_bytes(12))
                if asker.recv(1000).startswith(b"\1\1"):
                    return
            except (TimeoutError, ConnectionRefusedError):
                pass
        raise AssertionError(f"coturn does not answer; said {self.errors}")


class Scene:
    """A town, coturn, and a relay that names the given servers; `calls` makes the two ends of a call."""

    def __init__(self, build, kind_a, kind_b, servers=(), coturn_secret=None, link_program=None):
        self.build = build
        self.folder = tempfile.TemporaryDirectory()
        self.town = Town(kind_a, kind_b, link_program)
        secret = secrets.token_hex(16)
        secret_file = os.path.join(self.folder.name, "secret")
        with open(secret_file, "w", encoding="ascii") as file:
            file.write(secret + "\n")
        self.coturn = Coturn(self.town, self.folder.name, coturn_secret or secret)
        self.relay_options = ["--plain-http"]
        if any(server.startswith("turn") for server in servers):
            self.relay_options += ["--turn-secret-file", secret_file]
        for server in servers:
            self.relay_options += ["--" + server.split(":")[0], server]
        self.children = [self.coturn]
        self.start_relay()

    def start_relay(self):
        self.relay = Relay(
            self.build, *self.relay_options, listen=f"{SERVER}:{RELAY_PORT}", prefix=self.town.core.command()
        )
        self.children.append(self.relay)

    def peer(self, home, *options):
        peer = Peer(self.build, ROOM, *options, prefix=home.command())
        self.children.append(peer)
        return peer

    def calls(self, caller_options=(), callee_options=()):
        """Somebody in home a rings somebody in home b, who accepts."""
        callee = self.peer(self.town.b, "--answer", *callee_options)
        callee.until("ready", DEADLINE)
        caller = self.peer(self.town.a, "--call", *caller_options)
        return caller, callee

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in reversed(self.children):
            child.kill()
        self.town.close()
        self.folder.cleanup()


def ends_of(stats):
    """The two ends of the pair as (type, protocol, address), checked against what each may be."""
    ends = []
    for end in stats["pair"].split(" - "):
        kind, protocol, address = re.fullmatch(r"([a-z]+)/(udp|tcp) ([0-9.]+):[0-9]+", end).groups()
        assert re.fullmatch(TRUTH[kind], address), stats["pair"]
        ends.append((kind, protocol, address))
    return ends


def watches(peer, more=45):
    """Pictures and sound come in and go on coming; returns the statistics of then."""
    peer.until("first-frame", DEADLINE, kind="video")
    begun = peer.stats_with(lambda s: figure(s, "in", "audio", "packets") > 0, DEADLINE)
    stats = peer.stats_with(
        lambda s: figure(s, "in", "video", "frames") > figure(begun, "in", "video", "frames") + more
        and figure(s, "in", "audio", "packets") > figure(begun, "in", "audio", "packets") + more
        and "pair" in s,
        DEADLINE,
    )
    assert figure(stats, "in", "video", "height") > 0, stats
    return stats


def seconds_to_first_frame(peer):
    """Since the ring was accepted."""
    when = {event["event"] + event.get("state", "") + event.get("kind", ""): event["t"] for event in peer.events}
    return (when["first-framevideo"] - when["stateconnecting"]) / 1000
