#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""./dev bench network: what a call becomes on bad lines, between two parlor-peers, two Chromiums, or one of each, in turn.

Usage: network.py BUILD-DIR [--runs N] [--seconds S] [--ends KIND,KIND...] [--out FOLDER] [CASE...]

Both ends are in network namespaces of their own, with one line between them (tests/net/link.c) that is equally bad both ways; the relay is at
the callee's end. All send the same pictures, which move and cost what they may, and speech. Judged from a quarter of the time on, at the
callee's end. Runs in which the machine woke the lab more than MAX_LATENESS ms late are left out, and counted. Prints a table in Markdown: medians;
writes it to FOLDER too, with a plot of the last run of each case.
"""

import argparse
import itertools
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../net"), os.path.join(HERE, "../call")]
import plot  # noqa: E402
from bench import MAX_LATENESS, Lateness, cpu_seconds  # noqa: E402
from lab import Link, Space, isolate  # noqa: E402
from marks import FORMAT, PATTERN, Show, delays, read_log  # noqa: E402
from peers import Child, Peer, Relay, figure  # noqa: E402

A, B = "192.0.2.1", "192.0.2.2"
DEADLINE = 60.0  # s for what takes a few
INTERVAL = 0.1  # s between two looks at the queue
DRAINED = 100  # ms: a queue that is shorter is none

# What the line is like: delay is one way, the queue as long as it is in time. The elements after the rate change it on the way,
# or are who else is there: "TCP", one flow the same way, or "call", another one.
CASES = {
    "clean": ({}, 20000, [], None),
    "10 % loss": ({"delay": 25, "loss": 10}, 20000, [], None),
    "20 % loss": ({"delay": 25, "loss": 20}, 20000, [], None),
    "jitter 30 ms": ({"delay": 25, "jitter": 30}, 20000, [], None),
    "300 kbit/s": ({"delay": 50, "rate": 300, "queue": 300}, 300, [], None),
    "500 kbit/s": ({"delay": 50, "rate": 500, "queue": 300}, 500, [], None),
    "1 Mbit/s": ({"delay": 50, "rate": 1000, "queue": 300}, 1000, [], None),
    "2 Mbit/s": ({"delay": 50, "rate": 2000, "queue": 300}, 2000, [], None),
    "policer 1 Mbit/s": ({"delay": 25, "rate": 1000, "queue": 15}, 1000, [], None),
    "2M - 500k - 2M": (
        {"delay": 50, "rate": 2000, "queue": 300},
        2000,
        [(1 / 3, {"rate": 500}), (2 / 3, {"rate": 2000})],
        None,
    ),
    "beside TCP, 2 Mbit/s": ({"delay": 50, "rate": 2000, "queue": 300}, 2000, [], "TCP"),
    "beside a call, 2 Mbit/s": ({"delay": 50, "rate": 2000, "queue": 300}, 2000, [], "call"),
}
ENDS = {
    "parlor-peer": ("parlor-peer", "parlor-peer"),
    "Chromium": ("Chromium", "Chromium"),
    "to-guest": ("parlor-peer", "Chromium"),  # Parlor to a guest in a browser,
    "from-guest": ("Chromium", "parlor-peer"),  # and what it sees of the guest
}


class Browser(Peer):
    """A Chromium that speaks as parlor-peer does (chromium-end.mjs)."""

    def __init__(self, url, name, show, prefix=()):
        Child.__init__(self, [*prefix, "node", os.path.join(HERE, "chromium-end.mjs"), url, name, show.y4m, show.wav])
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


def memory_of(pid):
    """PSS in kB, without the pictures of the camera, which a real one would not have in memory."""
    total, counts = 0, True
    with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace") as file:
        for line in file:
            if not line.split(maxsplit=1)[0].endswith(":"):  # a mapping begins
                counts = not line.rstrip().endswith("pictures.yuv")
            elif counts and line.startswith("Pss:"):
                total += int(line.split()[1])
    return total


def memory(pid):
    """PSS of a process and everything below it, in MB."""
    total, todo = 0, [str(pid)]
    while todo:
        one = todo.pop()
        try:
            total += memory_of(one)
            for task in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{task}/children", encoding="ascii") as file:
                    todo += file.read().split()
        except OSError:
            continue  # it ended meanwhile
    return total / 1024


class Flow:
    """One TCP connection that sends what it can from a to b."""

    def __init__(self, a, b):
        self.bytes, self.over = 0, False
        with b.entered():
            listener = socket.create_server((B, 4000))
        with a.entered():
            self.out = socket.create_connection((B, 4000))
        self.into, _ = listener.accept()
        listener.close()
        for work in (self._send, self._receive):
            threading.Thread(target=work, daemon=True).start()

    def _send(self):
        try:
            while not self.over:
                self.out.sendall(bytes(16384))
        except OSError:
            pass

    def _receive(self):
        try:
            while data := self.into.recv(65536):
                self.bytes += len(data)
        except OSError:
            pass

    def end(self):
        self.over = True
        for one in (self.out, self.into):
            one.close()


class Pair:
    """Two ends in a room of their own, ready to call. With a show and a folder for logs, it is known when pictures were taken and shown."""

    numbers = itertools.count()

    def __init__(self, build, a, b, room, kinds, show=None, folder=None):
        self.kinds, self.logs, self.ends = kinds, {}, []
        try:
            self.callee = self._start(build, b, room, 1, show, folder)
            self.callee.until("ready", DEADLINE)
            self.caller = self._start(build, a, room, 0, show, folder)
            self.caller.until("ready", DEADLINE)
        except Exception:
            self.close()
            raise

    def _start(self, build, space, room, which, show, folder):
        url = f"http://{B}:3002/{room}"
        if self.kinds[which] == "Chromium":
            end = Browser(url, "Callee" if which else "Caller", show, prefix=space.command())
        else:
            key = "#AAECAwQFBgcICQoLDA0ODw" if "Chromium" not in self.kinds else ""  # the page of the bench proves nothing
            end = Peer(build, url + key, "--answer" if which else "--manual", *self._media(which, show, folder), prefix=space.command(),
                       env=self._env(build, folder))
        self.ends.insert(0, end)
        return end

    def _media(self, which, show, folder):
        if not show:
            return ["--video-source", f"{PATTERN} is-live=true ! {FORMAT}"]
        if folder:
            self.logs[which] = os.path.join(folder, f"log-{next(self.numbers)}")
        options = ["--video-source", show.camera(self.logs.get(which) if not which else None), "--audio-source", show.microphone()]
        return options + (["--video-sink", show.screen(self.logs[which])] if folder and which else [])

    @staticmethod
    def _env(build, folder):
        """Where camera and screen are; with a registry of plugins of its own, for everybody else has none of them."""
        return {"GST_PLUGIN_PATH": os.path.join(build, "tests/bench"), "GST_REGISTRY": os.path.join(folder, "registry")} if folder else {}

    def call(self):
        """Returns after how many ms both had seen the other."""
        self.caller.say("call")
        self.callee.until("first-frame", DEADLINE, kind="video")
        self.caller.until("first-frame", DEADLINE, kind="video")
        self.called = next(e["t"] for e in self.caller.events if e["event"] == "calling")
        return max(next(e["t"] for e in p.events if e["event"] == "first-frame" and e.get("kind") == "video") for p in (self.caller, self.callee)) \
            - self.called

    def stats(self):
        """Of the callee and of the caller; both are as fresh as they can be."""
        there = self.callee.until("stats", DEADLINE)
        here = self.caller.until("stats", DEADLINE)
        while not self.caller.lines.empty():
            event = self.caller.event()
            here = event if event and event["event"] == "stats" else here
        return there, here

    def seen(self, which, name):
        """[(ms, number)] of what one end took or showed."""
        if self.kinds[which] == "Chromium":
            return [tuple(one) for e in self.ends[which].events if e["event"] == "marks" for one in e[name]]
        return read_log(self.logs[which]) if which in self.logs else []

    def close(self):
        for end in self.ends:
            end.kill()


class Call:
    """Samples of one call on one line."""

    def __init__(self, build, case, seconds, kinds=("parlor-peer", "parlor-peer"), show=None, folder=None, lateness=None):
        """@lateness: of the lab; `late` is its worst, in ms, from the call until its end"""
        self.line, self.rate, self.changes, self.rival = CASES[case]
        self.seconds = seconds
        a, b = Space(), Space()
        self.link = Link(os.path.join(build, "tests/net/link"), a, "line", f"{A}/24", b, "line", f"{B}/24")
        self.queue = Queue(self.link)
        children = [Relay(build, "--plain-http", listen=f"{B}:3002", prefix=b.command())]
        try:
            pair = Pair(build, a, b, "bench", kinds, show, folder)
            children.append(pair)
            other = None
            if self.rival == "call":
                other = Pair(build, a, b, "other", kinds, show, folder)
                children.append(other)
            time.sleep(2)  # what a program spends at its start is not part of a call
            self.link.set(**self.line)
            if lateness:
                lateness.worst = 0.0
            self._run(pair, a, b, other)
            self.late = lateness.worst if lateness else 0.0
            self.delays = [((at - self.began_ms) / 1000, ms) for at, ms in delays(pair.seen(0, "taken"), pair.seen(1, "shown"))]
            if os.environ.get("PARLOR_BENCH_VERBOSE"):
                print("# delays, a second each: " + " ".join(f"{ms:.0f}" for _, ms in self.seconds_of_delay()), flush=True)
        finally:
            for child in reversed(children):
                child.close() if isinstance(child, Pair) else child.kill()
            self.queue.over = True
            self.link.close()
            a.close()
            b.close()

    def _run(self, pair, a, b, other):
        self.first_frame = pair.call()
        began = self.began = time.monotonic()
        self.began_ms = time.time() * 1000
        flow = Flow(a, b) if self.rival == "TCP" else None
        if other:
            other.call()
        self.queue.start()
        changes = list(self.changes)
        pids = [end.process.pid for end in pair.ends]
        self.samples = []  # (s, bytes on the line, statistics of the callee, of the caller, of the line, bytes of the rival, s of CPU)
        while time.monotonic() < began + self.seconds:
            if changes and time.monotonic() - began >= changes[0][0] * self.seconds:
                with self.queue.lock:
                    self.link.set(**changes.pop(0)[1])
            there, here = pair.stats()
            beside = flow.bytes if flow else bytes_in(other.stats()[0]) if other else 0
            self.samples.append((time.monotonic() - began, received_bytes(b), there, here, self.queue.look(), beside, cpu_seconds(pids)))
            if os.environ.get("PARLOR_BENCH_VERBOSE"):
                self._tell()
        self.memory = sum(memory(pid) for pid in pids) / 2
        self.queue.end()
        if flow:
            flow.end()

    def _tell(self):
        at, _, there, here, line, _, _ = self.samples[-1]
        print(f"# {at:5.1f} s {figure(there, 'in', 'video', 'height')} lines {figure(there, 'in', 'video', 'fps'):4.1f} fps, "
              f"estimate {here.get('estimate_bps', -1) // 1000}, target {figure(here, 'out', 'video', 'target_bps') // 1000}, "
              f"quantizer {figure(here, 'out', 'video', 'quantizer')}, freezes {figure(there, 'in', 'video', 'freezes')}, rtt {there.get('rtt_ms', -1):.0f}, queue {line['queue_ms']:.0f}, "
              f"pli {figure(here, 'out', 'video', 'pli')}, overflown {line['overflown']}, {there.get('pair', '')}", flush=True)

    def figures(self):
        """What goes into the table, by the names in HEAD."""
        start = self.seconds / 4
        judged = [s for s in self.samples if s[0] >= start]
        first, last = judged[0], judged[-1]
        span = last[0] - first[0]

        def grown(*path):
            return figure(last[2], *path) - figure(first[2], *path)

        rate = (last[1] - first[1]) * 8 / span / 1000
        waits = sorted(ms for at, ms in self.queue.looks if at - self.began >= start)
        large = [s[0] + self.first_frame / 1000 for s in self.samples if figure(s[2], "in", "video", "height") >= 720]
        took = sorted(ms for at, ms in self.delays if at >= start)
        own = bytes_in(last[2]) - bytes_in(first[2])
        beside = last[5] - first[5]
        return {
            "first picture ms": self.first_frame,
            "s to 720p": large[0] if large else None,
            "kbit/s": rate,
            "used %": 100 * rate / self.rate if self.rate < 20000 and not self.changes else None,
            "share %": 100 * own / (own + beside) if beside else None,
            "fps": grown("in", "video", "frames") / span,
            "lines": statistics.median(figure(s[2], "in", "video", "height") for s in judged),
            "freezes": grown("in", "video", "freezes"),
            "delay p50 ms": took[len(took) // 2] if took else None,
            "delay p95 ms": took[len(took) * 95 // 100] if took else None,
            "worst second ms": max((ms for _, ms in self.seconds_of_delay() if _ >= start), default=None),
            "queue p95 ms": waits[len(waits) * 95 // 100],
            "drained s": self.drained(),
            "back s": self.back(),
            "overflown %": 100 * (last[4]["overflown"] - first[4]["overflown"]) / max(last[4]["in"] - first[4]["in"], 1),
            "concealed %": 100 * grown("in", "audio", "concealed_samples") / max(grown("in", "audio", "samples"), 1),
            "CPU": (last[6] - first[6]) / span / 2,
            "PSS MB": self.memory,
        }

    def seconds_of_delay(self):
        """[(s, mean delay in ms)]"""
        seconds = {}
        for at, ms in self.delays:
            seconds.setdefault(int(at), []).append(ms)
        return [(at, statistics.mean(all_of_it)) for at, all_of_it in sorted(seconds.items())]

    def rates(self):
        """[(s, kbit/s since the sample before)]"""
        return [(two[0], (two[1] - one[1]) * 8 / (two[0] - one[0]) / 1000) for one, two in zip(self.samples, self.samples[1:])]

    def drained(self):
        """s after the rate fell until the queue was short and stayed so for two seconds."""
        if not self.changes:
            return None
        fell = self.changes[0][0] * self.seconds
        looks = [(at - self.began - fell, ms) for at, ms in self.queue.looks]
        full = [at for at, ms in looks if ms >= DRAINED and at >= 0]
        for at, ms in looks:
            if at > 1 and ms < DRAINED and not any(at <= other < at + 2 for other in full):
                return at
        return None

    def back(self):
        """s after the rate rose again until nine tenths of it were used for a second."""
        if len(self.changes) < 2:
            return None
        rose = self.changes[1][0] * self.seconds
        return next((at - rose for at, kbps in self.rates() if at > rose + 1 and kbps >= 0.9 * self.rate), None)


def bytes_in(stats):
    return figure(stats, "in", "video", "bytes") + figure(stats, "in", "audio", "bytes")


HEAD = ["first picture ms", "s to 720p", "kbit/s", "used %", "share %", "fps", "lines", "freezes", "delay p50 ms", "delay p95 ms", "worst second ms",
        "queue p95 ms", "drained s", "back s", "overflown %", "concealed %", "CPU", "PSS MB"]
DIGITS = {"s to 720p": 1, "fps": 1, "drained s": 1, "back s": 1, "overflown %": 1, "concealed %": 1, "CPU": 2}


def medians(rows):
    """Each figure's; "-" where half of the runs or more have none (it never came)."""
    cells = []
    for name in HEAD:
        values = [row[name] for row in rows if row[name] is not None]
        cells.append(f"{statistics.median(values):.{DIGITS.get(name, 0)}f}" if 2 * len(values) > len(rows) else "-")
    return cells


