// SPDX-License-Identifier: GPL-3.0-or-later
// How the guest page keeps its seat at the relay: what hello carries, what follows a lost socket, what the door says.
// The relay is a script here; the real one is met in test-guest-page.mjs and test-guest-hostile.mjs.

import {assert, assertEqual, pause, run, test, until} from './lib/harness.mjs';
import {load} from './lib/page.mjs';

const socketsOf = new Map(); // by URL: each seat has its own, for some go on trying after their test

globalThis.WebSocket = class {
  static OPEN = 1;
  readyState = 0;
  sent = [];
  closedWith = null;

  constructor(url, protocol) {
    Object.assign(this, {url, protocol});
    socketsOf.get(url).push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close(code) {
    this.closedWith = code ?? 'nothing';
    this.readyState = 3;
  }

  // What the relay does.
  open() {
    this.readyState = 1;
    this.onopen?.();
  }

  say(message) {
    this.onmessage?.({data: JSON.stringify(message)});
  }

  drop(code) {
    this.readyState = 3;
    this.onclose?.({code});
  }
};

const {Signaling} = await load('signaling.js');
const QUICK = {welcome: 10_000, first: 1, cap: 2, drain: 10_000};

// A seat, and everything that its events said.
function sit(options) {
  const url = `wss://h/r${socketsOf.size}`;
  const sockets = [];
  socketsOf.set(url, sockets);
  const seat = new Signaling(url, 'Ann', {timing: QUICK, ...options});
  const told = [];
  for (const name of ['welcome', 'locked', 'trouble', 'message', 'closed'])
    seat.on(name, detail => told.push(name === 'closed' ? `closed ${detail.reason}` : name + (detail?.hasty ? ' hastily' : '')));
  const nextSocket = count => until('another socket', () => sockets.length > count && sockets.at(-1));
  return {seat, told, sockets, nextSocket, latest: () => sockets.at(-1)};
}

function welcomed(options) {
  const all = sit(options);
  all.latest().open();
  all.latest().say({type: 'welcome', id: 'a', resume: 'token1'});
  return all;
}

// Waits until a seat that does try again has done so often.
async function otherTries() {
  const {latest, nextSocket} = welcomed();
  for (let i = 1; i < 4; i++) {
    latest().drop(1006);
    await nextSocket(i);
  }
}

test('hello carries name and ticket, and nothing of a seat it has not', () => {
  const {latest} = sit({ticket: 'T'});
  latest().open();
  assertEqual(JSON.stringify(latest().sent), '[{"type":"hello","name":"Ann","client":"guest-page","ticket":"T"}]', 'hello');
  const {latest: lobby} = sit();
  lobby().open();
  assert(!('ticket' in lobby().sent[0]), 'a ticket in the lobby');
});

test('a dropped socket comes back to its seat, and what was said meanwhile follows', async () => {
  const {seat, told, latest, nextSocket} = welcomed();
  latest().drop(1006);
  seat.send({type: 'ring', to: 'b', call: 'c'});
  seat.send({type: 'in-call', in_call: true}); // for nobody: the room says it anew
  const socket = await nextSocket(1);
  socket.open();
  assertEqual(socket.sent[0].resume, 'token1', 'resume');
  socket.say({type: 'welcome', id: 'a', resume: 'token2'});
  assertEqual(socket.sent.slice(1).map(({type}) => type).join(), 'ring', 'said later');
  assertEqual(told.join(), 'welcome,trouble,welcome', 'told');
  latest().drop(4002); // its visit is over
  const third = await nextSocket(2);
  third.open();
  assertEqual(third.sent[0].resume, 'token2', 'the newer token');
});

test('who keeps the room shows it, from the welcome or when it was passed on', async () => {
  const {seat, latest, nextSocket} = welcomed();
  assert(!seat.owner, 'the owner already');
  latest().say({type: 'owner', from: 'b', owner: 'theirs'});
  assert(!seat.owner, 'by the word of somebody else');
  latest().say({type: 'owner', owner: 'ours'});
  assert(seat.owner, 'not the owner');
  latest().drop(1006);
  const socket = await nextSocket(1);
  socket.open();
  assertEqual(socket.sent[0].owner, 'ours', 'owner');
  socket.say({type: 'welcome', id: 'a'});
  assert(!seat.owner, 'in another room of this name');
});

test('a seat that is gone is asked for afresh, and what was said for it is forgotten', async () => {
  const {seat, latest, nextSocket} = welcomed();
  latest().drop(1006);
  seat.send({type: 'ring', to: 'b', call: 'c'});
  const socket = await nextSocket(1);
  socket.open();
  socket.say({type: 'error', code: 'resume-expired', about: 'hello'});
  assertEqual(socket.sent.length, 2, 'hellos');
  assert(!('resume' in socket.sent[1]), 'resume again');
  socket.say({type: 'welcome', id: 'a7', resume: 'token9'});
  assertEqual(socket.sent.length, 2, 'said under the old id');
  assert(seat.open, 'not open');
});

test('attempts go on until one succeeds', async () => {
  const {told, latest, nextSocket} = welcomed();
  for (let i = 1; i < 8; i++) {
    latest().drop(1006);
    await nextSocket(i);
  }
  latest().open();
  latest().say({type: 'welcome', id: 'a'});
  assertEqual(told.join(), 'welcome,trouble,welcome', 'told');
});

test('no welcome in time is a lost socket too', async () => {
  const {told, latest, sockets, nextSocket} = welcomed({timing: {...QUICK, welcome: 20}});
  latest().drop(1006);
  await nextSocket(2);
  assertEqual(sockets[1].closedWith, 'nothing', 'the silent socket');
  assertEqual(told.join(), 'welcome,trouble', 'told');
});

const endings = {
  // name: [code of the error, code of the close, what is told]
  'replaced': [null, 4001, 'replaced'],
  'removed': ['removed', 1008, 'removed'],
  'too much': ['rate', 4008, 'rate'],
  'too much, without a word': [null, 4008, 'rate'],
};
for (const [name, [error, code, reason]] of Object.entries(endings)) {
  test(`${name}: not tried again`, async () => {
    const {told, latest, sockets} = welcomed();
    if (error)
      latest().say({type: 'error', code: error});
    latest().drop(code);
    assertEqual(told.at(-1), `closed ${reason}`, 'told');
    await otherTries();
    assertEqual(sockets.length, 1, 'sockets');
  });
}

for (const [code, close, reason] of [['not-invited', 1008, 'not-invited'], ['room-full', 1013, 'room-full'], ['hello-timeout', 1008, 'turned-away'], [null, 1006, 'unreachable']]) {
  test(`before the first welcome ${code ?? 'a drop'} is the end`, () => {
    const {told, latest} = sit();
    latest().open();
    if (code)
      latest().say({type: 'error', code});
    latest().drop(close);
    assertEqual(told.join(), `closed ${reason}`, 'told');
  });
}

test('a peer’s error is nobody’s end', async () => {
  const {told, latest, nextSocket} = welcomed();
  latest().say({type: 'error', code: 'removed', from: 'b'});
  latest().drop(1006);
  await nextSocket(1);
  assertEqual(told.join(), 'welcome,message,trouble', 'told');
});

test('too many rings close nothing', async () => {
  const {told, latest, nextSocket} = welcomed();
  latest().say({type: 'error', code: 'rate', about: 'ring'});
  latest().drop(1006);
  await nextSocket(1);
  assertEqual(told.join(), 'welcome,message,trouble', 'told');
});

test('a relay that closes is waited for', async () => {
  const back = welcomed();
  back.latest().say({type: 'error', code: 'draining'});
  back.latest().drop(1012);
  (await back.nextSocket(1)).open();
  back.latest().say({type: 'welcome', id: 'z'});
  assertEqual(back.told.at(-1), 'welcome', 'told');
});

// However long the wait for the next attempt would be, or the browser’s for an answer.
test('a relay that closes is not waited for longer than that', async () => {
  for (const first of [1, 1_000_000]) {
    const {told, latest, sockets, nextSocket} = welcomed({timing: {...QUICK, first, cap: first, drain: 50}});
    latest().drop(1012);
    if (first === 1)
      await nextSocket(1); // never opens
    await until('the end', () => told.at(-1) === 'closed draining');
    const count = sockets.length;
    await otherTries();
    assertEqual(sockets.length, count, 'sockets');
  }
});

test('a relay that closed and is back is no longer waited for', async () => {
  const {seat, told, latest} = welcomed({timing: {...QUICK, drain: 50}});
  latest().drop(1012);
  seat.hurry();
  latest().open();
  latest().say({type: 'welcome', id: 'a'});
  await pause(100);
  assertEqual(told.at(-1), 'welcome', 'told');
});

test('another network: a new socket takes the seat, the old one is not closed from here', () => {
  const {seat, latest, sockets} = welcomed();
  const [old] = sockets;
  seat.hurry();
  assertEqual(sockets.length, 2, 'sockets');
  assertEqual(old.closedWith, null, 'the old socket');
  latest().open();
  assertEqual(latest().sent[0].resume, 'token1', 'resume');
  old.drop(4001);
  assert(!seat.open, 'open before the welcome');
  latest().say({type: 'welcome', id: 'a'});
  assert(seat.open, 'not open');
});

test('who leaves gives the seat up', async () => {
  const {seat, told, latest, sockets} = welcomed();
  seat.close();
  assertEqual(latest().closedWith, 1000, 'close code');
  assertEqual(told.at(-1), 'closed left', 'told');
  seat.hurry();
  await otherTries();
  assertEqual(sockets.length, 1, 'sockets');
});

test('a locked room: knock, and be let in', () => {
  const {seat, told, latest} = sit();
  seat.knock(); // there is no door yet
  latest().open();
  latest().say({type: 'error', code: 'locked', about: 'hello'});
  assertEqual(told.join(), 'locked', 'told');
  seat.knock();
  seat.knock();
  assertEqual(latest().sent.map(({type}) => type).join(), 'hello,knock', 'said');
  latest().say({type: 'welcome', id: 'a'});
  assertEqual(told.join(), 'locked,welcome', 'told');
});

test('a knock too many: we are told, stay there, and knock again', () => {
  const {seat, told, latest, sockets} = sit();
  latest().open();
  latest().say({type: 'error', code: 'locked', about: 'hello'});
  seat.knock();
  latest().say({type: 'error', code: 'rate', about: 'knock'});
  assertEqual(told.join(), 'locked,locked hastily', 'told');
  latest().say({type: 'error', code: 'rate', about: 'knock'}); // we did not
  seat.knock();
  assertEqual(latest().sent.map(({type}) => type).join(), 'hello,knock,knock', 'said');
  latest().say({type: 'error', code: 'rate', about: 'knock'});
  latest().drop(1006);
  seat.knock(); // on another socket
  assertEqual(sockets.length, 2, 'sockets');
  latest().open();
  latest().say({type: 'error', code: 'locked', about: 'hello'});
  latest().say({type: 'welcome', id: 'a'});
  assertEqual(told.join(), 'locked,locked hastily,locked hastily,welcome', 'told');
});

for (const [code, reason] of [['refused', 'refused'], ['locked', 'not-opened']]) {
  test(`a knock that is answered ${code}`, () => {
    const {seat, told, latest} = sit();
    latest().open();
    latest().say({type: 'error', code: 'locked'});
    seat.knock();
    latest().say({type: 'error', code});
    latest().drop(1008);
    assertEqual(told.join(), `locked,closed ${reason}`, 'told');
  });
}

test('a relay that does not wait for the knock: it comes on a new socket', async () => {
  const {seat, told, latest, sockets} = sit();
  latest().open();
  latest().say({type: 'error', code: 'locked'});
  latest().say({type: 'error', code: 'hello-timeout'});
  latest().drop(1008);
  assertEqual(told.join(), 'locked', 'told');
  seat.knock();
  assertEqual(sockets.length, 2, 'sockets');
  latest().open();
  latest().say({type: 'error', code: 'locked'});
  assertEqual(latest().sent.map(({type}) => type).join(), 'hello,knock', 'said');
  latest().say({type: 'welcome', id: 'a'});
  assertEqual(told.join(), 'locked,welcome', 'told');
});

test('a relay of another kind is none', () => {
  const {told, latest} = sit();
  latest().protocol = '';
  latest().open();
  assertEqual(told.join(), 'closed not-parlor', 'told');
  assertEqual(latest().sent.length, 0, 'said');
});

await run();
