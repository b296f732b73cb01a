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
import selectors
import socket
import struct
import sys
import tempfile
import threading
import time
import zlib

from attack_lab import HONEST_PAUSE, NEWCOMERS, Crowd, HonestRoom, Lab, count, frame, get_fate, get_status, hear, newcomer_among, receive_all, say, try_send
from relay_program import DEADLINE, Guest, Relay, wait_for

HONEST_DELAY = 10   # s, the worst that passes for undisturbed, on a machine that has other work to do
GROWTH = 8 * 1024   # kB that an attack may cost, where it says nothing else
MESSAGE = 65536     # bytes, the protocol's largest
TICKET = 'A' * 43
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


# --- Frames and messages ---

@attack('Oversized frames', {'max-message': MESSAGE})
def oversized_frames(lab):
    """Frames whose headers announce 65,537 bytes and 8 EiB, and payload without end."""
    fates = []
    for size in MESSAGE + 1, 2 ** 63 - 1:
        guest, _ = lab.join()
        guest.socket.sendall(frame(0x81, announced=size))
        while size > MESSAGE + 1 and try_send(guest.socket, bytes(MESSAGE)):
            pass
        fates.append(get_fate(guest) if size == MESSAGE + 1 else 'dropped')
    assert fates[0] == '`too-large`, closed 1009', fates
    return f'{fates[0]}, at the header; who goes on is {fates[1]}'


@attack('Endless fragments', {'max-message': MESSAGE})
def endless_fragments(lab):
    """One message in fragments of 1,000 bytes that never ends."""
    guest, _ = lab.join()
    guest.socket.sendall(frame(0x01, bytes(1000)) + frame(0x00, bytes(1000)) * 65)
    return get_fate(guest)


@attack('Tiny fragments', {'bytes-per-second': 262144})
def tiny_fragments(lab):
    """One message in fragments without a byte, which never grows: 2,000,000 of them."""
    guest, _ = lab.join()
    guest.socket.sendall(frame(0x01))
    for _ in range(lab.many(200, 100)):
        if not try_send(guest.socket, frame(0x00) * 10000):
            break
    return get_fate(guest)


@attack('Breaches of RFC 6455', fixed='the standard')
def breaches(lab):
    """Control frames of 126 bytes and in fragments, frames without a mask, with reserved bits and unknown opcodes; binary ones."""
    cases = {'too long a ping': frame(0x89, bytes(126)), 'a fragmented ping': frame(0x09, b'x'), 'no mask': frame(0x81, b'{}', mask=0),
             'a reserved bit': frame(0xc1, b'{}'), 'an unknown opcode': frame(0x83, b'x'), 'a loose continuation': frame(0x80, b'x'),
             'binary': frame(0x82, b'x')}
    fates = {}
    for name, data in cases.items():
        guest, _ = lab.join()
        guest.socket.sendall(data)
        fates[name] = get_fate(guest)
    assert fates.pop('binary') == 'closed 1003' and set(fates.values()) == {'closed 1002'}, fates
    return 'closed 1002; binary: closed 1003'


@attack('Bad UTF-8', fixed='the standard')
def bad_utf8(lab):
    """Text with bytes that are none, overlong, surrogates, cut short."""
    fates = []
    for text in b'{"type":"\xff"}', b'{"a":"\xc0\xaf"}', b'{"a":"\xed\xa0\x80"}', b'\xe2\x82', b'{"a":"\xf5\x80\x80\x80"}':
        guest, _ = lab.join()
        guest.send(text)
        fates.append(get_fate(guest))
    return count(fates)


