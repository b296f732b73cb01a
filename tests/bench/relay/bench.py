#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""./dev bench relay: what parlor-relay holds and passes on, beside a relay in Go.

Usage: bench.py BUILD-DIR [RUNS]

Both relays in turn, each run a fresh process, loaded by the same client (load.c) with the same bytes: the clients say hello,
are welcomed, and send calls' messages with `to`. Ours speaks parlor.1 with all its checks: it parses, looks `to` up, stamps
`from`. The one in Go (relay.go) is gorilla/websocket with rooms and locks, and passes on to the others in the room what comes,
unread. Then the same over TLS, with one certificate (P-256) and one client's choice of ciphers. Our limits on messages a second are off, as no guest of a bench is a person.

Each figure comes with the worst delay with which the machine woke the client's clock meanwhile. One that was taken when that
was more than MAX_LATENESS ms says more about the machine: it is left out, on both sides of that run, and counted.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

MAX_LATENESS = 50  # ms
SECONDS = '2'  # for each of what is measured over time
CROWD = '5000'
TLS_CROWD = '2000'
HELD = '15000'
DEADLINE = 180  # s for one run
LESS_IS_BETTER = ('CPU', 'RSS', 'p50', 'p99', 'crowd')


def build_tools(folder):
    here = Path(__file__).parent
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(['cc', '-O2', '-o', folder / 'load', here / 'load.c', '-pthread', '-lgnutls'], check=True)
    environment = os.environ | {'GOPATH': '/usr/share/gocode', 'GO111MODULE': 'off', 'GOCACHE': str(folder / 'go-cache')}
    subprocess.run(['go', 'build', '-o', folder / 'relay-go', here / 'relay.go'], check=True, env=environment)


def make_certificate(relay, folder):
    """A certificate of a relay's own, and its key, in one file."""
    with subprocess.Popen([relay, '--listen', '127.0.0.1:0', f'--self-signed={folder}'], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        process.terminate()
    return folder / 'certificate.pem'


def run(command, load, *load_arguments):
    """The figures of one run, as {row: (value, lateness)}."""
    relay = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        port = relay.stdout.readline().strip().rsplit(':', 1)[1]
        result = subprocess.run([load, port, str(relay.pid), SECONDS, *load_arguments],
                                stdout=subprocess.PIPE, text=True, timeout=DEADLINE, check=True)
        rows = [json.loads(line) for line in result.stdout.splitlines()]
        return {row['row']: (row['value'], row['late']) for row in rows}
    finally:
        relay.terminate()
        try:
            relay.wait(10)
        except subprocess.TimeoutExpired:
            relay.kill()
            relay.wait()


def run_both_ways(command, tls_arguments, load):
    return run(command, load, CROWD, HELD) | run([*command, *tls_arguments], load, TLS_CROWD, 'tls')


def three(values):
    return '/'.join(f'{value:.3g}' if value < 1000 else f'{value:.0f}'
                    for value in (min(values), statistics.median(values), max(values)))


def print_table(runs):
    print(f'\n{"min/median/max":28} {"parlor-relay":>22} {"Go":>22} {"ratio":>18} {"late ms":>8} {"left out":>8}')
    for row in runs[0][0]:
        pairs = [(ours[row], go[row]) for ours, go in runs]
        calm = [(ours, go) for ours, go in pairs if max(ours[1], go[1]) <= MAX_LATENESS]
        left_out = len(pairs) - len(calm)
        if not calm:
            print(f'{row:28} the machine was too busy in all {left_out} runs')
            continue
        ratios = [ours[0] / go[0] for ours, go in calm if go[0]]
        late = max(max(ours[1], go[1]) for ours, go in calm)
        print(f'{row:28} {three([ours[0] for ours, _ in calm]):>22} {three([go[0] for _, go in calm]):>22} '
              f'{three(ratios) if ratios else "-":>18} {late:8.1f} {left_out:8}')
    print(f'\nLess is better for {", ".join(LESS_IS_BETTER)}; more for the rest.')


def main():
    build, n_runs = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    tools = build / 'bench-relay'
    build_tools(tools)
    ours = [build / 'src/cli/parlor-relay', '--listen', '127.0.0.1:0', '--max-connections', '19000',
            '--messages-per-second', '0', '--bytes-per-second', '0']
    certificate = make_certificate(ours[0], tools)
    relays = [(ours, ['--certificate', certificate]), ([tools / 'relay-go'], [certificate])]
    runs = []
    for number in range(1, n_runs + 1):
        runs.append([run_both_ways(*relay, tools / 'load') for relay in relays])
        print(f'{number:3}  ' + '  '.join(
            f'{name}: {figures["messages/s, 200 B"][0]:.0f} messages/s, {figures["connects/s"][0]:.0f} connects/s'
            for name, figures in zip(('parlor-relay', 'Go'), runs[-1])), flush=True)
    print_table(runs)


if __name__ == '__main__':
    main()
