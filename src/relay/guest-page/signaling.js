// SPDX-License-Identifier: GPL-3.0-or-later
// One seat in one room, in the dialect `parlor.1`: hello out, welcome in, then messages both ways. When the socket drops,
// others follow until one of them has taken the same seat again, by the token that the last welcome brought.

import {Emitter} from './emitter.js';

const SUBPROTOCOL = 'parlor.1';
const MAX_MESSAGE = 65 * 1024; // a message of full size, and what the relay adds to it
const MAX_QUEUE = 32;          // said while there was no socket; as many as the relay keeps for one who is away
const LEFT = 1000;             // the close code that gives the seat up; after any other the relay keeps it for a while
const CLOSE_REASONS = {__proto__: null, 1012: 'draining', 4001: 'replaced', 4008: 'rate'};
// Errors after which the relay closes the door, and why the page then says that it did; all others belong to one message.
const FATAL = {
  __proto__: null,
  'not-invited': 'not-invited', 'room-full': 'room-full', 'locked': 'not-opened', 'refused': 'refused', 'removed': 'removed',
  'rate': 'rate', 'draining': 'draining', 'hello-timeout': 'turned-away',
};
// welcome: handshake and welcome together; first, cap: the waits before another attempt; drain: how long a relay may take
// to come back that said that it closes.
export const TIMING = {welcome: 10_000, first: 500, cap: 30_000, drain: 12_000};

// Events: welcome {id, room, peers, ice_servers, ...}, again after each loss; locked {hasty}, before a welcome, hasty: our knock was one
// too many, and not heard; message;
// trouble (the socket was lost, another follows); closed {reason}, exactly once.
export class Signaling extends Emitter {
  #url;
  #hello;
  #timing;
  #socket = null;
  #timer = null;
  #resume = null;   // the token of the seat
  #owner = null;    // the token of who keeps the room, if that is us
  #id = null;       // whose seat it is; null before the first welcome
  #ready = false;   // this socket was welcomed
  #atDoor = false;     // the room is locked, and nobody let us in yet
  #heardLocked = false; // on this socket
  #knocking = false;
  #closed = false;
  #lastError = null;
  #attempts = 0;
  #drainTimer = null; // runs from when the relay said that it closes until it is back
  #queue = [];

  constructor(url, name, {ticket = null, timing = TIMING} = {}) {
    super();
    this.#url = url;
    this.#hello = {type: 'hello', name, client: 'guest-page', ...(ticket && {ticket})};
    this.#timing = timing;
    this.#connect();
  }

  get owner() {
    return this.#owner !== null;
  }

  get open() {
    return this.#ready && !this.#closed;
  }