@attack('Malformed JSON', fixed='PROTOCOL.md, "JSON"')
def malformed_json(lab):
    """Broken, doubled, too many and wrong members, half surrogates, numbers beyond 64 bits, 400 digits, lists."""
    texts = ['{', '[]', 'null', '', '{"type":1}', '{"type":"ring","type":"ring"}', '{"type":"ring","to":"\\ud800"}', '{"a":"\\u0000"}',
             '{"a":99999999999999999999}', '{"a":1e400}', '{"a":' + '9' * 400 + '}', '{"a":01}', "{'a':1}", '{"a":1,}', '{"a":NaN}',
             '{' + ','.join(f'"k{i}":0' for i in range(257)) + '}']
    guest, _ = lab.join()
    codes = []
    for text in texts:
        guest.send(text.encode())
        codes.append(f'`{hear(guest, "error")["code"]}`')
    guest.say(type='turn')
    hear(guest, 'turn')
    return count(codes) + '; the connection stays'


@attack('Deep JSON', fixed='depth 16')
def deep_json(lab):
    """65,000 open brackets, 20,000 open objects, and depth 17."""
    guest, _ = lab.join()
    codes = []
    for text in b'{"a":' + b'[' * 65000, b'{"a":' * 13000, b'{"type":"turn","a":' + b'[' * 16 + b']' * 16 + b'}':
        guest.send(text)
        codes.append(f'`{hear(guest, "error")["code"]}`')
    guest.send(b'{"type":"turn","a":' + b'[' * 15 + b']' * 15 + b'}')
    hear(guest, 'turn')
    return count(codes) + '; the connection stays'


@attack('Compression', fixed='no extensions')
def compression(lab):
    """permessage-deflate is offered, and a deflated frame sent: 64 KiB that would be 64 MiB."""
    guest = lab.guest(headers='Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n')
    assert guest.status == 101 and 'extensions' not in guest.head.lower(), guest.head
    guest.join()
    squeezed = zlib.compressobj(wbits=-15)
    bomb = squeezed.compress(bytes(64 * 2 ** 20)) + squeezed.flush(zlib.Z_SYNC_FLUSH)[:-4]
    try_send(guest.socket, frame(0xc1, bomb[:MESSAGE]))
    return f'not agreed to; {get_fate(guest)}'


# --- Rates ---

def flood(guest, data, times):
    for _ in range(times):
        if not try_send(guest.socket, data):
            break
    return get_fate(guest)


@attack('Many messages', {'messages-per-second': 60, 'messages-burst': 200})
def many_messages(lab):
    """100,000 small messages without a pause, from each of 8 connections."""
    guests = [lab.join()[0] for _ in range(8)]
    return count(flood(guest, say(type='ice', to='nobody', call='c', candidate=None) * 100, lab.many(1000, 50)) for guest in guests)


@attack('Many bytes', {'bytes-per-second': 262144})
def many_bytes(lab):
    """100 messages of 64 KiB without a pause."""
    guest, _ = lab.join()
    data = frame(0x81, b'{"type":"turn","a":"' + b'x' * (MESSAGE - 22) + b'"}')
    return flood(guest, data, lab.many(100, 60))


@attack('Many pings', {'messages-per-second': 60, 'messages-burst': 200})
def many_pings(lab):
    """100,000 pings of 125 bytes, whose pongs nobody reads."""
    guest, _ = lab.join()
    return flood(guest, frame(0x89, bytes(125)) * 100, lab.many(1000, 50))


@attack('Ringing', {'max-rings': 3, 'max-open-rings': 4})
def ringing(lab):
    """15 guests of a room ring the same one 20 times each."""
    victim, welcome = lab.join()
    ringers = [lab.join(address='127.0.0.3')[0] for _ in range(15)]
    codes = []
    for ringer in ringers:
        for number in range(20):
            ringer.say(type='ring', to=welcome['id'], call=f'c{number}', media={})
        refusals = [hear(ringer, 'error') for _ in range(17)]
        codes += [f'`{refusal["code"]}` about {refusal["about"]}' for refusal in refusals]
    ringers[0].say(type='offer', to=welcome['id'], call='end', generation=1, sdp='v=0\r\n')
    rings = 0
    while True:
        message = victim.hear()
        rings += message['type'] == 'ring'
        if message['type'] == 'offer':
            break
    assert rings == 3 * len(ringers), rings
    return f'{count(codes)}; 3 of each ringer reach the victim'


