// SPDX-License-Identifier: GPL-3.0-or-later
// Children of the tests: read by lines, ended by their own id, never left behind.

import {spawn} from 'node:child_process';
import {createInterface} from 'node:readline';

import {say, until, within} from './harness.mjs';

const children = new Set();

process.on('exit', () => children.forEach(child => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => process.exit(1));

export class Program {
  lines = [];
  errors = [];

  constructor(command, args, options = {}) {
    this.name = command.split('/').pop();
    this.child = spawn(command, args, {stdio: ['pipe', 'pipe', 'pipe'], ...options});
    children.add(this.child);
    this.child.stdin.on('error', () => {}); // it may be gone already
    createInterface({input: this.child.stdout}).on('line', line => this.lines.push(line));
    createInterface({input: this.child.stderr}).on('line', line => this.errors.push(line));
    this.ended = new Promise(resolve => {
      this.child.on('error', error => {
        this.errors.push(error.message);
        resolve(-1);
      });
      this.child.on('close', (code, signal) => {
        children.delete(this.child);
        resolve(code ?? signal);
      });
    });
    this.ended.then(status => {
      this.status = status;
    });
  }

  write(line) {
    this.child.stdin.write(`${line}\n`);
  }

  // The first line, out or err, that matches; fails at once when the program ends without one.
  async line(pattern, ms = 20_000) {
    return until(`${this.name} says ${pattern}`, () => {
      const found = [...this.lines, ...this.errors].find(line => pattern.test(line));
      if (!found && this.status !== undefined)
        throw new Error(`${this.name} ended with ${this.status} before it said ${pattern}\n${this.tail()}`);
      return found;
    }, ms);
  }

  exit(ms = 10_000) {
    return within(ms, `${this.name} ends`, this.ended);
  }

  // Politely, then not.
  async stop(ms = 5000) {
    if (this.status !== undefined)
      return this.status;
    this.child.kill('SIGTERM');
    try {
      return await this.exit(ms);
    } catch (error) {
      say(`${error.message}: killed`);
      this.child.kill('SIGKILL');
      return this.exit();
    }
  }

  tail(count = 15) {
    return [...this.lines.slice(-count), ...this.errors.slice(-count)].join('\n');
  }
}
