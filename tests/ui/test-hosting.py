#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A room of one's own: its links and addresses, the code on the screen, who may come in, and when it ends."""

import json
import os
import socket
import ssl
import subprocess
import unittest
from urllib.parse import urlsplit

import parlor_window
from parlor_window import DEADLINE, Parlor, wait_for


def read_code(parlor):
    """What a camera reads on the screen, if anything."""
    shot = subprocess.run(['import', '-window', parlor.window, 'png:-'], capture_output=True, check=True).stdout
    return subprocess.run(['zbarimg', '--raw', '-q', 'png:-'], input=shot, capture_output=True, check=False,
                          timeout=DEADLINE).stdout.decode().strip()


def answers(port):
    """Whether somebody listens on this port, with TLS."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection(('127.0.0.1', port), 5) as raw, context.wrap_socket(raw) as tls:
            return tls.version() is not None
    except OSError:
        return False


class TestHosting(unittest.TestCase):
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
        """Returns who hosts, the link for browsers and the link for Parlor."""
        ann = self.start('--host', name='Ann', x=0, **kwargs)
        return ann, ann.wait_text_with('https://'), ann.wait_text_with('parlor://')

    def on_this_computer(self, **kwargs):
        """The same, with an address that every machine has."""
        ann, _, _ = self.host(**kwargs)
        wait_for('its row', lambda: ann.find('127.0.0.1 On This Computer'))
        ann.activate('address', parlor_window.GLib.Variant('s', '127.0.0.1'))
        return ann, ann.wait_text_with('https://127.0.0.1:'), ann.wait_text_with('parlor://127.0.0.1:')

    # --- links

    def test_links_lead_here_and_nowhere_else(self):
        ann, web, app = self.on_this_computer()
        self.assertRegex(app, r'\.tls=[A-Za-z0-9_-]{43}$')
        self.assertEqual(urlsplit(web).path, urlsplit(app).path)
        ann.wait_text_with('Nobody is warned who opens the link for Parlor')
        wrong = app[:-2] + ('AA' if not app.endswith('AA') else 'BA')
        bo = self.start(wrong, name='Bo', x=1200)
        bo.press('Join')
        bo.wait_text('Not the Computer You Expect')
        bo.activate('join', parlor_window.GLib.Variant('s', app))
        ann.wait_button('Accept')

    def test_the_code_is_the_web_link(self):
        for scheme in ('light', 'dark'):
            for size in ((1280, 800), (360, 640)):
                with self.subTest(f'{scheme}, {size[0]} wide'):
                    ann, web, _ = self.host(size=size, env={'ADW_DEBUG_COLOR_SCHEME': f'prefer-{scheme}'})
                    wait_for('a code that reads as the link', lambda ann=ann, web=web: read_code(ann) == web, shown=lambda ann=ann: read_code(ann))
                    ann.activate('stop-hosting')
                    ann.wait_text('You are Ann')
                    wait_for('no code', lambda ann=ann: not read_code(ann))  # the negative control
                    ann.close()

    def test_another_address_changes_link_and_code(self):
        ann, web, _ = self.on_this_computer()
        ann.wait_text('On This Computer')
        ann.wait_text_with('checked')
        wait_for('its code', lambda: read_code(ann) == web)

    def test_port_taken(self):
        with socket.socket(socket.AF_INET) as taken:
            # The room of the test before may have left connections that still say goodbye.
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(('0.0.0.0', 3002))
            taken.listen()
            _, web, app = self.host()
            self.assertNotEqual(urlsplit(web).port, 3002)
            self.assertEqual(urlsplit(web).port, urlsplit(app).port)
            self.assertTrue(answers(urlsplit(web).port))

    # --- browsers

    def test_chromium_comes_in(self):
        ann, web, _ = self.on_this_computer()
        node = subprocess.Popen(['node', os.environ['OPEN_WEB_LINK'], web, 'Cy'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                env={key: value for key, value in os.environ.items() if key != 'G_DEBUG'})
        self.addCleanup(node.stdout.close)
        self.addCleanup(node.wait, DEADLINE)
        self.addCleanup(node.stdin.close)
        lines = (line.strip() for line in node.stdout if not line.startswith('#'))
        said = next(lines)
        if said.startswith('skipped'):
            self.skipTest(said)
        self.assertEqual(said, 'joined')
        ann.press('Accept')
        self.assertEqual(next(lines), 'active')
        self.assertEqual(next(lines), 'moving')
        wait_for('a moving picture', lambda: ann.changed_pixels() > 40)

    # --- the door

    def id_of(self, name, link):
        """What the relay calls somebody in the room, as a third one is told who comes in."""
        peer = subprocess.Popen([os.environ['PARLOR_PEER'], '--json', '--answer', '--media', 'none', link], stdout=subprocess.PIPE, text=True)
        try:
            ready = json.loads(next(line for line in peer.stdout if '"ready"' in line))
            return next(each['id'] for each in ready['peers'] if each['name'] == name)
        finally:
            peer.terminate()
            peer.wait(DEADLINE)
            peer.stdout.close()

    def test_door(self):
        ann, _, app = self.on_this_computer()
        wait_for('the room\'s owner', lambda: ann.action_enabled('lock'))
        ann.activate('lock')
        ann.wait_text_with('Who comes now has to knock')
        self.assertTrue(ann.action_state('lock'))

        bo = self.start(app, name='Bo', x=1200)
        bo.press('Join')
        bo.wait_text('The room is locked')
        self.assertFalse(ann.find('Bo'))  # nobody is told before the knock
        bo.press('Knock')
        bo.wait_text_with('You knocked.')
        ann.wait_text('is at the door')
        ann.press('Decline Bo')
        bo.wait_text('They Did Not Let You In')
        ann.wait_text_with('Waiting for somebody')

        bo.press('Try Again')
        bo.press('Knock')
        ann.press('Let Bo In')
        ann.press('Accept')
        bo.wait_button('Hang Up')
        wait_for('a moving picture', lambda: ann.changed_pixels() > 40)
        ann.activate('hang-up')
        ann.wait_text('Call Ended')
        ann.press('Close')
        ann.wait_button('Call Bo')

        ann.activate('lock')
        ann.wait_text_with('comes in without knocking')
        # GTK 4.8 lets assistive tools press no menu button: the action behind its only item.
        wait_for('the menu', lambda: ann.find('More About Bo'))
        ann.activate('remove', parlor_window.GLib.Variant('s', self.id_of('Bo', app)))
        ann.wait_text_with('Waiting for somebody')
        bo.wait_text('You Were Removed')

        cy = self.start(app, name='Cy', x=1200)
        cy.press('Join')
        ann.wait_button('Accept')

    # --- the end of it

    def test_stop(self):
        ann, web, _ = self.host()
        port = urlsplit(web).port
        self.assertTrue(answers(port))
        ann.press('Stop Hosting')
        ann.wait_text('You are Ann')
        wait_for('nobody on the port', lambda: not answers(port))
        self.assertFalse(ann.action_enabled('stop-hosting'))

    # --- a home relay

    def test_home_relay(self):
        relay = subprocess.Popen([os.environ['PARLOR_RELAY'], '--listen', '127.0.0.1:0'], stdout=subprocess.PIPE, text=True)
        self.addCleanup(relay.stdout.close)
        self.addCleanup(relay.wait)
        self.addCleanup(relay.terminate)
        url = next(word for word in relay.stdout.readline().split() if word.startswith('http')).rstrip('/')
        ann = self.start(name='Ann', size=(800, 700))
        ann.wait_text('You are Ann')
        ann.open_preferences()
        field = 'Address, like https://calls.example.org'
        ann.type_into('http://127.0.0.1:1', field)
        ann.press('Test the Home Relay')
        ann.wait_text_with('Nobody answers there.')
        ann.type_into('http://calls.example.org', field)
        ann.press('Test the Home Relay')
        ann.wait_text_with('This is not the address of a relay.')
        ann.type_into(url, field)
        ann.press('Test the Home Relay')
        ann.wait_text_with('It answers')

        folder = os.path.join(os.environ['XDG_CONFIG_HOME'], 'with-a-relay')
        os.makedirs(os.path.join(folder, 'parlor'))
        with open(os.path.join(folder, 'parlor', 'settings.ini'), 'w', encoding='utf-8') as settings:
            settings.write(f'[network]\nhome-relay={url}\n')
        ann = self.start('--host', name='Ann', env={'XDG_CONFIG_HOME': folder})
        link = ann.wait_text_with(f'{url}/')
        self.assertFalse(ann.find('On This Computer'))  # nothing is hosted here
        bo = self.start(link, name='Bo', x=1200)
        bo.press('Join')
        ann.wait_button('Accept')

        # The room was hers. It goes on without her, and is his.
        self.assertFalse(bo.action_enabled('lock'))
        ann.close()
        wait_for('another owner', lambda: bo.action_enabled('lock'))

        # Who joins a room that nobody is in keeps its door as well.
        bo.close()
        cy = self.start(f'{url}/empty', name='Cy', x=1200)
        cy.press('Join')
        cy.wait_text('You are in the room')
        cy.wait_text('Lock the Room')
        cy.activate('lock')
        wait_for('the lock', lambda: cy.action_state('lock'))


if __name__ == '__main__':
    parlor_window.run(lambda: not unittest.main(exit=False, verbosity=2).result.wasSuccessful())