# --- Rooms ---

@attack('A room that is full', {'max-guests': 16})
def room_full(lab):
    """100 more want to come in."""
    for _ in range(16):
        lab.join()
    fates = []
    for _ in range(lab.many(100, 20)):
        guest = lab.guest(address='127.0.0.3')
        guest.say(type='hello', name='Eve')
        fates.append(get_fate(guest))
        guest.close()
    return count(fates)


@attack('Rooms and seats left behind', {'away-ms': 90000, 'max-per-address': 32}, growth=2 * GROWTH)
def seats_left_behind(lab):
    """One address makes a new room, resets the connection, and again: 500 times."""
    kept, fates = 0, []
    for number in range(lab.many(500, 100)):
        guest = lab.guest(f'/room-{number}')
        if guest.status != 101:
            fates.append(f'HTTP {guest.status}')
            continue
        guest.say(type='hello', name='Eve')
        message = guest.hear()
        if message['type'] == 'welcome':
            kept += 1
            guest.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        else:
            fates.append(f'`{message["code"]}`, ' + get_fate(guest))
        guest.close()
    return f'{kept} seats are kept, then {count(fates)}'


@attack('Resuming', {'max-per-address': 32})
def resuming(lab):
    """One seat resumed 300 times, each time beside the connection that had it, and old tokens shown again."""
    guest, welcome = lab.join('/seat')
    names = {welcome['id']}
    first = welcome['resume']
    for _ in range(lab.many(300, 60)):
        other, welcome = lab.join('/seat', resume=welcome['resume'])
        names.add(welcome['id'])
        assert get_fate(guest) == 'closed 4001'
        guest.close()
        guest = other
    assert len(names) == 1 and not welcome.get('peers'), (names, welcome)
    thief = lab.guest('/seat')
    thief.say(type='hello', name='Eve', resume=first)
    return f'one seat, one id; the connection before: closed 4001; an old token: `{hear(thief, "error")["code"]}`'


@attack('Guessing tickets', fixed='256 bits')
def guessing_tickets(lab):
    """1,000 guesses at the ticket of a room, from 50 addresses; with no ticket, too."""
    lab.join('/closed', '127.0.0.200', ticket=TICKET)
    fates = []
    for number in range(lab.many(1000, 150)):
        guest = lab.guest('/closed', f'127.0.0.{2 + number % 50}')
        guess = {} if number == 0 else {'ticket': f'{number:042d}A'}
        guest.say(type='hello', name='Eve', **guess)
        fates.append(get_fate(guest))
        guest.close()
    return f'{count(fates)}: a connection for each guess'


@attack('Guessing seats and owners', {'messages-per-second': 60, 'messages-burst': 200})
def guessing_tokens(lab):
    """1,000 guesses at the token of a seat on one connection; a guess at the owner's, and his words."""
    lab.join('/owned', '127.0.0.200')
    guest = lab.guest('/owned')
    fate = flood(guest, b''.join(say(type='hello', name='Eve', resume=f'{number:042d}A') for number in range(1000)), lab.many(50, 10))
    liar, welcome = lab.join('/owned', owner=TICKET)
    assert 'owner' not in welcome, welcome
    liar.say(type='lock')
    return f'seats: {fate}; owner: `{hear(liar, "error")["code"]}`'


