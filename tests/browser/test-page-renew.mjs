// SPDX-License-Identifier: GPL-3.0-or-later
// How the guest page finds another way when nothing comes in any more: both ends are the page's own modules, with connections and a
// relay of the test's. tests/unit/test-renew.c asks the same of the desktop.

import {assert, assertEqual, pause, run, test, until} from './lib/harness.mjs';
import {FINGERPRINT, LONG, SDP, enter, load} from './lib/page.mjs';

const {Liveness} = await load('liveness.js');
const {proofKeyOf} = await load('proof.js');

const QUICK = {...LONG, alarm: 40, early: 20, again: 20};
const KEY = new Uint8Array(16).fill(7);

// a rings b. relay (message) returns what is passed on, or null. Each pair of connections carries words and packets while its way
// is open: cut (n, from) and mend (n, from) say so of the n-th connections and of one direction.
async function meet({relay = message => message, deadlines = QUICK, key = KEY} = {}) {
  const proofKey = key && await proofKeyOf(key);
  const ends = {a: enter('a', ['b'], {key: proofKey, deadlines}), b: enter('b', ['a'], {key: proofKey, deadlines})};
  const shut = new Set();
  const states = {a: [], b: []};
  for (const [us, them] of ['ab', 'ba']) {
    ends[us].signaling.on('sent', message => {
      const passed = message.to && relay({...message, from: us});
      if (passed)
        queueMicrotask(() => ends[them].hear(passed));
    });
    ends[us].room.on('call', call => call.on('state', state => states[us].push(state)));
    // A connection of theirs comes into being whenever it likes; it is found by its number.
    const wired = new Set();
    setInterval(() => ends[us].peers.forEach((peer, n) => {
      if (wired.has(peer))
        return;
      wired.add(peer);
      peer.on('said', message => peer.open && !shut.has(`${n}${us}`) && queueMicrotask(() => !ends[them].peers[n]?.closed && ends[them].peers[n]?.emit('message', message)));
      peer.onLook = () => !shut.has(`${n}${them}`) && peer.packets++;
    }), 1).unref();
  }
  const met = {
    ...ends, states,
    cut: (n, from = 'ab') => [...from].forEach(each => shut.add(`${n}${each}`)),
    mend: (n, from = 'ab') => [...from].forEach(each => shut.delete(`${n}${each}`)),
    // The n-th connections find their path; each then speaks.
    async connect(n) {
      await until('both are described', () => ends.a.peers[n]?.described.length && ends.b.peers[n]?.described.length && ends.a.peers[n].speaking && ends.b.peers[n].speaking);
      for (const end of [ends.a, ends.b]) {
        end.peers[n].emit('connected');
        end.peers[n].open = true;
        end.peers[n].emit('open');
      }
    },
    both: state => until(`both ${state}`, () => ends.a.calls[0].state === state && ends.b.calls[0].state === state),
  };
  ends.a.room.ring(ends.a.room.find('b'));
  await until('it rings', () => ends.b.calls[0]);
  ends.b.calls[0].accept();
  await met.connect(0);
  await met.both('active');
  return met;
}

test('silence is measured on the clock of whoever looks', () => {
  const liveness = new Liveness({alarm: 1700, early: 1000}, 0);
  assertEqual(liveness.look(250, 1), false, 'something came');
  assertEqual(liveness.look(1500, 1), false, 'after 1250 ms');
  assertEqual(liveness.look(2000, 1), true, 'after 1750 ms');
  liveness.look(2250, 2);
  liveness.hurry(2250);
  assertEqual(liveness.look(3300, 2), true, 'early');
  assertEqual(liveness.look(13_300, 2), false, 'we could not look ourselves');
  assertEqual(liveness.look(14_400, 2), true, 'and early after that');
});

test('another connection takes over when it has a picture, and the ringer says so', async () => {
  const {a, b, states, cut, connect, both} = await meet();
  cut(0);
  await both('reconnecting');
  await connect(1);
  b.peers[1].frames = 1;
  await pause(100);
  assertEqual(b.calls[0].state, 'reconnecting', 'the one who does not decide');
  assert(!a.peers[0].closed && !b.peers[0].closed, 'the old one went early');
  a.peers[1].frames = 1;
  await both('active');
  assertEqual(a.peers[1].said.at(-1).type, 'renewed', 'last word of the ringer');
  assert(a.peers[0].closed && b.peers[0].closed, 'the old one stayed');
  assertEqual(states.a.join(), 'connecting,active,reconnecting,active', 'states of the ringer');
  assertEqual(a.signaling.last('offer').commit, undefined, 'commit');
  assertEqual(a.signaling.last('offer').generation, 2, 'generation');
  cut(1);
  await both('reconnecting');
  await connect(2);
  a.peers[2].frames = b.peers[2].frames = 1;
  await both('active');
  a.calls[0].hangUp();
  await until('the end', () => b.calls[0].reason === 'remote-hung-up');
});

test('looks that wait for figures at the same time choose one connection', async () => {
  const {a, b, cut, connect, both} = await meet();
  cut(0);
  await both('reconnecting');
  await connect(1);
  b.peers[1].frames = 1;
  a.peers[1].seen = async () => {
    await pause(100);
    return {frames: 1, sounds: 1};
  };
  await both('active');
  await pause(200);
  assertEqual(a.peers.length, 2, 'connections of the ringer');
});

