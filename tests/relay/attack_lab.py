# SPDX-License-Identifier: GPL-3.0-or-later
"""Where attacks.py happens: a relay, an honest room beside the attack, and ways to send it bytes.

Attackers come from 127.0.0.2 and up, honest ones from 127.0.1.1. The honest room is a process of its own, so that it does not wait for the attacker's
Python: one of its two says a number, the other must hear it, 50 times a second. A newcomer who joins another room and leaves shows that the relay serves.
"""

import contextlib
import json
import multiprocessing
import os
import re
import selectors
import socket
import ssl
import struct
import threading
import time

from relay_program import DEADLINE, Guest

HONEST_PAUSE = 0.02  # s
HONEST_LEAST = 10    # messages, also beside an attack that is over at once
NEWCOMERS = '127.0.1.9'
SOON = 1.5           # s: half of the shortest deadline of those who hold on
GROWTH = 8 * 1024    # kB that an attack may cost, where it says nothing else
UPGRADE = ('GET /{} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
           'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n')
PARLOR = 'Sec-WebSocket-Protocol: parlor.1\r\n'
ATTACKS = []


def attack(title, limits=None, fixed='', growth=GROWTH):
    """The function attacks a Lab and returns what happened, the same words at full size and in short. Its docstring is what is done. @limits are
    flags of the relay, and with @fixed, which is no flag, the limit that it runs against; @growth is in kB."""
    def register(function):
        ATTACKS.append((title, function, limits or {}, fixed, growth))
        return function
    return register


def blind():
    """TLS that takes any certificate."""
    return ssl._create_unverified_context()  # pylint: disable=protected-access


# --- Those who behave ---

def be_honest(port, tls, pipe):
    """A process: two who talk in turn until they are told to stop; then what became of it."""
    def wrap(plain):
        return blind().wrap_socket(plain) if tls else plain
    sent, heard, worst, error = 0, 0, 0.0, None
    try:
        pair = [Guest(port, '/honest', wrap=wrap, address='127.0.1.1') for _ in range(2)]
        ids = [guest.join()['id'] for guest in pair]
        assert pair[0].hear()['type'] == 'joined'
        pipe.send(None)
        while not pipe.poll(HONEST_PAUSE) or sent < HONEST_LEAST:
            speaker, began = sent % 2, time.monotonic()
            pair[speaker].say(type='ice', to=ids[1 - speaker], call='c1', candidate=None, number=sent)
            sent += 1
            message = pair[1 - speaker].hear()
            assert message['type'] == 'ice' and message['number'] == sent - 1, message
            heard += 1
            worst = max(worst, time.monotonic() - began)
    except (OSError, EOFError, AssertionError, LookupError) as exception:
        error = repr(exception)
    pipe.send((sent, heard, worst, error))


class HonestRoom:
    def __init__(self, port, tls):
        self.pipe, end = multiprocessing.Pipe()
        self.process = multiprocessing.get_context('fork').Process(target=be_honest, args=(port, tls, end), daemon=True)
        self.process.start()
        end.close()
        assert self.pipe.poll(DEADLINE) and self.pipe.recv() is None, 'the honest room did not come together'

    def end(self):
        """(messages lost, worst delay in s)"""
        self.pipe.send(None)
        assert self.pipe.poll(2 * DEADLINE), 'the honest room hangs'
        sent, heard, worst, error = self.pipe.recv()
        self.process.join(DEADLINE)
        assert error is None, f'the honest room was disturbed: {error}'
        return sent - heard, worst


# --- The place where it happens ---

class Lab:
    """A relay under attack, and ways to attack it."""

    def __init__(self, relay, tls, full):
        self.relay, self.port, self.pid = relay, relay.port, relay.process.pid
        self.tls, self.full = tls, full
        self.open = contextlib.ExitStack()

    def many(self, full, short):
        return full if self.full else short

    def guest(self, path='/wild', address='127.0.0.2', **options):
        if self.tls:
            options.setdefault('wrap', lambda plain: blind().wrap_socket(plain))
        return self.open.enter_context(Guest(self.port, path, address=address, **options))

    def join(self, path='/wild', address='127.0.0.2', **fields):
        """(guest, its welcome)"""
        guest = self.guest(path, address)
        guest.say(type='hello', name='Eve', **fields)
        welcome = hear(guest, 'welcome')
        return guest, welcome

    def plain(self, data=b'', address='127.0.0.2'):
        sock = self.open.enter_context(socket.create_connection(('127.0.0.1', self.port), DEADLINE, (address, 0)))
        try_send(sock, data)
        return sock

    def ask(self, data, address='127.0.0.2'):
        """The status of the answer, or that there was none."""
        return str(get_status(self.plain(data, address)) or 'closed')

    def newcomer(self):
        """Comes in, and leaves."""
        with Guest(self.port, '/newcomer', address=NEWCOMERS,
                   wrap=(lambda plain: blind().wrap_socket(plain)) if self.tls else lambda plain: plain) as guest:
            assert guest.status == 101, guest.head
            guest.join()
            guest.send(b'\x03\xe8', 8)

    def memory(self, field):
        with open(f'/proc/{self.pid}/status', encoding='ascii') as status:
            return int(re.search(rf'{field}:\s+(\d+) kB', status.read())[1])

    def forget_peak(self):
        with open(f'/proc/{self.pid}/clear_refs', 'w', encoding='ascii') as file:
            file.write('5')

    def descriptors(self):
        return len(os.listdir(f'/proc/{self.pid}/fd'))


