#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real home router (miniupnpd) passes a port on: what is asked for is seen from outside, renewed, and taken back.

Three network namespaces of its own, seen by nobody else: home (10.9.0.2) - router (10.9.0.1, 11.22.33.1) - world (11.22.33.2).
By IPv6, home is 2001:db8:9::2 and the world 2001:db8:33::2, and the router is a firewall.
Usage: test-port-map.py REACH-PROBE. Is skipped (77) only where namespaces cannot be made, or there is no miniupnpd or nft.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

DEADLINE = 100  # s; the patience for PCP and for NAT-PMP, and UPnP's discovery, are 10
INSIDE = 'PARLOR_TEST_NAMESPACE'
PORT, OUTSIDE = 3002, '11.22.33.1'
HOME_IPV6 = '2001:db8:9::2'
PCP, NATPMP = 2, 0  # the first byte of what is asked

CONFIG = """ext_ifname=wan
listening_ip=lan
http_port=0
enable_natpmp={natpmp}
enable_upnp={upnp}
secure_mode=yes
min_lifetime=1
max_lifetime=86400
lease_file={folder}/leases
uuid=00000000-0000-4000-8000-000000000001
force_igd_desc_v1={old}
upnp_table_name=mini
upnp_nat_table_name=mini
upnp_forward_chain=forwarding
upnp_nat_chain=prerouting
upnp_nat_postrouting_chain=postrouting
{rules}
"""
RULESET = """table inet mini {
  chain forwarding { }
  chain wall {
    type filter hook forward priority 0;
    meta nfproto ipv6 iifname "wan" ct state established,related accept
    meta nfproto ipv6 iifname "wan" jump forwarding
    meta nfproto ipv6 iifname "wan" drop
  }
  chain prerouting { type nat hook prerouting priority -100; }
  chain postrouting { type nat hook postrouting priority 100; }
}
"""
STAND_IN = """import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('10.9.0.1', 5351))
print('up', flush=True)
while True:
    ask, whom = s.recvfrom(100)
    code = int(sys.argv[2])
    if ask[0] == 2 and sys.argv[3] == 'pcp':
        s.sendto(struct.pack('!BBBBII12x', 2, 129, 0, code, 60, 7) + ask[24:], whom)
    elif ask[0] != 0:
        s.sendto(struct.pack('!BBHI', 0, 128 | ask[1], 1, 7), whom)
        print('version', ask[0], flush=True)
    elif ask[1] == 0:
        s.sendto(struct.pack('!BBHI', 0, 128, 0, 7) + socket.inet_aton(sys.argv[1]), whom)
    else:
        inside, outside, lease = struct.unpack('!HHI', ask[4:12])
        print(inside, 'for', lease, flush=True)
        s.sendto(struct.pack('!BBHIHHI', 0, 130, code, 7, inside, outside, lease), whom)
"""
OPEN = 'allow 1024-65535 10.9.0.0/24 1024-65535\ndeny 0-65535 0.0.0.0/0 0-65535'
SHUT = 'deny 0-65535 0.0.0.0/0 0-65535'


def run(*command, **kwargs):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=DEADLINE, **kwargs).stdout


def wait_for(what, condition, shown=None):
    end = time.monotonic() + DEADLINE
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f'not within {DEADLINE} s: {what}' + (f'; there is {shown()}' if shown else ''))
        time.sleep(0.1)


class Namespace:
    """A network namespace, alive as long as the process that holds it."""

    def __init__(self):
        self.holder = subprocess.Popen(['unshare', '-n', 'sleep', 'infinity'])
        own = os.readlink('/proc/self/ns/net')
        wait_for('a namespace', lambda: os.readlink(f'/proc/{self.holder.pid}/ns/net') != own)
        self.run('ip', 'link', 'set', 'lo', 'up')

    def enter(self, *command):
        return ('nsenter', '-t', str(self.holder.pid), '-n', *command)

    def run(self, *command, **kwargs):
        return run(*self.enter(*command), **kwargs)

    def close(self):
        self.holder.kill()
        self.holder.wait()


def link(first, first_name, second, second_name):
    run('ip', 'link', 'add', first_name, 'netns', str(first.holder.pid), 'type', 'veth',
        'peer', 'name', second_name, 'netns', str(second.holder.pid))
    first.run('ip', 'link', 'set', first_name, 'up')
    second.run('ip', 'link', 'set', second_name, 'up')


def give_address(namespace, name, address):
    namespace.run('ip', 'address', 'add', f'{address}/24', 'dev', name)


