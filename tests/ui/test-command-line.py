#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the program says to wrong flags, without opening a window."""

import os
import subprocess
import unittest


def parlor(*args):
    env = {key: value for key, value in os.environ.items()
           if key not in ('DISPLAY', 'WAYLAND_DISPLAY', 'DBUS_SESSION_BUS_ADDRESS')}
    return subprocess.run([os.environ['PARLOR'], *args], env=dict(env, LC_ALL='C.UTF-8'), capture_output=True,
                          text=True, timeout=60, check=False)


class TestCommandLine(unittest.TestCase):
    def test_version(self):
        result = parlor('--version')
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout, r'^Parlor \d+\.\d+\.\d+\n$')

    def test_help_names_every_flag(self):
        result = parlor('--help')
        self.assertEqual(result.returncode, 0)
        for flag in ('--host', '--name', '--test-media', '--new-instance', '--version', 'INVITE'):
            self.assertIn(flag, result.stdout)

    def test_unknown_flag(self):
        result = parlor('--frobnicate')
        self.assertEqual(result.returncode, 2)
        self.assertIn('--frobnicate', result.stderr)
        self.assertIn('--help', result.stderr)

    def test_missing_value(self):
        self.assertEqual(parlor('--name').returncode, 2)

    def test_too_many_invites(self):
        result = parlor('127.0.0.1:3002', '127.0.0.1:3003')
        self.assertEqual(result.returncode, 2)
        self.assertIn('one invite at most', result.stderr)

    def test_host_and_invite(self):
        self.assertEqual(parlor('--host', '127.0.0.1:3002').returncode, 2)


if __name__ == '__main__':
    unittest.main(verbosity=2)
