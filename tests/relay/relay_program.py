# SPDX-License-Identifier: GPL-3.0-or-later
"""parlor-relay as a child, and a TAP harness, for the tests of the program."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time

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


class Guest:
    """A WebSocket by hand: a guest of a room, or a seed page."""

    def __init__(self, port, path='/', protocol='parlor.1', headers='', host='localhost', wrap=lambda plain: plain, address='127.0.0.1'):
        self.socket = wrap(socket.create_connection(('127.0.0.1', port), DEADLINE, (address, 0)))
        protocol = f'Sec-WebSocket-Protocol: {protocol}\r\n' if protocol else ''
        self.socket.sendall(f'GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                            'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
                            f'{protocol}{headers}\r\n'.encode())
        head = b''
        while not head.endswith(b'\r\n\r\n'):
            byte = self.socket.recv(1)
            assert byte, head
            head += byte
        self.head = head.decode()
        self.status = int(self.head.split()[1])

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, payload, opcode=1):
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else bytes([0xfe]) + size.to_bytes(2, 'big')
        self.socket.sendall(bytes([0x80 | opcode]) + length + bytes(4) + payload)

    def say(self, **message):
        self.send(json.dumps(message).encode())

    def take(self, count):
        data = b''
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise EOFError('the relay hung up')
            data += more
        return data

    def frame(self):
        """(opcode, payload) of the next frame; pings are answered."""
        while True:
            first, size = self.take(2)
            if size == 126:
                size = int.from_bytes(self.take(2), 'big')
            payload = self.take(size)
            if first & 15 != 9:
                return first & 15, payload
            self.send(payload, 10)

    def hear(self):
        opcode, payload = self.frame()
        assert opcode == 1, (opcode, payload)
        return json.loads(payload)

    def hear_close(self):
        """The code of the close frame; what comes before it is passed over."""
        while True:
            opcode, payload = self.frame()
            if opcode == 8:
                return int.from_bytes(payload[:2], 'big')

    def join(self, name='Anna'):
        self.say(type='hello', name=name)
        welcome = self.hear()
        assert welcome['type'] == 'welcome', welcome
        return welcome


def wait_for(condition):
    """For what no message tells of."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, 'waited too long'
        time.sleep(0.01)


def main():
    print(f'1..{len(TESTS)}')
    failed = False
    for number, function in enumerate(TESTS, 1):
        try:
            skipped = function()
            print(f'ok {number} - {function.__name__}' + (f' # SKIP {skipped}' if skipped else ''), flush=True)
        except (AssertionError, OSError, EOFError, LookupError, ValueError, subprocess.SubprocessError) as error:
            failed = True
            print(f'not ok {number} - {function.__name__}')
            print('# ' + repr(error).replace('\n', '\\n'), flush=True)
    return 1 if failed else 0
