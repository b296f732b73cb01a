#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""attacks.py PROGRAM write|check FILE: what anybody may try against a parlor-relay, each beside an honest room of two.

`write` runs all of them at full size and writes the table (src/relay/ATTACKS.md); `check` runs them in short form, as TAP, and compares: what the
table says happened must be what happened, and it must have each attack and no other. Of memory and delays, which belong to a machine and its load,
only bounds are checked. The relay is driven from outside alone, by bytes; each attack has one of its own, with the limits that its row names, and
that relay must end well and without a complaint.
"""

import contextlib
import os
import resource
import socket
import sys
import tempfile

import attack_guests  # by being imported they are listed, in this order
import attack_strangers
from attack_lab import ATTACKS, HONEST_PAUSE, HonestRoom, Lab
from relay_program import Relay, wait_for

HONEST_DELAY = 10  # s, the worst that passes for undisturbed, on a machine that has other work to do


class Row:
    """What one attack showed."""

    def __init__(self, title, function, limits, fixed):
        self.title, self.what = title, ' '.join(function.__doc__.split())
        named = [f'`--{name}`' if value is True else f'`--{name} {value}`' for name, value in limits.items()]
        self.limit = ', '.join(named + ([fixed] if fixed else []))
        self.outcome, self.memory, self.lost, self.delay = None, None, None, None

    def claims(self):
        """What must be the same whenever it is run."""
        return [self.title, self.what, self.limit, self.outcome]

    def line(self):
        cells = self.claims() + [' / '.join(map(str, self.memory)), f'{self.lost} lost, {self.delay * 1000:.0f} ms']
        return '| ' + ' | '.join(cells) + ' |'


def run_attack(title, function, limits, fixed, growth, full):
    row = Row(title, function, limits, fixed)
    flags = []
    with tempfile.TemporaryDirectory() as folder:
        for name, value in limits.items():
            flags += [f'--{name}={folder}' if value is True else f'--{name}={value}']
        with Relay('--listen', '127.0.0.1:0', *flags, env=dict(os.environ, G_DEBUG='fatal-warnings')) as relay:
            lab = Lab(relay, 'self-signed' in limits, full)
            honest = HonestRoom(relay.port, lab.tls)
            lab.descriptors_before = lab.descriptors()
            lab.newcomer()
            wait_for(lambda: lab.descriptors() <= lab.descriptors_before)
            before = lab.memory('VmRSS')
            lab.forget_peak()
            with lab.open:
                row.outcome = function(lab)
            row.lost, row.delay = honest.end()
            lab.newcomer()
            wait_for(lambda: lab.descriptors() < lab.descriptors_before)  # the honest have left, too
            row.memory = before, lab.memory('VmHWM'), lab.memory('VmRSS')
            end = relay.end()
            assert end == (0, '', ''), end
    assert row.lost == 0, f'{row.lost} honest messages were lost'
    assert row.delay < HONEST_DELAY, f'an honest message took {row.delay:.1f} s'
    if os.environ.get('PARLOR_MEASURE_MEMORY') != 'no':
        assert max(row.memory) - before < growth, f'it cost {max(row.memory) - before} kB'
    return row


HEAD = '| attack | what is done | limit | what happened | RSS before / peak / after, kB | honest room |'
INTRO = """# What was tried against the relay

Made by `./dev attacks` (`tests/relay/attacks.py`): do not edit by hand. `./dev test relay` runs the same attacks in short form, and fails when one ends
otherwise than it says here, or is missing here. Each attack has a `parlor-relay` of its own, with the limits that are named, some of them shorter than
their defaults; the defaults are in [wire/PROTOCOL.md](../wire/PROTOCOL.md), "Relay limits". Beside it two talk in an honest room, {rate} messages a
second: how many of them were lost, and what the slowest took. After it a newcomer joined, the relay had as many descriptors as before, and it ended without
a complaint. **Bold** is what should not be so.

Measured on {cores} cores at a load of {load}.

"""
TRAPS = """
## Traps of SoupServer

The relay has none, but parses requests by libsoup and does the rest itself (`ParlorListener`, `ParlorVisitor`, `ParlorGuest`). What was measured of
SoupServer in libsoup 3.2, how it is here, and the attack that shows it.

