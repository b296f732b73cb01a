#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""./dev demo: two Parlor windows with test pictures call each other, driven as a user would, over D-Bus.

Usage: demo.py PARLOR OUT-DIR [SECONDS], on an X display and a session bus of its own (./dev arranges both).

The first window hosts, the second opens its invite and joins, the first accepts. Prints what the first pictures took and
the live figures of both, saves screenshots of both to OUT-DIR, and exits 0 only when both saw moving pictures and heard sound.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gi.repository import Gio, GLib

OBJECT = '/io/github/parlor/Parlor'
START = 30  # s until a window answers
DRAWN = 20  # s until it shows something
RING = 15  # s until the call rings
PICTURE = 20  # s from accept to a picture at both ends


class Failed(Exception):
    """The demo did not work; the text says what."""


def wait_for(what, seconds, look, *windows):
    """The first true value of look(), tried 20 times a second; Failed after so many seconds, or when a window is gone."""
    deadline = time.monotonic() + seconds
    context = GLib.MainContext.default()
    while True:
        value = look()
        if value:
            return value
        for window in windows:
            if window.process.poll() is not None:
                raise Failed(f'{window.name} ended (status {window.process.returncode}) while waiting for {what}')
        if time.monotonic() > deadline:
            raise Failed(f'no {what} within {seconds} s')
        while context.iteration(False):
            pass
        time.sleep(0.05)


class Window:
    """A Parlor of its own: process, D-Bus object, X window."""

    def __init__(self, bus, parlor, name, folder, arguments):
        self.bus, self.name = bus, name
        self.log = open(folder / f'{name}.log', 'w+', encoding='utf-8')  # pylint: disable=consider-using-with
        # The router of the network that this happens to run in is left alone.
        settings = folder / name / 'parlor' / 'settings.ini'
        settings.parent.mkdir(parents=True)
        settings.write_text('[network]\nask-router=false\n', encoding='utf-8')
        # Xvfb has no GPU: drawing without GL takes half of what GL on the processor takes.
        environment = dict(os.environ, GSK_RENDERER=os.environ.get('GSK_RENDERER', 'cairo'),
                           XDG_CONFIG_HOME=f'{folder}/{name}', XDG_DATA_HOME=f'{folder}/{name}',
                           XDG_CACHE_HOME=f'{folder}/{name}')
        self.process = subprocess.Popen([parlor, '--new-instance', '--test-media', '--name', name, *arguments],  # pylint: disable=consider-using-with
                                        env=environment, stdout=self.log, stderr=self.log)
        self.address = self.xid = None

    def call(self, interface, method, parameters, to=None, path=OBJECT):
        return self.bus.call_sync(to or self.address, path, interface, method, parameters, None,
                                  Gio.DBusCallFlags.NONE, 5000, None).unpack()

    def find(self):
        """Whether the window is there and answers: looks for its process on the bus and on the screen."""
        names = self.call('org.freedesktop.DBus', 'ListNames', None, 'org.freedesktop.DBus', '/')[0]
        for name in names:
            try:
                pid = self.call('org.freedesktop.DBus', 'GetConnectionUnixProcessID', GLib.Variant('(s)', (name,)),
                                'org.freedesktop.DBus', '/')[0]
                if pid == self.process.pid and 'host' in self.call('org.gtk.Actions', 'List', None, name)[0]:
                    self.address = name
            except GLib.Error:
                continue  # it left the bus meanwhile, or is no application
        found = subprocess.run(['xdotool', 'search', '--onlyvisible', '--pid', str(self.process.pid)],
                               capture_output=True, text=True, check=False, timeout=10).stdout.split()
        self.xid = found[-1] if found else None
        return self.address and self.xid

    def activate(self, action, *parameter):
        self.call('org.gtk.Actions', 'Activate', GLib.Variant('(sava{sv})', (action, list(parameter), {})))

    def state(self, action):
        """The state of a stateful action: `invite`, `first-picture` and `report` tell what goes on."""
        state = self.call('org.gtk.Actions', 'Describe', GLib.Variant('(s)', (action,)))[0][2]
        return state[0] if state else None

    def enabled(self, action):
        return self.call('org.gtk.Actions', 'Describe', GLib.Variant('(s)', (action,)))[0][0]

    def report(self):
        text = self.state('report')
        return json.loads(text) if text else {}

    def place(self, x):
        subprocess.run(['xdotool', 'windowmove', self.xid, str(x), '0'], check=True, timeout=10)

    def shoot(self, path):
        """A screenshot, once the window is drawn: one that is not yet has a handful of colours."""
        time.sleep(1)  # pages slide in
        deadline = time.monotonic() + DRAWN
        while True:
            subprocess.run(['import', '-window', self.xid, str(path)], check=True, timeout=20)
            colours = subprocess.run(['identify', '-format', '%k', str(path)], check=True, timeout=20, capture_output=True)
            if int(colours.stdout) > 20:
                break
            if time.monotonic() > deadline:
                raise Failed(f'{self.name} is not drawn within {DRAWN} s')
        print(f'    {path}')

    def stop(self):
        """Ends it, by its action if it listens; what it said, if it did not end well."""
        try:
            if self.process.poll() is None and self.address:
                self.activate('quit')
            self.process.wait(10)
        except (GLib.Error, subprocess.TimeoutExpired):
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def figures(window, before, seconds):
    """One line of live figures from two reports."""
    now = window.report()
    video, old = now.get('in', {}).get('video', {}), before.get('in', {}).get('video', {})
    words = []
    if 'width' in video:
        words.append(f'{video["width"]}x{video["height"]}')
    if 'frames' in video and 'frames' in old:
        words.append(f'{(video["frames"] - old["frames"]) / seconds:.0f} fps')
    if 'bytes' in video and 'bytes' in old:
        words.append(f'{(video["bytes"] - old["bytes"]) * 8 / seconds / 1000:.0f} kbit/s')
    if 'rtt_ms' in now:
        words.append(f'round trip {now["rtt_ms"]:.1f} ms')
    return f'{window.name} sees {", ".join(words) or "nothing yet"}', now


