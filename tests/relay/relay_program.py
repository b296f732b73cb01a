# SPDX-License-Identifier: GPL-3.0-or-later
"""parlor-relay as a child, and a TAP harness, for the tests of the program."""

import os
import select
import signal
import subprocess
import sys

DEADLINE = 30
PROGRAM = sys.argv[1]
TESTS = []


def test(function):
    """Has it run by main(); what it returns is why it is skipped."""
    TESTS.append(function)
    return function


def run(*arguments, **options):
    """Runs to the end; for uses that end by themselves."""
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=DEADLINE, check=False, **options)


class Relay:
    def __init__(self, *arguments, **options):
        self.process = subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        self.line = self.read_line()
        self.url = self.line.split()[-1] if self.line else ''

    def read_line(self, stream=None):
        stream = stream or self.process.stdout
        ready, _, _ = select.select([stream], [], [], DEADLINE)
        assert ready, 'it says nothing'
        line = b''
        while not line.endswith(b'\n'):  # nothing is left in a buffer that select() does not see
            byte = os.read(stream.fileno(), 1)
            if not byte:
                break
            line += byte
        return line.decode()

    @property
    def port(self):
        return int(self.url.rsplit(':', 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE)
        self.process.stdout.close()
        self.process.stderr.close()

    def end(self, number=signal.SIGTERM):
        """(status, what else it printed, what it complained)"""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=DEADLINE)
        return self.process.returncode, out.decode(), err.decode()


def main():
    print(f'1..{len(TESTS)}')
    failed = False
    for number, function in enumerate(TESTS, 1):
        try:
            skipped = function()
            print(f'ok {number} - {function.__name__}' + (f' # SKIP {skipped}' if skipped else ''), flush=True)
        except (AssertionError, OSError, LookupError, ValueError, subprocess.SubprocessError) as error:
            failed = True
            print(f'not ok {number} - {function.__name__}')
            print('# ' + repr(error).replace('\n', '\\n'), flush=True)
    return 1 if failed else 0