| trap | how it is here | attack |
|---|---|---|
{rows}
"""
TRAP_ROWS = [
    ('EMFILE ends its listener for good', '`ParlorListener` tries again a moment after a failure', 'No descriptors left'),
    ('a backlog of 10', 'one of 1,024', '1,000 joins at once'),
    ('send queues without a bound', '`--max-unsent`, then the connection is dropped', 'Slow readers'),
    ('the largest payload is one of a frame, not of a message', '`ParlorFrameReader` counts the message', 'Endless fragments'),
    ('permessage-deflate is on', 'no extension is agreed to', 'Compression'),
    ('missing pongs are ignored', '`ParlorGuest` counts them', 'Missing pongs'),
    ('no deadline before the upgrade', '`--request-ms`, for the first byte, TLS and the head together', 'Half a request'),
    ('bodies of requests are kept whole', 'a head that announces one is refused, 413 or 501; of what comes all the same nothing is kept', 'Bodies'),
    ('`get_socket ()` is NULL for a stream that was handed in', 'a `ParlorVisitor` is a descriptor in the poll, which its deadline closes', 'Not a byte'),
]


def make_traps():
    titles = {title for title, *_ in ATTACKS}
    assert all(title in titles for *_, title in TRAP_ROWS)
    return TRAPS.format(rows='\n'.join('| ' + ' | '.join(row) + ' |' for row in TRAP_ROWS))


def write(path):
    rows, loads = [], [os.getloadavg()[0]]
    for number, entry in enumerate(ATTACKS, 1):
        print(f'{number}/{len(ATTACKS)} {entry[0]}', flush=True)
        rows.append(run_attack(*entry, full=True))
        print('    ' + rows[-1].line(), flush=True)
        loads.append(os.getloadavg()[0])
    with open(path, 'w', encoding='utf-8') as file:
        file.write(INTRO.format(rate=round(1 / HONEST_PAUSE), cores=os.cpu_count(), load=f'{min(loads):.0f} to {max(loads):.0f}'))
        file.write(HEAD + '\n' + '|---' * HEAD.count(' | ') + '|---|\n')
        file.write('\n'.join(row.line() for row in rows) + '\n')
        file.write(make_traps())
    return 0


def read(path):
    """The document: title -> claims, and its text."""
    with open(path, encoding='utf-8') as file:
        text = file.read()
    table = text[text.index(HEAD) + len(HEAD):].split('\n\n')[0].splitlines()[2:]
    rows = [line.strip('| ').split(' | ') for line in table]
    return {row[0]: row for row in rows}, text


def find_faults(entry, documented):
    """Runs one attack in short form: what is not as the document says."""
    try:
        row = run_attack(*entry, full=False)
    except (AssertionError, OSError, EOFError, LookupError, ValueError, TypeError) as error:
        return [repr(error)]
    print(f'# {row.outcome}; {row.memory} kB; {row.delay * 1000:.0f} ms')
    claims = documented.get(row.title, [])[:len(row.claims())]
    return [] if claims == row.claims() else [f'the document says {claims}, but it was {row.claims()}']


def find_strangers(documented, text):
    """What the document holds, and nobody runs."""
    strangers = sorted(set(documented) - {title for title, *_ in ATTACKS})
    return strangers + ([] if make_traps() in text else ['other traps'])


def find_blindness(documented, text):
    """Negative controls: what the checks must see when it is there."""
    faults = []
    entry = next(entry for entry in ATTACKS if entry[1] is attack_strangers.one_address)
    if not find_faults((entry[0], entry[1], {'max-per-address': 33}, *entry[3:]), documented):
        faults.append('another limit was not seen')
    if not find_strangers({**documented, 'Magic': []}, text):
        faults.append('a stranger was not seen')
    with socket.create_server(('127.0.0.1', 0), backlog=1) as listener:
        sockets = [socket.socket() for _ in range(10)]
        for sock in sockets:
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        wait_for(lambda: attack_strangers.count_repeats(sockets) > 0)
        for sock in sockets:
            sock.close()
    with Relay('--listen', '127.0.0.1:0') as relay:
        honest = HonestRoom(relay.port, False)
        relay.process.kill()
        with contextlib.suppress(AssertionError):
            honest.end()
            faults.append('the honest room did not notice that its relay was killed')
    return faults


def check(path):
    documented, text = read(path)
    checks = [(entry[0], lambda entry=entry: find_faults(entry, documented)) for entry in ATTACKS]
    checks += [('nothing else in the document', lambda: find_strangers(documented, text)),
               ('controls', lambda: find_blindness(documented, text))]
    failed = 0
    print(f'1..{len(checks)}', flush=True)
    for number, (name, find) in enumerate(checks, 1):
        faults = find()
        failed += bool(faults)
        for fault in faults:
            print('# ' + fault.replace('\n', '\\n'))
        print(f'{"not ok" if faults else "ok"} {number} - {name}', flush=True)
    return 1 if failed else 0


def main():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 20000), most))
    return {'write': write, 'check': check}[sys.argv[2]](sys.argv[3])


if __name__ == '__main__':
    sys.exit(main())
