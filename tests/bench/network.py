#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""./dev bench network: what a call becomes on bad lines, between two parlor-peers and between two Chromiums, in turn.

Usage: network.py BUILD-DIR [--runs N] [--seconds S] [--ends parlor-peer,Chromium] [CASE...]

Both ends are in network namespaces of their own, with one line between them (tests/net/link.c) that is equally bad both ways; the relay is at
the callee's end. All send the same picture, which moves and costs what it may, and a tone. Judged from a third of the time on, at the callee's
end. Runs in which the machine woke the lab more than MAX_LATENESS ms late are left out, and counted. Prints a table in Markdown: medians.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../net"), os.path.join(HERE, "../call")]
from bench import MAX_LATENESS, Lateness  # noqa: E402
from lab import Link, Space, isolate  # noqa: E402
from peers import Child, Peer, Relay, figure  # noqa: E402

A, B = "192.0.2.1", "192.0.2.2"
DEADLINE = 60.0  # s for what takes a few
PATTERN = "videotestsrc pattern=zone-plate kx2=3 ky2=3 kt=4"  # the same again after 64 pictures
FORMAT = "video/x-raw,width=1280,height=720,framerate=30/1"
PERIOD = 64
INTERVAL = 0.1  # s between two looks at the queue

# What the line is like: delay is one way, the queue as long as it is in time. The last element changes it on the way.
CASES = {
    "clean": ({}, 20000, []),
    "300 kbit/s": ({"delay": 50, "rate": 300, "queue": 300}, 300, []),
    "500 kbit/s": ({"delay": 50, "rate": 500, "queue": 300}, 500, []),
    "1 Mbit/s": ({"delay": 50, "rate": 1000, "queue": 300}, 1000, []),
    "2 Mbit/s": ({"delay": 50, "rate": 2000, "queue": 300}, 2000, []),
    "10 % loss": ({"delay": 25, "loss": 10}, 20000, []),
    "20 % loss": ({"delay": 25, "loss": 20}, 20000, []),
    "policer 1 Mbit/s": ({"delay": 25, "rate": 1000, "queue": 15}, 1000, []),
    "2M - 500k - 2M": (
        {"delay": 50, "rate": 2000, "queue": 300},
        2000,
        [(1 / 3, {"rate": 500}), (2 / 3, {"rate": 2000})],
    ),
}


class Browser(Peer):
    """A Chromium that speaks as parlor-peer does (chromium-end.mjs)."""

    def __init__(self, url, name, picture, prefix=()):
        Child.__init__(self, [*prefix, "node", os.path.join(HERE, "chromium-end.mjs"), url, name, picture])
        self.events = []

    def kill(self):
        if self.process.poll() is None:
            try:
                self.say("quit")
                self.process.wait(10)
            except (OSError, subprocess.TimeoutExpired):
                self.process.terminate()  # node closes its browser then
                try:
                    self.process.wait(5)
                except subprocess.TimeoutExpired:
                    pass
        super().kill()


class Queue(threading.Thread):
    """Looks again and again how long a packet waits in the line towards the callee."""

    def __init__(self, link):
        super().__init__(daemon=True)
        self.link, self.looks, self.lock, self.over = link, [], threading.Lock(), False

    def look(self):
        with self.lock:
            return self.link.stats()["ab"]

    def run(self):
        while not self.over:
            self.looks.append((time.monotonic(), self.look()["queue_ms"]))
            time.sleep(INTERVAL)

    def end(self):
        self.over = True
        self.join()


def received_bytes(space):
    """IP bytes that came out of the line."""
    words = space.ip("-s", "link", "show", "dev", "line").split("RX:")[1].split("\n")[1].split()
    return int(words[0])


