#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""parlor-relay as an administrator uses it: certificates, invites, settings, and what it says of mistakes.

Usage: test-server.py PARLOR-RELAY. Speaks TAP.
"""

import base64
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from relay_program import DEADLINE, PROGRAM, Guest, Relay, main, run, test


def blind():
    """A TLS client that takes any certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def get(relay, path='/', **headers):
    """(status, headers) of a GET, over whatever the relay speaks."""
    if relay.url.startswith('https:'):
        connection = http.client.HTTPSConnection('127.0.0.1', relay.port, timeout=DEADLINE, context=blind())
    else:
        connection = http.client.HTTPConnection('127.0.0.1', relay.port, timeout=DEADLINE)
    connection.request('GET', path, headers={name.replace('_', '-'): value for name, value in headers.items()})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.headers


def certificate_of(relay):
    """Its certificate, DER."""
    with socket.create_connection(('127.0.0.1', relay.port), DEADLINE) as plain:
        with blind().wrap_socket(plain) as tls:
            return tls.getpeercert(True)


def pin_of(der):
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).decode().rstrip('=')


def make_pair(folder, name):
    """A certificate and its key, in two files."""
    with Relay('--listen', '127.0.0.1:0', f'--self-signed={folder}/{name}') as relay:
        relay.end()
    pem = Path(folder, name, 'certificate.pem').read_text(encoding='ascii')
    at = pem.index('-----BEGIN PRIVATE')
    Path(folder, f'{name}.crt').write_text(pem[:at], encoding='ascii')
    Path(folder, f'{name}.key').write_text(pem[at:], encoding='ascii')
    return f'{folder}/{name}.crt', f'{folder}/{name}.key'


def in_folder(function):
    def wrapped():
        with tempfile.TemporaryDirectory() as folder:
            return function(folder)
    wrapped.__name__ = function.__name__
    return wrapped


@test
@in_folder
def self_signed_off_the_loopback(folder):
    """Kept where systemd says, or in the user's data folder, or where the flag says; the same one each time."""
    environment = dict(os.environ, STATE_DIRECTORY=f'{folder}/state')
    with Relay('--listen', '0.0.0.0:0', env=environment) as relay:
        assert re.fullmatch(r'Listening on https://0\.0\.0\.0:[1-9][0-9]*\n', relay.line), relay.line
        first = certificate_of(relay)
        assert get(relay)[0] == 200
        assert 'Strict-Transport-Security' not in get(relay)[1]
        assert relay.end() == (0, '', '')
    file = Path(folder, 'state', 'certificate.pem')
    assert file.stat().st_mode & 0o777 == 0o600
    assert ssl.PEM_cert_to_DER_cert(file.read_text(encoding='ascii').partition('-----BEGIN PRIVATE')[0]) == first
    with Relay('--listen', '127.0.0.1:0', f'--self-signed={folder}/state') as relay:
        assert certificate_of(relay) == first
    environment = dict(os.environ, XDG_DATA_HOME=f'{folder}/data')
    environment.pop('STATE_DIRECTORY', None)
    with Relay('--listen', '127.0.0.1:0', '--self-signed', env=environment) as relay:
        assert certificate_of(relay) != first
    assert Path(folder, 'data', 'parlor-relay', 'certificate.pem').exists()


@test
@in_folder
def no_tls_where_it_is_not_wanted(folder):
    environment = dict(os.environ, STATE_DIRECTORY=folder)
    for arguments in (['127.0.0.1:0'], ['0.0.0.0:0', '--plain-http'], ['0.0.0.0:0', '--public-url', 'https://call.example']):
        with Relay('--listen', *arguments, env=environment) as relay:
            assert relay.url.startswith('http://'), relay.line
            assert get(relay)[0] == 200
    assert os.listdir(folder) == []


@test
@in_folder
def broken_certificates(folder):
    Path(folder, 'certificate.pem').write_text('nonsense', encoding='ascii')
    os.chmod(f'{folder}/certificate.pem', 0o600)
    end = run('--listen', '127.0.0.1:0', f'--self-signed={folder}')
    assert end.returncode == 1 and 'move it away' in end.stderr and folder in end.stderr, end
    assert Path(folder, 'certificate.pem').read_text(encoding='ascii') == 'nonsense'
    for arguments in (['--certificate', f'{folder}/missing.pem'], ['--certificate', f'{folder}/certificate.pem'],
                      ['--certificate', f'{folder}/certificate.pem', '--key', f'{folder}/missing.pem']):
        end = run('--listen', '127.0.0.1:0', *arguments)
        assert end.returncode == 1 and 'PEM' in end.stderr and arguments[1] in end.stderr, end
        assert end.stdout == '', end
    certificate, _ = make_pair(folder, 'keyless')
    end = run('--listen', '127.0.0.1:0', '--certificate', certificate)
    assert end.returncode == 1 and '--key' in end.stderr and certificate in end.stderr and end.stdout == '', end