def show(first, second, out, seconds):
    """The demo itself."""
    print('--> both windows start')
    for window, x in ((first, 0), (second, 1280)):
        wait_for(f'window of {window.name}', START, window.find, window)
        window.shoot(out / 'home.png')
        window.place(x)

    print(f'--> {first.name} hosts')
    first.activate('host')
    invite = wait_for('invite', START, lambda: first.state('invite'), first)
    print(f'    the invite: {invite.partition("#")[0]}#…')
    first.shoot(out / 'invite.png')

    print(f'--> {second.name} opens the invite and joins')
    second.activate('join', GLib.Variant('s', invite))
    wait_for('ring', RING, lambda: first.enabled('accept'), first, second)
    first.shoot(out / 'incoming.png')

    print(f'--> {first.name} accepts')
    accepted = time.time() * 1000
    first.activate('accept')
    for window in (first, second):
        came = wait_for(f'picture at {window.name}', PICTURE, lambda: window.state('first-picture'), first, second)
        print(f'    first picture at {window.name}: {came - accepted:.0f} ms after accept')

    print('--> they talk')
    wait_for('figures', PICTURE, lambda: first.report() and second.report(), first, second)
    begun = {window: window.report() for window in (first, second)}
    reports, ticked = dict(begun), time.monotonic()
    for _ in range(seconds):
        next_tick = ticked + 1
        wait_for('next second', 3, lambda: time.monotonic() >= next_tick, first, second)  # pylint: disable=cell-var-from-loop
        lapse, ticked = time.monotonic() - ticked, time.monotonic()
        for window in (first, second):
            line, reports[window] = figures(window, reports[window], lapse)
            print(f'    {line}', flush=True)
    first.shoot(out / 'call.png')
    second.shoot(out / 'call-2.png')
    for window in (first, second):
        for kind, counter in (('video', 'frames'), ('audio', 'packets')):
            old, new = (r.get('in', {}).get(kind, {}).get(counter, 0) for r in (begun[window], reports[window]))
            if new - old < seconds:
                raise Failed(f'{window.name} got {new - old} {counter} of {kind} in {seconds} s')

    print(f'--> {second.name} hangs up')
    second.activate('hang-up')
    wait_for('end of the call', RING, lambda: not first.enabled('hang-up'), first, second)


def main():
    parlor, out = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2])
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    out.mkdir(parents=True, exist_ok=True)
    bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)
    windows, status = [], 1
    with tempfile.TemporaryDirectory(prefix='parlor-demo-') as folder:
        try:
            for name in ('Ada', 'Blaise'):
                windows.append(Window(bus, parlor, name, Path(folder), []))
            show(*windows, out, seconds)
            status = 0
            print('--> it works')
        except (Failed, GLib.Error, subprocess.SubprocessError, OSError) as problem:
            print(f'--> it did not work: {problem}')
        finally:
            for window in windows:
                window.stop()
                window.log.seek(0)
                if status:
                    print(f'--- what {window.name} said ---\n{window.log.read()}')
                window.log.close()
    return status


if __name__ == '__main__':
    sys.exit(main())
