# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives real Parlor windows: presses what a user presses (AT-SPI), reads what a user reads, looks at the pixels.

Import this first thing in a script: run() starts the script again inside an X server and a session bus of its own.
"""

import os
import subprocess
import sys
import tempfile
import time

DEADLINE = int(os.environ.get('PARLOR_TEST_DEADLINE', '60'))  # s; ten times what the slowest step takes on a busy two-core machine
SCREEN = '2600x900x24'


def run(main):
    """Runs main() inside Xvfb and a session bus of its own; ends the process with its status."""
    if 'PARLOR_TEST_INSIDE' not in os.environ:
        with tempfile.TemporaryDirectory(prefix='parlor-ui-') as home:
            config = os.path.join(home, 'config', 'gtk-4.0')
            os.makedirs(config)
            with open(os.path.join(config, 'settings.ini'), 'w', encoding='utf-8') as settings:
                settings.write('[Settings]\ngtk-font-name=Cantarell 11\ngtk-decoration-layout=:close\n')
            os.mkdir(os.path.join(home, 'run'), 0o700)
            # The router of the network that the tests happen to run in is left alone.
            os.mkdir(os.path.join(home, 'config', 'parlor'))
            with open(os.path.join(home, 'config', 'parlor', 'settings.ini'), 'w', encoding='utf-8') as settings:
                settings.write('[network]\nask-router=false\n')
            env = dict(os.environ, PARLOR_TEST_INSIDE='1', HOME=home, XDG_CONFIG_HOME=os.path.join(home, 'config'),
                       XDG_CACHE_HOME=os.path.join(home, 'cache'), XDG_DATA_HOME=os.path.join(home, 'data'),
                       XDG_RUNTIME_DIR=os.path.join(home, 'run'), GSETTINGS_BACKEND='memory', GDK_BACKEND='x11',
                       GTK_USE_PORTAL='0', LC_ALL='C.UTF-8', GSK_RENDERER='cairo')
            for unwanted in ('DBUS_SESSION_BUS_ADDRESS', 'AT_SPI_BUS_ADDRESS', 'WAYLAND_DISPLAY', 'GTK_A11Y', 'LANGUAGE'):
                env.pop(unwanted, None)
            status = subprocess.run(
                ['xvfb-run', '-a', '-s', f'-screen 0 {SCREEN}', 'dbus-run-session', '--', sys.executable, *sys.argv],
                env=env, check=False).returncode
        sys.exit(status)
    sys.exit(main())


if 'PARLOR_TEST_INSIDE' in os.environ:
    import gi

    gi.require_version('Atspi', '2.0')
    gi.require_version('GdkPixbuf', '2.0')
    from gi.repository import Atspi, GdkPixbuf, Gio, GLib

    # The registry must run before the first window: GTK announces itself once.
    Atspi.init()
    Atspi.set_timeout(20000, 20000)
    Atspi.get_desktop(0).set_cache_mask(Atspi.Cache.NONE)
    Atspi.get_desktop(0).get_child_count()

    BUTTONS = (Atspi.Role.PUSH_BUTTON, Atspi.Role.TOGGLE_BUTTON, Atspi.Role.RADIO_BUTTON, Atspi.Role.CHECK_BOX)
    PLAIN = (Atspi.Role.APPLICATION, Atspi.Role.PANEL, Atspi.Role.FILLER)
    LEAVES = (*BUTTONS, Atspi.Role.LABEL, Atspi.Role.IMAGE)


def wait_for(what, condition, seconds=DEADLINE, shown=None):
    """Waits until condition() is true and returns what it returned; fails after a bounded time, and says what shown() says."""
    end = time.monotonic() + seconds
    while True:
        while GLib.MainContext.default().iteration(False):
            pass
        try:
            result = condition()
        except GLib.Error:  # what was looked at has just gone, or its program is busy
            result = None
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f'not within {seconds} s: {what}' + (f'; there is {shown()}' if shown else ''))
        time.sleep(0.2)


class Shot:
    """A picture of a window."""

    def __init__(self, png):
        loader = GdkPixbuf.PixbufLoader.new_with_type('png')
        loader.write(png)
        loader.close()
        pixbuf = loader.get_pixbuf()
        self.width, self.height = pixbuf.get_width(), pixbuf.get_height()
        self.stride, self.channels = pixbuf.get_rowstride(), pixbuf.get_n_channels()
        self.pixels = pixbuf.get_pixels()

    def middle(self):
        """Where nothing but the other person is: no header, no controls, not the corner of one's own picture."""
        rows = []
        for y in range(int(self.height * 0.14), int(self.height * 0.62)):
            start = y * self.stride
            rows.append(self.pixels[start + int(self.width * 0.05) * self.channels:
                                    start + int(self.width * 0.95) * self.channels])
        return b''.join(rows)


