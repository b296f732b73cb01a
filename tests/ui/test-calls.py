#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two real windows meet: host, invite, join, accept, see each other, mute, hang up; and what goes wrong."""

import json
import os
import socket
import unittest

import parlor_window
from parlor_window import Parlor, wait_for

VECTORS = os.path.join(os.path.dirname(__file__), '..', 'unit', 'vectors', 'proof.json')
with open(VECTORS, encoding='utf-8') as file:
    EMOJI = {name for glyph, name in json.load(file)['emoji']}
MOVING = 40  # changed bytes; the test picture's ball alone changes thousands, a still picture none


class TestCalls(unittest.TestCase):
    def start(self, *args, **kwargs):
        parlor = Parlor(*args, **kwargs)
        self.addCleanup(self.stop, parlor)
        return parlor

    def stop(self, parlor):
        status = parlor.close()
        log = parlor.read_log()
        parlor.log.close()
        self.assertEqual(status, 0, log)
        self.assertNotIn('CRITICAL', log)

    def host(self, **kwargs):
        """Returns who hosts, and the link they hand out."""
        ann = self.start('--host', name='Ann', x=0, **kwargs)
        link = ann.wait_text_with('parlor://')
        return ann, link

    def meet(self):
        ann, link = self.host()
        bo = self.start(link, name='Bo', x=1200)
        bo.press('Join')
        ann.wait_button('Accept')
        return ann, bo

    def in_call(self):
        ann, bo = self.meet()
        ann.press('Accept')
        for parlor in (ann, bo):
            parlor.wait_button('Hang Up')
            wait_for('a running clock', lambda parlor=parlor: any(
                len(text) == 5 and text[2] == ':' for text in parlor.texts()))
        return ann, bo

    def assert_moves(self, parlor):
        wait_for('a moving remote picture', lambda: parlor.changed_pixels() > MOVING)

    def assert_still(self, parlor):
        wait_for('a still remote side', lambda: parlor.changed_pixels() == 0)

    def test_start_by_button_and_copy(self):
        ann = self.start()
        ann.wait_text('You are Ann')
        self.assertFalse(ann.action_enabled('accept'))
        self.assertFalse(ann.action_enabled('leave'))
        ann.press('Start a Call')
        link = ann.wait_text_with('parlor://')
        ann.wait_text('On This Computer')
        ann.press('Copy the Link')
        ann.wait_text('Link copied')
        ann.activate('join', parlor_window.GLib.Variant('s', link))  # one's own link leaves the room as it is
        ann.wait_text_with('This is the room you are in.')
        self.assertEqual(ann.wait_text_with('parlor://'), link)
        ann.press('Leave the Room')
        ann.wait_text('You are Ann')

    def test_call_seen_and_heard_of(self):
        ann, bo = self.in_call()
        self.assert_moves(ann)
        self.assert_moves(bo)

        ann.press('Turn Camera Off')
        self.assert_still(bo)  # the negative control: what moved was what Ann sends
        self.assertTrue(ann.action_state('mute-camera'))
        ann.press('Turn Camera On')
        self.assert_moves(bo)

        bo.press('Turn Microphone Off')
        wait_for('the sign of a muted microphone', lambda: ann.find('Their microphone is off'))
        bo.activate('mute-microphone')
        wait_for('no sign of it', lambda: not ann.find('Their microphone is off'))

        bo.press('Hang Up')
        ann.wait_text('Call Ended')
        ann.wait_text('Bo hung up.')
        bo.wait_text('You ended the call with Ann.')

        ann.press('Call Again')
        bo.press('Accept')
        self.assert_moves(ann)
        ann.activate('hang-up')
        bo.wait_text('Ann hung up.')
        bo.press('Close')
        bo.wait_text('You are Bo')
        ann.press('Close')
        ann.wait_text_with('parlor://')

    def test_compare_emoji(self):
        """What was proved, and the same five emoji on both sides; saying that they were compared is each one's own."""
        ann, bo = self.in_call()
        mine, theirs = 'Invited by you (app link)', 'Has the same invite (app link)'
        seen = self.open_lock(bo, theirs)
        self.close_lock(bo, theirs)
        self.assertEqual(self.open_lock(ann, mine), seen)

        ann.press('We Compared Them')
        ann.wait_text('You both saw the same emoji: nobody is in between.')
        self.assertIsNotNone(ann.find('Verified'))
        self.assertFalse(ann.sees_button('We Compared Them'))
        self.close_lock(ann, 'Verified')
        self.open_lock(bo, theirs)
        self.assertTrue(bo.sees_button('We Compared Them'))

    def open_lock(self, parlor, name):
        """The names of the five emoji behind the lock."""
        parlor.press(name)
        parlor.wait_text_with('They proved that they have the app link')
        seen = [text for text in parlor.texts() if text in EMOJI]
        self.assertEqual(len(seen), 5)
        return seen

    def close_lock(self, parlor, name):
        """A popover holds the screen's grab: one at a time."""
        parlor.press(name)
        wait_for('the popover gone', lambda: not any('the same' in text and 'emoji' in text or 'proved' in text for text in parlor.texts()))

    def test_nothing_before_join(self):
        ann, link = self.host()
        bo = self.start(link, name='Bo', x=1200)
        bo.wait_text('You are invited to')
        ann.wait_text_with('Waiting for somebody')
        bo.press('Do Not Join')
        bo.wait_text('You are Bo')

    def test_decline(self):
        ann, bo = self.meet()
        ann.wait_text('Bo')
        ann.press('Decline')
        ann.wait_text('You declined the call from Bo.')
        bo.wait_text('Call Declined')
        bo.press('Close')
        bo.wait_text('You are Bo')

    def test_cancel(self):
        ann, bo = self.meet()
        bo.press('Cancel')
        bo.wait_text('You stopped calling Ann.')
        ann.wait_text('Missed Call')
        ann.press('Close')
        ann.wait_button('Call Bo')  # who is still in the room can be called
        bo.press('Close')
        ann.wait_text_with('Waiting for somebody')

    def test_accept_voice_only_by_action(self):
        ann, bo = self.meet()
        ann.activate('accept-voice')
        ann.wait_button('Turn Camera On')
        self.assert_moves(ann)
        self.assert_still(bo)
        # It was for this call: the next has a picture.
        bo.press('Hang Up')
        bo.press('Call Again')
        ann.wait_button('Accept')
        ann.press('Accept')
        ann.wait_button('Turn Camera Off')
        self.assert_moves(bo)

    def test_bad_invite(self):
        ann = self.start('parlor://[', name='Ann')
        ann.wait_text('This Is Not an Invite')
        self.assertFalse(ann.sees_button('Try Again'))
        ann.press('Close')
        ann.press('Join…')
        ann.type_into('http://')
        ann.press('Join')
        ann.wait_text_with('This is not an invite.')

    def test_refused_address(self):
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))  # bound, not listening: connections are refused
            ann = self.start(f'127.0.0.1:{taken.getsockname()[1]}/room', name='Ann')
            ann.press('Join')
            ann.wait_text('Nobody Answers There')
            ann.press('Try Again')
            ann.wait_text('Nobody Answers There')
            ann.press('Close')
            ann.wait_text('You are Ann')


if __name__ == '__main__':
    parlor_window.run(lambda: not unittest.main(exit=False, verbosity=2).result.wasSuccessful())