class Call:
    """Samples of one call on one line."""

    def __init__(self, build, case, seconds, browser_picture=None):
        """@browser_picture: between two Chromiums whose cameras show that file"""
        self.line, self.rate, self.changes = CASES[case]
        self.seconds = seconds
        a, b = Space(), Space()
        self.link = Link(os.path.join(build, "tests/net/link"), a, "line", f"{A}/24", b, "line", f"{B}/24")
        self.queue = Queue(self.link)
        children = [Relay(build, "--plain-http", listen=f"{B}:3002", prefix=b.command())]
        try:
            callee = self._end(build, b, browser_picture, True)
            children.insert(0, callee)
            callee.until("ready", DEADLINE)
            caller = self._end(build, a, browser_picture, False)
            children.insert(0, caller)
            caller.until("ready", DEADLINE)
            time.sleep(2)  # what a program spends at its start is not part of a call
            self.link.set(**self.line)
            self._run(caller, callee, b)
        finally:
            for child in children:
                child.kill()
            self.queue.over = True
            self.link.close()
            a.close()
            b.close()

    @staticmethod
    def _end(build, space, picture, answers):
        if picture:
            return Browser(f"http://{B}:3002/bench", "Callee" if answers else "Caller", picture, prefix=space.command())
        source = f"{PATTERN} is-live=true ! {FORMAT}"
        return Peer(build, f"http://{B}:3002/bench#AAECAwQFBgcICQoLDA0ODw", "--answer" if answers else "--manual",
                    "--video-source", source, prefix=space.command())

    def _run(self, caller, callee, space):
        caller.say("call")
        callee.until("first-frame", DEADLINE, kind="video")
        caller.until("first-frame", DEADLINE, kind="video")
        self.first_frame = max(p.events[-1]["t"] for p in (caller, callee)) - next(
            e["t"] for e in caller.events if e["event"] == "calling"
        )
        began = time.monotonic()
        self.began = began
        self.queue.start()
        changes = list(self.changes)
        self.samples = []  # (s, bytes on the line, statistics of the callee, of the caller, of the line)
        while time.monotonic() < began + self.seconds:
            if changes and time.monotonic() - began >= changes[0][0] * self.seconds:
                with self.queue.lock:
                    self.link.set(**changes.pop(0)[1])
            there = callee.until("stats", DEADLINE)
            here = caller.until("stats", DEADLINE)
            while not caller.lines.empty():  # both are as fresh as they can be
                event = caller.event()
                here = event if event and event["event"] == "stats" else here
            self.samples.append((time.monotonic() - began, received_bytes(space), there, here, self.queue.look()))
            if os.environ.get("PARLOR_BENCH_VERBOSE"):
                print(
                    f"# {self.samples[-1][0]:5.1f} s {figure(there, 'in', 'video', 'height')} lines "
                    f"{figure(there, 'in', 'video', 'fps'):4.1f} fps, estimate {here.get('estimate_bps', -1) // 1000}, target "
                    f"{figure(here, 'out', 'video', 'target_bps') // 1000}, "
                    f"freezes {figure(there, 'in', 'video', 'freezes')}, rtt {there.get('rtt_ms', -1):.0f}, "
                    f"queue {self.samples[-1][4]['queue_ms']:.0f}, "
                    f"pli {figure(here, 'out', 'video', 'pli')}, overflown {self.samples[-1][4]['overflown']}, {there.get('pair', '')}",
                    flush=True,
                )
        self.queue.end()

    def figures(self):
        """What goes into the table, by the names in HEAD."""
        judged = [s for s in self.samples if s[0] >= self.seconds / 3]
        first, last = judged[0], judged[-1]
        span = last[0] - first[0]

        def grown(*path):
            return figure(last[2], *path) - figure(first[2], *path)

        rate = (last[1] - first[1]) * 8 / span / 1000
        waits = sorted(ms for at, ms in self.queue.looks if at - self.began >= self.seconds / 3)
        large = [s[0] for s in self.samples if figure(s[2], "in", "video", "height") >= 720]
        return {
            "first picture ms": self.first_frame,
            "s to 720p": large[0] if large else None,
            "kbit/s": rate,
            "used %": 100 * rate / self.rate if self.rate < 20000 else None,
            "fps": grown("in", "video", "frames") / span,
            "lines": statistics.median(figure(s[2], "in", "video", "height") for s in judged),
            "freezes": grown("in", "video", "freezes"),
            "queue p50 ms": waits[len(waits) // 2],
            "queue p95 ms": waits[len(waits) * 95 // 100],
            "overflown %": 100 * (last[4]["overflown"] - first[4]["overflown"]) / max(last[4]["in"] - first[4]["in"], 1),
            "concealed %": 100 * grown("in", "audio", "concealed_samples") / max(grown("in", "audio", "samples"), 1),
        }


HEAD = ["first picture ms", "s to 720p", "kbit/s", "used %", "fps", "lines", "freezes", "queue p50 ms", "queue p95 ms", "overflown %", "concealed %"]
DIGITS = {"s to 720p": 1, "fps": 1, "overflown %": 1, "concealed %": 1}


def medians(rows):
    """Each figure's; "-" where half of the runs or more have none (it never came)."""
    cells = []
    for name in HEAD:
        values = [row[name] for row in rows if row[name] is not None]
        cells.append(f"{statistics.median(values):.{DIGITS.get(name, 0)}f}" if 2 * len(values) > len(rows) else "-")
    return cells


def make_picture(folder):
    """What parlor-peer's camera shows, as a file for Chromium's."""
    path = os.path.join(folder, "picture.y4m")
    subprocess.run(["gst-launch-1.0", "-q", *PATTERN.split(), f"num-buffers={PERIOD}", "!", f"{FORMAT},format=I420", "!",
                    "y4menc", "!", "filesink", f"location={path}"], check=True)
    return path


def has_chromium(build):
    os.environ["PARLOR_BROWSER_MODULES"] = os.path.join(build, "tests/browser/modules")
    return bool(shutil.which("chromium") and shutil.which("node")) and \
        subprocess.run(["node", os.path.join(HERE, "chromium-end.mjs")], timeout=300, check=False).returncode == 0


def measure(build, case, seconds, picture, lateness):
    """(figures or None, the lab's worst lateness in ms)"""
    lateness.worst = 0.0
    try:
        return Call(build, case, seconds, picture).figures(), lateness.worst
    except (AssertionError, IndexError, ValueError) as problem:
        print(f"# {case}: failed: {str(problem)[:300]}", flush=True)
        return None, lateness.worst


def main():
    parser = argparse.ArgumentParser(description="What a call becomes on bad lines.")
    parser.add_argument("build")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--runs", type=int, default=3, help="of each case and kind of end")
    parser.add_argument("--seconds", type=float, default=60, help="of each call")
    parser.add_argument("--ends", default="parlor-peer,Chromium", help="one or both, with a comma between")
    wanted = parser.parse_intermixed_args()
    wanted.build = os.path.abspath(wanted.build)
    if unknown := set(wanted.cases) - set(CASES):
        parser.error(f"there is no case {', '.join(unknown)}; there are: {', '.join(CASES)}")
    chromium = "Chromium" in wanted.ends and has_chromium(wanted.build)  # from out here it can install what it lacks
    isolate()
    lateness = Lateness()
    lateness.start()
    left_out = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        ends = {"parlor-peer": None}
        if chromium:
            ends["Chromium"] = make_picture(folder)
        ends = {name: picture for name, picture in ends.items() if name in wanted.ends}
        with open("/proc/loadavg", encoding="ascii") as file:
            print(f"Load before: {file.read().strip()}\n", flush=True)
        print("| line | ends | " + " | ".join(HEAD) + " | runs | late ms |\n" + "|---" * (len(HEAD) + 4) + "|", flush=True)
        for case in wanted.cases or CASES:
            rows, late = {name: [] for name in ends}, dict.fromkeys(ends, 0.0)
            for _ in range(wanted.runs):
                for name, picture in ends.items():
                    found, worst = measure(wanted.build, case, wanted.seconds, picture, lateness)
                    failed += not found
                    left_out += bool(found) and worst > MAX_LATENESS
                    if found and worst <= MAX_LATENESS:
                        rows[name].append(found)
                        late[name] = max(late[name], worst)
            for name in ends:
                cells = medians(rows[name]) if rows[name] else ["-"] * len(HEAD)
                print(f"| {case} | {name} | " + " | ".join(cells) + f" | {len(rows[name])} | {late[name]:.0f} |", flush=True)
    print(f"\n{left_out} runs left out, the lab was more than {MAX_LATENESS} ms late; {failed} calls failed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