@attack('Knocking', {'max-guests': 16})
def knocking(lab):
    """At a locked room: 100 knocks on one connection, 40 connections that stand there."""
    owner, _ = lab.join('/locked', '127.0.0.200')
    owner.say(type='lock')
    hear(owner, 'lock')
    codes, fates = [], []
    for number in range(40):
        guest = lab.guest('/locked', f'127.0.0.{2 + number % 4}')
        guest.say(type='hello', name='Eve')
        code = hear(guest, 'error')['code']
        if code != 'locked':
            fates.append(f'`{code}`, {get_fate(guest)}')
            continue
        for _ in range(100 if number == 0 else 2):
            guest.say(type='knock')
        codes.append(f'`{hear(guest, "error")["code"]}`')
    assert len(codes) == 16, codes
    owner.say(type='admit', id='nobody')
    knocks = 0
    while True:
        message = owner.hear()
        knocks += message['type'] == 'knock'
        if message['type'] == 'error':
            break
    return f'{knocks} stand there and the owner hears {knocks} knocks; more of one: {count(codes)}; more connections: {count(fates)}'


@attack('Knocking again and again', fixed='none')
def knocking_again(lab):
    """One with the invite comes to a locked room, knocks and goes, 200 times."""
    owner, _ = lab.join('/locked', '127.0.0.200')
    owner.say(type='lock')
    hear(owner, 'lock')
    for _ in range(lab.many(200, 50)):
        guest = lab.guest('/locked')
        guest.say(type='hello', name='Eve')
        hear(guest, 'error')
        guest.say(type='knock')
        hear(owner, 'knock')
        guest.close()
        hear(owner, 'left')
    return '**the owner hears each knock**'


# --- Connections and deadlines ---

@attack('Connections of one address', {'max-per-address': 32})
def one_address(lab):
    """200 upgrades from one address."""
    guests = [lab.guest(f'/room-{number}') for number in range(lab.many(200, 60))]
    statuses = [guest.status for guest in guests]
    assert statuses == sorted(statuses), statuses
    assert all('Retry-After: ' in guest.head for guest in guests if guest.status == 429)
    return f'{statuses.count(101)} are let in, then HTTP {count(str(status) for status in statuses if status != 101)} with Retry-After'


def fill(lab):
    """Guests from many addresses, until the relay takes no more."""
    number = 0
    while True:
        guest = lab.guest(f'/room-{number}', f'127.0.0.{2 + number % 30}')
        if guest.status != 101:
            guest.close()
            return number, guest.status
        guest.join()
        number += 1


@attack('Connections in all', {'max-connections': 200})
def all_connections(lab):
    """300 upgrades from 30 addresses."""
    number, status = fill(lab)
    assert number == 200 - 2, number  # two are honest
    for i in range(100):
        with Guest(lab.port, address=f'127.0.0.{2 + i % 30}') as guest:
            assert guest.status == status, guest.head
    with Guest(lab.port, address=NEWCOMERS) as late:
        return f'as many as the limit, then HTTP {status}, a newcomer too: {late.status}'


@attack('Refused, and still there', {'max-connections': 100, 'request-ms': 6000})
def still_there(lab):
    """The relay is full, and 100 who were told so do not hang up."""
    fill(lab)
    head = (UPGRADE.format('late') + PARLOR + '\r\n').encode()
    for number in range(100):
        lab.plain(head, f'127.0.0.{2 + number % 30}')
    began = time.monotonic()
    status = lab.ask(head, NEWCOMERS)
    waits = time.monotonic() - began > 3
    return f'HTTP {status}; {"**a newcomer waits until they are cut off**" if waits else "a newcomer is told so, too, at once"}'


@attack('No hello', {'hello-ms': 1000, 'max-per-address': 0})
def no_hello(lab):
    """400 connections are upgraded and say nothing."""
    crowd = Crowd(lab, lab.many(400, 200), (UPGRADE.format('mute') + PARLOR + '\r\n').encode())
    crowd.run(Crowd.is_gone)
    assert all(b'"hello-timeout"' in heard and b'\x88\x02\x03\xf0' in heard for heard in crowd.heard.values())
    return '`hello-timeout`, closed 1008'


