#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Computes vectors/proof.json anew, with nothing but Python's hashlib and hmac.

The same file is read by the tests of trust/ in C and of the guest page in JavaScript: what all three agree on is the protocol.
Written from PROTOCOL.md ("Trust") alone. Speaks TAP; a planted mistake in each kind of field must be noticed.
"""

import base64
import copy
import hashlib
import hmac
import json
import struct
import sys
from pathlib import Path

VECTORS = Path(__file__).resolve().parent / 'vectors' / 'proof.json'


def fields(*values):
    """L(): each value with its length, as 32 bits big-endian, before it."""
    raw = [value.encode() if isinstance(value, str) else value for value in values]
    return b''.join(struct.pack('>I', len(value)) + value for value in raw)


def digest(data):
    return hashlib.sha256(data).digest()


def derive(key, info, size=32):
    """HKDF-SHA256 without salt, one block (RFC 5869)."""
    pseudo_random_key = hmac.new(bytes(32), key, hashlib.sha256).digest()
    return hmac.new(pseudo_random_key, info.encode() + b'\x01', hashlib.sha256).digest()[:size]


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def decode(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4)) if text else b''


def emoji_of(answer_hash, nonce):
    bits = int.from_bytes(digest(fields('parlor.1', 'emoji', answer_hash, nonce))[:4], 'big')
    return [bits >> shift & 63 for shift in (26, 20, 14, 8, 2)]


def compute(given):
    """Everything that follows from what is given."""
    key = decode(given['key'])
    guest_key = derive(key, 'parlor.1 guest', 16)
    keys = {'app': derive(key, 'parlor.1 proof'), 'guest': derive(guest_key, 'parlor.1 proof')}
    nonce_a, nonce_b = decode(given['offerer_nonce']), decode(given['answerer_nonce'])
    commit = digest(fields('parlor.1', 'commit', nonce_a)) if nonce_a else b''
    a, b, generation = given['offerer'], given['answerer'], str(given['generation'])
    offer = fields('parlor.1', 'offer', given['room'], given['call'], a, b, generation,
                   digest(given['offer_sdp'].encode()), commit)
    answer = fields('parlor.1', 'answer', given['room'], given['call'], b, a, generation,
                    digest(given['answer_sdp'].encode()), nonce_b, digest(offer))
    return {
        'guest_key': encode(guest_key),
        'app_proof_key': encode(keys['app']),
        'guest_proof_key': encode(keys['guest']),
        'ticket': encode(derive(guest_key, 'parlor.1 join')),
        'commit': encode(commit),
        'offer_hash': encode(digest(offer)),
        'answer_hash': encode(digest(answer)),
        'offer_proof': {by: encode(hmac.new(keys[by], offer, hashlib.sha256).digest()) for by in keys},
        'answer_proof': {by: encode(hmac.new(keys[by], answer, hashlib.sha256).digest()) for by in keys},
        'emoji': emoji_of(digest(answer), nonce_a) if nonce_a else None,
        'identity_texts': {
            role: fields('parlor.1', 'identity', digest(answer), role).hex() for role in ('offerer', 'answerer')
        },
    }


def compare(vector):
    """Which of the values that follow are other ones."""
    return [field for field, value in compute(vector['given']).items() if vector['then'].get(field) != value]


def planted(vector):
    """A change of anything given, or of a value that follows, must be noticed; returns what was not."""
    unnoticed = []
    for part in ('given', 'then'):
        for field, value in vector[part].items():
            wrong = copy.deepcopy(vector)
            if isinstance(value, str):
                wrong[part][field] = ('B' if value[:1] == 'A' else 'A') + value[1:] + ('' if value else 'AAA')
            elif isinstance(value, int):
                wrong[part][field] = value + 1
            else:
                wrong[part][field] = 'wrong'
            if not compare(wrong):
                unnoticed.append(f'{part}.{field}')
    return unnoticed


def main():
    vectors = json.loads(VECTORS.read_text(encoding='utf-8'))
    results = [(vector['name'], compare(vector)) for vector in vectors['exchanges']]
    results.append(('planted mistakes are noticed', planted(vectors['exchanges'][0])))
    results.append(('64 emoji, all different',
                    [] if len({name for _, name in vectors['emoji']}) == len({glyph for glyph, _ in vectors['emoji']}) == 64
                    else ['not 64']))
    print(f'1..{len(results)}')
    for number, (name, wrong) in enumerate(results, 1):
        for field in wrong:
            print(f'# {field}')
        print(f'{"not ok" if wrong else "ok"} {number} - {name}')
    return 1 if any(wrong for _, wrong in results) else 0


if __name__ == '__main__':
    sys.exit(main())
