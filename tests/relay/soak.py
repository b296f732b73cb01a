#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""soak.py PROGRAM MINUTES CLIENTS [OPTION...]: a parlor-relay among people who behave badly, and rooms of honest ones in between.

The honest number what they say to each other: nothing may be lost, doubled or out of order, and nobody of them may be cut off. The relay's
memory and descriptors may not grow once it is warm, and in the end every place must be free. The others join and leave, ring, talk nonsense, flood,
stay half open, do not read, vanish. Each of them comes from one of 200 addresses of the loopback. Prints a line a minute, then a
verdict, as TAP; ends by itself. OPTIONs are flags for the relay: with --messages-per-second=0 --bytes-per-second=0 the verdict must be bad.
"""

import asyncio
import collections
import json
import os
import random
import resource
import socket
import statistics
import struct
import sys
import time

import relay_program

HONEST_ROOMS = 8
HONEST_IN_ROOM = 4
HONEST_PAUSE = 0.5   # s between two messages of one
ADDRESSES = 200
DEADLINE = 60        # s, for one step of an honest one
GROWTH_MIB = 8       # or a tenth, after a quarter of the time
SAMPLE = 0.5         # s
LATE_MAX = DEADLINE / 6  # s that the clients' own loop may be late; beyond that a deadline that is missed may be theirs
WAYS = ['comes_and_goes', 'rings', 'talks_nonsense', 'floods', 'stays_half_open', 'says_no_hello', 'does_not_read', 'vanishes']
MUST_BE_CUT_OFF = ['talks_nonsense', 'floods', 'stays_half_open', 'says_no_hello']
LIMITS = ['--away-ms', '1000', '--request-ms', '3000', '--hello-ms', '3000', '--ping-ms', '5000', '--max-connections', '8000',
          '--max-unsent', '65536']


class Hangup(Exception):
    """The relay closed the connection, as it should with most."""


class Refused(Exception):
    """It did not let one in."""


class Guest:
    def __init__(self, reader, writer):
        self.reader, self.writer, self.id = reader, writer, None

    @classmethod
    async def connect(cls, port, address, receive_buffer=None):
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            sock.bind((address, 0))
            await asyncio.get_running_loop().sock_connect(sock, ('127.0.0.1', port))
        except OSError:
            sock.close()
            raise
        return cls(*await asyncio.open_connection(sock=sock, limit=2 ** 17))

    async def upgrade(self, room):
        self.writer.write((f'GET /{room} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                           'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
                           'Sec-WebSocket-Protocol: parlor.1\r\n\r\n').encode())
        head = await self.reader.readuntil(b'\r\n\r\n')
        if b' 101 ' not in head.split(b'\r\n')[0]:
            raise Refused

    async def join(self, room, name='Ada'):
        await self.upgrade(room)
        self.say(type='hello', name=name)
        welcome = await self.hear('welcome')
        self.id = welcome['id']
        return welcome

    def send_frame(self, first, payload, times=1):
        size = len(payload)
        head = bytes([first, 0x80 | size]) if size < 126 else bytes([first, 0xfe]) + struct.pack('>H', size)
        self.writer.write((head + b'\0\0\0\0' + payload) * times)

    def say(self, times=1, **message):
        self.send_frame(0x81, json.dumps(message).encode(), times)

    async def hear(self, wanted=None):
        """The next message (of that type)."""
        while True:
            first, size = await self.reader.readexactly(2)
            if size == 126:
                size, = struct.unpack('>H', await self.reader.readexactly(2))
            elif size == 127:
                size, = struct.unpack('>Q', await self.reader.readexactly(8))
            payload = await self.reader.readexactly(size)
            if first == 0x89:
                self.send_frame(0x8a, payload)
            elif first == 0x88:
                raise Hangup
            elif first == 0x81:
                message = json.loads(payload)
                if not wanted or message['type'] == wanted:
                    return message

    async def leave(self):
        self.send_frame(0x88, b'\x03\xe8')
        self.writer.close()
        await asyncio.wait_for(self.writer.wait_closed(), DEADLINE)

    def vanish(self):
        """A reset, without a word."""
        try:
            self.writer.get_extra_info('socket').setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        except OSError:
            pass  # closed already
        self.writer.transport.abort()


class Soak:
    def __init__(self, relay, seconds, clients):
        self.port, self.pid = relay.port, relay.process.pid
        self.end, self.clients = time.monotonic() + seconds, clients
        self.warm = time.monotonic() + seconds / 4
        self.random = random.Random(20260101)
        self.sent = self.heard = 0
        self.visits, self.cut_off, self.refused = collections.Counter(), collections.Counter(), collections.Counter()
        self.talking = HONEST_ROOMS * HONEST_IN_ROOM
        self.late = 0.0
        self.faults, self.samples = [], []

    # --- Those who behave ---

    async def honest(self, room, seat, ready):
        """Sends numbers to whoever joined the room before it, round, and reads those that come."""
        guest = await asyncio.wait_for(Guest.connect(self.port, f'127.0.1.{room + 1}'), DEADLINE)
        await asyncio.wait_for(guest.join(f'honest-{room}', f'{seat}'), DEADLINE)
        ready[room].append(guest)
        while len(ready[room]) < HONEST_IN_ROOM:
            await asyncio.sleep(0.05)
        others = [other.id for other in ready[room] if other is not guest]
        counts, expected = dict.fromkeys(others, 0), dict.fromkeys(others, 0)
        talker = asyncio.create_task(self.talk(guest, counts))
        try:
            while not talker.done() or self.is_open():
                message = await asyncio.wait_for(guest.hear(), DEADLINE)
                if message['type'] == 'ice':
                    sender = message['from']
                    if message['number'] != expected[sender]:
                        self.faults.append(f'in room {room} number {message["number"]} came for {expected[sender]}')
                    expected[sender] = message['number'] + 1
                    self.heard += 1
        finally:
            talker.cancel()

    def is_open(self):
        """Whether more may come: nobody stops listening while another, who is late, still talks."""
        return self.talking > 0 or self.heard < self.sent

    async def talk(self, guest, counts):
        try:
            while time.monotonic() < self.end:
                await asyncio.sleep(HONEST_PAUSE)
                for other in counts:
                    guest.say(type='ice', to=other, call='c1', candidate=None, number=counts[other])
                    counts[other] += 1
                    self.sent += 1
        finally:
            self.talking -= 1
        while self.is_open() and time.monotonic() < self.end + DEADLINE:  # the last ones, and a word to wake the readers
            guest.say(type='are-you-there')
            await asyncio.sleep(0.2)
        guest.say(type='are-you-there')

    # --- Those who do not ---

    async def comes_and_goes(self, guest, room):
        await guest.join(room)
        await asyncio.sleep(self.random.uniform(0, 3))
        await guest.leave()

    async def rings(self, guest, room):
        welcome = await guest.join(room)
        for number in range(8):  # beyond what one may
            for peer in welcome['peers'] or [{'id': 'nobody'}]:
                guest.say(type='ring', to=peer['id'], call=f'c{number}', media={'audio': True, 'video': True})
        await asyncio.sleep(self.random.uniform(0, 2))
        await guest.leave()

    async def talks_nonsense(self, guest, room):
        await guest.join(room)
        for text in (b'{', b'[]', b'{"type":1}', b'{"type":"welcome"}', b'[' * 200, os.urandom(8).hex().encode()):
            guest.send_frame(0x81, text)
        guest.send_frame(self.random.choice([0x82, 0xf1, 0x80, 0x0f]), b'\xff\0')
        await guest.hear('never')

    async def floods(self, guest, room):
        welcome = await guest.join(room)
        ending = asyncio.create_task(guest.hear('never'))
        try:
            while not ending.done():  # on a busy machine 500 may take longer than the limit's rate allows them: go on until it is too much
                guest.say(500, type='ice', to=(welcome['peers'] or [{'id': 'nobody'}])[0]['id'], call='c1', candidate={'candidate': 'x' * 500})
                await asyncio.wait([ending], timeout=1)
            await ending
        finally:
            ending.cancel()

    async def stays_half_open(self, guest, room):
        guest.writer.write(f'GET /{room} HTTP/1.1\r\nHost: loc'.encode())
        await guest.reader.read()

    async def says_no_hello(self, guest, room):
        await guest.upgrade(room)
        await guest.hear('never')

    async def does_not_read(self, guest, room):
        await guest.join(room)
        guest.writer.transport.pause_reading()
        guest.say(150, type='ice', to=guest.id, call='c1', candidate={'candidate': 'x' * 900})
        await asyncio.sleep(self.random.uniform(2, 8))
        guest.vanish()

    async def vanishes(self, guest, room):
        await guest.join(room)
        await asyncio.sleep(self.random.uniform(0, 2))
        guest.vanish()

    async def misbehave(self, number):
        way = getattr(self, WAYS[number % len(WAYS)])
        kind, address = way.__name__, f'127.0.2.{number % ADDRESSES + 1}'
        await asyncio.sleep(self.random.uniform(0, 10))
        while time.monotonic() < self.end:
            guest = None
            try:
                guest = await Guest.connect(self.port, address, 4096 if way == self.does_not_read else None)
                await asyncio.wait_for(way(guest, f'wild-{self.random.randrange(self.clients // 4)}'), DEADLINE)
            except asyncio.TimeoutError:
                self.faults.append(f'who {kind} was not let go of in {DEADLINE} s')
            except Refused:
                self.refused[kind] += 1
            except (Hangup, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                self.cut_off[kind] += 1
            else:
                if kind in MUST_BE_CUT_OFF:
                    self.cut_off[kind] += 1  # by the end of what it could read
            finally:
                if guest:
                    guest.vanish()
            self.visits[kind] += 1
            await asyncio.sleep(self.random.uniform(0.5, 4))

    # --- What the relay costs ---

    def measure(self):
        with open(f'/proc/{self.pid}/statm', encoding='ascii') as statm:
            pages = int(statm.read().split()[1])
        return pages * resource.getpagesize() / 2 ** 20, len(os.listdir(f'/proc/{self.pid}/fd'))

    async def watch(self):
        began, minute = time.monotonic(), 0
        print('# minute | RSS MiB | descriptors | visits | cut off | refused | honest sent | honest heard | faults | clients late, s', flush=True)
        while time.monotonic() < self.end:
            self.samples.append((time.monotonic(), *self.measure()))
            if time.monotonic() - began >= 60 * minute:
                _, rss, fds = self.samples[-1]
                print(f'# {minute} | {rss:.1f} | {fds} | {self.visits.total()} | {self.cut_off.total()} | {self.refused.total()} | {self.sent} | '
                      f'{self.heard} | {len(self.faults)} | {self.late:.1f}', flush=True)
                minute += 1
            slept = time.monotonic()
            await asyncio.sleep(SAMPLE)
            self.late = max(self.late, time.monotonic() - slept - SAMPLE)

    def check_growth(self):
        warm = [sample for sample in self.samples if sample[0] >= self.warm]
        third = len(warm) // 3
        watched = [(2, 'descriptors', self.clients / 4)]
        if os.environ.get('PARLOR_MEASURE_MEMORY') != 'no':
            watched.append((1, 'RSS (MiB)', GROWTH_MIB))
        for column, name, least in watched:
            early = statistics.median(sample[column] for sample in warm[:third])
            late = statistics.median(sample[column] for sample in warm[-third:])
            print(f'# {name}: {early:.1f} when warm, {late:.1f} at the end')
            if late > early + max(least, early / 10):
                self.faults.append(f'{name} grew from {early:.1f} to {late:.1f}')

    def check_ways(self):
        """Each way of behaving was seen, and those that must end by the relay did."""
        print('# way | visits | cut off | refused')
        for way in WAYS:
            print(f'# {way} | {self.visits[way]} | {self.cut_off[way]} | {self.refused[way]}')
            expected = self.visits[way] - self.refused[way] if way in MUST_BE_CUT_OFF else 0
            if not self.visits[way] or self.cut_off[way] < expected:
                self.faults.append(f'of {self.visits[way]} who {way} {self.cut_off[way]} were cut off')
        if self.late > LATE_MAX:
            self.faults.append(f'the clients were {self.late:.0f} s late: they cannot judge the relay')

    async def check_empty(self, fds):
        """Every seat was given up: who comes into a room is alone, and the relay holds no descriptor more than before."""
        deadline = time.monotonic() + DEADLINE
        while self.measure()[1] > fds and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
        if self.measure()[1] > fds:
            self.faults.append(f'{self.measure()[1]} descriptors remain of {fds}')
        rooms = [f'wild-{i}' for i in range(self.clients // 4)] + [f'honest-{i}' for i in range(HONEST_ROOMS)]
        for room in rooms:
            guest = await Guest.connect(self.port, '127.0.3.1')
            peers = (await asyncio.wait_for(guest.join(room), DEADLINE))['peers']
            await guest.leave()
            if peers:
                self.faults.append(f'{len(peers)} remain in a room')

    async def run(self):
        fds = self.measure()[1]
        ready = [[] for _ in range(HONEST_ROOMS)]
        honest = [asyncio.create_task(self.honest(room, seat, ready)) for room in range(HONEST_ROOMS) for seat in range(HONEST_IN_ROOM)]
        wild = [asyncio.create_task(self.misbehave(i)) for i in range(self.clients - len(honest))]
        await self.watch()
        for outcome in await asyncio.gather(*honest, return_exceptions=True):
            if outcome:
                self.faults.append(f'an honest one was cut off: {outcome!r}')
        if self.heard != self.sent:
            self.faults.append(f'{self.sent - self.heard} messages were lost')
        await asyncio.gather(*wild)
        for room in ready:
            for guest in room:
                guest.vanish()
        self.check_ways()
        self.check_growth()
        await asyncio.sleep(2)  # the seats of those who vanished are kept for one
        await self.check_empty(fds)


def main():
    seconds, clients = float(sys.argv[2]) * 60, int(sys.argv[3])
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 20000), most))
    print('1..1')
    with relay_program.Relay('--listen', '127.0.0.1:0', *LIMITS, *sys.argv[4:]) as relay:
        soak = Soak(relay, seconds, clients)
        asyncio.run(soak.run())
        status = relay.end()[0]
    if status != 0:
        soak.faults.append(f'the relay ended with {status}')
    for fault, times in collections.Counter(soak.faults).most_common(20):
        print(f'# {times} x {fault}')
    print(f'# {soak.visits.total()} visits of {clients} clients, {soak.cut_off.total()} cut off, {soak.refused.total()} refused; '
          f'{soak.sent} honest messages sent, {soak.heard} heard in order')
    if soak.visits.total() < clients // 2 or not soak.sent:
        soak.faults.append('nothing happened')
    print('not ok 1 - soak' if soak.faults else 'ok 1 - soak')
    return 1 if soak.faults else 0


if __name__ == '__main__':
    sys.exit(main())
