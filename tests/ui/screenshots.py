#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders the pages in light and dark, wide and narrow: screenshots.py FOLDER [light|dark] [wide|narrow]

The environment variable PARLOR names the program. Nothing is compared: these are for people to look at.
"""

import os
import sys
import time

import parlor_window
from parlor_window import Parlor, wait_for

SIZES = {'wide': (1280, 720), 'narrow': (360, 640)}


def render(folder, scheme, width):
    def save(parlor, page):
        parlor.stir()
        time.sleep(1.2)  # fades and toasts come to rest; nothing to wait on
        parlor.shot(os.path.join(folder, f'{page}-{scheme}-{width}.png'))

    env = {'ADW_DEBUG_COLOR_SCHEME': f'prefer-{scheme}'}
    ann = Parlor(name='Ann', size=SIZES[width], env=env)
    bo = None
    try:
        ann.wait_text('You are Ann')
        save(ann, 'home')
        ann.press('Start a Call')
        link = ann.wait_text_with('https://')
        save(ann, 'invite')
        bo = Parlor(link, name='Bo', x=1290, size=SIZES[width], env=env)
        bo.wait_text('You are invited to')
        save(bo, 'lobby')
        bo.press('Join')
        ann.wait_button('Accept')
        save(ann, 'incoming')
        save(bo, 'ringing')
        ann.press('Accept')
        for parlor in (ann, bo):
            wait_for('a moving picture', lambda parlor=parlor: parlor.changed_pixels() > 40)
        ann.activate('mute-microphone')
        ann.activate('mute-microphone')
        save(ann, 'call')
        bo.activate('mute-camera')
        bo.activate('mute-microphone')
        wait_for('an avatar', lambda: ann.find('Their microphone is off'))
        save(ann, 'call-muted')
        bo.activate('hang-up')
        ann.wait_text('Call Ended')
        save(ann, 'ended')
    finally:
        ann.close()
        if bo:
            bo.close()


def main():
    folder, *which = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    for scheme in ('light', 'dark'):
        for width in SIZES:
            if all(word in (scheme, width) for word in which):
                render(folder, scheme, width)
    return 0


if __name__ == '__main__':
    parlor_window.run(main)
