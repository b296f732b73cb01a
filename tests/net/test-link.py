#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The link of the lab does what it is told: every setting is measured at its end, on the clock of this one process.

The seed is fixed and nothing else is on the line, so that losses are the same each time; tolerances are for the clock. A
busy machine makes everything late and nothing early: what is asked of times is a firm lower bound, and of the middle a wide
upper one. Nothing is asked of the slowest packets.
"""

import os
import select
import statistics
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../call"))
from lab import Link, Space, isolate
from peers import run

PROGRAM = sys.argv[1]
SIZE = 1000  # bytes of a packet, with the 28 of IP and UDP
RECEIVE_BUFFER = 8 << 20
SO_RCVBUFFORCE = 33


class Line:
    """Two namespaces with a link between them, and a socket in each; numbered packets with their time go from a to b."""

    def __enter__(self):
        self.spaces = Space(), Space()
        a, b = self.spaces
        self.link = Link(PROGRAM, a, "line", "203.0.113.1/30", b, "line", "203.0.113.2/30")
        self.a = a.udp("203.0.113.1")
        self.b = b.udp("203.0.113.2")
        self.b.setblocking(False)
        self.b.setsockopt(1, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        self.there = self.b.getsockname()
        return self

    def __exit__(self, *_):
        self.a.close()
        self.b.close()
        self.link.close()
        for space in self.spaces:
            space.close()

    def _read(self):
        """What is there, as (number, sent, received)."""
        while True:
            try:
                data = self.b.recv(2048)
            except BlockingIOError:
                return
            number, sent = data.split(maxsplit=2)[:2]
            yield int(number), float(sent), time.monotonic()

    def send(self, n, gap):
        """Sends n packets, one each `gap` seconds, and reads until the link has nothing left; returns what came, in order."""
        came, before = [], self.link.stats()["ab"]
        begin = time.monotonic()
        for number in range(n):
            while (left := begin + number * gap - time.monotonic()) > 0:
                select.select([self.b], [], [], left)
                came += self._read()
            self.a.sendto(f"{number} {time.monotonic()} ".encode().ljust(SIZE - 28, b"x"), self.there)
        end = time.monotonic() + 30
        while True:
            select.select([self.b], [], [], 0.01)
            stats = self.link.stats()["ab"]
            came += self._read()
            if stats["in"] == before["in"] + n and stats["waiting"] == 0:
                break
            assert time.monotonic() < end, stats
        came += self._read()
        self.stats = {key: stats[key] - before[key] for key in ("in", "out", "lost", "overflown")}
        return came


def delays_ms(came):
    return [(received - sent) * 1000 for _, sent, received in came]


def numbers(came):
    return [number for number, _, _ in came]


def nothing_set():
    with Line() as line:
        came = line.send(2000, 0.0005)
        assert numbers(came) == list(range(2000)), len(came)
        assert statistics.median(delays_ms(came)) < 10, statistics.median(delays_ms(came))
        late = line.link.stats()["ab"]
        print(f"# late by {late['late_mean_ms']} ms in the mean, {late['late_max_ms']} ms at worst")
        assert late["late_max_ms"] >= late["late_mean_ms"] >= 0, late


def delay():
    with Line() as line:
        for told in (50, 20):  # changed while it runs
            line.link.set(delay=told)
            came = line.send(100, 0.01)
            assert numbers(came) == list(range(100)), len(came)
            found = delays_ms(came)
            assert min(found) >= told, min(found)
            assert statistics.median(found) < told + 20, statistics.median(found)


def jitter():
    with Line() as line:
        line.link.set(delay=60, jitter=10)
        came = line.send(200, 0.04)
        assert numbers(came) == list(range(200)), len(came)
        lower, middle, upper = statistics.quantiles(delays_ms(came), n=4)
        # The middle half of a normal distribution is 1.35 of its deviation wide.
        assert 7 < upper - lower < 30, (lower, middle, upper)
        assert 50 < middle < 90, middle


def loss():
    with Line() as line:
        line.link.set(loss=5)
        came = line.send(4000, 0.0005)
        assert 0.04 < 1 - len(came) / 4000 < 0.06, len(came)
        assert line.stats["lost"] == 4000 - len(came), line.stats


def bursts():
    with Line() as line:
        line.link.set(loss=10, burst=5)
        came = set(numbers(line.send(6000, 0.0005)))
        lost = [number for number in range(6000) if number not in came]
        runs = sum(number - 1 not in lost for number in lost)
        assert 0.07 < len(lost) / 6000 < 0.13, len(lost)
        assert 4 < len(lost) / runs < 6, len(lost) / runs


def rate():
    with Line() as line:
        line.link.set(rate=2000, queue=200)
        came = line.send(900, 8 * SIZE / 3e6)  # 3 Mbit/s
        took = came[-1][2] - came[0][2]
        found = 8 * SIZE * (len(came) - 1) / took / 1000
        assert 1900 < found < 2100, found
        assert line.stats["overflown"] == 900 - len(came) > 100, line.stats
        # Who waits, waits as long as the queue is.
        assert 190 < statistics.median(delays_ms(came[-100:])) < 260, delays_ms(came[-100:])


def reordering():
    with Line() as line:
        line.link.set(delay=20, reorder=5)
        came = numbers(line.send(2000, 0.002))
        late = sum(came[i] < max(came[:i], default=-1) for i in range(len(came)))
        assert sorted(came) == list(range(2000)), len(came)
        overtakers = sum(came[i] > came[i + 1] for i in range(len(came) - 1))
        assert 0.03 < overtakers / 2000 < 0.07 and late > overtakers, (overtakers, late)


def doubles():
    with Line() as line:
        line.link.set(dup=5)
        came = numbers(line.send(4000, 0.0005))
        assert set(came) == set(range(4000)), len(came)
        assert 0.04 < len(came) / 4000 - 1 < 0.06, len(came)


def one_way_and_cut():
    with Line() as line:
        line.link.set("ba", loss=100)
        assert len(line.send(100, 0.001)) == 100
        line.link.set("ab", loss=100)
        assert len(line.send(100, 0.001)) == 0
        line.link.set("ab", loss=0)
        assert len(line.send(100, 0.001)) == 100


def bad_words():
    with Line() as line:
        for bad in ("", "up", "ab delay", "ab delay=", "ab delay=x", "ab delay=-1", "ab loss=101", "ab loss=nan", "ab del=1"):
            assert line.link.ask(bad).startswith("error"), bad
        # All or nothing: the delay of a bad line is not taken.
        assert line.link.ask("both delay=500 bogus=1").startswith("error")
        assert statistics.median(delays_ms(line.send(100, 0.001))) < 100


if __name__ == "__main__":
    isolate()
    run([nothing_set, delay, jitter, loss, bursts, rate, reordering, doubles, one_way_and_cut, bad_words])
