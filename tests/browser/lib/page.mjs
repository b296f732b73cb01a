// SPDX-License-Identifier: GPL-3.0-or-later
// The guest page's own modules in Node, and stand-ins for what is around them: the relay and the browser's connection.

import {webcrypto} from 'node:crypto';

// Node 18 keeps these two behind a flag; every browser has them.
globalThis.CustomEvent ??= class extends Event {
  constructor(name, {detail}) {
    super(name);
    this.detail = detail;
  }
};
globalThis.crypto ??= webcrypto;

export const page = new URL('../../../src/relay/guest-page/', import.meta.url);
export const load = name => import(new URL(name, page));

const {Room} = await load('room.js');
const {Emitter} = await load('emitter.js');
const {checkFingerprint} = await load('sdp.js');

export const LONG = {ring: 60_000, offer: 60_000, answer: 60_000, reveal: 60_000, connect: 60_000, silence: 60_000, rumour: 60_000, alarm: 60_000, early: 60_000, attempt: 60_000, vanished: 60_000, reconnect: 60_000, look: 5, again: 60_000};
export const FINGERPRINT = Array(32).fill('AB').join(':');
export const SDP = `v=0\r\na=fingerprint:sha-256 ${FINGERPRINT}\r\n`;

export class FakeSignaling extends Emitter {
  sent = [];

  send(message) {
    this.sent.push(message);
    this.emit('sent', message);
  }

  hurry() {}

  knock() {
    this.sent.push({type: 'knock'});
  }

  close() {}

  last(type) {
    return this.sent.filter(message => message.type === type).at(-1);
  }
}

export class FakePeer extends Emitter {
  said = [];
  candidates = [];
  described = []; // descriptions of theirs that reached the browser
  speaking = false;
  open = false;
  closed = false;
  packets = 0;   // what received() says
  frames = 0;    // what seen() says
  onLook = null; // called at each look

  async received() {
    this.onLook?.();
    return this.packets;
  }

  async offer() {
    this.emit('candidate', {candidate: 'early'}); // a browser has some before the description is on its way
    return SDP;
  }

  async answer(sdp) {
    checkFingerprint(sdp, null);
    this.described.push(sdp);
    return SDP;
  }

  async accept(sdp) {
    checkFingerprint(sdp, null);
    this.described.push(sdp);
  }

  async seen() {
    return {frames: this.frames, sounds: this.frames};
  }

  hurryPings() {}

  speak() {
    this.speaking = true;
  }

  addCandidate(candidate) {
    this.candidates.push(candidate);
  }

  say(message) {
    this.said.push(message);
    this.emit('said', message);
  }

  close() {
    this.closed = true;
  }
}

// A room with us as `id` and `others` in it; returns everything that a test looks at.
export function enter(id, others, {deadlines = LONG, name = 'r', key = null, renewMs} = {}) {
  const signaling = new FakeSignaling();
  const peers = [];
  const calls = [];
  const room = new Room({
    signaling, deadlines, name, key, renewMs,
    createPeer: servers => peers[peers.push(Object.assign(new FakePeer(), {servers})) - 1],
    local: () => ({audio: true, video: true}),
  });
  room.on('call', call => calls.push(call));
  const welcome = (us, them, fields) => signaling.emit('welcome', {
    type: 'welcome', id: us, room: 'r', ice_servers: [], ...fields,
    peers: them.map(other => ({id: other, name: other, dialect: other.startsWith('seed') ? 'seed' : 'parlor.1', in_call: false})),
  });
  welcome(id, others);
  const hear = message => signaling.emit('message', message);
  return {room, signaling, peers, calls, hear, welcome};
}
