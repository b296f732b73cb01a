#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""parlor-relay in operation: health, metrics, draining, and what it says to systemd and is told by it.

Usage: test-operations.py PARLOR-RELAY. Speaks TAP.
"""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

from relay_program import DEADLINE, PROGRAM, Guest, Relay, main, run, test, wait_for


def get(port, path, host='localhost', method='GET'):
    """(status, body, headers)"""
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=DEADLINE)
    connection.request(method, path, headers={'Host': host})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body, answer.headers


def monitored(*arguments):
    relay = Relay('--listen', '127.0.0.1:0', '--metrics', '127.0.0.1:0', *arguments)
    relay.monitor = int(re.fullmatch(r'Metrics on port ([0-9]+)\n', relay.read_line())[1])
    return relay


def metrics(relay):
    """name or name{labels} -> value; each line is one of the format's."""
    status, text, headers = get(relay.monitor, '/metrics')
    assert status == 200 and headers['Content-Type'].startswith('text/plain; version=0.0.4'), (status, headers)
    values, types = {}, {}
    for line in text.splitlines():
        comment = re.fullmatch(r'# (HELP|TYPE) ([a-z_]+) (.+)', line)
        if comment:
            types[comment[2]] = comment[3]
            continue
        sample = re.fullmatch(r'([a-z_]+)(\{[a-z]+="[^"]*"\})? ([0-9.e+-]+)', line)
        assert sample, line
        assert re.sub('_(bucket|sum|count)$', '', sample[1]) in types, line
        assert (sample[1] + (sample[2] or '')) not in values, line
        values[sample[1] + (sample[2] or '')] = float(sample[3])
    return values


@test
def health():
    with monitored() as relay:
        for port in relay.port, relay.monitor:
            status, body, headers = get(port, '/health')
            assert (status, body) == (200, 'ok\n') and headers['Cache-Control'] == 'no-cache', (status, body)
        assert get(relay.port, '/health', 'load.balancer')[0] == 200
        assert Guest(relay.port, '/health').status == 404  # no room
        assert get(relay.port, '/metrics')[1].startswith('<!'), 'guests are not told'


@test
def monitor_door():
    with monitored('--allow-host', 'relay.example') as relay:
        assert get(relay.monitor, '/metrics', 'relay.example:9090')[0] == 200
        assert get(relay.monitor, '/metrics', 'evil.example')[0] == 421
        assert get(relay.monitor, '/metrics', method='POST')[0] == 405
        assert get(relay.monitor, '/room')[0] == 404
        assert Guest(relay.monitor, '/metrics').status in (200, 404)
    with Relay('--listen', '127.0.0.1:0') as relay:
        end = run('--listen', '127.0.0.1:0', '--metrics', f'127.0.0.1:{relay.port}')
        assert end.returncode == 1 and 'in use' in end.stderr, end
    assert run('--metrics', '9090').returncode == 2


@test
def metrics_count():
    with monitored('--ping-ms', '60000', '--max-rings', '0', '--max-open-rings', '0', '--away-ms', '0') as relay:
        before = metrics(relay)
        assert before['parlor_connections'] == before['parlor_rooms'] == before['parlor_received_messages_total'] == 0
        with Guest(relay.port, '/secret-room') as anna, Guest(relay.port, '/secret-room') as ben:
            anna.join('Secret Anna')
            hers = anna, ben.join('Secret Ben')['id']
            assert anna.hear()['type'] == 'joined'
            for number in range(10):
                anna.say(type='ring', to=hers[1], call=f'c{number}', media={})
                assert ben.hear()['type'] == 'ring'
            anna.send(b'nonsense')
            assert anna.hear()['code'] == 'bad-json'
            anna.say(type='ring', to='nobody', call='c', media={})
            assert anna.hear()['code'] == 'no-such-peer'
            assert Guest(relay.port, '/NO').status == 404
            now = metrics(relay)
            text = get(relay.monitor, '/metrics')[1]
            mine = hers[1]
        assert now['parlor_connections'] == now['parlor_guests'] == now['parlor_upgrades_total'] == 2, now
        assert now['parlor_rooms'] == 1 and now['parlor_refused_total'] == 1 and now['parlor_accepted_total'] == 3, now
        assert now['parlor_received_messages_total'] == 14, now
        assert now['parlor_sent_messages_total'] == 15, now
        assert now['parlor_received_bytes_total'] > 400 and now['parlor_sent_bytes_total'] > 400, now
        assert now['parlor_errors_total{code="bad-json"}'] == now['parlor_errors_total{code="no-such-peer"}'] == 1, now
        assert sum(value for name, value in now.items() if name.startswith('parlor_errors_total')) == 2, now
        assert now['parlor_forwarding_seconds_count'] == now['parlor_forwarding_seconds_bucket{le="+Inf"}'] == 11, now
        assert 0 < now['parlor_forwarding_seconds_sum'] < DEADLINE, now
        buckets = [value for name, value in now.items() if 'bucket' in name]
        assert buckets == sorted(buckets), buckets
        for secret in 'secret', 'Secret', mine, '127.0.0.1':
            assert secret not in text, secret
        wait_for(lambda: metrics(relay)['parlor_connections'] == 0)
        assert metrics(relay)['parlor_rooms'] == 0