@test
@in_folder
def certificates_are_read_again(folder):
    """SIGHUP: a new certificate for new connections; a broken one is complained of, and the old one stays."""
    make_pair(folder, 'one')
    make_pair(folder, 'two')
    for kind in 'crt', 'key':
        shutil.copy(f'{folder}/one.{kind}', f'{folder}/used.{kind}')
    with Relay('--listen', '127.0.0.1:0', '--certificate', f'{folder}/used.crt', '--key', f'{folder}/used.key') as relay:
        first = certificate_of(relay)
        status, headers = get(relay)
        assert status == 200 and headers['Strict-Transport-Security'] == 'max-age=31536000', headers

        for kind in 'crt', 'key':
            shutil.copy(f'{folder}/two.{kind}', f'{folder}/used.{kind}')
        relay.process.send_signal(signal.SIGHUP)
        assert 'read again' in relay.read_line(relay.process.stderr)
        second = certificate_of(relay)
        assert second != first

        Path(folder, 'used.crt').write_text('nonsense', encoding='ascii')
        relay.process.send_signal(signal.SIGHUP)
        line = relay.read_line(relay.process.stderr)
        assert 'old certificate stays' in line and f'{folder}/used.crt' in line, line
        assert certificate_of(relay) == second
        assert relay.end()[0] == 0


@test
@in_folder
def invites(folder):
    """Only when asked; with the pin of what the relay shows."""
    with Relay('--listen', '127.0.0.1:0', f'--self-signed={folder}', '--invite') as relay:
        app = re.fullmatch(r'parlor://127\.0\.0\.1:([0-9]+)/([a-z2-7-]+)#([A-Za-z0-9_-]{22})\.tls=([A-Za-z0-9_-]{43})\n',
                           relay.read_line())
        web = re.fullmatch(r'https://127\.0\.0\.1:([0-9]+)/([a-z2-7-]+)#([A-Za-z0-9_-]{22})\n', relay.read_line())
        assert app and web, (app, web)
        assert int(app[1]) == int(web[1]) == relay.port and app[2] == web[2] and app[3] != web[3]
        assert app[4] == pin_of(certificate_of(relay))
        assert relay.end() == (0, '', '')
    with Relay('--listen', '127.0.0.1:0', '--invite', '--public-url', 'https://call.example') as relay:
        assert re.fullmatch(r'parlor://call\.example:443/[a-z2-7-]+#[A-Za-z0-9_-]{22}\n', relay.read_line())
        assert re.fullmatch(r'https://call\.example(:443)?/[a-z2-7-]+#[A-Za-z0-9_-]{22}\n', relay.read_line())
    with Relay('--listen', '0.0.0.0:0', f'--self-signed={folder}', '--invite', '--allow-host', 'relay.example') as relay:
        assert relay.read_line().startswith('parlor://relay.example:')


@test
def hosts_and_proxies():
    with Relay('--listen', '127.0.0.1:0', '--public-url', 'https://call.example:8443', '--trusted-proxy', '127.0.0.0/8') as relay:
        assert get(relay, Host='call.example')[0] == 200
        assert get(relay, Host='other.example')[0] == 421
        assert 'Strict-Transport-Security' not in get(relay)[1]
        assert 'Strict-Transport-Security' in get(relay, X_Forwarded_Proto='https')[1]
    with Relay('--listen', '127.0.0.1:0', '--public-url', 'https://call.example', '--trusted-proxy', '10.0.0.0/8') as relay:
        assert 'Strict-Transport-Security' not in get(relay, X_Forwarded_Proto='https')[1]


def foreign_upgrade(*arguments, origin='https://evil.example', headers=''):
    """The status of a foreign page's upgrade, in the words of the seed, at a relay on a loopback address."""
    with Relay('--listen', '127.0.0.1:0', *arguments) as relay:
        with Guest(relay.port, '/', '', f'Origin: {origin}\r\n{headers}') as guest:
            return guest.status


@test
def foreign_pages():
    """A loopback address is private, and open to the seed's pages, only while nothing says that others come there."""
    proxy = ['--public-url', 'https://call.example', '--trusted-proxy', '127.0.0.1']
    for origin in 'https://evil.example', 'null':
        assert foreign_upgrade(origin=origin) == 101
        assert foreign_upgrade('--no-seed-pages', origin=origin) == 403
        assert foreign_upgrade(*proxy, origin=origin, headers='X-Forwarded-For: 192.0.2.1\r\n') == 403
        assert foreign_upgrade(*proxy, '--seed-pages', origin=origin) == 101
        for alone in proxy[:2], proxy[2:], ['--allow-host', 'call.example']:
            assert foreign_upgrade(*alone, origin=origin) == 403, alone