test('the old one goes on when it is heard again first', async () => {
  const {a, b, cut, mend, connect, both} = await meet();
  cut(0);
  await both('reconnecting');
  await connect(1);
  mend(0);
  await both('active');
  assert(a.peers[1].closed, 'the new one stayed');
  b.peers[1].emit('closed');
  assertEqual(b.calls[0].state, 'active', 'state');
  assert(!a.peers[0].closed && !b.peers[0].closed, 'the old one went');
});

for (const deaf of ['a', 'b']) {
  test(`only ${deaf} hears nothing, and both say so`, async () => {
    const {cut, mend, both} = await meet();
    cut(0, deaf === 'a' ? 'b' : 'a');
    await both('reconnecting');
    mend(0);
    await both('active');
  });
}

test('nobody is alarmed while packets come', async () => {
  const {a, b, states} = await meet();
  await pause(400);
  assertEqual(states.a.join(), 'connecting,active', 'states');
  assertEqual(a.peers.length + b.peers.length, 2, 'connections');
});

test('an old connection that closes is no goodbye while the next is there', async () => {
  const {b, cut, connect, both} = await meet();
  cut(0);
  await both('reconnecting');
  await connect(1);
  b.peers[0].emit('closed');
  b.peers[1].frames = 1;
  await until('b has gone over', () => b.calls[0].state === 'active');
  b.peers[1].emit('closed');
  assertEqual(b.calls[0].reason, 'remote-hung-up', 'reason');
});

test('a failed path is looked for anew, not the end', async () => {
  const {a} = await meet();
  a.peers[0].emit('failed');
  assertEqual(a.calls[0].state, 'reconnecting', 'state');
});

test('a relay that is back, or a lost offer, starts another attempt', async () => {
  let isLost = true;
  const {a, b, cut, both} = await meet({relay: message => (isLost && message.type === 'offer' && message.generation > 1 ? null : message)});
  cut(0);
  await both('reconnecting');
  await until('they ask for it', () => b.signaling.last('renew')?.generation === 2);
  await until('another offer', () => a.signaling.last('offer').generation >= 3);
  isLost = false;
  await until('an answer', () => b.signaling.last('answer').generation >= 3);
});

test('who gets no other way gives up, and says lost', async () => {
  const {a, b, cut} = await meet({deadlines: {...QUICK, reconnect: 300}});
  cut(0);
  await until('the end', () => a.calls[0].reason === 'lost' && b.calls[0].reason === 'lost');
});

test('who went away from the relay as well has vanished', async () => {
  const {a, cut, both} = await meet({deadlines: {...QUICK, vanished: 150}});
  a.hear({type: 'away', id: 'b'});
  a.hear({type: 'back', id: 'b'});
  cut(0);
  await both('reconnecting');
  await pause(300);
  assertEqual(a.calls[0].state, 'reconnecting', 'who came back');
  a.hear({type: 'away', id: 'b'});
  await until('the end', () => a.calls[0].reason === 'vanished');
});

const swap = message => ({...message, sdp: message.sdp.replace(FINGERPRINT, FINGERPRINT.replaceAll('AB', 'CD'))});
const attacks = {
  'swaps the certificate of the offer': message => (message.type === 'offer' ? swap(message) : message),
  'swaps the certificate of the answer': message => (message.type === 'answer' ? swap(message) : message),
  'drops the proof of the offer': message => (message.type === 'offer' ? {...message, proof: undefined} : message),
  'drops the proof of the answer': message => (message.type === 'answer' ? {...message, proof: undefined} : message),
  'adds a line': message => (message.sdp ? {...message, sdp: `${message.sdp}a=x\r\n`} : message),
};
for (const [name, tamper] of Object.entries(attacks)) {
  for (const key of [KEY, null]) {
    if (!key && !name.includes('certificate')) // without a key nothing else can be noticed
      continue;
    test(`a relay that ${name} of a later generation ends that one only${key ? '' : ', without a key too'}`, async () => {
      let isHostile = true;
      const {a, b, cut, both} = await meet({key, relay: message => (isHostile && message.generation > 1 ? tamper(message) : message)});
      cut(0);
      await both('reconnecting');
      await until('refused', () => a.peers[1]?.closed || b.peers[1]?.closed);
      assertEqual([...a.peers.slice(1), ...b.peers.slice(1)].filter(peer => peer.described.length && peer.speaking && name.includes('offer')).length, 0, 'speaking');
      assert(a.calls[0].isUp && b.calls[0].isUp, 'the call ended');
      isHostile = false;
      await until('the next is agreed on', () => a.peers.at(-1).speaking && b.peers.at(-1).speaking);
    });
  }
}

test('a renew, or the first offer under another number, is nothing while they are heard', async () => {
  const {a, b, states} = await meet();
  for (const generation of [0, 1, 2, 3, 'x']) {
    a.hear({type: 'renew', from: 'b', call: a.calls[0].id, generation});
    b.hear({...a.signaling.last('offer'), from: 'a', generation});
  }
  b.hear({type: 'offer', from: 'a', call: a.calls[0].id, generation: 9, sdp: SDP});
  await pause(200);
  assertEqual(states.b.join(), 'connecting,active', 'states');
  assertEqual(b.peers.filter(peer => peer.described.length).length, 1, 'descriptions that reached the browser');
});

await run();