def has_chromium(build):
    os.environ["PARLOR_BROWSER_MODULES"] = os.path.join(build, "tests/browser/modules")
    return bool(shutil.which("chromium") and shutil.which("node")) and \
        subprocess.run(["node", os.path.join(HERE, "chromium-end.mjs")], timeout=300, check=False).returncode == 0


def draw(out, case, calls):
    """One plot for a case: @calls by the name of their ends."""
    if not calls:
        return
    plot.draw(os.path.join(out, case.replace(" ", "-").replace("/", "") + ".svg"), case, [
        ("kbit/s on the line", {name: call.rates() for name, call in calls.items()}),
        ("lines of the picture", {name: [(s[0], figure(s[2], "in", "video", "height")) for s in call.samples] for name, call in calls.items()}),
        ("queue, ms", {name: [(at - call.began, ms) for at, ms in call.queue.looks] for name, call in calls.items()}),
        ("from camera to screen, ms", {name: call.seconds_of_delay() for name, call in calls.items()}),
    ])


class Bench:
    """Runs cases in turn and keeps count."""

    def __init__(self, wanted, show, folder):
        self.wanted, self.show, self.folder = wanted, show, folder
        self.lateness = Lateness()
        self.lateness.start()
        self.left_out = self.failed = 0

    def measure(self, case, kinds):
        """A call that counts, or None."""
        try:
            call = Call(self.wanted.build, case, self.wanted.seconds, kinds, self.show, self.folder, self.lateness)
            call.figures()
        except (AssertionError, IndexError, ValueError) as problem:
            print(f"# {case}: failed: {str(problem)[:300]}", flush=True)
            self.failed += 1
            return None
        if call.late <= MAX_LATENESS:
            return call
        self.left_out += 1
        return None

    def case(self, case, tell):
        calls = {name: [] for name in self.wanted.ends}
        for _ in range(self.wanted.runs):
            for name in self.wanted.ends:
                if call := self.measure(case, ENDS[name]):
                    calls[name].append(call)
        for name, those in calls.items():
            cells = medians([call.figures() for call in those]) if those else ["-"] * len(HEAD)
            late = max((call.late for call in those), default=0)
            tell(f"| {case} | {name} | " + " | ".join(cells) + f" | {len(those)} | {late:.0f} |")
        draw(self.wanted.out, case, {name: those[-1] for name, those in calls.items() if those})


