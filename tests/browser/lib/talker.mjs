// SPDX-License-Identifier: GPL-3.0-or-later

import {until} from './harness.mjs';
import {loadWs} from './modules.mjs';

const SUBPROTOCOL = 'parlor.1';

// A guest that is only words: what a test makes it say, and what it was told.
export class Talker {
  told = [];

  static async join(cleanup, url, name, fields = {}) {
    const {WebSocket} = await loadWs();
    const talker = new Talker();
    talker.socket = new WebSocket(url.replace('http', 'ws'), SUBPROTOCOL);
    cleanup.add(async () => talker.socket.terminate());
    talker.socket.on('message', data => talker.told.push(JSON.parse(data)));
    talker.socket.on('error', error => talker.told.push({type: 'broken', message: error.message}));
    talker.socket.on('open', () => talker.say({type: 'hello', name, ...fields}));
    await talker.hears('welcome');
    return talker;
  }

  say(message) {
    this.socket.send(JSON.stringify(message));
  }

  hears(type, test = () => true) {
    return until(`hears ${type}`, () => this.told.find(message => message.type === type && test(message)));
  }
}
