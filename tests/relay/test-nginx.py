#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""data/nginx in front of four relays: who is where, and what a relay that dies, drains and comes back does to its rooms, and to others.

Usage: test-nginx.py PARLOR-RELAY DATA-DIR. Speaks TAP. Skipped without nginx.
"""

import http.client
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from relay_program import DEADLINE, Guest, Relay, main, test, wait_for

NGINX = shutil.which('nginx', path='/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin')
ROOMS = [f'/room-{number}' for number in range(40)]
VISIT = 1500  # ms


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as server:
        return server.getsockname()[1]


def start_relay(port=0, visit=VISIT, per_address=0):
    relay = Relay('--listen', f'127.0.0.1:{port}', '--public-url', 'https://call.example', '--trusted-proxy', '127.0.0.1',
                  '--max-per-address', str(per_address), '--visit-ms', str(visit), '--drain-ms', '600000', '--metrics', '127.0.0.1:0')
    relay.monitor = int(re.search('[0-9]+', relay.read_line())[0])
    return relay


def metric(relay, name):
    connection = http.client.HTTPConnection('127.0.0.1', relay.monitor, timeout=DEADLINE)
    connection.request('GET', '/metrics')
    return int(re.search(rf'^{name} ([0-9]+)$', connection.getresponse().read().decode(), re.M)[1])


class Nginx:
    """The example as it is, but for addresses and certificate."""

    def __init__(self, folder, relays):
        self.port = free_port()
        text = (Path(sys.argv[2]) / 'nginx/parlor.conf').read_text(encoding='utf-8')
        for number, relay in enumerate(relays):
            text, found = re.subn(rf'10\.0\.0\.1{number + 1}:3002', f'127.0.0.1:{relay.port}', text)
            assert found == 2, text
        text = text.replace('/etc/ssl/call.example', folder)
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
    guest = join(nginx, path)
    guest.send((1000).to_bytes(2, 'big'), 8)
    guest.hear_close()
    guest.close()
    grown = [number for number, relay in enumerate(relays) if metric(relay, 'parlor_upgrades_total') > before[number]]
    assert len(grown) == 1, grown
    return grown[0]


class Dweller:
    """Somebody who stays in a room whatever becomes of its relay, as PROTOCOL.md says: with a thread that comes back."""

    def __init__(self, nginx, path, name):
        self.nginx, self.path, self.name = nginx, path, name
        self.id, self.token, self.others = None, None, set()
        self.ids = []  # one after the other
        self.guest, self.gone = None, False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.gone:
            try:
                self.guest = Guest(self.nginx.port, self.path, host='call.example', wrap=tls)
                if self.guest.status == 101:
                    self.hello()
                    while True:
                        self.hear(self.guest.hear())
            except (AssertionError, EOFError, OSError, ValueError):
                self.others = set()
                time.sleep(random.random() / 4)  # as all clients wait before they come again

    def hello(self):
        self.guest.say(type='hello', name=self.name, **({'resume': self.token} if self.token else {}))

    def hear(self, message):
        if message.get('code') == 'resume-expired':
            self.token = None
            self.hello()
        elif message['type'] == 'welcome':
            self.token = message['resume']
            self.others = {peer['id'] for peer in message.get('peers', []) if not peer.get('away')}
            self.id = message['id']
            if self.id not in self.ids:
                self.ids.append(self.id)
        elif message['type'] == 'joined':
            self.others = self.others | {message['peer']['id']}
        elif message['type'] == 'back':
            self.others = self.others | {message['id']}
        elif message['type'] in ('away', 'left'):
            self.others = self.others - {message['id']}

    def close(self):
        self.gone = True
        self.guest.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(DEADLINE)
        self.guest.close()


def together(*dwellers):
    """Each of them sees all the others, and nobody else, by the ids that they have now."""
    return all(one.others == {other.id for other in dwellers if other is not one} for one in dwellers)


def room_of(nginx, relays, number, name):
    """A room whose home is this relay."""
    return next(path for path in (f'/{name}-{i}' for i in range(100)) if where(nginx, relays, path) == number)


def kill(relay):
    relay.process.kill()
    relay.process.wait(DEADLINE)


def restart(relays, number, **options):
    port = relays[number].port
    relays[number].__exit__()
    relays[number] = start_relay(port, **options)


def behind_nginx(visit, check, **options):
    if NGINX is None:
        return 'no nginx'
    relays = [start_relay(visit=visit, **options) for _ in range(4)]
    try:
        with tempfile.TemporaryDirectory() as folder, Nginx(folder, relays) as nginx:
            check(nginx, relays)
    finally:
        for relay in relays:
            relay.__exit__()
    return None


@test
def rooms_are_spread():
    return behind_nginx(VISIT, check_spread)


@test
def a_forged_address_is_not_believed():
    return behind_nginx(VISIT, check_addresses, per_address=3)


@test
def rooms_outlive_a_relay():
    return behind_nginx(VISIT, check_a_death)


@test
def without_visits_a_room_is_two():
    """What the visits are for: without them those who fled, and who comes later, never meet."""
    return behind_nginx(0, check_a_split)


@test
def rooms_outlive_a_drain():
    return behind_nginx(VISIT, check_a_drain)


def check_page(nginx):
    connection = http.client.HTTPSConnection('127.0.0.1', nginx.port, timeout=DEADLINE,
                                             context=ssl._create_unverified_context())
    connection.request('GET', '/tea', headers={'Host': 'call.example'})
    answer = connection.getresponse()
    assert answer.status == 200 and answer.read().startswith(b'<!'), answer.status
    assert answer.headers['Strict-Transport-Security'] and answer.headers['Content-Security-Policy'], answer.headers


def check_spread(nginx, relays):
    check_page(nginx)
    guests = {path: join(nginx, path) for path in ROOMS}
    counts = [metric(relay, 'parlor_rooms') for relay in relays]
    assert all(counts) and sum(counts) == len(ROOMS), counts
    for path in ROOMS[:8]:
        meets(nginx, path, guests[path])


def check_addresses(nginx, relays):
    """Who writes other addresses than its own is counted by its own; others are by theirs, though the relay sees all of them come from nginx."""
    def knock(number, address):
        return Guest(nginx.port, '/tea', host='call.example', wrap=tls, address=address, headers=f'X-Forwarded-For: 192.0.2.{number}\r\n')

    guests = [knock(number, '127.0.0.5') for number in range(4)]
    assert [guest.status for guest in guests] == [101, 101, 101, 429], [guest.status for guest in guests]
    guests.append(knock(0, '127.0.0.6'))
    assert guests[-1].status == 101, guests[-1].head
    for guest in guests:
        guest.close()


def check_a_death(nginx, relays):
    hall = room_of(nginx, relays, 2, 'hall')
    guests = {path: join(nginx, path) for path in ROOMS}
    wait_for(lambda: sum(metric(relay, 'parlor_connections') for relay in relays) == len(ROOMS))
    counts = [metric(relay, 'parlor_connections') for relay in relays]
    anna, ben = Dweller(nginx, hall, 'Anna'), Dweller(nginx, hall, 'Ben')
    wait_for(lambda: together(anna, ben))
    kill(relays[2])
    lost = [path for path in ROOMS if not is_open(guests[path])]
    assert len(lost) == counts[2], (lost, counts)

    # Those of the dead relay meet again on another, and whom they did not know before.
    wait_for(lambda: together(anna, ben))
    cleo = Dweller(nginx, hall, 'Cleo')
    wait_for(lambda: together(anna, ben, cleo))
    here = [anna.id, ben.id, cleo.id]
    # Their visits end, more than once; the home is still gone, so they are back on their seats.
    fallback = next(number for number in (0, 1, 3) if metric(relays[number], 'parlor_connections') > counts[number])
    wait_for(lambda: metric(relays[fallback], 'parlor_sent_home_total') >= 6)
    wait_for(lambda: together(anna, ben, cleo))
    assert [anna.id, ben.id, cleo.id] == here

    # It comes back. Who comes now is at home at once, and soon so are all.
    restart(relays, 2)
    begin = time.monotonic()
    dora = Dweller(nginx, hall, 'Dora')
    wait_for(lambda: metric(relays[2], 'parlor_connections') >= 1)
    wait_for(lambda: together(anna, ben, cleo, dora))
    print(f'# together at home {time.monotonic() - begin:.1f} s after the relay was back; a visit is {VISIT / 1000} s, or up to half more')
    assert metric(relays[2], 'parlor_connections') == 4
    assert [metric(relays[number], 'parlor_connections') for number in (0, 1, 3)] == [counts[number] for number in (0, 1, 3)]
    assert metric(relays[2], 'parlor_sent_home_total') == 0, 'nobody is a visitor there'

    # In all that time nobody in any other room heard a word, and theirs stayed where they were.
    assert all(is_open(guests[path]) for path in ROOMS if path not in lost)
    assert all(where(nginx, relays, path) == 2 for path in lost[:5])
    for dweller in anna, ben, cleo, dora:
        dweller.close()


def check_a_split(nginx, relays):
    hall = room_of(nginx, relays, 2, 'hall')
    anna = Dweller(nginx, hall, 'Anna')
    wait_for(lambda: anna.id)
    kill(relays[2])
    wait_for(lambda: len(anna.ids) == 2)
    restart(relays, 2, visit=0)
    with join(nginx, hall) as ben:
        assert ben.welcome.get('peers', []) == []
        assert metric(relays[2], 'parlor_connections') == 1
        assert len(anna.ids) == 2
        wait_for(lambda: sum(metric(relays[number], 'parlor_connections') for number in (0, 1, 3)) == 1)
    anna.close()


def check_a_drain(nginx, relays):
    hall, other = room_of(nginx, relays, 1, 'hall'), room_of(nginx, relays, 1, 'other')
    anna = Dweller(nginx, hall, 'Anna')
    wait_for(lambda: anna.id)
    relays[1].process.send_signal(signal.SIGTERM)
    assert 'Draining' in relays[1].read_line(relays[1].process.stderr)

    # The room that there is stays whole where it is; another begins elsewhere, and there it is whole.
    ben = Dweller(nginx, hall, 'Ben')
    wait_for(lambda: together(anna, ben))
    assert len(anna.ids) == 1 and metric(relays[1], 'parlor_connections') == 2
    cleo, dora = Dweller(nginx, other, 'Cleo'), Dweller(nginx, other, 'Dora')
    wait_for(lambda: together(cleo, dora))
    assert metric(relays[1], 'parlor_connections') == 2

    # The end of the drain, and a relay in its place.
    relays[1].process.send_signal(signal.SIGTERM)
    relays[1].process.wait(DEADLINE)
    wait_for(lambda: together(anna, ben) and len(anna.ids) == 2)
    restart(relays, 1)
    wait_for(lambda: metric(relays[1], 'parlor_connections') == 4)
    wait_for(lambda: together(anna, ben) and together(cleo, dora))
    for dweller in anna, ben, cleo, dora:
        dweller.close()


def meets(nginx, path, guest):
    other = join(nginx, path)
    assert [peer['id'] for peer in other.welcome['peers']] == [guest.welcome['id']], path
    assert guest.hear()['type'] == 'joined'
    other.send((1000).to_bytes(2, 'big'), 8)
    assert guest.hear()['type'] == 'left'
    other.close()


if __name__ == '__main__':
    sys.exit(main())