  // While the socket is away, what is meant for somebody waits for the next one.
  send(message) {
    if (this.#ready)
      this.#write(message);
    else if (message.to !== undefined && this.#id !== null && this.#queue.length < MAX_QUEUE)
      this.#queue.push(message);
  }

  // Asks to be let into a locked room.
  knock() {
    if (!this.#atDoor || this.#knocking)
      return;
    this.#knocking = true;
    if (this.#socket)
      this.#write({type: 'knock'});
    else
      this.#connect();
  }

  // The network may have changed, and the socket be dead without knowing it: another one takes the seat at once. The old
  // one is not closed from here, for that would give the seat up.
  hurry() {
    if (this.#closed || this.#id === null)
      return;
    this.#lose();
    this.#connect();
  }

  close() {
    this.#end('left');
  }

  #connect() {
    const socket = new WebSocket(this.#url, SUBPROTOCOL);
    this.#socket = socket;
    this.#lastError = null;
    this.#heardLocked = false;
    socket.onopen = () => this.#onOpen();
    socket.onmessage = event => this.#onMessage(event);
    socket.onclose = event => this.#onClose(event.code);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#onClose(0), this.#timing.welcome);
  }

  #onOpen() {
    if (this.#socket.protocol !== SUBPROTOCOL) // a relay of another kind: this page never speaks the seed's dialect
      this.#end('not-parlor');
    else
      this.#sayHello();
  }

  #sayHello() {
    this.#write({...this.#hello, ...(this.#resume && {resume: this.#resume}), ...(this.#owner && {owner: this.#owner})});
  }

  #write(message) {
    if (this.#socket?.readyState === WebSocket.OPEN)
      this.#socket.send(JSON.stringify(message));
  }

  #onMessage({data}) {
    const message = parse(data);
    if (this.#closed || message === null)
      return;
    if (message.type === 'error' && !message.from && message.code in FATAL && !isTooMany(message))
      this.#lastError = message.code;
    if (this.#ready && message.type === 'owner' && !message.from && typeof message.owner === 'string')
      this.#owner = message.owner;
    if (this.#ready)
      this.emit('message', message);
    else if (message.type === 'welcome' && typeof message.id === 'string')
      this.#onWelcome(message);
    else if (message.type === 'error')
      this.#onRefusal(message);
  }

  #onWelcome(message) {
    clearTimeout(this.#timer);
    this.#ready = true;
    this.#atDoor = this.#knocking = false;
    this.#attempts = 0;
    this.#onBack();
    this.#lastError = null;
    this.#resume = typeof message.resume === 'string' ? message.resume : null;
    this.#owner = typeof message.owner === 'string' ? message.owner : null;
    const kept = this.#id === message.id ? this.#queue : [];
    this.#queue = [];
    this.#id = message.id;
    this.emit('welcome', message);
    kept.forEach(each => this.#write(each));
  }

  #onRefusal(message) {
    const {code} = message;
    if (code === 'resume-expired' && this.#resume) {
      this.#resume = null;
      this.#sayHello();
    } else if (code === 'locked' && !this.#heardLocked) {
      clearTimeout(this.#timer);
      this.#onBack();
      this.#lastError = null; // the door is shut, but the socket stays
      this.#atDoor = this.#heardLocked = true;
      if (this.#knocking)
        this.#write({type: 'knock'});
      else
        this.emit('locked', {hasty: false});
    } else if (this.#knocking && isTooMany(message)) {
      this.#knocking = false;
      this.emit('locked', {hasty: true});
    }
  }

  // 0: no answer in time.
  #onClose(code) {
    const reason = FATAL[this.#lastError] ?? CLOSE_REASONS[code];
    if (reason === 'draining')
      this.#drainTimer ??= setTimeout(() => this.#end('draining'), this.#timing.drain);
    if (this.#atDoor && !this.#knocking)
      this.#lose(); // the relay does not wait for ever; a knock opens another socket
    else if (this.#id !== null && (reason === undefined || reason === 'draining'))
      this.#retry();
    else
      this.#end(reason ?? 'unreachable');
  }

  // The relay is here, and closes no more.
  #onBack() {
    clearTimeout(this.#drainTimer);
    this.#drainTimer = null;
  }

  #retry() {
    const wasReady = this.#ready;
    const bound = Math.min(this.#timing.cap, this.#timing.first * 2 ** this.#attempts++);
    this.#lose();
    this.#timer = setTimeout(() => this.#connect(), Math.random() * bound);
    if (wasReady)
      this.emit('trouble');
  }

  // Lets go of the socket without closing the seat.
  #lose() {
    clearTimeout(this.#timer);
    if (this.#socket)
      this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    if (this.#socket && !this.#ready)
      this.#socket.close();
    this.#socket = null;
    this.#ready = false;
  }

  #end(reason) {
    if (this.#closed)
      return;
    this.#closed = true;
    clearTimeout(this.#drainTimer);
    this.#socket?.close(LEFT);
    this.#lose();
    this.emit('closed', {reason});
  }
}

// Too many rings or knocks close nothing.
function isTooMany({code, about}) {
  return code === 'rate' && ['ring', 'knock'].includes(about);
}

function parse(data) {
  if (typeof data !== 'string' || data.length > MAX_MESSAGE)
    return null;
  try {
    const message = JSON.parse(data);
    return typeof message?.type === 'string' ? message : null;
  } catch {
    return null;
  }
}