def hear(guest, kind):
    """The next message of that type."""
    while True:
        message = guest.hear()
        if message['type'] == kind:
            return message


def get_fate(guest):
    """What the relay tells somebody until it hangs up: codes of errors, and of its close frame."""
    codes = []
    try:
        while True:
            opcode, payload = guest.frame()
            message = json.loads(payload) if opcode == 1 else {}
            if message.get('type') == 'error' and f'`{message["code"]}`' not in codes:
                codes.append(f'`{message["code"]}`')
            if opcode == 8:
                return ', '.join(codes + [f'closed {int.from_bytes(payload[:2], "big")}'])
    except (EOFError, ConnectionError):
        return ', '.join(codes + ['dropped'])


def get_status(sock):
    """Of an HTTP answer; None when it hangs up, or answers nothing of the kind."""
    head = b''
    try:
        while b'\r\n' not in head:
            more = sock.recv(4096)
            if not more:
                return None
            head += more
    except ConnectionError:
        return None
    match = re.match(rb'HTTP/1\.[01] (\d{3}) ', head)
    return int(match[1]) if match else None


def receive_all(sock):
    data = b''
    try:
        while more := sock.recv(65536):
            data += more
    except ConnectionError:
        pass
    return data


def try_send(sock, data):
    """FALSE once the other end has hung up."""
    try:
        sock.sendall(data)
        return True
    except (BrokenPipeError, ConnectionResetError):
        return False


def frame(first, payload=b'', announced=None, mask=0x80):
    size = len(payload) if announced is None else announced
    if size < 126:
        head = bytes([first, mask | size])
    elif size < 65536:
        head = bytes([first, mask | 126]) + struct.pack('>H', size)
    else:
        head = bytes([first, mask | 127]) + struct.pack('>Q', size)
    return head + (bytes(4) if mask else b'') + payload


def say(**message):
    return frame(0x81, json.dumps(message).encode())


def count(outcomes):
    """Each outcome once, in order: one for all of them is what most attacks should end in."""
    return ', '.join(dict.fromkeys(outcomes))


class Crowd:
    """Connections by the thousand, that say @data, or what it makes of their number, and then listen."""

    def __init__(self, lab, number, data, addresses=1):
        self.lab = lab
        self.selector = selectors.DefaultSelector()
        self.heard = {}
        self.closed = 0
        for i in range(number):
            sock = lab.open.enter_context(socket.socket())
            sock.setblocking(False)
            sock.bind((f'127.0.0.{2 + i % addresses}', 0))
            sock.connect_ex(('127.0.0.1', lab.port))
            self.heard[sock] = b''
            self.selector.register(sock, selectors.EVENT_WRITE, data(i) if callable(data) else data)

    def run(self, until):
        """Until @until(self) holds."""
        end = time.monotonic() + 2 * DEADLINE
        while not until(self):
            assert time.monotonic() < end, f'waited too long; {self.closed} of {len(self.heard)} are gone'
            for key, events in self.selector.select(0.02):
                if events & selectors.EVENT_WRITE:
                    self.selector.modify(key.fileobj, selectors.EVENT_READ)
                    self.greet(key.fileobj, key.data)
                else:
                    self.listen(key.fileobj)

    def greet(self, sock, data):
        try:
            if data:
                sock.send(data)
        except OSError:
            self.lose(sock)

    def listen(self, sock):
        try:
            data = sock.recv(65536)
        except ConnectionError:
            data = b''
        self.heard[sock] += data
        if not data:
            self.lose(sock)

    def lose(self, sock):
        self.selector.unregister(sock)
        sock.close()
        self.closed += 1

    def is_gone(self):
        return self.closed == len(self.heard)


def newcomer_among(lab, crowd):
    """Whether somebody can come in long before @crowd, who hold on, reach their deadline; and that all of them are cut off in the end."""
    took, failures = [], []

    def come():
        began = time.monotonic()
        try:
            lab.newcomer()
        except (OSError, EOFError, AssertionError) as error:
            failures.append(error)
        took.append(time.monotonic() - began)

    thread = threading.Thread(target=come)
    thread.start()
    crowd.run(lambda self: took)
    crowd.run(Crowd.is_gone)
    thread.join(2 * DEADLINE)
    return 'a newcomer comes in meanwhile' if took[0] < SOON and not failures else '**a newcomer waits for that**'
