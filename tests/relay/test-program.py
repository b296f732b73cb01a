#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""parlor-relay as a program: what it prints, its exit statuses and its signals.

Usage: test-program.py PARLOR-RELAY. Speaks TAP. What it must not link is tested in tests/unit/test-links.py.
"""

import os
import re
import resource
import signal
import socket
import sys
import tempfile
import urllib.request

from relay_program import DEADLINE, Relay, main, run, test


def status_of(url):
    with urllib.request.urlopen(url, timeout=DEADLINE) as answer:
        return answer.status


@test
def listens_and_ends_by_signal():
    for number in signal.SIGINT, signal.SIGTERM:
        with Relay('--listen', '127.0.0.1:0') as relay:
            assert re.fullmatch(r'Listening on http://127\.0\.0\.1:[1-9][0-9]*\n', relay.line), relay.line
            assert status_of(relay.url + '/room') == 200
            assert relay.end(number) == (0, '', '')


@test
def ends_with_guests():
    with Relay('--listen', '127.0.0.1:0') as relay:
        port = int(relay.url.rsplit(':', 1)[1])
        with socket.create_connection(('127.0.0.1', port), DEADLINE) as guest:
            guest.sendall(b'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                          b'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n')
            head = guest.recv(4096)
            assert head.startswith(b'HTTP/1.1 101 '), head
            assert relay.end(signal.SIGTERM) == (0, '', '')
            assert guest.recv(4096) == b'\x88\x02\x03\xf4'  # 1012


@test
def speaks_ipv6():
    if not os.path.exists('/proc/net/if_inet6') or not open('/proc/net/if_inet6', encoding='ascii').read():
        return 'no IPv6 here'
    with Relay('--listen', '[::1]:0') as relay:
        assert re.fullmatch(r'Listening on http://\[::1\]:[1-9][0-9]*\n', relay.line), relay.line
        assert status_of(relay.url + '/') == 200


@test
def address_in_use():
    with Relay('--listen', '127.0.0.1:0') as relay:
        address = relay.url.removeprefix('http://')
        second = run('--listen', address)
        assert second.returncode == 1 and second.stdout == '', second
        assert 'in use' in second.stderr and address.split(':')[1] in second.stderr, second.stderr
        assert status_of(relay.url + '/') == 200


@test
def bad_usage():
    for arguments in (['--nonsense'], ['extra'], ['--listen'], ['--listen', ''], ['--listen', '127.0.0.1'],
                      ['--listen', '127.0.0.1:'], ['--listen', '127.0.0.1:65536'], ['--listen', '127.0.0.1:-1'],
                      ['--listen', '127.0.0.1:1x'], ['--listen', ':3002'], ['--listen', '::1:3002'],
                      ['--listen', '[127.0.0.1:3002'], ['--listen', 'somewhere:3002'], ['--listen', '1.2.3:3002']):
        end = run(*arguments)
        assert end.returncode == 2 and end.stdout == '', (arguments, end)
        assert end.stderr.startswith('parlor-relay: ') and '--help' in end.stderr, (arguments, end.stderr)


@test
def says_what_was_said():
    """Arguments and messages in the user's own letters, where the locale has them."""
    environment = dict(os.environ, LC_ALL='C.UTF-8')
    with tempfile.TemporaryDirectory(prefix='äußerst-') as folder:
        end = run('--config', f'{folder}/größe.conf', env=environment)
        assert end.returncode == 2 and f'{folder}/größe.conf' in end.stderr, end
        with open(f'{folder}/größe.conf', 'w', encoding='utf-8') as file:
            file.write('[relay]\nmax-guests = groß\n')
        end = run('--config', f'{folder}/größe.conf', env=environment)
        assert end.returncode == 2 and "'groß'" in end.stderr, end