@test
def one_address_for_all():
    """Behind a server that is not named as a proxy the limit per address is one for all guests: said at the start, and only then."""
    url = ['--public-url', 'https://call.example']
    for arguments, warns in ((url, True), ([*url, '--trusted-proxy', '127.0.0.1'], False), ([*url, '--max-per-address', '0'], False), ([], False)):
        with Relay('--listen', '127.0.0.1:0', *arguments) as relay:
            status, _, said = relay.end()
            assert status == 0 and ('--trusted-proxy' in said) == warns and (warns or said == ''), (arguments, said)


@test
def logs():
    """A line an event: for people, for the journal with its priority, and as JSON."""
    plain = {name: value for name, value in os.environ.items() if name != 'JOURNAL_STREAM'}
    for arguments, environment, pattern in (
            ([], plain, r'parlor-relay: notice: There is no certificate to read again\n'),
            ([], dict(plain, JOURNAL_STREAM='1:2'), r'<5>There is no certificate to read again\n'),
            (['--log-format', 'json'], plain, None)):
        with Relay('--listen', '127.0.0.1:0', *arguments, env=environment) as relay:
            relay.process.send_signal(signal.SIGHUP)
            line = relay.read_line(relay.process.stderr)
            if pattern:
                assert re.fullmatch(pattern, line), line
                continue
            event = json.loads(line)
            assert event.pop('t') > 1.6e12, line
            assert event == {'event': 'log', 'level': 'notice', 'message': 'There is no certificate to read again'}, line


LIMITS = ('max-message', 'max-unsent', 'max-guests', 'max-connections', 'request-ms', 'hello-ms', 'ping-ms')


@test
def every_limit_is_a_flag():
    """Each field of ParlorRelayLimits: read from the header, so that a new one is not forgotten here."""
    header = Path(__file__).resolve().parents[2] / 'src/relay/parlor-relay.h'
    struct = re.search(r'typedef struct\s*\{(.*?)\}\s*ParlorRelayLimits;', header.read_text(encoding='utf-8'), re.S)[1]
    fields = re.findall(r'^\s*(?:gsize|guint|gboolean)\s+(\w+);', struct, re.M)
    assert len(fields) >= len(LIMITS), fields
    usage = run('--help').stdout
    for field in fields:
        flag = '--' + field.replace('_', '-')
        assert re.search(rf'{flag}=', usage), flag
        for bad in '', 'x', '-1', '1.5', '99999999999999999999':
            end = run(flag, bad)
            assert end.returncode == 2 and f'{flag} wants' in end.stderr, (flag, bad, end)


@test
def limits_are_kept():
    with Relay('--listen', '127.0.0.1:0', '--request-ms', '100') as relay:
        with socket.create_connection(('127.0.0.1', relay.port), DEADLINE) as silent:
            assert silent.recv(1) == b''
    # A ping every 100 ms; the one who answers none is gone after the third.
    with Relay('--listen', '127.0.0.1:0', '--ping-ms', '100', '--max-missed-pings', '3') as relay:
        with Guest(relay.port, '/') as deaf:
            deaf.say(type='hello', name='D')
            heard = b''
            while byte := deaf.socket.recv(4096):
                heard += byte
            assert heard.endswith(b'\x89\x00' * 3) and not heard.endswith(b'\x89\x00' * 4), heard
    with Relay('--listen', '127.0.0.1:0', '--farewell-ms', '100') as relay:
        with Guest(relay.port, '/') as mute:
            mute.send(b'x', 2)
            assert mute.hear_close() == 1003 and mute.socket.recv(1) == b''
    with Relay('--listen', '127.0.0.1:0', '--turn', 'turn:192.0.2.1', '--turn-secret', 'x', '--turn-ms', '7200000') as relay:
        with Guest(relay.port, '/tea') as anna, Guest(relay.port, '/tea') as ben:
            ticket = 'A' * 43
            anna.say(type='hello', name='Anna', ticket=ticket)
            assert anna.hear()['type'] == 'welcome'
            ben.say(type='hello', name='Ben', ticket=ticket)
            until = int(ben.hear()['ice_servers'][0]['username'].split(':')[0])
            assert 7200 - DEADLINE < until - time.time() <= 7200, until
    # One guest, and one connection besides: the next waits for it.
    with Relay('--listen', '127.0.0.1:0', '--max-connections', '1', '--spare-connections', '1', '--max-per-address', '0') as relay:
        with Guest(relay.port, '/'), socket.create_connection(('127.0.0.1', relay.port), DEADLINE) as silent:
            with socket.create_connection(('127.0.0.1', relay.port), DEADLINE) as third:
                third.sendall(b'GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n')
                third.settimeout(0.5)
                try:
                    assert not third.recv(1), 'it did not wait'
                except TimeoutError:
                    pass
                silent.close()
                third.settimeout(DEADLINE)
                assert third.recv(15) == b'HTTP/1.0 200 OK'
    end = run('--listen', '127.0.0.1:0', '--max-connections', '1000000', preexec_fn=limit_descriptors)
    assert end.returncode == 2 and 'LimitNOFILE' in end.stderr, end


