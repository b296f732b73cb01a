#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""parlor-relay under what its unit for systemd takes away: system calls, memory that is both written and run, families of addresses.

Usage: test-confined.py PARLOR-RELAY UNIT. Speaks TAP. The filters are made of the unit's own lines, by libseccomp, which systemd uses too; without
it, or without systemd-analyze, which knows what is in a group like @system-service, it is skipped. What the unit says of files and users is
systemd's to do, and not tried here.
"""

import ctypes
import errno
import functools
import mmap
import os
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

from relay_program import DEADLINE, Guest, Relay, main, test

UNIT = Path(sys.argv[2]).read_text(encoding='utf-8')
ALLOW = 0x7fff0000
REFUSE = 0x00050000 | errno.EPERM  # SystemCallErrorNumber=EPERM
EQUAL, MASKED_EQUAL = 4, 7         # of enum scmp_compare
NOTHING_SUCH = -1                  # a system call that this machine has not


class Comparison(ctypes.Structure):
    """struct scmp_arg_cmp"""
    _fields_ = [('arg', ctypes.c_uint), ('op', ctypes.c_int), ('a', ctypes.c_uint64), ('b', ctypes.c_uint64)]


def values(key):
    return [value.split() for value in re.findall(rf'^{key}=(.*)$', UNIT, re.M)]


@functools.lru_cache(None)
def expand(name):
    """The system calls in a group."""
    if not name.startswith('@'):
        return {name}
    told = subprocess.run(['systemd-analyze', 'syscall-filter', name], check=True, capture_output=True, text=True, timeout=DEADLINE)
    words = [line.strip() for line in told.stdout.splitlines()[1:] if line.startswith('    ') and not line.strip().startswith('#')]
    return set().union(*(expand(word) for word in words))


def allowed_calls():
    calls = set()
    for words in values('SystemCallFilter'):
        inverted = words[0].startswith('~')
        named = set().union(*(expand(word.lstrip('~')) for word in words))
        calls = calls - named if inverted else calls | named
    assert {'read', 'epoll_wait'} <= calls and 'mount' not in calls, calls
    return calls


def make_filter(library):
    """The context of libseccomp; loading it is up to the child."""
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_load.argtypes = [ctypes.c_void_p]
    library.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(Comparison)]
    context = library.seccomp_init(ctypes.c_uint32(REFUSE))
    assert context
    families = {int(getattr(socket, name)) for words in values('RestrictAddressFamilies') for name in words}
    assert values('MemoryDenyWriteExecute') == [['yes']] and families
    exec_or_write = mmap.PROT_EXEC | mmap.PROT_WRITE
    conditions = {
        # What is allowed of them: each of a list is a rule of its own.
        'socket': [Comparison(0, EQUAL, family, 0) for family in families],
        'mmap': [Comparison(2, MASKED_EQUAL, exec_or_write, value) for value in (0, mmap.PROT_EXEC, mmap.PROT_WRITE)],
        'mprotect': [Comparison(2, MASKED_EQUAL, mmap.PROT_EXEC, 0)],
        'pkey_mprotect': [Comparison(2, MASKED_EQUAL, mmap.PROT_EXEC, 0)],
    }
    for call in sorted(allowed_calls()):
        number = library.seccomp_syscall_resolve_name(call.encode())
        for condition in conditions.get(call, [None]) if number != NOTHING_SUCH else []:
            wrong = library.seccomp_rule_add_array(context, ALLOW, number, 1 if condition else 0, ctypes.byref(condition) if condition else None)
            assert wrong == 0, (call, wrong)
    return context


def confine():
    """(None, what a child calls before it runs a program) or (why not, None)"""
    if shutil.which('systemd-analyze') is None:
        return 'no systemd-analyze', None
    try:
        library = ctypes.CDLL('libseccomp.so.2')
    except OSError:
        return 'no libseccomp', None
    context = make_filter(library)
    files = int(values('LimitNOFILE')[0][0])
    files = min(files, resource.getrlimit(resource.RLIMIT_NOFILE)[1])

    def take_away():
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
        if library.seccomp_load(context) != 0:
            os._exit(99)
    return None, take_away


def runs(code, take_away):
    return subprocess.run([sys.executable, '-c', code], preexec_fn=take_away, capture_output=True, text=True, timeout=DEADLINE, check=False)


@test
def the_filters_bite():
    why, take_away = confine()
    if why:
        return why
    for code in ('import os; os.sched_setaffinity(0, os.sched_getaffinity(0))', 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)',
                 'import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)'):
        end = runs(code, take_away)
        assert end.returncode == 1 and 'PermissionError' in end.stderr, (code, end)
    end = runs('import socket; socket.create_server(("127.0.0.1", 0)); print("here")', take_away)
    assert end.stdout == 'here\n', end
    return None


@test
def the_relay_lives_with_them():
    """TLS with a certificate of its own, two who talk, a reload, metrics, and a polite end: nothing complains."""
    why, take_away = confine()
    if why:
        return why
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, STATE_DIRECTORY=folder, JOURNAL_STREAM='1:1')
        with Relay('--listen', '0.0.0.0:0', '--drain-ms', '100', '--metrics', '127.0.0.1:0', '--invite', env=environment,
                   preexec_fn=take_away) as relay:
            assert relay.url.startswith('https://'), relay.line
            limits = Path(f'/proc/{relay.process.pid}/limits').read_text(encoding='ascii')
            soft, hard = re.search(r'Max open files +([0-9]+) +([0-9]+)', limits).groups()
            assert soft == hard, limits
            status = Path(f'/proc/{relay.process.pid}/status').read_text(encoding='utf-8')
            assert re.search(r'^Seccomp:\t2$', status, re.M), status
            with Guest(relay.port, '/tea', wrap=tls) as anna, Guest(relay.port, '/tea', wrap=tls) as ben:
                anna.join()
                hers = ben.join()['peers'][0]['id']
                anna.hear()
                ben.say(type='ring', to=hers, call='c', media={})
                assert anna.hear()['type'] == 'ring'
                relay.process.send_signal(signal.SIGHUP)
                assert 'read again' in relay.read_line(relay.process.stderr)
                threads = int(re.search(r'^Threads:\t([0-9]+)$', Path(f'/proc/{relay.process.pid}/status').read_text(encoding='utf-8'), re.M)[1])
                assert threads * 4 < int(values('TasksMax')[0][0]), threads
            status, _, said = relay.end()
            assert status == 0 and all('Draining' in line for line in said.splitlines()), (status, said)
    return None


def tls(plain):
    return ssl._create_unverified_context().wrap_socket(plain)


if __name__ == '__main__':
    sys.exit(main())