@test
def metrics_count_the_lost():
    with monitored('--ping-ms', '100') as relay:
        with Guest(relay.port, '/') as dead:
            dead.say(type='hello', name='D')
            wait_for(lambda: metrics(relay)['parlor_lost_total'] == 1)


@test
def metrics_count_tls():
    with tempfile.TemporaryDirectory() as folder, monitored(f'--self-signed={folder}') as relay:
        with socket.create_connection(('127.0.0.1', relay.port), DEADLINE) as broken:
            broken.sendall(b'\x16\x03\x01\x00\x05xxxxx')
            while broken.recv(100):
                pass
        import ssl
        context = ssl._create_unverified_context()
        with context.wrap_socket(socket.create_connection(('127.0.0.1', relay.port), DEADLINE)):
            pass
        wait_for(lambda: metrics(relay)['parlor_tls_handshakes_total'] == 1)
        wait_for(lambda: metrics(relay)['parlor_tls_failures_total'] == 1)


@test
def drains():
    """SIGTERM: no new room, health says so, those that there are go on and stay whole; then all are told, and the status is 0."""
    with monitored('--drain-ms', '1500') as relay:
        with Guest(relay.port, '/tea') as anna, Guest(relay.port, '/tea') as ben:
            anna.join()
            his = ben.join()['id']
            assert anna.hear()['type'] == 'joined'
            relay.process.send_signal(signal.SIGTERM)
            assert 'Draining' in relay.read_line(relay.process.stderr)
            for port in relay.port, relay.monitor:
                assert get(port, '/health')[:2] == (503, 'draining\n')
            late = Guest(relay.port, '/coffee')
            assert late.status == 503 and 'Retry-After' in late.head, late.head
            with Guest(relay.port, '/tea') as cleo:
                assert len(cleo.join()['peers']) == 2
                assert anna.hear()['type'] == ben.hear()['type'] == 'joined'
                cleo.send((1000).to_bytes(2, 'big'), 8)
                assert anna.hear()['type'] == ben.hear()['type'] == 'left'
            assert get(relay.port, '/tea')[0] == 503
            assert metrics(relay)['parlor_draining'] == 1
            anna.say(type='ring', to=his, call='c', media={})
            assert ben.hear()['type'] == 'ring'
            for guest in anna, ben:
                error = guest.hear()
                assert error['type'] == 'error' and error['code'] == 'draining', error
                assert guest.hear_close() == 1012
            assert relay.process.wait(DEADLINE) == 0


