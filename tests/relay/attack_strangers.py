# SPDX-License-Identifier: GPL-3.0-or-later
"""What those may try who are no guests yet, nor want to be: connections, heads of requests, TLS. See attacks.py."""

import contextlib
import resource
import selectors
import socket
import struct
import threading
import time

from attack_lab import GROWTH, NEWCOMERS, PARLOR, UPGRADE, Crowd, attack, count, get_status, hear, newcomer_among, receive_all, say, try_send
from relay_program import Guest, wait_for


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
    return f'all are cut off, the oldest for newer ones and the last by the deadline; {meanwhile}'


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

@attack('TLS handshakes that stall', {'self-signed': True, 'request-ms': 4000}, growth=8 * GROWTH)
def tls_stalls(lab):
    """200 connections send the first 6 bytes of a ClientHello, and wait."""
    crowd = Crowd(lab, lab.many(200, 60), b'\x16\x03\x01\x02\x00\x01', 30)
    crowd.run(lambda self: all(sock.fileno() < 0 or self.selector.get_key(sock).events == selectors.EVENT_READ for sock in self.heard))
    return f'all are cut off, the oldest for newer ones and the last by the deadline; {newcomer_among(lab, crowd)}'


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
