#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""data/nginx in front of four relays: who is where, and what a relay that dies does to its rooms, and to others.

Usage: test-nginx.py PARLOR-RELAY DATA-DIR. Speaks TAP. Skipped without nginx.
"""

import http.client
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

from relay_program import DEADLINE, Guest, Relay, main, test, wait_for

NGINX = shutil.which('nginx', path='/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin')
ROOMS = [f'/room-{number}' for number in range(40)]


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as server:
        return server.getsockname()[1]


def start_relay(port=0):
    relay = Relay('--listen', f'127.0.0.1:{port}', '--public-url', 'https://call.example', '--trusted-proxy', '127.0.0.1',
                  '--max-per-address', '0', '--away-ms', '0', '--metrics', '127.0.0.1:0')
    relay.monitor = int(re.search('[0-9]+', relay.read_line())[0])
    return relay


def metric(relay, name):
    connection = http.client.HTTPConnection('127.0.0.1', relay.monitor, timeout=DEADLINE)
    connection.request('GET', '/metrics')
    return int(re.search(rf'^{name} ([0-9]+)$', connection.getresponse().read().decode(), re.M)[1])


class Nginx:
    """The example as it is, but for addresses, certificate, and the seconds that a dead relay is passed over."""

    def __init__(self, folder, relays):
        self.port = free_port()
        text = (Path(sys.argv[2]) / 'nginx/parlor.conf').read_text(encoding='utf-8')
        for number, relay in enumerate(relays):
            text, found = re.subn(rf'10\.0\.0\.1{number + 1}:3002', f'127.0.0.1:{relay.port}', text)
            assert found == 1, text
        text = text.replace('fail_timeout=5s', 'fail_timeout=1s').replace('/etc/ssl/call.example', folder)
        text, found = re.subn('listen 443 ssl', f'listen 127.0.0.1:{self.port} ssl', text)
        assert found == 1, text
        with Relay('--listen', '127.0.0.1:0', f'--self-signed={folder}') as maker:
            maker.end()
        pem = Path(folder, 'certificate.pem').read_text(encoding='ascii')
        Path(folder, 'fullchain.pem').write_text(pem, encoding='ascii')
        Path(folder, 'privkey.pem').write_text(pem[pem.index('-----BEGIN PRIVATE'):], encoding='ascii')
        main_file = Path(folder, 'nginx.conf')
        paths = ''.join(f'{kind}_temp_path {folder}/{kind};\n' for kind in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
        main_file.write_text(f'daemon off; pid {folder}/pid; error_log stderr error; worker_processes 1;\n'
                             f'events {{}}\nhttp {{ access_log off;\n{paths}{text}}}\n', encoding='utf-8')
        self.log = open(f'{folder}/log', 'w', encoding='utf-8')
        self.process = subprocess.Popen([NGINX, '-p', folder, '-c', str(main_file)], stderr=self.log)
        wait_for(self.answers)

    def answers(self):
        assert self.process.poll() is None, Path(self.log.name).read_text(encoding='utf-8')
        try:
            socket.create_connection(('127.0.0.1', self.port), 1).close()
            return True
        except OSError:
            return False

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        self.process.wait(DEADLINE)
        self.log.close()


def tls(plain):
    return ssl._create_unverified_context().wrap_socket(plain, server_hostname='call.example')


def join(nginx, path, **options):
    guest = Guest(nginx.port, path, host='call.example', wrap=tls, **options)
    assert guest.status == 101, guest.head
    guest.welcome = guest.join()
    return guest


def is_open(guest):
    """Whether the relay still answers it."""
    try:
        guest.say(type='are-you-there')
        return guest.hear()['code'] == 'unknown-type'
    except (EOFError, OSError):
        return False


def where(nginx, relays, path):
    """The number of the relay on which a room is, by its being the only one whose count grows."""
    before = [metric(relay, 'parlor_upgrades_total') for relay in relays]
    join(nginx, path).close()
    grown = [number for number, relay in enumerate(relays) if metric(relay, 'parlor_upgrades_total') > before[number]]
    assert len(grown) == 1, grown
    return grown[0]


@test
def rooms_stay_together_and_survive():
    if NGINX is None:
        return 'no nginx'
    relays = [start_relay() for _ in range(4)]
    try:
        with tempfile.TemporaryDirectory() as folder, Nginx(folder, relays) as nginx:
            check_page(nginx)
            check_a_death(nginx, relays)
    finally:
        for relay in relays:
            relay.__exit__()
    return None


def check_page(nginx):
    connection = http.client.HTTPSConnection('127.0.0.1', nginx.port, timeout=DEADLINE,
                                             context=ssl._create_unverified_context())
    connection.request('GET', '/tea', headers={'Host': 'call.example'})
    answer = connection.getresponse()
    assert answer.status == 200 and answer.read().startswith(b'<!'), answer.status
    assert answer.headers['Strict-Transport-Security'] and answer.headers['Content-Security-Policy'], answer.headers


def check_a_death(nginx, relays):
    guests = {path: join(nginx, path) for path in ROOMS}
    counts = [metric(relay, 'parlor_rooms') for relay in relays]
    assert all(counts) and sum(counts) == len(ROOMS), counts  # spread over all four

    # Two of one room meet, wherever it is.
    for path in ROOMS[:8]:
        meets(nginx, path, guests[path])

    port = relays[2].port
    relays[2].process.kill()
    relays[2].process.wait(DEADLINE)
    lost = [path for path in ROOMS if not is_open(guests[path])]
    assert len(lost) == counts[2], (lost, counts)

    # Those of the dead relay meet again on another; their seats are new ones.
    for path in lost:
        guests[path].close()
        guests[path] = join(nginx, path)
        meets(nginx, path, guests[path])
    assert all(is_open(guest) for guest in guests.values())

    # It comes back, and so do its rooms; nobody else's move.
    relays[2].__exit__()
    relays[2] = start_relay(port)
    for guest in guests.values():
        guest.close()
    wait_for(lambda: where(nginx, relays, lost[0]) == 2)
    assert all(where(nginx, relays, path) == 2 for path in lost)
    assert all(where(nginx, relays, path) != 2 for path in ROOMS if path not in lost)


def meets(nginx, path, guest):
    other = join(nginx, path)
    assert [peer['id'] for peer in other.welcome['peers']] == [guest.welcome['id']], path
    assert guest.hear()['type'] == 'joined'
    other.close()
    assert guest.hear()['type'] == 'left'


if __name__ == '__main__':
    sys.exit(main())