class Parlor:
    """One running program with its window."""

    def __init__(self, *args, name='Ann', x=0, size=(640, 480), env=None, test_media=True):
        program = os.environ['PARLOR']
        media = ['--test-media'] if test_media else []
        self.log = tempfile.TemporaryFile(mode='w+')
        self.process = subprocess.Popen(
            [program, '--new-instance', *media, '--name', name, *args],
            env=dict(os.environ, G_DEBUG='fatal-criticals', LD_PRELOAD=os.environ.get('PARLOR_TEST_PRELOAD', ''), **(env or {})),
            stderr=self.log)
        try:
            self.app = wait_for(f'{name} on the accessibility bus', self._find_app)
            self.window = wait_for(f'the window of {name}', self._find_window)
            self._xdotool('windowsize', self.window, str(size[0]), str(size[1]))
            self._xdotool('windowmove', self.window, str(x), '0')
        except BaseException:
            self.close()
            raise

    def _find_app(self):
        assert self.process.poll() is None, f'it ended by itself: {self.read_log()}'
        desktop = Atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            try:
                app = desktop.get_child_at_index(i)
                if app and app.get_process_id() == self.process.pid:
                    app.set_cache_mask(Atspi.Cache.ROLE)
                    return app
            except GLib.Error:  # one that has just ended
                continue
        return None

    def _root(self):
        """The program; libatspi was seen to lose one that ran on ("The application no longer exists"), and is asked for it again."""
        try:
            self.app.get_role()
        except GLib.Error:
            self.app = self._find_app() or self.app
        return self.app

    def _xdotool(self, *args):
        return subprocess.run(['xdotool', *args], capture_output=True, text=True, check=False).stdout.split()

    def _find_window(self):
        windows = self._xdotool('search', '--onlyvisible', '--pid', str(self.process.pid), '--name', '.')
        return windows[-1] if windows else None

    # --- what a user sees

    def _walk(self, node):
        """(node, role, name) of all that is there for assistive tools. GTK 4.8 knows VISIBLE, not SHOWING, below the
        window. Every question is a round trip to a program that is busy painting: few are asked."""
        role = node.get_role()
        if role == Atspi.Role.SCROLL_BAR:
            return
        if role != Atspi.Role.APPLICATION and not node.get_state_set().contains(Atspi.StateType.VISIBLE):
            return
        if role not in PLAIN:
            yield node, role, node.get_name()
        if role not in LEAVES or self._is_menu_button(node, role):
            for i in range(node.get_child_count()):
                child = node.get_child_at_index(i)
                if child:
                    yield from self._walk(child)

    @staticmethod
    def _is_menu_button(node, role):
        """GTK 4.8: a button that does nothing, around one that does and around the popover."""
        return role == Atspi.Role.PUSH_BUTTON and node.get_n_actions() == 0

    def find(self, name, button=False):
        """The last of that name: a page's own Close comes after the window's."""
        found = [node for node, role, its_name in self._walk(self._root())
                 if its_name == name and (role in BUTTONS or not button)]
        return found[-1] if found else None

    def texts(self):
        return [name for node, role, name in self._walk(self._root()) if role == Atspi.Role.LABEL and name]

    def wait_text(self, text):
        return wait_for(f'“{text}” in the window', lambda: self.find(text), shown=self.texts)

    def wait_text_with(self, part):
        return wait_for(f'a text with “{part}”',
                        lambda: next((text for text in self.texts() if part in text), None))

    def sees_button(self, name):
        return self.find(name, button=True) is not None

    def wait_button(self, name):
        return wait_for(f'a button “{name}”', lambda: self.find(name, button=True))

    # --- what a user does

    def press(self, name):
        button = wait_for(f'a button “{name}” that can be pressed', lambda: self._sensitive(name))
        self._with_action(button).do_action(0)

    def answer(self, name):
        """Presses a button of an AdwMessageDialog, which has each twice, side by side and one above the other: the one that takes
        up room. GTK 4.8 calls it by its label with and without the mnemonic."""
        def shown():
            return next((node for node, role, its_name in self._walk(self._root()) if role in BUTTONS and its_name.endswith(f' {name}')
                         and node.get_extents(Atspi.CoordType.WINDOW).width > 0), None)
        wait_for(f'an answer “{name}”', shown).do_action(0)

    def close_window(self):
        self.press('Close')

    def wait_no_window(self):
        wait_for('no window', lambda: not self._find_window())

    def wait_window(self):
        """One that came back is another."""
        self.window = wait_for('a window', self._find_window)

    @staticmethod
    def _with_action(button):
        """GTK 4.8 gives the action of a menu button to one inside."""
        while button.get_n_actions() == 0 and button.get_child_count() > 0:
            button = button.get_child_at_index(0)
        return button

    def _sensitive(self, name):
        button = self.find(name, button=True)
        if button and button.get_state_set().contains(Atspi.StateType.SENSITIVE):
            return button
        return None

    def type_into(self, text, wanted=None):
        entry = wait_for('an entry', lambda: next(
            (node for node, role, name in self._walk(self._root())
             if role in (Atspi.Role.TEXT, Atspi.Role.ENTRY) and wanted in (None, name)
             and node.get_state_set().contains(Atspi.StateType.EDITABLE)), None))
        entry.set_text_contents(text)

    def open_preferences(self):
        """By its key: there is no window manager, so the window is given the focus first."""
        self._xdotool('windowfocus', '--sync', self.window)
        self._xdotool('key', '--window', self.window, 'ctrl+comma')

    def stir(self):
        """Moves the pointer over the window, so that what fades comes back."""
        for place in ('100', '120'):
            self._xdotool('mousemove', '--window', self.window, place, '200')

    # --- what D-Bus sees

    def _actions(self, method, argument):
        """Calls a method of org.gtk.Actions on this program, found by its process id."""
        bus = Gio.bus_get_sync(Gio.BusType.SESSION)

        def call(name, path, interface, what, parameters):
            return bus.call_sync(name, path, interface, what, parameters, None, 0, DEADLINE * 1000, None).unpack()

        def ask(what, parameters=None):
            return call('org.freedesktop.DBus', '/', 'org.freedesktop.DBus', what, parameters)[0]

        for name in ask('ListNames'):
            if name.startswith(':') and ask('GetConnectionUnixProcessID', GLib.Variant('(s)', (name,))) == self.process.pid:
                return call(name, '/io/github/parlor/Parlor', 'org.gtk.Actions', method, argument)
        raise AssertionError('not on the session bus')

    def activate(self, action, parameter=None):
        parameters = [parameter] if parameter else []
        self._actions('Activate', GLib.Variant('(sava{sv})', (action, parameters, {})))

    def action_enabled(self, action):
        return self._actions('Describe', GLib.Variant('(s)', (action,)))[0][0]

    def action_state(self, action):
        return self._actions('Describe', GLib.Variant('(s)', (action,)))[0][2][0]

    # --- pixels

    def shot(self, path=None):
        png = subprocess.run(['import', '-window', self.window, 'png:-'], capture_output=True, check=True).stdout
        if path:
            with open(path, 'wb') as file:
                file.write(png)
        return Shot(png)

    def changed_pixels(self, seconds=0.4):
        """How many bytes of the other person's picture changed within the time."""
        before = self.shot().middle()
        time.sleep(seconds)
        after = self.shot().middle()
        assert len(before) == len(after)
        return sum(abs(a - b) > 24 for a, b in zip(before, after))

    def close(self):
        """Ends the program as a session does; returns its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def read_log(self):
        self.log.seek(0)
        return self.log.read()
