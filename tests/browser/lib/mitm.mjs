// SPDX-License-Identifier: GPL-3.0-or-later
// A relay that is not to be trusted: it serves the page and passes every message between guests and the real relay, and a
// test may look at each, change it, drop it, say something of its own, or cut the line.

import {createServer} from 'node:http';

import {loadWs} from './modules.mjs';

const SUBPROTOCOL = 'parlor.1';

// tamper (message, {toPage, line}): what is passed on instead, null for nothing. It may be set anew at any time.
export class Mitm {
  lines = []; // one for each WebSocket of a page: {page, relay}, and its `hello` and `welcome` once they were said
  passed = []; // every message that came, as it came
  tamper = message => message;

  static async start(cleanup, relay) {
    const {WebSocket, WebSocketServer} = await loadWs();
    const mitm = new Mitm();
    const server = createServer((request, response) => serve(relay, request, response));
    const sockets = new WebSocketServer({server, handleProtocols: () => SUBPROTOCOL});
    sockets.on('connection', (page, request) => mitm.#adopt(page, new WebSocket(relay.url.replace('http', 'ws') + request.url, SUBPROTOCOL)));
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
    cleanup.add(async () => {
      mitm.lines.forEach(line => mitm.cut(line));
      server.closeAllConnections();
      server.close();
    });
    mitm.port = server.address().port;
    mitm.url = `http://127.0.0.1:${mitm.port}`;
    return mitm;
  }

  // The line of the guest of that name which was opened last.
  lineOf(name) {
    return this.lines.filter(line => line.hello?.name === name).at(-1);
  }

  // Both ends lose it without a word, as when a cable is pulled.
  cut(line) {
    line.page.terminate();
    line.relay.terminate();
  }

  // Says something that nobody said.
  say(name, message) {
    this.lineOf(name).page.send(JSON.stringify(message));
  }

  #adopt(page, relay) {
    const line = {page, relay, hello: null, welcome: null, early: []};
    this.lines.push(line);
    page.on('message', data => this.#pass(line, data, false));
    relay.on('message', data => this.#pass(line, data, true));
    relay.on('open', () => line.early.splice(0).forEach(text => relay.send(text)));
    page.on('close', code => close(relay, code));
    relay.on('close', code => close(page, code));
    page.on('error', () => {});
    relay.on('error', () => {});
  }

  #pass(line, data, toPage) {
    const message = JSON.parse(data);
    this.passed.push(message);
    if (message.type === 'hello' || message.type === 'welcome')
      line[message.type] = message;
    const passed = this.tamper(message, {toPage, line});
    if (passed === null)
      return;
    const text = JSON.stringify(passed);
    if (toPage)
      line.page.send(text);
    else if (line.relay.readyState === line.relay.OPEN)
      line.relay.send(text);
    else
      line.early.push(text);
  }
}

// Only some codes may be said; the others mean that nobody said one.
function close(socket, code) {
  if (code === 1000 || (code >= 1007 && code <= 1014) || code >= 3000)
    socket.close(code);
  else
    socket.terminate();
}

async function serve(relay, {url}, response) {
  try {
    const answer = await fetch(relay.url + url);
    response.writeHead(answer.status, {
      'content-type': answer.headers.get('content-type'), 'content-security-policy': answer.headers.get('content-security-policy') ?? '',
    });
    response.end(Buffer.from(await answer.arrayBuffer()));
  } catch {
    response.writeHead(502);
    response.end();
  }
}