def hold_on(lab, data):
    """Not more at a time than the relay's fill and its backlog: who gets no answer to a SYN comes again much later, and by itself."""
    meanwhile = newcomer_among(lab, Crowd(lab, lab.many(1500, 700), data))
    if lab.full:
        Crowd(lab, 1500, data).run(Crowd.is_gone)
    return f'all are cut off by the deadline; {meanwhile}'


@attack('Half a request', {'request-ms': 3000, 'max-connections': 512}, growth=8 * GROWTH)
def half_requests(lab):
    """3,000 connections of one address, 1,500 at a time, send half of a head, and wait."""
    return hold_on(lab, b'GET /wild HTTP/1.1\r\nHost: loc')


@attack('Not a byte', {'request-ms': 3000, 'max-connections': 512}, growth=8 * GROWTH)
def silence(lab):
    """3,000 connections of one address, 1,500 at a time, say nothing at all."""
    return hold_on(lab, b'')


@attack('A byte at a time', {'request-ms': 1500})
def drip(lab):
    """A request that goes on, but by a byte each 50 ms."""
    sock, began = lab.plain(), time.monotonic()
    for number in range(10000):
        if not try_send(sock, UPGRADE.format('drip').encode()[number % 100:][:1]):
            break
        time.sleep(0.05)
    assert get_status(sock) is None and time.monotonic() - began > 1, 'it got an answer'
    return 'cut off by the deadline'


@attack('1,000 joins at once', {'max-connections': 2000, 'max-per-address': 0}, growth=2 * GROWTH)
def joins_at_once(lab):
    """1,000 connections, all of them begun before one is served."""
    crowd = Crowd(lab, 1000, lambda i: (UPGRADE.format(f'crowd-{i}') + PARLOR + '\r\n').encode() + say(type='hello', name='Eve'), 40)
    crowd.run(lambda self: all(b'"welcome"' in heard for heard in self.heard.values()))
    assert count_repeats(crowd.heard) == 0, f'{count_repeats(crowd.heard)} segments were sent again'
    return 'all are welcomed, and no SYN had to be sent twice'


def count_repeats(sockets):
    """Segments that were sent again: tcpi_total_retrans of struct tcp_info (linux/tcp.h), with 8 bytes and 23 words before it."""
    return sum(struct.unpack_from('I', sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 8 + 4 * 23)[0] for sock in sockets)


@attack('Missing pongs', {'ping-ms': 300, 'away-ms': 0})
def missing_pongs(lab):
    """50 guests answer no ping."""
    watcher, _ = lab.join('/watched')
    for number in range(lab.many(50, 15)):
        path = '/watched' if number == 0 else f'/pings-{number}'
        guest = lab.guest(path, f'127.0.0.{3 + number % 5}')
        guest.say(type='hello', name='Eve')
    left = threading.Event()
    thread = threading.Thread(target=lambda: hear(watcher, 'left') and left.set(), daemon=True)
    thread.start()
    wait_for(lambda: left.is_set() and lab.descriptors() == lab.descriptors_before + 1)
    return 'dropped after two, the others hear `left`'


@attack('Slow readers', {'max-unsent': 1048576, 'bytes-per-second': 0, 'messages-per-second': 0}, growth=64 * 1024)
def slow_readers(lab):
    """16 guests, each sent 10 MiB, do not read."""
    number = lab.many(16, 4)
    sizes = b'x' * 60000
    readers = []
    for i in range(number):
        talker, welcome = lab.join(f'/slow-{i}', f'127.0.0.{2 + i}')
        reader = lab.guest(f'/slow-{i}', f'127.0.0.{2 + i}')
        reader.say(type='hello', name='Eve')
        readers.append((talker, reader))
        his = hear(talker, 'joined')['peer']['id']
        assert welcome and his
        text = b'{"type":"ice","to":"%s","call":"c","candidate":null,"x":"%s"}' % (his.encode(), sizes)
        for _ in range(170):
            talker.send(text)
        hear(talker, 'away')
    return 'dropped at the bound, the others hear `away`'


