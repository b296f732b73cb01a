#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosting goes on while the window is closed, if the user said so: how that is shown, how one comes in, and how it stops."""

import os
import ssl
import subprocess
import unittest
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import parlor_window
from parlor_window import DEADLINE, Parlor, wait_for

if 'PARLOR_TEST_INSIDE' in os.environ:
    from parlor_window import Gio, GLib

NOTIFICATIONS = 'org.freedesktop.Notifications'
INTERFACE = """<node><interface name="org.freedesktop.Notifications">
<method name="Notify">
<arg direction="in" type="s"/><arg direction="in" type="u"/><arg direction="in" type="s"/><arg direction="in" type="s"/>
<arg direction="in" type="s"/><arg direction="in" type="as"/><arg direction="in" type="a{sv}"/><arg direction="in" type="i"/>
<arg direction="out" type="u"/></method>
<method name="CloseNotification"><arg direction="in" type="u"/></method>
<signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
<signal name="NotificationClosed"><arg type="u"/><arg type="u"/></signal>
</interface></node>"""


class Notifications:
    """What a desktop has for them: {id: (title, {label: action})} of those that are shown."""

    def __init__(self):
        self.shown = {}
        self.count = 0
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        interface = Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0]
        self.bus.register_object('/org/freedesktop/Notifications', interface, self.on_call, None, None)
        self.bus.call_sync('org.freedesktop.DBus', '/', 'org.freedesktop.DBus', 'RequestName',
                           GLib.Variant('(su)', (NOTIFICATIONS, 4)), None, 0, DEADLINE * 1000, None)

    def on_call(self, connection, sender, path, interface, method, parameters, invocation):
        if method == 'CloseNotification':
            self.shown.pop(parameters.unpack()[0], None)
            invocation.return_value(None)
            return
        _, replaced, _, title, _, actions, _, _ = parameters.unpack()
        self.count += not replaced
        number = replaced or self.count
        self.shown[number] = (title, dict(zip(actions[1::2], actions[::2])))
        invocation.return_value(GLib.Variant('(u)', (number,)))

    def click(self, label):
        """"" is the notification itself."""
        number, (_, actions) = next(iter(self.shown.items()))
        self.bus.emit_signal(None, '/org/freedesktop/Notifications', NOTIFICATIONS, 'ActionInvoked',
                             GLib.Variant('(us)', (number, actions[label])))


def is_healthy(web_link):
    """Whether the relay behind a link answers /health."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with urllib.request.urlopen(f'https://127.0.0.1:{urlsplit(web_link).port}/health', context=context, timeout=DEADLINE) as answer:
            return answer.read() == b'ok\n'
    except OSError:
        return False


class TestGoingOn(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.notifications = Notifications()

    def setUp(self):
        self.notifications.shown.clear()
        self.told = False  # once for all, what closing the window means
        settings = Path(os.environ['XDG_CONFIG_HOME'], 'parlor', 'settings.ini')
        self.addCleanup(settings.write_text, settings.read_text(encoding='utf-8'), encoding='utf-8')

    def host(self, goes_on):
        ann = Parlor('--host', name='Ann')
        self.addCleanup(self.stop, ann)
        ann.wait_text_with('https://')
        if goes_on:
            ann.activate('keep-hosting')
        wait_for('the choice', lambda: ann.action_state('keep-hosting') == goes_on)
        wait_for('its row', lambda: ann.find('127.0.0.1 On This Computer'))
        ann.activate('address', GLib.Variant('s', '127.0.0.1'))
        web, app = ann.wait_text_with('https://127.0.0.1:'), ann.wait_text_with('parlor://127.0.0.1:')
        self.assertTrue(is_healthy(web))
        return ann, web, app

    def stop(self, ann):
        status = ann.close()
        log = ann.read_log()
        ann.log.close()
        self.assertEqual(status, 0, log)

    def close_window(self, ann, web):
        """And sees that all that is left is the room, and a notification of it."""
        ann.close_window()
        if not self.told:
            ann.wait_text('The Room Stays Open')
            self.assertTrue(is_healthy(web))
            ann.answer('Close Window')
            self.told = True
        ann.wait_no_window()
        wait_for('a notification', lambda: self.notifications.shown)
        self.assertEqual([title for title, _ in self.notifications.shown.values()], ['The Room Stays Open'])
        self.assertIsNone(ann.process.poll())
        self.assertTrue(is_healthy(web))

    def start_peer(self, link, *args):
        peer = subprocess.Popen([os.environ['PARLOR_PEER'], '--json', '--name', 'Bo', *args, link],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def end():
            peer.stdin.close()
            peer.terminate()
            peer.wait(DEADLINE)
            peer.stdout.close()
        self.addCleanup(end)
        return peer

    def accept(self, ann):
        """By the action behind the button: it rings for 45 s, and who looks for a button while all is painted may be late."""
        wait_for('a ring', lambda: ann.action_enabled('accept'))
        ann.activate('accept')

    def wait_ended(self, ann, web):
        self.assertEqual(ann.process.wait(DEADLINE), 0)
        self.assertFalse(is_healthy(web))
        wait_for('no notification', lambda: not self.notifications.shown)

    def test_a_ring_brings_the_window_back(self):
        ann, web, app = self.host(goes_on=True)
        self.close_window(ann, web)
        peer = self.start_peer(app, '--call')
        self.accept(ann)
        ann.wait_window()
        self.assertTrue(any('"active"' in line for line in peer.stdout))  # what does not come ends the peer, and its output
        wait_for('a moving picture', lambda: ann.changed_pixels() > 40)  # the camera is back, too
        wait_for('no notification', lambda: not self.notifications.shown)

        # Closing it in a call ends the call, not the room.
        ann.close_window()
        ann.answer('End Call')
        ann.wait_no_window()
        self.assertTrue(any('"ended"' in line for line in peer.stdout))
        self.assertTrue(is_healthy(web))

    def test_the_notification_leads_back_and_stops(self):
        ann, web, _ = self.host(goes_on=True)
        self.close_window(ann, web)
        self.notifications.click('')
        ann.wait_window()
        ann.wait_text(web)  # the same room
        wait_for('no notification', lambda: not self.notifications.shown)
        self.close_window(ann, web)
        self.notifications.click('Stop Hosting')
        self.wait_ended(ann, web)

    def test_a_knock_brings_the_window_back(self):
        ann, web, app = self.host(goes_on=True)
        ann.activate('lock')
        wait_for('a locked room', lambda: ann.action_state('lock'))
        self.close_window(ann, web)
        bo = Parlor(app, name='Bo', x=1200)
        self.addCleanup(bo.log.close)
        self.addCleanup(bo.close)
        bo.press('Join')
        bo.press('Knock')
        ann.wait_window()
        ann.press('Let Bo In')
        self.accept(ann)
        bo.wait_button('Hang Up')

    def test_the_question_may_be_answered_otherwise(self):
        ann, web, _ = self.host(goes_on=True)
        ann.close_window()
        ann.answer('Stop Hosting')
        self.wait_ended(ann, web)

    def test_without_the_choice_it_ends_with_the_window(self):
        ann, web, _ = self.host(goes_on=False)
        ann.close_window()
        self.wait_ended(ann, web)
        self.assertEqual(self.notifications.shown, {})


if __name__ == '__main__':
    parlor_window.run(lambda: not unittest.main(exit=False, verbosity=2).result.wasSuccessful())
