#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS handshakes with parlor-relay: beside hundreds that stall, in old versions, and with a chain of certificates.

Usage: test-handshakes.py PARLOR-RELAY. Speaks TAP.
"""

import contextlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

from relay_program import DEADLINE, Guest, Relay, main, test

N_STALLED = 500
PATIENCE = 5  # s; an honest handshake takes some milliseconds


def blind():
    """A TLS client that takes any certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def client_hello():
    """The first flight of a genuine client."""
    outgoing = ssl.MemoryBIO()
    session = blind().wrap_bio(ssl.MemoryBIO(), outgoing)
    with contextlib.suppress(ssl.SSLWantReadError):
        session.do_handshake()
    return outgoing.read()


def stall(port, count, stack):
    """Clients that hold out a hand: some bytes of a hello, half of one, or all of it and then nothing."""
    hello = client_hello()
    for number in range(count):
        client = stack.enter_context(socket.create_connection(('127.0.0.1', port), DEADLINE))
        client.sendall((hello[:5], hello[:len(hello) // 2], hello)[number % 3])
        yield client


def seconds_to_shake_hands(port):
    begin = time.monotonic()
    with blind().wrap_socket(socket.create_connection(('127.0.0.1', port), PATIENCE)) as tls:
        assert tls.version() == 'TLSv1.3'
    return time.monotonic() - begin


def one_at_a_time(listener, certificate):
    """A server that shakes one hand after the other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with contextlib.suppress(OSError):
        while True:
            client = listener.accept()[0]
            with contextlib.suppress(OSError), client:
                client.settimeout(DEADLINE)
                context.wrap_socket(client, server_side=True)


@test
def stalled_handshakes():
    """An honest handshake, a page and a guest beside hundreds that stall, and would for a minute."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        relay = stack.enter_context(Relay('--listen', '127.0.0.1:0', f'--self-signed={folder}', '--request-ms', '60000',
                                          '--max-per-address', '0'))
        stalled = list(stall(relay.port, N_STALLED, stack))
        worst = max(seconds_to_shake_hands(relay.port) for _ in range(10))
        print(f'# beside {len(stalled)} that stall, the slowest of ten took {worst * 1000:.0f} ms')
        assert worst < PATIENCE, worst
        with Guest(relay.port, '/tea', wrap=blind().wrap_socket) as anna:
            anna.join()
        for client in stalled:  # they are still there: nobody made room by throwing them out
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    assert client.recv(65536), 'one that stalls was hung up on'


@test
def stalled_handshakes_would_be_noticed():
    """The control: what is measured above is far too long where one that stalls holds up the others."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        with Relay('--listen', '127.0.0.1:0', f'--self-signed={folder}') as relay:
            relay.end()
        listener = socket.create_server(('127.0.0.1', 0), backlog=16)
        thread = threading.Thread(target=one_at_a_time, args=(listener, f'{folder}/certificate.pem'), daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        try:
            assert seconds_to_shake_hands(port) < PATIENCE
            for _ in stall(port, 1, stack):
                pass
            try:
                seconds_to_shake_hands(port)
            except TimeoutError:
                return
            raise AssertionError('nobody waited')
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            stack.close()
            thread.join(DEADLINE)


@test
def versions():
    with tempfile.TemporaryDirectory() as folder, Relay('--listen', '127.0.0.1:0', f'--self-signed={folder}') as relay:
        for version, name in ((ssl.TLSVersion.TLSv1_2, 'TLSv1.2'), (ssl.TLSVersion.TLSv1_3, 'TLSv1.3')):
            context = blind()
            context.minimum_version = context.maximum_version = version
            context.set_alpn_protocols(['h2', 'http/1.1'])
            with context.wrap_socket(socket.create_connection(('127.0.0.1', relay.port), DEADLINE)) as tls:
                assert tls.version() == name and tls.selected_alpn_protocol() in (None, 'http/1.1'), tls.version()
        context = blind()
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', DeprecationWarning)
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers('ALL:@SECLEVEL=0')
        try:
            context.wrap_socket(socket.create_connection(('127.0.0.1', relay.port), DEADLINE)).close()
        except ssl.SSLError as error:
            assert error.reason == 'TLSV1_ALERT_PROTOCOL_VERSION', error  # the relay's word, not our own library's
            return
        raise AssertionError('TLS 1.1 was spoken')


def issue(folder, name, issuer, authority):
    """A key and a certificate of P-256 that issuer signed: NAME.key and NAME.crt."""
    subject = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', f'{name}.key', '-subj', f'/CN={name}',
               '-addext', f'basicConstraints=critical,CA:{"TRUE" if authority else "FALSE"}',
               '-addext', f'subjectAltName=DNS:{name}', '-batch']
    commands = [['req', '-x509', *subject, '-days', '2', '-out', f'{name}.crt']]
    if issuer:
        commands = [['req', *subject, '-out', f'{name}.csr'],
                    ['x509', '-req', '-in', f'{name}.csr', '-copy_extensions', 'copy', '-CA', f'{issuer}.crt', '-CAkey', f'{issuer}.key',
                     '-CAcreateserial', '-days', '2', '-out', f'{name}.crt']]
    for command in commands:
        subprocess.run(['openssl', *command], cwd=folder, check=True, capture_output=True, timeout=DEADLINE)


@test
def chain():
    """Who trusts the root only must be shown what is between."""
    with tempfile.TemporaryDirectory() as folder:
        issue(folder, 'root', None, True)
        issue(folder, 'between', 'root', True)
        issue(folder, 'relay.example', 'between', False)
        texts = [Path(folder, f'{name}.crt').read_text(encoding='ascii') for name in ('relay.example', 'between')]
        context = ssl.create_default_context(cafile=f'{folder}/root.crt')
        for text, complete in ((texts[0], False), (''.join(texts), True)):
            Path(folder, 'shown.pem').write_text(text, encoding='ascii')
            with Relay('--listen', '127.0.0.1:0', '--certificate', f'{folder}/shown.pem', '--key', f'{folder}/relay.example.key') as relay:
                plain = socket.create_connection(('127.0.0.1', relay.port), DEADLINE)
                try:
                    context.wrap_socket(plain, server_hostname='relay.example').close()
                    trusted = True
                except ssl.SSLCertVerificationError:
                    trusted = False
                plain.close()
                assert trusted == complete, (trusted, complete)


if __name__ == '__main__':
    sys.exit(main())