@attack('No descriptors left', fixed='`RLIMIT_NOFILE`', limits={'request-ms': 60000})
def no_descriptors(lab):
    """The relay may open 20 more; 300 connections come, of which most can not be accepted, and go."""
    _, hard = resource.prlimit(lab.pid, resource.RLIMIT_NOFILE)
    most = lab.descriptors_before + 20
    resource.prlimit(lab.pid, resource.RLIMIT_NOFILE, (most, hard))
    crowd = Crowd(lab, 300, b'GET /wild HTTP/1.1\r\nHost: loc')
    crowd.run(lambda self: lab.descriptors() >= most)
    end = time.monotonic() + 0.5
    crowd.run(lambda self: time.monotonic() > end)
    assert crowd.closed == 0 and lab.descriptors() == most, (crowd.closed, lab.descriptors(), most)
    lab.open.close()
    lab.newcomer()
    return 'they wait; when descriptors are free it accepts again'


# --- Heads of requests ---

@attack('Header floods', fixed='the size of a head', growth=2 * GROWTH)
def header_floods(lab):
    """A header of 10 MiB; 1,000,000 headers; 100,000 lines before the request."""
    answers = []
    for head, piece in ((b'GET / HTTP/1.1\r\nHost: localhost\r\nX: ', b'x' * 65536), (b'GET / HTTP/1.1\r\nHost: localhost\r\n', b'a: b\r\n' * 10000),
                        (b'', b'\r\n' * 10000)):
        sock = lab.plain(head)
        for _ in range(lab.many(160, 40)):
            if not try_send(sock, piece):
                break
        answers.append(get_refusal(sock))
    return 'bytes: {}; count: {}; empty lines: {}'.format(*answers)


def get_refusal(sock):
    """Cut off with or without an answer, which a reset may have swallowed: but it may not be a friendly one."""
    status = get_status(sock)
    assert status is None or 400 <= status < 600, status
    return 'refused'


@attack('A long path', fixed='the size of a head')
def long_path(lab):
    """60,000 and 10,000,000 letters."""
    answers = []
    for size in 60000, lab.many(10 ** 7, 10 ** 6):
        sock = lab.plain(b'GET /' + b'a' * size + b' HTTP/1.1\r\nHost: localhost\r\n\r\n')
        answers.append(get_refusal(sock))
    return count(answers)


@attack('Bodies', {'request-ms': 1000})
def bodies(lab):
    """Posts of 1 GiB by length and in endless chunks; a GET with a body; lengths that contradict each other."""
    answers = {}
    for name, head, piece in (
            ('length', b'POST /wild HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1073741824\r\n\r\n', bytes(65536)),
            ('chunks', b'POST /wild HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n', b'8000\r\n' + bytes(32768) + b'\r\n')):
        sock = lab.plain(head)
        for _ in range(lab.many(2000, 300)):
            if not try_send(sock, piece):
                break
        answers[name] = get_refusal(sock)
    second = b'GET /no/such/room HTTP/1.1\r\nHost: localhost\r\n\r\n'
    smuggled = (b'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n' % (len(second) + 5) + second,
                b'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 50\r\n\r\n' + second)
    for data in smuggled:
        sock = lab.plain(data)
        status = get_status(sock)
        assert status in (None, 200) or 400 <= status < 600, status
    return f'by length: {answers["length"]}; in chunks: {answers["chunks"]}; nothing of them is kept'