def limit_descriptors():
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))


@test
@in_folder
def settings(folder):
    file = f'{folder}/relay.conf'
    Path(file).write_text('# a comment\n[relay]\nlisten = 127.0.0.1:0\nrequest-ms=20000\nallow-host=a.example; b.example\n'
                          f'seed-pages=true\nself-signed={folder}\nplain-http=false\n', encoding='utf-8')
    with Relay('--config', file) as relay:
        assert relay.url.startswith('https://127.0.0.1:'), relay.line
        assert get(relay, Host='a.example')[0] == get(relay, Host='b.example')[0] == 200
        assert get(relay, Host='c.example')[0] == 421
    # Flags win, lists as a whole.
    with Relay('--allow-host', 'c.example', '--config', file, '--listen', '[::1]:0' if has_ipv6() else '127.0.0.2:0') as relay:
        assert '127.0.0.1' not in relay.url, relay.line
        if not has_ipv6():
            return
    with Relay('--allow-host', 'c.example', '--config', file) as relay:
        assert get(relay, Host='c.example')[0] == 200 and get(relay, Host='a.example')[0] == 421


def has_ipv6():
    return os.path.exists('/proc/net/if_inet6') and bool(Path('/proc/net/if_inet6').read_text(encoding='ascii'))


@test
@in_folder
def bad_settings(folder):
    file = f'{folder}/relay.conf'
    for text, words in (
            ('[relay]\nlisten=127.0.0.1:0\nmax-gests=3\n', [f'{file}:3:', 'max-gests']),
            ('[relay]\n\n  max-guests = many\n', [f'{file}:3:', 'max-guests wants a whole number from 1']),
            ('[relay]\nseed-pages=yes\n', [f'{file}:2:', 'true or false']),
            ('[relay]\nversion=true\n', [f'{file}:2:', 'version']),
            ('[relay]\nconfig=other\n', [f'{file}:2:', 'config']),
            ('[relay]\nl=127.0.0.1:0\n', [f'{file}:2:', "'l'"]),
            ('[relay]\n[rely]\nmax-guests=3\n', [f'{file}:2:', '[rely]']),
            ('[relay]\nlisten=somewhere\n', ['--listen wants ADDRESS:PORT', 'somewhere']),
            ('nonsense\n', [file])):
        Path(file).write_text(text, encoding='utf-8')
        end = run('--config', file)
        assert end.returncode == 2 and end.stdout == '', (text, end)
        for word in words:
            assert word in end.stderr, (text, word, end.stderr)
    end = run('--config', f'{folder}/missing')
    assert end.returncode == 2 and 'missing' in end.stderr, end


@test
def bad_flags():
    for arguments, word in (
            (['--key', 'x.pem'], '--certificate'),
            (['--certificate', 'x.pem', '--self-signed'], 'give one'),
            (['--plain-http', '--self-signed'], 'leave one'),
            (['--public-url', 'call.example'], 'https://HOST'),
            (['--public-url', 'ftp://call.example'], 'https://HOST'),
            (['--public-url', 'http://call.example'], 'https://HOST'),
            (['--allow-host', ''], '--allow-host wants a name'),
            (['--allow-host', 'https://call.example'], '--allow-host wants a name'),
            (['--allow-host', 'call.example:3002'], '--allow-host wants a name'),
            (['--turn-secret', 'x'], '--turn turn:HOST:PORT'),
            (['--turn-secret-file', 'x', '--stun', 'stun:192.0.2.1'], '--turn turn:HOST:PORT'),
            (['--public-url', 'https://call.example/room'], 'https://HOST'),
            (['--public-url', 'https://me@call.example'], 'https://HOST'),
            (['--trusted-proxy', '10.0.0.0/33'], '10.0.0.0/8'),
            (['--trusted-proxy', 'fd00::/129'], '10.0.0.0/8'),
            (['--log-format', 'xml'], 'text or json'),
            (['--seed-pages', '--no-seed-pages'], 'leave one'),
            (['--trusted-proxy', 'proxy.example'], '10.0.0.0/8')):
        end = run(*arguments)
        assert end.returncode == 2 and end.stdout == '', (arguments, end)
        assert word in end.stderr and '--help' in end.stderr, (arguments, end.stderr)


if __name__ == '__main__':
    sys.exit(main())
