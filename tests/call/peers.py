# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives parlor-relay and parlor-peer as a robot would: children with pipes, JSON lines, deadlines."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time

DEADLINE = 30.0  # seconds for anything that takes one or two


class Child:
    """A process whose standard output is read line by line on a thread of its own."""

    def __init__(self, args, **kwargs):
        self.args = args
        self.process = subprocess.Popen(
            args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1, **kwargs
        )
        self.lines = queue.Queue()
        self.errors = []
        self.readers = [
            threading.Thread(target=self._read_lines, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for reader in self.readers:
            reader.start()

    def _read_lines(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def _read_errors(self):
        for line in self.process.stderr:
            self.errors.append(line.rstrip("\n"))

    def line(self, deadline=DEADLINE):
        """The next line of output, None at its end."""
        try:
            return self.lines.get(timeout=deadline)
        except queue.Empty:
            raise AssertionError(f"{self.args[0]}: no line within {deadline} s; said {self.errors}") from None

    def say(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def end(self, deadline=DEADLINE):
        """Waits for the exit and returns its status."""
        status = self.process.wait(timeout=deadline)
        for reader in self.readers:
            reader.join(timeout=5)
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                stream.close()
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


class Relay(Child):
    """parlor-relay on any free port of the loopback. A prefix is what runs it elsewhere."""

    def __init__(self, build, *options, listen="127.0.0.1:0", prefix=()):
        super().__init__([*prefix, os.path.join(build, "src/cli/parlor-relay"), "--listen", listen, *options])
        line = self.line()
        assert line and line.startswith("Listening on http://"), line
        self.url = line.removeprefix("Listening on ")


class Peer(Child):
    """parlor-peer --json."""

    def __init__(self, build, invite, *options, prefix=(), env=None, **kwargs):
        super().__init__(
            [*prefix, os.path.join(build, "src/cli/parlor-peer"), "--json", *options, invite],
            env={**os.environ, "G_DEBUG": "fatal-criticals", "LD_PRELOAD": os.environ.get("PARLOR_TEST_PRELOAD", ""), **(env or {})},
            **kwargs,
        )
        self.events = []

    def event(self, deadline=DEADLINE):
        line = self.line(deadline)
        if line is None:
            return None
        event = json.loads(line)
        assert isinstance(event["t"], int) and event["event"], line
        self.events.append(event)
        return event

    def until(self, name, deadline=DEADLINE, **fields):
        """Reads on to an event of this name with these fields; returns it."""
        end = time.monotonic() + deadline
        while (left := end - time.monotonic()) > 0:
            event = self.event(left)
            if event is None:
                break
            if event["event"] == name and all(event.get(k) == v for k, v in fields.items()):
                return event
        raise AssertionError(f"no {name} {fields} but {self.events[-5:]}; said {self.errors}")

    def stats_with(self, test, deadline=DEADLINE):
        """Reads statistics until one fulfils the test."""
        end = time.monotonic() + deadline
        last = None
        while (left := end - time.monotonic()) > 0:
            event = self.event(left)
            if event is None:
                break
            if event["event"] == "stats":
                last = event
                if test(event):
                    return event
        raise AssertionError(f"statistics never fulfilled it; last {last}; said {self.errors}")


def figure(stats, *path):
    """stats["in"]["video"]["frames"] as figure (stats, "in", "video", "frames"); 0 when it is not known."""
    for key in path:
        stats = stats.get(key) if isinstance(stats, dict) else None
    return stats or 0


class Skipped(Exception):
    """Raised by a test that lacks something here."""


def run(tests):
    """Runs functions as TAP; the exit status is the number that failed."""
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, test in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} {test.__name__}", flush=True)
        except Skipped as why:
            print(f"ok {number} {test.__name__} # SKIP {why}", flush=True)
        except Exception as error:  # a test may fail in any way; the others still run
            failed += 1
            print(f"not ok {number} {test.__name__}", flush=True)
            for line in f"{type(error).__name__}: {error}".splitlines():
                print(f"# {line}", flush=True)
    sys.exit(min(failed, 99))
