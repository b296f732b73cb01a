#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The routers of the lab are what they are called, and a lab that is killed leaves nothing behind."""

import os
import select
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../call"))
from lab import INSIDE, SERVER, Town, isolate
from peers import run

LINK = sys.argv[1]
HOLD = "hold"


def hears_nothing(end):
    end.settimeout(1)
    try:
        raise AssertionError(end.recv(100))
    except TimeoutError:
        pass


def mapped(town, inside):
    """As whom two servers see a socket."""
    seen = []
    for port in (3478, 3479):
        with town.core.udp(SERVER, port) as server:
            inside.sendto(b"who am I", (SERVER, port))
            _, address = server.recvfrom(100)
            server.sendto(b"you", address)
        assert inside.recv(100) == b"you"
        seen.append(address)
    return seen


def meets(town):
    """Whether the two homes reach each other, each sending to where a server saw the other."""
    with town.a.udp() as a, town.b.udp() as b:
        (seen_a, _), (seen_b, _) = mapped(town, a), mapped(town, b)
        for _ in range(3):
            a.sendto(b"hello", seen_b)
            b.sendto(b"hello", seen_a)
        for end in (a, b):
            end.settimeout(1)
            try:
                assert end.recv(100) == b"hello"
            except TimeoutError:
                return False
        return True


def cones():
    with Town("cone", "cone") as town, town.a.udp() as inside:
        first, second = mapped(town, inside)
        assert first == second and first[0] == "203.0.113.2", (first, second)
        assert meets(town)


def symmetric():
    with Town("symmetric", "symmetric") as town, town.a.udp() as inside:
        first, second = mapped(town, inside)
        assert first[0] == second[0] == "203.0.113.2" and first[1] != second[1], (first, second)
        assert not meets(town)


def unasked():
    """Nobody comes in to where nobody went out, not even who knows the way."""
    with Town() as town, town.a.udp(port=5000) as inside, town.core.udp(SERVER) as server:
        town.core.ip("route", "add", "10.1.0.0/24", "via", "203.0.113.2")
        for address in ("203.0.113.2", "10.1.0.2"):
            server.sendto(b"psst", (address, 5000))
        hears_nothing(inside)


def tcp_only():
    with Town("tcp-only", "cone") as town:
        with town.a.udp() as inside, town.core.udp(SERVER, 3478) as server:
            inside.sendto(b"hello", (SERVER, 3478))
            hears_nothing(server)
        with town.core.entered():
            listener = socket.create_server((SERVER, 3478))
        with town.a.entered():
            client = socket.create_connection((SERVER, 3478), timeout=10)
        connection, address = listener.accept()
        assert address[0] == "203.0.113.2", address
        client.sendall(b"hello")
        assert connection.recv(100) == b"hello"
        for end in (client, connection, listener):
            end.close()


def bad_line():
    with Town(link_program=LINK) as town, town.a.udp() as inside, town.core.udp(SERVER, 3478) as server:
        town.line.set(delay=100)
        began = time.monotonic()
        inside.sendto(b"ping", (SERVER, 3478))
        _, address = server.recvfrom(100)
        server.sendto(b"pong", address)
        assert inside.recv(100) == b"pong" and time.monotonic() - began >= 0.2
        town.line.set("ba", loss=100)
        server.sendto(b"pong", address)
        hears_nothing(inside)


def networks():
    """The network namespaces that some process is in."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            found.add(os.readlink(f"/proc/{pid}/ns/net"))
        except OSError:
            pass  # it has gone
    return found


def killed():
    before = networks()
    # All of it, as meson does; or only its first process, and the kernel does the rest.
    for how, kill in ((signal.SIGTERM, os.killpg), (signal.SIGKILL, os.kill)):
        lab = subprocess.Popen(
            [sys.executable, __file__, LINK, HOLD],
            stdout=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name != INSIDE},
            start_new_session=True,
        )
        assert lab.stdout.readline() == b"held\n"
        # Its own, and those two in which something runs.
        assert len(networks() - before) == 3, networks()
        kill(lab.pid, how)
        lab.wait(timeout=30)
        end = time.monotonic() + 30
        while networks() != before and time.monotonic() < end:
            select.select([lab.stdout], [], [], 0.1)  # it ends with the last process
        assert networks() == before, how
        lab.stdout.close()


def hold():
    """What `killed` kills: a town with a link, and processes that hear no signal but SIGKILL."""
    with Town(link_program=LINK) as town:
        for space in (town.a, town.b):
            subprocess.Popen(
                space.command("sh", "-c", "trap '' TERM INT HUP; echo; sleep 1000 & wait"),
                stdout=subprocess.PIPE,
                start_new_session=True,
            ).stdout.readline()
        print("held", flush=True)
        while True:  # pause() would sleep through a signal that comes just before it
            time.sleep(1)


if __name__ == "__main__":
    isolate()
    if sys.argv[2:] == [HOLD]:
        hold()
    run([cones, symmetric, unasked, tcp_only, bad_line, killed])