@test
def sends_visitors_home():
    """Who came with Parlor-Visit is asked to come again, with its token; others, and who is not in yet, are left alone."""
    visit = {'headers': 'Parlor-Visit: 1\r\n'}
    with monitored('--visit-ms', '1000') as relay:
        with Guest(relay.port, '/tea') as anna, Guest(relay.port, '/tea', **visit) as ben, Guest(relay.port, '/tea', **visit) as mute:
            anna.join()
            first = ben.join()
            assert anna.hear()['type'] == 'joined'
            begin = time.monotonic()
            assert ben.hear_close() == 4002
            assert 0.4 < time.monotonic() - begin < DEADLINE
            assert anna.hear() == {'type': 'away', 'id': first['id']}
            with Guest(relay.port, '/tea', **visit) as again:
                again.say(type='hello', name='Ben', resume=first['resume'])
                assert again.hear()['id'] == first['id']
                assert anna.hear() == {'type': 'back', 'id': first['id']}
                assert again.hear_close() == 4002
                assert anna.hear()['type'] == 'away'
            # It was there for two visits, and may still come in.
            mute.join()
            assert anna.hear()['type'] == 'joined'
        assert metrics(relay)['parlor_sent_home_total'] >= 2
    with monitored('--visit-ms', '0') as relay, Guest(relay.port, '/tea', **visit) as anna, Guest(relay.port, '/tea', **visit) as ben:
        anna.join()
        ben.join()
        assert anna.hear()['type'] == 'joined'
        anna.socket.settimeout(2)
        try:
            assert not anna.frame()
        except TimeoutError:
            pass


@test
def drains_no_longer_than_needed():
    """When the last one has left, at the second signal, and when nobody is there."""
    with Relay('--listen', '127.0.0.1:0', '--drain-ms', '600000') as relay:
        assert relay.end() == (0, '', '')
    for leave in True, False:
        with Relay('--listen', '127.0.0.1:0', '--drain-ms', '600000') as relay, Guest(relay.port) as anna:
            anna.join()
            relay.process.send_signal(signal.SIGTERM)
            assert 'Draining' in relay.read_line(relay.process.stderr)
            if leave:
                anna.send((1000).to_bytes(2, 'big'), 8)
            else:
                relay.process.send_signal(signal.SIGTERM)
                assert anna.hear()['code'] == 'draining'
            assert relay.process.wait(DEADLINE) == 0


def activated(listener, *arguments, listen_pid=None):
    """As systemd starts it: the socket is descriptor 3."""
    shell = f'exec env LISTEN_PID={listen_pid or "$$"} LISTEN_FDS=1 "$@" 3<&{listener.fileno()}'
    return ['sh', '-c', shell, 'sh', PROGRAM, *arguments]


@test
def takes_sockets_of_systemd():
    with socket.create_server(('127.0.0.1', 0)) as listener:
        port = listener.getsockname()[1]
        process = subprocess.Popen(activated(listener), stdout=subprocess.PIPE, pass_fds=[listener.fileno()])
        try:
            assert process.stdout.readline() == f'Listening on http://127.0.0.1:{port}\n'.encode()
            assert get(port, '/health')[0] == 200
        finally:
            process.terminate()
            assert process.wait(DEADLINE) == 0
            process.stdout.close()


@test
def refuses_wrong_sockets():
    with socket.socket() as deaf:
        deaf.bind(('127.0.0.1', 0))
        end = subprocess.run(activated(deaf), capture_output=True, text=True, timeout=DEADLINE, pass_fds=[deaf.fileno()])
        assert end.returncode == 1 and 'ListenStream' in end.stderr, end
    with socket.socket(socket.AF_UNIX) as local:
        end = subprocess.run(activated(local), capture_output=True, text=True, timeout=DEADLINE, pass_fds=[local.fileno()])
        assert end.returncode == 1 and 'ListenStream' in end.stderr, end
    # Meant for another process: of no concern.
    with socket.socket() as deaf:
        process = subprocess.Popen(activated(deaf, '--listen', '127.0.0.1:0', listen_pid=1), stdout=subprocess.PIPE,
                                   pass_fds=[deaf.fileno()])
        assert b'Listening on' in process.stdout.readline()
        process.terminate()
        assert process.wait(DEADLINE) == 0
        process.stdout.close()


@test
def tells_the_service_manager():
    with tempfile.TemporaryDirectory() as folder:
        for name in f'{folder}/notify', f'\0parlor-test-{os.getpid()}':
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
                manager.bind(name)
                manager.settimeout(DEADLINE)
                environment = dict(os.environ, NOTIFY_SOCKET=name.replace('\0', '@'))
                with Relay('--listen', '127.0.0.1:0', env=environment) as relay:
                    assert manager.recv(100) == b'READY=1'
                    assert relay.end() == (0, '', '')
                    assert manager.recv(100) == b'STOPPING=1'


if __name__ == '__main__':
    sys.exit(main())
