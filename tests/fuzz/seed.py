#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the corpus of the fuzz targets from the vectors of the wire and what is known of the relay. Run it when a message type comes
in; what a fuzzer found is added by hand, under a name that says what it is."""

import json
import re
from pathlib import Path

HERE = Path(__file__).parent
VECTORS = HERE.parent / 'unit' / 'vectors'
UPGRADE = ('GET /room HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
           'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: parlor.1\r\n\r\n').encode()
INVITES = [
    'parlor://127.0.0.1:3002/room#AAECAwQFBgcICQoLDA0ODw',
    'parlor://example.org:3002/room#AAECAwQFBgcICQoLDA0ODw.tls=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8',
    'https://example.org/room#NqBfhilKCtfm6KJ1t3UDfw',
    'wss://[fe80::1%25eth0]:443/a/b?c=d',
    '[::1]:8080/room',
]
LINES = [
    '{"type":"ring","to":"@B","call":"c1","media":{"audio":true,"video":true}}\n{"type":"cancel","to":"@B","call":"c1"}',
    '{"type":"offer","to":"@B","call":"c1","generation":1,"sdp":"v=0\\r\\n"}\n{"type":"ice","to":"@B","call":"c1","candidate":null}',
    '{"type":"in-call","in_call":true}\n{"type":"bye","to":"@A","call":"c1"}\n{"type":"ring","to":"nobody","call":"c1"}',
    '{"type":"lock"}\n{"type":"remove","id":"@B"}\n{"type":"knock"}\n{"type":"admit","id":"@A"}',
    '{"type":"hello","name":"again"}\n{"type":"welcome"}\n{"type":"no-such-type"}\nnot json\n[]',
    '!\x01{"type":"tu\n!\x09are you\n!\x00rn"\n!\x00}\n!\x0apong\n!\x08\x03\xe8',
]
SEED_LINES = ['{"type":"offer","sdp":"v=0\\r\\n"}', '{"type":"ice","ice":"{\\"candidate\\":\\"candidate:1\\",\\"sdpMid\\":\\"0\\"}"}\n{"type":"bye"}']


def frame(first, payload, mask=b'\0\0\0\0'):
    size = len(payload)
    head = bytes([first, 0x80 | size]) if size < 126 else bytes([first, 0xfe]) + size.to_bytes(2, 'big')
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


def write(target, name, data):
    folder = HERE / 'corpus' / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')).write_bytes(data)


def main():
    seen = set()
    for vector in json.loads((VECTORS / 'valid.json').read_text()):
        if (vector['type'], vector['dialect']) not in seen and len(vector['text']) < 2000:
            seen.add((vector['type'], vector['dialect']))
            write('wire', f"{vector['dialect']} {vector['type']}", (b's' if vector['dialect'] == 'seed' else b'p') + vector['text'].encode())
    for i, text in enumerate(INVITES):
        write('wire', f'invite {i}', b'i' + text.encode())
    write('wire', 'report', b'rsome words "\\ \xe2\x80\xa8')

    hello = frame(0x81, b'{"type":"hello","name":"Ada"}', b'mask')
    write('frame', 'text', b'\x03' + hello)
    write('frame', 'fragments', b'\x01' + frame(0x01, b'{"a') + frame(0x89, b'hi') + frame(0x80, b'":1}') + frame(0x88, b'\x03\xe8'))
    write('frame', 'long', b'\x07' + frame(0x81, b'x' * 300) + frame(0x8a, b''))
    write('frame', 'binary', b'\x00' + frame(0x82, b'\0\1\2'))
    write('frame', 'huge', b'\x00\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff')

    write('relay', 'page', b'\0GET /room HTTP/1.1\r\nHost: localhost\r\n\r\nHEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    write('relay', 'upgrade', b'\0' + UPGRADE + hello)
    write('relay', 'post', b'\0POST /room HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n')
    write('relay', 'encoded', b'\0GET /room HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: x\r\n\r\n')
    write('relay', 'url', b'\0\r\n\nGET http://localhost:1/?x HTTP/1.0\nX: a\n b\nContent-Length: 0\n\n')
    write('relay', 'frames', b'\3' + hello + frame(0x81, b'{"type":"turn"}') + frame(0x88, b'\x03\xe8'))
    for i, text in enumerate(LINES):
        write('relay', f'lines {i}', b'\1' + text.encode('latin-1'))
    for i, text in enumerate(SEED_LINES):
        write('relay', f'seed {i}', b'\2' + text.encode())


main()
