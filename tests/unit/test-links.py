#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fails when a program links what it must do without: parlor-relay a desktop or GStreamer, parlor-peer a desktop.

Usage: test-links.py BUILD-DIR PROGRAM... (those that this build must have). Reads what each program and all its libraries ask for (ldd). Speaks TAP. A control
shows that a forbidden library would be seen: parlor-peer does link GStreamer, and where parlor is built it links GTK.
"""

import json
import subprocess
import sys
from pathlib import Path

DESKTOP = ('libgtk-', 'libadwaita-')
GSTREAMER = ('libgst',)
FORBIDDEN = {'parlor-relay': DESKTOP + GSTREAMER, 'parlor-peer': DESKTOP}
CONTROL = {'parlor-peer': GSTREAMER, 'parlor': DESKTOP}


def programs(build):
    targets = json.loads((build / 'meson-info' / 'intro-targets.json').read_text(encoding='utf-8'))
    return {t['name']: t['filename'][0] for t in targets if t['type'] == 'executable'}


def libraries(program):
    """The file names of all libraries that the loader would bring, its libraries' own included."""
    out = subprocess.run(['ldd', program], check=True, capture_output=True, text=True, timeout=30).stdout
    return [Path(line.split()[0]).name for line in out.splitlines() if line.strip()]


def main():
    built = programs(Path(sys.argv[1]))
    results = []
    for name in sys.argv[2:]:
        if name not in built:
            results.append((f'{name} is built', False))
            continue
        linked = libraries(built[name])
        for prefixes, wanted in ((FORBIDDEN.get(name, ()), False), (CONTROL.get(name, ()), True)):
            for prefix in prefixes:
                there = [library for library in linked if library.startswith(prefix)]
                results.append((f'{name} links {"a" if wanted else "no"} {prefix}*', bool(there) == wanted))
                if there and not wanted:
                    print(f'# {name}: {" ".join(there)}')
    print(f'1..{len(results)}')
    for number, (name, good) in enumerate(results, 1):
        print(f'{"ok" if good else "not ok"} {number} - {name}')
    return 0 if all(good for _, good in results) else 1


if __name__ == '__main__':
    sys.exit(main())
