# SPDX-License-Identifier: GPL-3.0-or-later
"""What guests may try: those who are upgraded, and speak. See attacks.py."""

import socket
import struct
import zlib

from attack_lab import GROWTH, attack, count, frame, get_fate, hear, say, try_send

MESSAGE = 65536  # bytes, the protocol's largest
TICKET = 'A' * 43


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


@attack('Knocking again and again', {'max-knocks': 6})
def knocking_again(lab):
    """One with the invite comes to a locked room, knocks and goes, 200 times. Then somebody from elsewhere knocks."""
    owner, _ = lab.join('/locked', '127.0.0.200')
    owner.say(type='lock')
    hear(owner, 'lock')
    fates = []
    for _ in range(lab.many(200, 50)):
        guest = lab.guest('/locked')
        guest.say(type='hello', name='Eve')
        hear(guest, 'error')
        guest.say(type='knock')
        guest.say(type='knock')  # once more: who was heard the first time may not
        fates.append(hear(guest, 'error')['code'])
        guest.close()
    other = lab.guest('/locked', '127.0.0.3')
    other.say(type='hello', name='Ben')
    hear(other, 'error')
    other.say(type='knock')
    knocks = 0
    while hear(owner, 'knock')['name'] == 'Eve':
        knocks += 1
    assert fates == ['unexpected'] * knocks + ['rate'] * (len(fates) - knocks), fates
    return f'the owner hears {knocks}, then `rate`; the one from elsewhere is heard'
