// SPDX-License-Identifier: GPL-3.0-or-later
// One WebSocket to the relay in the dialect `parlor.1`: hello out, welcome in, then messages both ways.
// A socket that closes is not opened again here; a new Signaling is.

import {Emitter} from './emitter.js';

const SUBPROTOCOL = 'parlor.1';
const WELCOME_MS = 10_000;
const MAX_MESSAGE = 65 * 1024; // a message of full size, and what the relay adds to it
const CLOSE_REASONS = {1012: 'draining', 4008: 'rate'};
// Errors after which the relay closes the door; all others belong to one message.
const FATAL = new Set(['not-invited', 'room-full', 'locked', 'removed', 'rate', 'draining', 'hello-timeout', 'resume-expired']);

// Events: welcome {id, room, peers, ice_servers}; message; closed {reason}, exactly once.
export class Signaling extends Emitter {
  #socket;
  #timer;
  #welcomed = false;
  #closed = false;
  #lastError = null;

  constructor(url, name) {
    super();
    this.#socket = new WebSocket(url, SUBPROTOCOL);
    this.#socket.onopen = () => this.#onOpen(name);
    this.#socket.onmessage = event => this.#onMessage(event);
    this.#socket.onclose = event => this.#end(this.#reasonOf(event));
    this.#timer = setTimeout(() => this.#end('unreachable'), WELCOME_MS);
  }

  get open() {
    return this.#welcomed && !this.#closed;
  }

  send(message) {
    if (this.#socket.readyState === WebSocket.OPEN)
      this.#socket.send(JSON.stringify(message));
  }

  close() {
    this.#end('left');
  }

  #onOpen(name) {
    if (this.#socket.protocol !== SUBPROTOCOL) // a relay of another kind: this page never speaks the seed's dialect
      this.#end('not-parlor');
    else
      this.send({type: 'hello', name, client: 'guest-page'});
  }

  #onMessage(event) {
    if (this.#closed || typeof event.data !== 'string' || event.data.length > MAX_MESSAGE)
      return;
    let message;
    try {
      message = JSON.parse(event.data);
    } catch {
      return;
    }
    if (message === null || typeof message !== 'object' || typeof message.type !== 'string')
      return;
    if (message.type === 'error' && !message.from && FATAL.has(message.code))
      this.#lastError = message.code;
    if (message.type === 'welcome' && !this.#welcomed) {
      this.#welcomed = true;
      clearTimeout(this.#timer);
      this.emit('welcome', message);
    } else if (this.#welcomed) {
      this.emit('message', message);
    }
  }

  #reasonOf(event) {
    if (this.#lastError)
      return this.#lastError === 'hello-timeout' || this.#lastError === 'resume-expired' ? 'refused' : this.#lastError;
    return CLOSE_REASONS[event.code] ?? (this.#welcomed ? 'relay-lost' : 'unreachable');
  }

  #end(reason) {
    if (this.#closed)
      return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket.close();
    this.emit('closed', {reason});
  }
}
