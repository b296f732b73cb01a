# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of the test's own: namespaces, NATs and bad lines, none of which outlives the test.

isolate() runs the program again as the first process of new PID, mount and network namespaces. When that process ends, by
itself or by a kill, the kernel ends all others in there, and with the last of them the networks go. Network namespaces have
no names: this process holds them by descriptors, so nothing is left under /run either.
"""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys

CLONE_NEWNET = 0x40000000
INSIDE = "PARLOR_NET_TEST_INSIDE"
UNSHARE = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
TOOLS = ["unshare", "nsenter", "ip", "nft"]

libc = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def skip(why):
    print(f"1..0 # SKIP {why}", flush=True)
    sys.exit(0)


def isolate(*tools):
    """Goes on in namespaces of its own; skips the whole test where the machine does not let it, or lacks a tool."""
    if os.environ.get(INSIDE):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the first process of a namespace has no default for it
        return
    for tool in (*TOOLS, *tools):
        if not shutil.which(tool):
            skip(f"there is no {tool}")
    # Without root, as the root of a user namespace, where the kernel lets users make them.
    command = UNSHARE if os.geteuid() == 0 else [*UNSHARE, "--user", "--map-root-user"]
    tried = subprocess.run([*command, "test", "-w", "/dev/net/tun"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        skip(f"no namespaces or no TUN devices here: {tried.stderr.strip() or '/dev/net/tun cannot be opened'}")
    os.environ[INSIDE] = "1"
    os.execvp(command[0], [*command, sys.executable, *sys.argv])


class Space:
    """A network namespace with its loopback up and no IPv6. It lives as long as this object, or a process or link in it."""

    def __init__(self):
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        check(libc.unshare(CLONE_NEWNET))
        self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        check(libc.setns(home, CLONE_NEWNET))
        os.close(home)
        self.path = f"/proc/{os.getpid()}/fd/{self.fd}"
        self.sysctl("ipv6/conf/all/disable_ipv6", 1)
        self.ip("link", "set", "lo", "up")

    @contextlib.contextmanager
    def entered(self):
        """What this thread opens in here belongs to the namespace for good."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        check(libc.setns(self.fd, CLONE_NEWNET))
        try:
            yield
        finally:
            check(libc.setns(home, CLONE_NEWNET))
            os.close(home)

    def sysctl(self, name, value):
        with self.entered(), open(f"/proc/sys/net/{name}", "w", encoding="ascii") as file:
            file.write(str(value))

    def command(self, *args):
        """The words that run a program in here; its process id is that of the child."""
        return ["nsenter", f"--net={self.path}", *args]

    def run(self, *args, **kwargs):
        done = subprocess.run(self.command(*args), capture_output=True, text=True, check=False, **kwargs)
        assert done.returncode == 0, (args, done.stderr)
        return done.stdout

    def ip(self, *args):
        return self.run("ip", *args)

    def udp(self, address="0.0.0.0", port=0):
        with self.entered():
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((address, port))
        made.settimeout(10)
        return made

    def close(self):
        os.close(self.fd)


def cable(a, name_a, address_a, b, name_b, address_b):
    """A perfect line."""
    a.ip("link", "add", name_a, "type", "veth", "peer", "name", name_b, "netns", b.path)
    for space, name, address in ((a, name_a, address_a), (b, name_b, address_b)):
        space.ip("addr", "add", address, "dev", name)
        space.ip("link", "set", name, "up")


class Link:
    """A line as bad as one likes; see link.c. It is in its own process and ends with this one."""

    def __init__(self, program, a, name_a, address_a, b, name_b, address_b, seed=1):
        self.process = subprocess.Popen(
            [program, a.path, name_a, b.path, name_b, str(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        assert self.process.stdout.readline() == "ready\n", "the link did not start"
        for space, name, address in ((a, name_a, address_a), (b, name_b, address_b)):
            space.ip("addr", "add", address, "dev", name)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        return self.process.stdout.readline().rstrip("\n")

    def set(self, way="both", **settings):
        """link.set("ab", delay=50, loss=5); the others stay."""
        answer = self.ask(" ".join([way, *(f"{name}={value}" for name, value in settings.items())]))
        assert answer == "ok", answer

    def stats(self):
        return json.loads(self.ask("stats"))

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)
        self.process.stdout.close()


# What a router lets through, and how it maps. Both kinds drop what nobody inside asked for, before conntrack confirms it:
# else the packet that punches the hole from the other side takes its port, and ours is mapped to another.
NAT = """
table ip nat {{
  chain out {{ type nat hook postrouting priority 100; oifname "wan" masquerade {mapping}; }}
}}
table ip wall {{
  chain pass {{
    type filter hook forward priority 0;
    {blocked}
    iifname "wan" ct state established,related accept
    iifname "wan" drop
  }}
  chain own {{ type filter hook input priority 0; iifname "wan" ct state new meta l4proto {{ tcp, udp }} drop; }}
}}
"""
KINDS = {
    "cone": {"mapping": "", "blocked": ""},  # a port stays the same, wherever its packets go
    "symmetric": {"mapping": "fully-random", "blocked": ""},  # another port for each destination
    "tcp-only": {"mapping": "", "blocked": "meta l4proto udp drop"},
}

SERVER = "192.0.2.1"


class Town:
    """Two homes behind a router each, and a core between them, in which the servers are.

      home a          router a                       core                        router b          home b
    10.1.0.2 -- 10.1.0.1 | 203.0.113.2 -- 203.0.113.1 | 198.51.100.1 -- 198.51.100.2 | 10.2.0.1 -- 10.2.0.2

    Servers listen on 192.0.2.1. With a link program, the line between router a and the core is `line`, a Link (a is router a).
    """

    def __init__(self, kind_a="cone", kind_b="cone", link_program=None):
        self.line = None
        self.core = Space()
        self.core.sysctl("ipv4/ip_forward", 1)
        self.core.ip("addr", "add", f"{SERVER}/32", "dev", "lo")
        self.spaces = [self.core]
        self.routers = {}
        self.a = self._home(kind_a, "10.1.0.{}/24", "203.0.113.{}/30", "to-a", link_program)
        self.b = self._home(kind_b, "10.2.0.{}/24", "198.51.100.{}/30", "to-b", None)

    def _home(self, kind, inner, outer, core_end, link_program):
        home, router = Space(), Space()
        self.spaces += [home, router]
        cable(home, "lan", inner.format(2), router, "lan", inner.format(1))
        if link_program:
            self.line = Link(link_program, router, "wan", outer.format(2), self.core, core_end, outer.format(1))
        else:
            cable(router, "wan", outer.format(2), self.core, core_end, outer.format(1))
        router.sysctl("ipv4/ip_forward", 1)
        home.ip("route", "add", "default", "via", inner.format(1).split("/")[0])
        router.ip("route", "add", "default", "via", outer.format(1).split("/")[0])
        router.run("nft", "-f", "-", input=NAT.format(**KINDS[kind]))
        self.routers[home] = router
        return home

    def block_udp(self, home):
        """From now on its router lets none through, either way; what is established is no exception."""
        self.routers[home].run("nft", "insert", "rule", "ip", "wall", "pass", "meta", "l4proto", "udp", "drop")

    def close(self):
        if self.line:
            self.line.close()
        for space in self.spaces:
            space.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