@attack('Unusual requests', fixed='GET and HEAD of rooms and pages')
def unusual_requests(lab):
    """CONNECT, TRACE, OPTIONS, PUT, HTTP/0.9, 1.0 without a host, 2 and 9.9; another host in the request line; paths that climb."""
    host = b'Host: localhost\r\n\r\n'
    requests = [b'CONNECT evil.example:443 HTTP/1.1\r\n' + host, b'TRACE / HTTP/1.1\r\n' + host, b'OPTIONS * HTTP/1.1\r\n' + host,
                b'PUT /wild HTTP/1.1\r\nContent-Length: 0\r\n' + host, b'GET /\r\n\r\n', b'GET / HTTP/1.0\r\n\r\n',
                b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', b'GET / HTTP/9.9\r\n' + host, b'GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n',
                b'GET /../../etc/passwd HTTP/1.1\r\n' + host, b'GET /guest-page/../../etc/passwd HTTP/1.1\r\n' + host,
                b'GET /guest-page/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n' + host, b'GET /a%00b HTTP/1.1\r\n' + host, b'\0\1\2\3\r\n\r\n',
                b'GET  / HTTP/1.1\r\n' + host, b'GET / HTTP/1.1\nHost: localhost\n x: y\n\n']
    for request in requests:
        sock = lab.plain(request)
        sock.shutdown(socket.SHUT_WR)
        head = receive_all(sock)
        status = int(head.split()[1]) if head.startswith(b'HTTP/1.') else None
        assert b'root:' not in head, head
        assert status is None or 400 <= status < 600 or (status == 200 and b'\nHost: localhost' in request), (request, head[:200])
    return 'refused, or answered with the page'


@attack('Pipelined requests', {'request-ms': 3000})
def pipelined(lab):
    """1,000 GETs of the page in one go, on each of 20 connections."""
    answers = set()
    for number in range(20):
        sock = lab.plain(b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n' * 1000, f'127.0.0.{2 + number}')
        answers.add(receive_all(sock).count(b'HTTP/1.1 200'))
    assert answers == {1}, answers
    return 'the first is answered, then closed'


@attack('Foreign origins', fixed='Origin is the host\'s own')
def foreign_origins(lab):
    """Pages of other sites, of "null", and of names that begin or end like ours ask for an upgrade, and for the page."""
    answers = []
    for origin in 'http://evil.example', 'null', 'http://localhost.evil.example', 'http://localhost:1', 'https://evillocalhost', 'file://localhost':
        headers = f'Origin: {origin}\r\n\r\n'
        answers.append(lab.ask((UPGRADE.format('wild') + PARLOR + headers).encode()))
        answers.append(lab.ask((UPGRADE.format('wild') + headers).encode()))
        answers.append(lab.ask(f'GET /wild HTTP/1.1\r\nHost: localhost\r\n{headers}'.encode()))
    assert set(answers) == {'403'}, answers
    return f'HTTP {count(answers)}'


@attack('DNS rebinding', fixed='`--allow-host`')
def rebinding(lab):
    """Other names in Host, two of them, none, an empty one, one with a user or a path; for the page and for an upgrade."""
    answers = []
    for host in ('Host: evil.example', 'Host: 127.0.0.1.evil.example', 'Host: localhost\r\nHost: evil.example', 'X: y', 'Host: ', 'Host: localhost@evil.example',
                 'Host: evil.example/localhost', 'Host: localhost.'):
        answers.append(lab.ask(f'GET /wild HTTP/1.1\r\n{host}\r\n\r\n'.encode()))
        answers.append(lab.ask((UPGRADE.format('wild').replace('Host: localhost', host) + '\r\n').encode()))
    assert set(answers) <= {'421', '400'}, answers
    return 'HTTP 421 or 400'


@attack('Forged X-Forwarded-For', {'max-per-address': 8, 'trusted-proxy': '127.0.0.9'})
def forged_addresses(lab):
    """40 connections from an address that is no proxy, each with another X-Forwarded-For; 40 through a proxy, each with another forged address in front."""
    statuses = [lab.guest(f'/room-{i}', headers=f'X-Forwarded-For: 192.0.2.{i}\r\n').status for i in range(40)]
    proxied = [lab.guest(f'/proxied-{i}', '127.0.0.9', headers=f'X-Forwarded-For: 192.0.2.{i}, 198.51.100.7\r\n').status for i in range(40)]
    others = lab.guest('/other', '127.0.0.9', headers='X-Forwarded-For: 198.51.100.8\r\n').status
    assert statuses.count(101) == proxied.count(101) == 8 and others == 101, (statuses, proxied, others)
    return f'counted by its own address: {count(map(str, statuses[8:]))}; by what the proxy saw: {count(map(str, proxied[8:]))}'


# --- TLS ---

@attack('TLS handshakes that stall', {'self-signed': True, 'request-ms': 4000}, growth=128 * GROWTH)
def tls_stalls(lab):
    """200 connections send the first 6 bytes of a ClientHello, and wait."""
    crowd = Crowd(lab, lab.many(200, 60), b'\x16\x03\x01\x02\x00\x01', 30)
    crowd.run(lambda self: all(sock.fileno() < 0 or self.selector.get_key(sock).events == selectors.EVENT_READ for sock in self.heard))
    return f'all are cut off by the deadline; {newcomer_among(lab, crowd)}'


@attack('TLS garbage', {'self-signed': True, 'request-ms': 4000}, growth=2 * GROWTH)
def tls_garbage(lab):
    """Records of random bytes, of 64 KiB, of alerts; a hello that is cut short; plain HTTP."""
    noise = bytes(i * 7919 % 251 for i in range(65536))
    for data in (b'\x16\x03\x01\x00\x40' + noise[:64], b'\x16\x03\x01\xff\xff' + noise, b'\x15\x03\x03\x00\x02\x02\x28', b'\x16\x03\x01\x00\x00' * 1000,
                 b'\x16\x03\x01\x00\x04\x01\xff\xff\xff', b'\x17\x03\x03\x00\x10' + noise[:16]):
        for _ in range(lab.many(50, 5)):
            sock = lab.plain(data)
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_WR)
            answer = receive_all(sock)
            assert not answer.startswith(b'HTTP/1.1 200'), answer
            sock.close()
    return f'dropped; plain HTTP: {lab.ask(b"GET / HTTP/1.1" + bytes([13, 10]) + b"Host: localhost" + bytes([13, 10, 13, 10]))}'