def read_arguments():
    parser = argparse.ArgumentParser(description="What a call becomes on bad lines.")
    parser.add_argument("build")
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--runs", type=int, default=3, help="of each case and kind of ends")
    parser.add_argument("--seconds", type=float, default=60, help="of each call")
    parser.add_argument("--ends", default="parlor-peer,Chromium", help="some of " + ",".join(ENDS))
    parser.add_argument("--out", help="where table and plots go")
    wanted = parser.parse_intermixed_args()
    wanted.build = os.path.abspath(wanted.build)
    wanted.out = os.path.abspath(wanted.out or os.path.join(wanted.build, "bench-network"))
    wanted.ends = wanted.ends.split(",")
    if unknown := set(wanted.cases) - set(CASES):
        parser.error(f"there is no case {', '.join(unknown)}; there are: {', '.join(CASES)}")
    if unknown := set(wanted.ends) - set(ENDS):
        parser.error(f"there are no ends {', '.join(unknown)}; there are: {', '.join(ENDS)}")
    return wanted


def main():
    wanted = read_arguments()
    if any("Chromium" in ENDS[name] for name in wanted.ends) and not has_chromium(wanted.build):  # from out here it can install what it lacks
        print("There is no Chromium, or no node to drive it: without it.\n")
        wanted.ends = [name for name in wanted.ends if "Chromium" not in ENDS[name]]
    isolate()
    os.makedirs(wanted.out, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, open(os.path.join(wanted.out, "table.md"), "w", encoding="utf-8") as table:

        def tell(line):
            print(line, flush=True)
            table.write(line + "\n")
            table.flush()

        bench = Bench(wanted, Show(folder, wanted.seconds + 2 * DEADLINE), folder)
        with open("/proc/loadavg", encoding="ascii") as file:
            tell(f"{wanted.runs} runs of {wanted.seconds:.0f} s; load before: {file.read().strip()}\n")
        tell("| line | ends | " + " | ".join(HEAD) + " | runs | late ms |\n" + "|---" * (len(HEAD) + 4) + "|")
        for case in wanted.cases or CASES:
            bench.case(case, tell)
        tell(f"\n{bench.left_out} runs left out, the lab was more than {MAX_LATENESS} ms late; {bench.failed} calls failed.")
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
