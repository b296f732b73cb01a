#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the includes of all rooms and fails on one that goes sideways or upwards (see src/DESIGN.md).

meson already keeps a room from compiling against a room it does not depend on, but not from including what a
room below happens to pass on. Speaks TAP. Each rule is first tried on a planted breach, so that the test is
known to be able to fail.
"""

import os
import re
import sys
import tempfile
from pathlib import Path

# Which rooms a room may include besides itself.
ROOMS = {
    'base': '',
    'wire': 'base',
    'trust': 'base',
    'rate': 'base',
    'call': 'wire trust base',
    'signaling': 'call wire base',
    'relay': 'wire base',
    'reach': 'base',
    'media': 'call rate trust wire base',
    'core': 'media signaling relay call trust wire base',
    'ui': 'core reach media call trust wire base',
    'main': 'ui core reach media call trust wire base',
    'parlor-relay': 'relay trust wire base',
    'parlor-peer': 'core media call wire base',
}

# Which rooms may include a library; whatever is not named here is free (GLib, libc).
LIBRARIES = {
    'json-glib': (r'json-glib/', 'wire'),
    'GTK': (r'(gtk|gdk|gsk|adwaita)([-/.]|$)', 'ui main'),
    'GStreamer': (r'gst/', 'media core ui main parlor-peer'),
    'libsoup': (r'libsoup/', 'signaling relay'),
    'GnuTLS': (r'gnutls/', 'trust relay'),
    'libnatpmp and libminiupnpc': (r'(natpmp\.h|miniupnpc/)', 'reach'),
    'libqrencode': (r'qrencode\.h', 'ui'),
}

MAX_LINES = 800
SOURCES = {'.c', '.h', '.py', '.js', '.mjs', '.css', '.html', '.ui', '.sh'}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def room_of(path, src):
    """The room of a file. Each program of cli/ is a room of its own: they know different things."""
    parts = path.relative_to(src).parts
    if len(parts) == 1:
        return 'main'
    if parts[0] == 'cli':
        return 'parlor-relay' if path.name.startswith('parlor-relay') else 'parlor-peer'
    return parts[0]


def sources(root, suffixes):
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in ('node_modules', '__pycache__'))
        yield from (Path(folder) / name for name in sorted(files) if Path(name).suffix in suffixes)


def check_include(room, kind, name, homes):
    """What is wrong with `#include name` in a file of room, or None."""
    for library, (pattern, allowed) in LIBRARIES.items():
        if re.match(pattern, name):
            return None if room in allowed.split() else f'{library} is not for {room}'
    if kind == '<' or name == 'config.h':
        return None
    generated = re.fullmatch(r'parlor-([a-z]+)-(enums|resources)\.h', name)
    home = homes.get(name) or (generated and generated.group(1))
    if not home:
        return 'no room has this header: include headers by their bare name'
    if home != room and home not in ROOMS[room].split():
        return f'{room} may not know {home}'
    return None


def check_rooms(src):
    """All wrong includes below src, as lines of text."""
    wrong, homes = [], {}
    for path in sources(src, {'.h'}):
        if path.name in homes:
            wrong.append(f'{path}: there is another {path.name}')
        homes[path.name] = room_of(path, src)
    for path in sources(src, {'.c', '.h'}):
        room = room_of(path, src)
        if room not in ROOMS:
            wrong.append(f'{path}: the room {room} is not in the table of {Path(__file__).name}')
            continue
        for kind, name in INCLUDE.findall(path.read_text(encoding='utf-8')):
            reason = check_include(room, kind, name, homes)
            if reason:
                wrong.append(f'{path}: includes {name}: {reason}')
    return wrong


def check_sizes(*roots):
    wrong = []
    for root in roots:
        for path in sources(root, SOURCES):
            lines = path.read_text(encoding='utf-8').count('\n')
            if lines > MAX_LINES:
                wrong.append(f'{path}: {lines} lines, more than {MAX_LINES}: split it by theme')
    return wrong


# A breach of each rule: file, what it includes, and the word that the complaint must hold.
PLANTED = [
    ('base/parlor-b.c', '"parlor-w.h"', 'base may not know wire'),  # upwards
    ('relay/parlor-r.c', '"parlor-s.h"', 'relay may not know signaling'),  # sideways
    ('media/parlor-m.c', '"parlor-s.h"', 'media may not know signaling'),
    ('ui/parlor-u.c', '"parlor-s.h"', 'ui may not know signaling'),
    ('cli/parlor-relay.c', '"parlor-c.h"', 'parlor-relay may not know call'),
    ('cli/parlor-relay.c', '<gst/gst.h>', 'GStreamer is not for parlor-relay'),
    ('cli/parlor-bin.c', '"parlor-s.h"', 'parlor-peer may not know signaling'),
    ('cli/parlor-bin.c', '"parlor-c.h"', None),
    ('signaling/parlor-s.c', '"parlor-wire-enums.h"', None),
    ('relay/parlor-r.c', '"parlor-call-enums.h"', 'relay may not know call'),
    ('call/parlor-c.c', '"../wire/parlor-w.h"', 'bare name'),
    ('call/parlor-c.c', '"parlor-w.h"', None),
    ('call/parlor-c.c', '<json-glib/json-glib.h>', 'json-glib is not for call'),
    ('core/parlor-o.c', '<gtk/gtk.h>', 'GTK is not for core'),
    ('media/parlor-m.c', '<gdk/gdk.h>', 'GTK is not for media'),
    ('cli/parlor-peer.c', '<adwaita.h>', 'GTK is not for parlor-peer'),
    ('main.c', '<adwaita.h>', None),
    ('call/parlor-c.c', '<gst/gst.h>', 'GStreamer is not for call'),
    ('media/parlor-m.c', '<gst/webrtc/webrtc.h>', None),
    ('core/parlor-o.c', '<libsoup/soup.h>', 'libsoup is not for core'),
    ('relay/parlor-r.c', '<libsoup/soup.h>', None),
    ('relay/parlor-r.c', '<gnutls/gnutls.h>', None),
    ('call/parlor-c.c', '<gnutls/gnutls.h>', 'GnuTLS is not for call'),
    ('core/parlor-o.c', '<miniupnpc/miniupnpc.h>', 'libminiupnpc is not for core'),
    ('reach/parlor-n.c', '<natpmp.h>', None),
    ('core/parlor-o.c', '<qrencode.h>', 'libqrencode is not for core'),
    ('reach/parlor-n.c', '"parlor-w.h"', 'reach may not know wire'),
    ('attic/parlor-a.c', '<glib.h>', 'not in the table'),
    ('relay/guest-page/parlor-g.c', '"parlor-c.h"', 'relay may not know call'),  # a folder inside a room
]


def self_test():
    """Plants each breach in an otherwise sound tree; returns what went unnoticed."""
    wrong = []
    for file, include, complaint in PLANTED:
        with tempfile.TemporaryDirectory() as folder:
            src = Path(folder)
            for header in ('base/parlor-b', 'wire/parlor-w', 'call/parlor-c', 'signaling/parlor-s'):
                (src / header).parent.mkdir()
                (src / header).with_suffix('.h').write_text('#include <glib.h>\n', encoding='utf-8')
            (src / file).parent.mkdir(parents=True, exist_ok=True)
            (src / file).write_text(f'#include "config.h"\n #  include {include}\n', encoding='utf-8')
            found = check_rooms(src)
            if complaint is None and found:
                wrong.append(f'{file} with {include} is allowed, but: {found}')
            if complaint is not None and (len(found) != 1 or complaint not in found[0]):
                wrong.append(f'{file} with {include} should give one "{complaint}", but: {found}')
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / 'long.c').write_text('\n' * (MAX_LINES + 1), encoding='utf-8')
        (Path(folder) / 'just.c').write_text('\n' * MAX_LINES, encoding='utf-8')
        if [line.split(':')[0] for line in check_sizes(folder)] != [str(Path(folder) / 'long.c')]:
            wrong.append('a file that is too long goes unnoticed, or one that is not is accused')
    return wrong


def main():
    top = Path(__file__).resolve().parent.parent.parent
    read = len(list(sources(top / 'src', {'.c', '.h'})))
    results = [
        ('planted breaches are noticed', self_test()),
        ('there is something to read', [] if read > 10 else [f'only {read} files']),
        ('includes go downward only', check_rooms(top / 'src')),
        (f'no file is longer than {MAX_LINES} lines', check_sizes(top / 'src', top / 'tests')),
    ]
    print(f'1..{len(results)}')
    for number, (name, wrong) in enumerate(results, 1):
        for line in wrong:
            print(f'# {line}'.replace(f'{top}/', ''))
        print(f'{"not ok" if wrong else "ok"} {number} - {name}')
    return 1 if any(wrong for _, wrong in results) else 0


if __name__ == '__main__':
    sys.exit(main())