# --- Running them ---

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

What was measured of libsoup 3.2, what holds instead, and the attack that shows it.

| trap | what covers it | attack |
|---|---|---|
{rows}
"""
TRAP_ROWS = [
    ('EMFILE ends its listener for good', '`ParlorListener` accepts by itself, and again after a failure', 'No descriptors left'),
    ('a backlog of 10', 'one of 1,024', '1,000 joins at once'),
    ('send queues without a bound', '`--max-unsent`', 'Slow readers'),
    ('the largest payload is one of a frame, not of a message', '`ParlorFrameReader` counts the message', 'Endless fragments'),
    ('permessage-deflate is on', 'no extension is agreed to', 'Compression'),
    ('missing pongs are ignored', '`ParlorGuest` counts them', 'Missing pongs'),
    ('no deadline before the upgrade', '`--request-ms`, for the first byte, TLS and the head together', 'Half a request'),
    ('bodies of requests are kept whole', 'they are not accumulated', 'Bodies'),
    ('`get_socket ()` is NULL for a stream that was handed in', 'the relay keeps the socket itself: it is what a deadline shuts down', 'Not a byte'),
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
    entry = next(entry for entry in ATTACKS if entry[1] is one_address)
    if not find_faults((entry[0], one_address, {'max-per-address': 33}, *entry[3:]), documented):
        faults.append('another limit was not seen')
    if not find_strangers({**documented, 'Magic': []}, text):
        faults.append('a stranger was not seen')
    with socket.create_server(('127.0.0.1', 0), backlog=1) as listener:
        sockets = [socket.socket() for _ in range(10)]
        for sock in sockets:
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        wait_for(lambda: count_repeats(sockets) > 0)
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
