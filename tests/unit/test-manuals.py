#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manuals and completions against what the programs say of themselves; units and settings against systemd and the relay.

Usage: test-manuals.py SOURCE-DIR BUILD-DIR PROGRAM... Speaks TAP. What this machine lacks (man, mandoc, zsh, fish,
systemd-analyze) is skipped.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE, BUILD = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
PROGRAMS = {Path(program).name: str(Path(program).resolve()) for program in sys.argv[3:]}
RESULTS = []
WORST_EXPOSURE = 15  # tenths, as `systemd-analyze security` counts; it was 13


def run(*command, **options):
    environment = dict(os.environ, LC_ALL='C.UTF-8', MANPAGER='cat')
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False, **options)


def report(name, wrong, skipped=None):
    RESULTS.append(not wrong)
    for line in wrong:
        print(f'# {line}')
    print(f'{"not ok" if wrong else "ok"} {len(RESULTS)} - {name}' + (f' # SKIP {skipped}' if skipped else ''), flush=True)


def flags_of_help(program):
    environment = dict(os.environ, LC_ALL='C', ASAN_OPTIONS='detect_leaks=0')
    text = subprocess.run([program, '--help'], capture_output=True, text=True, timeout=60, env=environment, check=True).stdout
    return {flag for flag in re.findall(r'(?<![\w-])--([a-z][a-z-]*)', text.partition('Application Options')[2])}


def flags_of_manual(text):
    """Those that the manual describes: a heading of .TP in OPTIONS."""
    options = text.partition('.SH OPTIONS')[2].partition('.SH ')[0].replace('\\-', '-')
    return set(re.findall(r'^\.BR? .*?--([a-z][a-z-]*)', options, re.M))


def differences(told, known, where):
    return [f'--{flag} is missing in {where}' for flag in sorted(known - told)] + \
           [f'--{flag} in {where} does not exist' for flag in sorted(told - known)]


def check_flags(name, program):
    known = flags_of_help(program)
    manual = (SOURCE / 'data/man' / f'{name}.1').read_text(encoding='utf-8')
    wrong = [] if known else [f'{name} --help names no flags']
    wrong += differences(flags_of_manual(manual), known, f'{name}.1')
    planted = manual.replace('.SH OPTIONS', '.SH OPTIONS\n.TP\n.BR \\-\\-planted\nx', 1)
    planted = re.sub(r'^\.BR (.*)\\-\\-version', r'.BR \1', planted, count=1, flags=re.M)
    if len(differences(flags_of_manual(planted), known, 'planted')) != 2:
        wrong.append('a flag that is missing and one that does not exist go unnoticed')
    for file, pattern in ((name, r'--([a-z][a-z-]*)'), (f'_{name}', r"^  '\*--([a-z][a-z-]*)"), (f'{name}.fish', r' -l ([a-z-]+)')):
        text = (BUILD / 'data' / file).read_text(encoding='utf-8')
        text = '\n'.join(line for line in text.splitlines() if not line.startswith('#'))
        wrong += differences(set(re.findall(pattern, text, re.M)), known | {'help'}, f'the completion {file}')
    report(f'{name}: every flag is in the manual and in the completions', wrong)


def commands_in(text):
    """First words of what stands between "one a line" and the full stop."""
    listed = re.search(r'one a\s+line\b[^:]*:(.*?)\.(?:\s|$)', text.replace('\\-', '-'), re.S)
    words = re.sub(r'\([^)]*\)', '', listed[1]).replace('`', '').split(',') if listed else []
    return {word.split()[0] for word in words}


def check_commands():
    """What parlor-peer obeys, against every place that lists it."""
    source = (SOURCE / 'src/cli/parlor-peer.c').read_text(encoding='utf-8')
    known = set(re.findall(r'g_str_equal \(line, "([a-z-]+)"\)|g_str_has_prefix \(line, "([a-z]+) "\)', source))
    known = {first or second for first, second in known}
    environment = dict(os.environ, LC_ALL='C', ASAN_OPTIONS='detect_leaks=0')
    places = {
        '--help': subprocess.run([PROGRAMS['parlor-peer'], '--help'], capture_output=True, text=True, timeout=60, env=environment,
                                 check=True).stdout,
        'parlor-peer.1': (SOURCE / 'data/man/parlor-peer.1').read_text(encoding='utf-8'),
        'README.md': (SOURCE / 'README.md').read_text(encoding='utf-8').partition('Commands come')[2],
        'PROTOCOL.md': (SOURCE / 'src/wire/PROTOCOL.md').read_text(encoding='utf-8').partition('takes commands')[2],
    }
    wrong = [] if len(known) == 8 else [f'the source names {sorted(known)}']
    for place, text in places.items():
        told = commands_in(text)
        wrong += [f'{command} is missing in {place}' for command in sorted(known - told)]
        wrong += [f'{command} in {place} does not exist' for command in sorted(told - known)]
    if commands_in('one a line: call, hang\\-up, mute audio|video. Not: this.') != {'call', 'hang-up', 'mute'}:
        wrong.append('a list is misread')
    report('parlor-peer: every command is told everywhere', wrong)


def check_manual(name):
    file = SOURCE / 'data/man' / f'{name}.1'
    for command in (['man', '--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', str(file)],
                    ['mandoc', '-T', 'lint', '-W', 'warning', str(file)]):
        if not shutil.which(command[0]):
            report(f'{name}.1 pleases {command[0]}', [], f'no {command[0]}')
            continue
        end = run(*command)
        complaints = (end.stderr if command[0] == 'man' else end.stdout + end.stderr).splitlines()
        report(f'{name}.1 pleases {command[0]}', complaints + ([f'status {end.returncode}'] if end.returncode else []))


