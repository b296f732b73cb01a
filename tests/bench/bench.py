#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""./dev bench call: how long a call takes to come up, phase by phase, and what it costs.

Usage: bench.py BUILD-DIR [RUNS]

Runs parlor-peer <-> parlor-peer and Chromium <-> Chromium in turn, through one parlor-relay and one tap (tap.py), both ends
of each call fresh processes that have warmed up. All stamps are of one machine's clock. A thread measures how late the machine
wakes it meanwhile: a run in which that was more than MAX_LATENESS ms says more about the machine, is left out and counted.
"""

import asyncio
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

from tap import Tap

MAX_LATENESS = 50  # ms
WARM_UP = 2.0  # s from `ready` to the call: what a program spends at its start is not part of a call
SETTLE = 5.0  # s of call until CPU time is counted: both begin with small pictures
CPU_WINDOW = 5.0  # s of call over which CPU time is counted
DEADLINE = 30.0  # s for anything that is waited for
MARKS = ['calling', 'ringing', 'accept', 'offer', 'answer', 'connected', 'first frame']


class Lateness(threading.Thread):
    """Asks to be woken every 2 ms and keeps the worst delay in ms."""

    def __init__(self):
        super().__init__(daemon=True)
        self.worst = 0.0

    def run(self):
        while True:
            began = time.monotonic()
            time.sleep(0.002)
            self.worst = max(self.worst, (time.monotonic() - began) * 1000 - 2)


class End:
    """One end of a call: a process that takes commands as lines and says events as JSON lines."""

    def __init__(self, name, command):
        self.name, self.command = name, command
        self.events, self.news = [], asyncio.Event()
        self.process = self.reader = None
        self.errors = ''

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            *self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, limit=1 << 20)
        self.reader = asyncio.gather(self._read_events(), self._read_errors())

    async def _read_events(self):
        async for line in self.process.stdout:
            if line.startswith(b'{'):  # the rest are remarks
                self.events.append(json.loads(line))
                self.news.set()
        self.events.append({'event': 'gone', 't': time.time() * 1000})
        self.news.set()

    async def _read_errors(self):
        self.errors = (await self.process.stderr.read()).decode(errors='replace')

    def picture(self):
        """What came in at last: "1280x720 at 30 fps"."""
        for found in reversed(self.events):
            video = found.get('in', {}).get('video', {}) if found['event'] == 'stats' else {}
            if 'width' in video:
                return f'{video["width"]}x{video["height"]} at {video.get("fps", 0):.0f} fps'
        return 'no picture'

    def say(self, line):
        self.process.stdin.write(line.encode() + b'\n')

    async def wait(self, event, **fields):
        """When it happened, in ms; an end that ends meanwhile is an error."""
        async def look():
            seen = 0
            while True:
                for found in self.events[seen:]:
                    seen += 1
                    if found['event'] == event and all(found.get(k) == v for k, v in fields.items()):
                        return found['t']
                    if found['event'] in ('ended', 'error', 'gone') and event != 'gone':
                        raise RuntimeError(f'{self.name}: {found} while waiting for {event} {fields or ""}')
                self.news.clear()
                await self.news.wait()
        try:
            return await asyncio.wait_for(look(), DEADLINE)
        except asyncio.TimeoutError:
            raise RuntimeError(f'{self.name}: no {event} {fields or ""} within {DEADLINE:.0f} s') from None

    async def stop(self):
        if self.process.returncode is None:
            self.say('quit')
            try:
                await asyncio.wait_for(self.process.wait(), 10)
            except asyncio.TimeoutError:
                self.process.terminate()  # node closes its browser then
                try:
                    await asyncio.wait_for(self.process.wait(), 5)
                except asyncio.TimeoutError:
                    self.process.kill()
                    await self.process.wait()
        await self.reader


def cpu_seconds(pids):
    """CPU time so far of the processes and everything below them, in s."""
    parents, spent = {}, {}
    for stat in Path('/proc').glob('[0-9]*/stat'):
        try:
            fields = stat.read_text().rpartition(')')[2].split()
        except OSError:
            continue  # it ended meanwhile
        pid = int(stat.parent.name)
        parents.setdefault(int(fields[1]), []).append(pid)
        spent[pid] = int(fields[11]) + int(fields[12])
    total, todo = 0, list(pids)
    while todo:
        pid = todo.pop()
        total += spent.get(pid, 0)
        todo += parents.get(pid, [])
    return total / os.sysconf('SC_CLK_TCK')


async def measure(ringer, callee, tap, lateness):
    """One call between two ends; its row."""
    ends = [callee, ringer]
    try:
        for end in ends:
            await end.start()
            await end.wait('ready')
        await asyncio.sleep(WARM_UP)
        tap.forget()
        lateness.worst = 0.0
        ringer.say('call')
        marks = {'calling': await ringer.wait('calling'), 'ringing': await callee.wait('state', state='ringing')}
        marks['connected'] = max([await end.wait('state', state='active') for end in ends])
        marks['first frame'] = max([await end.wait('first-frame', kind='video') for end in ends])
        late = lateness.worst
        for kind in ('accept', 'offer', 'answer'):
            marks[kind] = tap.seen[kind]

        await asyncio.sleep(SETTLE)
        pids = [end.process.pid for end in ends]
        before, began = cpu_seconds(pids), time.monotonic()
        await asyncio.sleep(CPU_WINDOW)
        cpu = (cpu_seconds(pids) - before) / (time.monotonic() - began)
        ringer.say('hang-up')
        return {'marks': marks, 'cpu': cpu, 'late': late, 'picture': ringer.picture()}
    finally:
        for end in reversed(ends):
            if end.process:
                await end.stop()


def phases(row):
    marks = row['marks']
    found = {f'{a} -> {b}': marks[b] - marks[a] for a, b in zip(MARKS, MARKS[1:])}
    found['from calling to the first picture'] = marks['first frame'] - marks['calling']
    found['from accept to the first picture'] = marks['first frame'] - marks['accept']
    found['CPU, s per call second'] = row['cpu']
    found["the lab's worst lateness"] = row['late']
    return found


def print_table(rows, disturbed):
    kinds = list(rows)
    print(f'\n{"ms, medians (least .. most)":36}' + ''.join(f'{kind + " x" + str(len(rows[kind])):>28}' for kind in kinds))
    tables = {kind: [phases(row) for row in rows[kind]] for kind in kinds}
    for name in next((t[0] for t in tables.values() if t), {}):
        line = f'{name:36}'
        for kind in kinds:
            values = [table[name] for table in tables[kind]]
            digits = 2 if 'CPU' in name else 0
            line += (f'{statistics.median(values):>14.{digits}f} ({min(values):.{digits}f} .. {max(values):.{digits}f})'
                     .rjust(28) if values else f'{"none":>28}')
        print(line)
    for kind in kinds:
        if disturbed[kind]:
            print(f'{kind}: {disturbed[kind]} runs left out, the lab was more than {MAX_LATENESS} ms late')


async def bench(build, runs):
    here = Path(__file__).parent
    relay = await asyncio.create_subprocess_exec(build / 'src/cli/parlor-relay', '--listen', '127.0.0.1:0',
                                                 stdout=subprocess.PIPE)
    line = (await asyncio.wait_for(relay.stdout.readline(), DEADLINE)).decode()
    tap = Tap(int(re.search(r':(\d+)\s*$', line).group(1)))
    port = await tap.start()
    lateness = Lateness()
    lateness.start()

    def peers(room):
        command = [build / 'src/cli/parlor-peer', '--json']
        url = f'ws://127.0.0.1:{port}/{room}'
        return (End('ringer', [*command, '--manual', '--name', 'Ringer', url]),
                End('callee', [*command, '--answer', '--name', 'Callee', url]))

    def browsers(room):
        command = ['node', here / 'chromium-end.mjs', f'http://127.0.0.1:{port}/{room}']
        return End('ringer', [*command, 'Ringer']), End('callee', [*command, 'Callee'])

    kinds = {'parlor-peer': peers}
    os.environ['PARLOR_BROWSER_MODULES'] = str(build / 'tests/browser/modules')
    if shutil.which('chromium') and shutil.which('node') and \
            subprocess.run(['node', here / 'chromium-end.mjs'], timeout=300, check=False).returncode == 0:
        kinds['Chromium'] = browsers
    else:
        print('No Chromium, node or puppeteer-core here: measuring parlor-peer alone.')
    rows, disturbed, failed = {kind: [] for kind in kinds}, dict.fromkeys(kinds, 0), 0
    try:
        for number in range(1, runs + 1):
            for kind, make in kinds.items():
                ringer, callee = make(f'bench-{kind.lower()}-{number}')
                try:
                    row = await measure(ringer, callee, tap, lateness)
                except (RuntimeError, KeyError) as problem:
                    failed += 1
                    print(f'{number:3} {kind:12} FAILED: {problem!r}\n{ringer.errors}{callee.errors}', flush=True)
                    continue
                late = row['late'] > MAX_LATENESS
                disturbed[kind] += late
                if not late:
                    rows[kind].append(row)
                table = phases(row)
                print(f'{number:3} {kind:12}' + ''.join(f'{b} +{table[f"{a} -> {b}"]:.0f}  ' for a, b in zip(MARKS, MARKS[1:]))
                      + f'= {table["from calling to the first picture"]:.0f} ms, '
                      f'{table["from accept to the first picture"]:.0f} from accept, {row["cpu"]:.2f} s/s with {row["picture"]}, '
                      f'late {row["late"]:.0f} ms{", left out" if late else ""}', flush=True)
    finally:
        await tap.stop()
        relay.terminate()
        await relay.wait()
    print_table(rows, disturbed)
    if failed:
        print(f'{failed} calls failed')
    return 0 if not failed and all(rows.values()) else 1


if __name__ == '__main__':
    sys.exit(asyncio.run(bench(Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 10)))
