// SPDX-License-Identifier: GPL-3.0-or-later
// Our own two programs, as the tests use them.

import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {assert, say, until} from './harness.mjs';
import {measureRaw, rawAudioSink, rawVideoSink} from './measure.mjs';
import {Program} from './processes.mjs';

function programPath(variable) {
  const path = process.env[variable];
  if (!path)
    throw new Error(`${variable} is not set: run this through meson test`);
  return path;
}

// {url, port, stop}: a relay on a port of its own.
export async function startRelay(cleanup, listen = '127.0.0.1:0', ...options) {
  const program = new Program(programPath('PARLOR_RELAY'), ['--listen', listen, ...options]);
  cleanup.add(() => program.stop());
  const line = await program.line(/^Listening on https?:\/\//);
  const [, url, port] = line.match(/^Listening on (https?:\/\/\S+:(\d+))/);
  return {url, port: Number(port), program, stop: () => program.stop()};
}

// One parlor-peer whose received picture and sound are kept in small raw files.
export class PeerProgram {
  constructor(cleanup, invite, args) {
    this.folder = mkdtempSync(join(tmpdir(), 'parlor-peer-'));
    this.video = join(this.folder, 'video.raw');
    this.audio = join(this.folder, 'audio.raw');
    this.program = new Program(programPath('PARLOR_PEER'), [
      invite, '--json', '--name', 'Peer', '--video-sink', rawVideoSink(this.video), '--audio-sink', rawAudioSink(this.audio), ...args,
    ], {env: {...process.env, LD_PRELOAD: process.env.PARLOR_TEST_PRELOAD ?? ''}});
    cleanup.add(async () => {
      await this.program.stop();
      rmSync(this.folder, {recursive: true, force: true});
    });
  }

  get events() {
    return this.program.lines.map(line => JSON.parse(line));
  }

  // The first event of that name that `test` accepts.
  async event(name, test = () => true, ms = 20_000) {
    try {
      return await until(`parlor-peer says ${name}`, () => {
        const found = this.events.find(event => event.event === name && test(event));
        assert(found || this.program.status === undefined, `parlor-peer ended with ${this.program.status} before ${name}`);
        return found;
      }, ms);
    } catch (error) {
      say(this.program.tail());
      throw error;
    }
  }

  state(state, ms) {
    return this.event('state', event => event.state === state, ms);
  }

  command(line) {
    this.program.write(line);
  }

  measure() {
    return measureRaw(this.video, this.audio);
  }
}