def check_bash(name):
    """Asks the function that bash would ask."""
    script = f'''source {BUILD}/data/{name}
ask () {{ COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _{name.replace("-", "_")}; printf '%s\\n' "${{COMPREPLY[@]}}"; }}
cd {SOURCE}/data
ask {name} --vers; echo ==; ask {name} --; echo ==
'''
    if name == 'parlor-relay':
        script += f'ask {name} --config ser; echo ==; ask {name} --self-signed = m; echo ==; ask {name} --log-format j; echo =='
    end = run('bash', '-eu', '-c', script)
    answers = [answer.split() for answer in end.stdout.split('==\n')]
    wrong = [end.stderr] if end.stderr or end.returncode else []
    if answers[0] != ['--version'] or set(answers[1]) != {f'--{flag}' for flag in flags_of_help(PROGRAMS[name]) | {'help'}}:
        wrong.append(repr(answers))
    if name == 'parlor-relay' and answers[2:5] != [['server'], ['man'], ['json']]:
        wrong.append(repr(answers))
    report(f'{name}: bash completes it', wrong)


def check_other_shells(name):
    if shutil.which('zsh'):
        end = run('zsh', '-f', '-n', str(BUILD / 'data' / f'_{name}'))
        report(f'{name}: zsh reads it', end.stderr.splitlines())
    else:
        report(f'{name}: zsh reads it', [], 'no zsh')
    if not shutil.which('fish'):
        report(f'{name}: fish completes it', [], 'no fish')
        return
    with tempfile.TemporaryDirectory() as home:
        file = BUILD / 'data' / f'{name}.fish'
        environment = dict(os.environ, HOME=home, LC_ALL='C.UTF-8')
        end = subprocess.run(['fish', '--no-config', '-c', f"source {file}; complete -C '{name} --vers'"], capture_output=True,
                             text=True, timeout=120, env=environment, check=False)
    wrong = [] if end.stdout.startswith('--version\t') else [end.stdout, end.stderr]
    report(f'{name}: fish completes it', wrong)


def check_units():
    if not shutil.which('systemd-analyze'):
        report('the units please systemd', [], 'no systemd-analyze')
        report('the service is confined', [], 'no systemd-analyze')
        return
    with tempfile.TemporaryDirectory() as folder:
        unit = Path(folder, 'parlor-relay.service')
        text = (BUILD / 'data/parlor-relay.service').read_text(encoding='utf-8')
        # systemd looks whether the program is there, which it is only once installed.
        program, replaced = re.subn(r'^ExecStart=\S*/parlor-relay ', f'ExecStart={PROGRAMS["parlor-relay"]} ', text, flags=re.M)
        wrong = [] if replaced == 1 and '@' not in re.sub('@(system-service|privileged|resources)', '', text) else ['ExecStart, or an @NAME@']
        unit.write_text(re.sub(r'^Documentation=.*\n', '', program, flags=re.M), encoding='utf-8')
        socket = Path(folder, 'parlor-relay.socket')
        socket.write_text(re.sub(r'^Documentation=.*\n', '', (SOURCE / 'data/server/parlor-relay.socket').read_text(encoding='utf-8'),
                                 flags=re.M), encoding='utf-8')
        end = run('systemd-analyze', 'verify', '--man=no', str(unit), str(socket))
        # Only what is said of these two: others of this machine are not ours.
        wrong += [line for line in end.stderr.splitlines() if 'parlor-relay' in line]
        planted = Path(folder, 'parlor-relay-planted.service')
        planted.write_text(unit.read_text(encoding='utf-8').replace('PrivateTmp', 'PrivateTemp'), encoding='utf-8')
        if 'PrivateTemp' not in run('systemd-analyze', 'verify', '--man=no', str(planted)).stderr:
            wrong.append('a planted mistake goes unnoticed')
        report('the units please systemd', wrong)
        end = run('systemd-analyze', 'security', '--offline=true', f'--threshold={WORST_EXPOSURE}', str(unit))
        report('the service is confined', [] if end.returncode == 0 else (end.stdout + end.stderr).splitlines()[-3:])


def check_settings():
    """The example as it is, and with everything in it switched on."""
    text = (SOURCE / 'data/server/parlor-relay.conf').read_text(encoding='utf-8')
    known = flags_of_help(PROGRAMS['parlor-relay'])
    named = set(re.findall(r'^#?([a-z][a-z-]*) =', text, re.M))
    wrong = [f'{name} is no flag' for name in sorted(named - known)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, 'relay.conf')
        file.write_text(re.sub(r'^#([a-z-]+ =)', r'\1', text, flags=re.M) + 'nonsense = 1\n', encoding='utf-8')
        end = run(PROGRAMS['parlor-relay'], '--config', str(file))
        # The last line is the only one it stumbles over.
        if end.returncode != 2 or 'nonsense' not in end.stderr:
            wrong.append(end.stderr)
    report('the example of settings is understood', wrong)


def main():
    for name, program in PROGRAMS.items():
        check_flags(name, program)
        check_manual(name)
        check_bash(name)
        check_other_shells(name)
    if 'parlor-peer' in PROGRAMS:
        check_commands()
    check_units()
    check_settings()
    print(f'1..{len(RESULTS)}')
    return 0 if all(RESULTS) else 1


if __name__ == '__main__':
    sys.exit(main())
