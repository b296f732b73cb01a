#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what a shell needs to complete a program's flags, from what the program says of itself.

Usage: generate.py bash|zsh|fish PROGRAM. Prints it. The name of a flag's argument decides what is offered after it:
FILE and DIR are paths, a|b are words, anything else is free.
"""

import os
import re
import subprocess
import sys
from pathlib import Path


def read_flags(program):
    """[(long, short or '', argument or '', help)], as --help lists them."""
    # Of a program that was asked only this, nobody wants to know what it did not free.
    environment = dict(os.environ, LC_ALL='C', ASAN_OPTIONS='detect_leaks=0')
    text = subprocess.run([program, '--help'], check=True, capture_output=True, text=True, timeout=60, env=environment).stdout
    pattern = r'^  (?:-(\w), )?--([a-z][a-z-]*)(?:=(\S+))?(?: {2,}|\n +)(\S.*)$'
    return [(name, short or '', argument or '', about) for short, name, argument, about in re.findall(pattern, text, re.M)
            if not name.startswith('help-')]


def words_of(argument):
    return argument.split('|') if '|' in argument else []


def write_bash(name, flags):
    function = '_' + name.replace('-', '_')
    cases = []
    for flag, short, argument, _ in flags:
        spellings = f'--{flag}' + (f' | -{short}' if short else '')
        if argument == 'FILE':
            cases.append(f'    {spellings}) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;')
        elif argument == 'DIR':
            cases.append(f'    {spellings}) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;')
        elif words_of(argument):
            words = ' '.join(words_of(argument))
            cases.append(f'    {spellings}) mapfile -t COMPREPLY < <(compgen -W "{words}" -- "$cur"); return ;;')
        elif argument:
            cases.append(f'    {spellings}) return ;;')
    all_flags = ' '.join(f'--{flag}' for flag, *_ in flags)
    return '\n'.join([
        f'# Completes {name} in bash; made from its --help.',
        f'{function} ()', '{',
        '  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}',
        '  COMPREPLY=()',
        '  if [ "$cur" = = ]; then cur=; fi',
        '  if [ "$prev" = = ]; then prev=${COMP_WORDS[COMP_CWORD - 2]}; fi',
        '  case $prev in', *cases, '  esac',
        f'  mapfile -t COMPREPLY < <(compgen -W "{all_flags}" -- "$cur")', '}',
        f'complete -F {function} {name}', ''])


def write_zsh(name, flags):
    def quote(text):
        return re.sub(r"([][:\\])", r'\\\1', text).replace("'", "'\\''")

    lines = []
    for flag, short, argument, about in flags:
        action = {'FILE': '_files', 'DIR': '_files -/'}.get(argument, ' ')
        if words_of(argument):
            action = '(' + ' '.join(words_of(argument)) + ')'
        after = f':{quote(argument)}:{action}' if argument else ''
        for spelling in [f'--{flag}' + ('=' if argument else '')] + ([f'-{short}'] if short else []):
            lines.append(f"  '*{spelling}[{quote(about)}]{after}' \\")
    return '\n'.join([f'#compdef {name}', f'# Completes {name} in zsh; made from its --help.', '_arguments \\', *lines,
                      "  '*:argument: '", ''])


def write_fish(name, flags):
    lines = [f'# Completes {name} in fish; made from its --help.', f'complete -c {name} -f']
    for flag, short, argument, about in flags:
        about = about.replace('\\', '\\\\').replace("'", "\\'")
        line = f'complete -c {name} -l {flag}' + (f' -s {short}' if short else '')
        if argument == 'FILE':
            line += ' -r -F'
        elif argument == 'DIR':
            line += " -x -a '(__fish_complete_directories)'"
        elif words_of(argument):
            line += f" -x -a '{' '.join(words_of(argument))}'"
        elif argument:
            line += ' -x'
        lines.append(f"{line} -d '{about}'")
    return '\n'.join(lines + [''])


def main():
    shell, program = sys.argv[1:]
    flags = read_flags(program)
    if not flags:
        sys.exit(f'{program} --help names no flags')
    write = {'bash': write_bash, 'zsh': write_zsh, 'fish': write_fish}[shell]
    print(write(Path(program).name, flags), end='')


if __name__ == '__main__':
    main()
