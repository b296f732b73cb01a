// SPDX-License-Identifier: GPL-3.0-or-later

import {until} from './harness.mjs';
import {loadWs} from './modules.mjs';

const SUBPROTOCOL = 'parlor.1';

// A guest that is only words: what a test makes it say, and what it was told.
export class Talker {
  told = [];

  static async join(cleanup, url, name, fields = {}) {
    const talker = await Talker.#open(cleanup, url, {type: 'hello', name, ...fields});
    await talker.hears('welcome');
    return talker;
  }

  // Before a locked door.
  static async knock(cleanup, url, name) {
    const talker = await Talker.#open(cleanup, url, {type: 'hello', name});
    await talker.hears('error', ({code}) => code === 'locked');
    talker.say({type: 'knock'});
    return talker;
  }

  static async #open(cleanup, url, hello) {
    const {WebSocket} = await loadWs();
    const talker = new Talker();
    talker.socket = new WebSocket(url.replace('http', 'ws'), SUBPROTOCOL);
    cleanup.add(async () => talker.socket.terminate());
    talker.socket.on('message', data => talker.told.push(JSON.parse(data)));
    talker.socket.on('error', error => talker.told.push({type: 'broken', message: error.message}));
    talker.socket.on('open', () => talker.say(hello));
    return talker;
  }

  say(message) {
    this.socket.send(JSON.stringify(message));
  }

  hears(type, test = () => true) {
    return until(`hears ${type}`, () => this.told.find(message => message.type === type && test(message)));
  }
}