class Probe:
    """The part of Parlor that asks, in the home."""

    def __init__(self, home, lease, *family):
        self.process = subprocess.Popen(home.enter(sys.argv[-1], str(PORT), str(lease), *family), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def line(self):
        return self.process.stdout.readline().strip()

    def answer(self):
        line = self.line()
        return self.line() if line == 'searching' else line

    def close(self):
        self.process.stdin.close()
        said = [line.strip() for line in self.process.stdout]
        self.process.stdout.close()
        status = self.process.wait(DEADLINE)
        return said, status


class TestPortMap(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='parlor-net-')
        self.addCleanup(shutil.rmtree, self.folder)
        self.home, self.router, self.world = (self.namespace() for _ in range(3))
        self.router.run('ip', 'link', 'add', 'lan', 'type', 'bridge')
        self.router.run('ip', 'address', 'add', '10.9.0.1/24', 'dev', 'lan')
        self.router.run('ip', 'link', 'set', 'lan', 'up')
        self.plug_in(self.home, '10.9.0.2')
        link(self.world, 'eth', self.router, 'wan')
        give_address(self.world, 'eth', '11.22.33.2')
        give_address(self.router, 'wan', OUTSIDE)
        self.router.run('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1')
        self.router.run('nft', '-f', '-', input=RULESET)

    def give_ipv6(self):
        """Addresses, and as everywhere a router that is known by its link-local one."""
        for namespace, name, address in ((self.router, 'lan', 'fe80::1'), (self.router, 'lan', '2001:db8:9::1'),
                                         (self.router, 'wan', '2001:db8:33::1'), (self.home, 'eth', HOME_IPV6),
                                         (self.world, 'eth', '2001:db8:33::2')):
            namespace.run('ip', 'address', 'add', f'{address}/64', 'dev', name, 'nodad')
        self.home.run('ip', '-6', 'route', 'add', 'default', 'via', 'fe80::1', 'dev', 'eth')
        self.world.run('ip', '-6', 'route', 'add', '2001:db8:9::/64', 'via', '2001:db8:33::1')

    def deny(self, version):
        """Nobody at the router hears what home asks in this protocol."""
        self.home.run('nft', '-f', '-', input='table inet deny { chain out { type filter hook output priority 0; '
                      f'udp dport 5351 @th,64,8 {version} reject; }}; }}')

    def namespace(self):
        namespace = Namespace()
        self.addCleanup(namespace.close)
        return namespace

    def plug_in(self, namespace, address):
        socket_name = f'lan{address.rpartition(".")[2]}'
        link(namespace, 'eth', self.router, socket_name)
        self.router.run('ip', 'link', 'set', socket_name, 'master', 'lan')
        give_address(namespace, 'eth', address)
        namespace.run('ip', 'route', 'add', 'default', 'via', '10.9.0.1')

    def start_router(self, natpmp=False, upnp=False, rules=OPEN, old=True):
        config = os.path.join(self.folder, 'miniupnpd.conf')
        yes = {True: 'yes', False: 'no'}
        with open(config, 'w', encoding='utf-8') as file:
            file.write(CONFIG.format(natpmp=yes[natpmp], upnp=yes[upnp], folder=self.folder, rules=rules, old=yes[old]))
        log = open(os.path.join(self.folder, 'log'), 'w+', encoding='utf-8')
        self.addCleanup(log.close)
        daemon = subprocess.Popen(self.router.enter('miniupnpd', '-d', '-f', config, '-P', os.path.join(self.folder, 'pid')),
                                  stdout=log, stderr=log)

        def stop():
            daemon.terminate()
            daemon.wait(DEADLINE)

        def read():
            with open(log.name, encoding='utf-8') as file:
                return file.read()
        self.addCleanup(stop)
        wait_for('a listening router', lambda: 'HTTP listening' in read() or (natpmp and 'NAT-PMP' in read()) or daemon.poll() is not None, read)
        self.assertIsNone(daemon.poll(), read())

    def ask(self, *family, lease=3600, at=None):
        probe = Probe(at or self.home, lease, *family)
        self.addCleanup(lambda: probe.process.poll() is None and probe.process.kill())
        self.addCleanup(probe.process.stdout.close)
        return probe

    def forwards(self):
        """The rules that pass a port on, as the router's kernel has them."""
        return [line.strip() for line in self.router.run('nft', 'list', 'chain', 'inet', 'mini', 'prerouting').splitlines() if 'dnat' in line]

    def lease_end(self):
        """0 while the router writes it anew."""
        with open(os.path.join(self.folder, 'leases'), encoding='utf-8') as file:
            fields = file.read().split(':')
        return int(fields[4]) if len(fields) > 5 else 0

    def knock_from_the_world(self, port, address=OUTSIDE):
        """What somebody outside reads who connects to the router's port, or to another address, if anybody answers."""
        client = ('import socket, sys\ns = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)\n'
                  'print(s.recv(100).decode())')
        try:
            return self.world.run(sys.executable, '-c', client, address, str(port)).strip()
        except subprocess.CalledProcessError:
            return None

    def serve_at_home(self):
        server = ('import socket\ns = socket.create_server(("::", %d), family=socket.AF_INET6, dualstack_ipv6=True)\nprint("up", flush=True)\n'
                  'while True:\n  c = s.accept()[0]\n  c.sendall(b"this is home")\n  c.close()') % PORT
        process = subprocess.Popen(self.home.enter(sys.executable, '-c', server), stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline().strip(), 'up')

    def check_mapped_and_released(self):
        self.serve_at_home()
        self.assertIsNone(self.knock_from_the_world(PORT))  # the negative control
        probe = self.ask()
        self.assertEqual(probe.answer(), f'mapped {OUTSIDE} {PORT}')
        self.assertEqual(self.knock_from_the_world(PORT), 'this is home')
        self.assertEqual(len(self.forwards()), 1)
        self.assertEqual(probe.close(), (['off', 'released'], 0))
        self.assertEqual(self.forwards(), [])
        self.assertIsNone(self.knock_from_the_world(PORT))

    def test_pcp(self):
        self.start_router(natpmp=True)
        self.deny(NATPMP)
        self.check_mapped_and_released()

    def test_natpmp(self):
        self.start_router(natpmp=True)
        self.deny(PCP)
        self.check_mapped_and_released()

    def test_upnp(self):
        self.start_router(upnp=True)
        self.check_mapped_and_released()

    def check_renewed(self):
        probe = self.ask(lease=6)
        self.assertEqual(probe.answer(), f'mapped {OUTSIDE} {PORT}')
        first = wait_for('a lease', self.lease_end)
        wait_for('a later end of the lease', lambda: self.lease_end() > first)
        self.assertEqual(len(self.forwards()), 1)
        said, status = probe.close()
        self.assertEqual((set(said), said[-1], status), ({f'mapped {OUTSIDE} {PORT}', 'off', 'released'}, 'released', 0))

    def test_pcp_is_renewed(self):
        self.start_router(natpmp=True)
        self.deny(NATPMP)
        self.check_renewed()

    def test_natpmp_is_renewed(self):
        self.start_router(natpmp=True)
        self.deny(PCP)
        self.check_renewed()

    def pinholes(self):
        return [line for line in self.router.run('nft', 'list', 'chain', 'inet', 'mini', 'forwarding').splitlines() if 'accept' in line]

    def check_pinhole(self):
        """Over IPv6 there is nothing to pass on, only a firewall to open for our own address."""
        self.serve_at_home()
        self.assertIsNone(self.knock_from_the_world(PORT, HOME_IPV6))
        probe = self.ask('6')
        self.assertEqual(probe.answer(), f'mapped {HOME_IPV6} {PORT}')
        self.assertEqual(self.knock_from_the_world(PORT, HOME_IPV6), 'this is home')
        self.assertIsNone(self.knock_from_the_world(PORT + 1, HOME_IPV6))
        self.assertEqual(len(self.pinholes()), 1)
        self.assertEqual(probe.close(), (['off', 'released'], 0))
        self.assertEqual(self.pinholes(), [])
        self.assertIsNone(self.knock_from_the_world(PORT, HOME_IPV6))

    def test_pinhole(self):
        self.give_ipv6()
        self.start_router(natpmp=True)
        self.check_pinhole()

    def test_pinhole_by_upnp(self):
        self.give_ipv6()
        self.start_router(upnp=True, old=False)
        self.deny(PCP)
        self.check_pinhole()

    def test_pinhole_by_upnp_is_renewed(self):
        """By UPnP only: what was renewed by PCP, miniupnpd 2.3.1 keeps until its lease is over."""
        self.give_ipv6()
        self.start_router(upnp=True, old=False)
        self.deny(PCP)
        probe = self.ask('6', lease=6)
        self.assertEqual(probe.answer(), f'mapped {HOME_IPV6} {PORT}')
        self.assertEqual(probe.answer(), f'mapped {HOME_IPV6} {PORT}')
        self.assertEqual(len(self.pinholes()), 1)
        probe.close()
        self.assertEqual(self.pinholes(), [])

    def test_old_router_has_no_pinholes(self):
        self.give_ipv6()
        self.start_router(upnp=True)
        self.deny(PCP)
        probe = self.ask('6')
        self.assertEqual(probe.answer(), 'no-router')
        probe.close()

    def test_no_ipv6(self):
        self.start_router(natpmp=True)
        probe = self.ask('6')
        self.assertEqual(probe.answer(), 'no-router')
        probe.close()

    def test_upnp_is_renewed(self):
        self.start_router(upnp=True)
        self.check_renewed()

    def test_asked_again_when_the_network_changes(self):
        probe = self.ask()
        self.assertEqual(probe.answer(), 'no-router')
        self.start_router(natpmp=True)
        probe.process.stdin.write('again\n')
        probe.process.stdin.flush()
        self.assertEqual(probe.answer(), f'mapped {OUTSIDE} {PORT}')
        probe.close()

    def test_port_of_somebody_else(self):
        self.start_router(upnp=True)
        neighbour = self.namespace()
        self.plug_in(neighbour, '10.9.0.9')
        first, second = self.ask(at=neighbour), None
        self.assertEqual(first.answer(), f'mapped {OUTSIDE} {PORT}')
        second = self.ask()
        state, address, port = second.answer().split()
        self.assertEqual((state, address), ('mapped', OUTSIDE))
        self.assertNotEqual(int(port), PORT)
        self.serve_at_home()
        self.assertEqual(self.knock_from_the_world(port), 'this is home')
        second.close()
        self.assertEqual(len(self.forwards()), 1)  # the neighbour's
        first.close()

    def check_refused(self):
        probe = self.ask()
        self.assertEqual(probe.answer(), 'refused')
        self.assertEqual(probe.close(), (['off', 'released'], 0))

    def test_upnp_says_no(self):
        self.start_router(upnp=True, rules=SHUT)
        self.check_refused()

    def start_stand_in(self, address, code, speaks='nat-pmp'):
        """What miniupnpd does not do, or only after a long search: a router with a private address of its own, or that says no."""
        script = os.path.join(self.folder, 'stand-in.py')
        with open(script, 'w', encoding='utf-8') as file:
            file.write(STAND_IN)
        process = subprocess.Popen(self.router.enter(sys.executable, script, address, str(code), speaks), stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline().strip(), 'up')
        return process

    def test_pcp_says_no(self):
        self.start_stand_in(OUTSIDE, 2, 'pcp')
        self.deny(NATPMP)
        self.check_refused()

    def test_natpmp_says_no(self):
        router = self.start_stand_in(OUTSIDE, 2)
        self.check_refused()
        self.assertEqual(router.stdout.readline().strip(), 'version 2')  # and the older one then

    def test_router_behind_a_router(self):
        router = self.start_stand_in('192.168.77.1', 0)
        probe = self.ask()
        self.assertEqual(probe.answer(), 'not-public')
        self.assertEqual(router.stdout.readline().strip(), 'version 2')
        self.assertEqual(router.stdout.readline().strip(), '3002 for 3600')
        self.assertEqual(router.stdout.readline().strip(), '3002 for 0')  # taken back: it is of no use
        probe.close()

    def test_stopping_does_not_wait(self):
        """Nobody answers: the search takes seconds, and is given up at once."""
        probe = self.ask()
        self.assertEqual(probe.line(), 'searching')
        began = time.monotonic()
        probe.process.stdin.close()
        self.assertEqual(probe.line(), 'off')
        self.assertLess(time.monotonic() - began, 3)
        self.assertEqual(probe.line(), 'released')
        probe.process.stdout.close()
        self.assertEqual(probe.process.wait(DEADLINE), 0)


def main():
    if INSIDE in os.environ:
        program = unittest.main(argv=sys.argv[:-1], exit=False, verbosity=2)
        return 0 if program.result.wasSuccessful() else 1
    for tool in ('miniupnpd', 'nft', 'ip', 'nsenter', 'unshare'):
        if not shutil.which(tool):
            print(f'skipped: this machine has no {tool}')
            return 77
    if subprocess.run(['unshare', '-rnm', 'nft', 'list', 'ruleset'], capture_output=True, check=False).returncode:
        print('skipped: this machine lets nobody make network namespaces')
        return 77
    return subprocess.run(['unshare', '-rnm', sys.executable, *sys.argv], env=dict(os.environ, **{INSIDE: '1'}), check=False).returncode


if __name__ == '__main__':
    sys.exit(main())