@test
def turn_usage():
    with tempfile.TemporaryDirectory() as folder:
        empty = os.path.join(folder, 'empty')
        open(empty, 'w', encoding='ascii').close()
        turn = ['--turn', 'turn:192.0.2.1']
        for arguments, words in (
                (turn, 'secret'),
                ([*turn, '--turn-secret-file', empty], 'secret'),
                ([*turn, '--turn-secret-file', empty, '--turn-secret', 'x'], 'Choose one'),
                ([*turn, '--turn-secret-file', os.path.join(folder, 'none')], 'none'),
                (['--turn', 'turn://192.0.2.1', '--turn-secret', 'x'], 'turn:HOST:PORT'),
                (['--stun', 'http://192.0.2.1'], 'stun:HOST:PORT')):
            end = run('--listen', '127.0.0.1:0', *arguments)
            assert end.returncode == 2 and end.stdout == '' and words in end.stderr, (arguments, end)


@test
def version_and_help():
    assert re.fullmatch(r'parlor-relay [0-9]+\.[0-9]+\.[0-9]+\n', run('--version').stdout)
    usage = run('--help')
    assert usage.returncode == 0 and '--listen' in usage.stdout and '--seed-pages' in usage.stdout, usage


def upgrade_status(relay, host, origin):
    port = int(relay.url.rsplit(':', 1)[1])
    with socket.create_connection(('127.0.0.1', port), DEADLINE) as guest:
        guest.sendall(f'GET / HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nUpgrade: websocket\r\n'
                      'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
                      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'.encode())
        return int(guest.recv(4096).split()[1])


@test
def seed_pages_and_hosts():
    with Relay('--plain-http', '--listen', '0.0.0.0:0') as relay:
        assert upgrade_status(relay, 'localhost', 'null') == 403
        assert upgrade_status(relay, 'call.example', 'http://call.example') == 421
    with Relay('--plain-http', '--listen', '0.0.0.0:0', '--seed-pages', '--allow-host', 'call.example') as relay:
        assert upgrade_status(relay, 'localhost', 'null') == 101
        assert upgrade_status(relay, 'call.example', 'http://call.example') == 101
    with Relay('--listen', '127.0.0.1:0') as relay:
        assert upgrade_status(relay, 'localhost', 'null') == 101


@test
def takes_all_descriptors():
    """The soft limit is raised to the hard one, and more guests than that allows are refused with the reason."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 256), hard))
    try:
        with Relay('--listen', '127.0.0.1:0', '--max-connections', str(hard - 128)) as relay:
            with open(f'/proc/{relay.process.pid}/limits', encoding='ascii') as limits:
                assert re.search(rf'Max open files +{hard} +{hard} ', limits.read())
        end = run('--max-connections', str(hard - 127))
        assert end.returncode == 2 and str(hard - 128) in end.stderr, end
        assert run('--max-connections', '-1').returncode == 2
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@test
def says_nothing_of_guests():
    """Not a word on rooms, names or content, however much it is asked to log."""
    os.environ['G_MESSAGES_DEBUG'] = 'parlor-relay parlor-wire'
    with Relay('--listen', '127.0.0.1:0') as relay:
        status_of(relay.url + '/secret-room')
        port = int(relay.url.rsplit(':', 1)[1])
        with socket.create_connection(('127.0.0.1', port), DEADLINE) as guest:
            guest.sendall(b'GET /secret-room HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n'
                          b'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: parlor.1\r\n'
                          b'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n')
            guest.recv(4096)
            hello = b'{"type":"hello","name":"Secret Name"}'
            guest.sendall(bytes([0x81, 0x80 | len(hello), 0, 0, 0, 0]) + hello)
            assert b'welcome' in guest.recv(4096)
            guest.sendall(bytes([0x81, 0x86, 0, 0, 0, 0]) + b'secret')
            assert b'bad-json' in guest.recv(4096)
            status, out, err = relay.end(signal.SIGTERM)
    del os.environ['G_MESSAGES_DEBUG']
    assert status == 0 and 'secret' not in (out + err).lower(), (status, out, err)


if __name__ == '__main__':
    sys.exit(main())
