// SPDX-License-Identifier: GPL-3.0-or-later
// The round trip to the other side, over a data channel of its own that neither orders nor repeats: a ping each second,
// and a pong for each ping of theirs, from start() on. Who has no such channel answers nothing, and no round trip is known.

import {Emitter} from './emitter.js';

const EVERY_MS = 1000;
const MAX_TEXT = 256;
const MAX_READ = 10; // messages between two pings of ours
const MAX_SEQ = 2 ** 31 - 1;
const MAX_WAITING = 16; // pings whose pong may still come; an older one is lost

// Events: round-trip (ms).
export class Pings extends Emitter {
  #channel;
  #everyMs;
  #timer = null;
  #read = 0;
  #seq = 0;
  #sentAt = new Map();

  constructor(channel, everyMs = EVERY_MS) {
    super();
    this.#channel = channel;
    this.#everyMs = everyMs;
    channel.onclose = () => this.stop();
  }

  // One more, besides those of each second: while nothing comes in.
  hurry() {
    if (this.#timer !== null)
      this.#ping();
  }

  start() {
    if (this.#timer !== null)
      return;
    this.#channel.onmessage = ({data}) => this.#onMessage(data);
    this.#channel.onopen = () => this.#ping();
    this.#timer = setInterval(() => this.#ping(), this.#everyMs);
    this.#ping();
  }

  stop() {
    clearInterval(this.#timer);
  }

  #ping() {
    this.#read = 0;
    if (this.#channel.readyState !== 'open')
      return;
    if (this.#sentAt.size >= MAX_WAITING)
      this.#sentAt.delete(this.#sentAt.keys().next().value);
    this.#sentAt.set(this.#seq, performance.now());
    this.#say('ping', this.#seq);
    this.#seq = this.#seq < MAX_SEQ ? this.#seq + 1 : 0;
  }

  #onMessage(data) {
    if (++this.#read > MAX_READ)
      return;
    const {type, seq} = parse(data);
    if (type === 'ping' && Number.isInteger(seq) && seq >= 0 && seq <= MAX_SEQ)
      this.#say('pong', seq);
    else if (type === 'pong' && this.#sentAt.has(seq))
      this.#onPong(seq);
  }

  #onPong(seq) {
    const took = performance.now() - this.#sentAt.get(seq);
    this.#sentAt.delete(seq);
    this.emit('round-trip', took);
  }

  #say(type, seq) {
    if (this.#channel.readyState === 'open')
      this.#channel.send(JSON.stringify({type, seq}));
  }
}

function parse(data) {
  try {
    return (typeof data === 'string' && data.length <= MAX_TEXT && JSON.parse(data)) || {};
  } catch {
    return {};
  }
}
