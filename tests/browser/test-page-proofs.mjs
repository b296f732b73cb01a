// SPDX-License-Identifier: GPL-3.0-or-later
// What binds a call of the guest page to its key: the arithmetic against vectors and against another implementation, and
// two ends of a call with a relay between them that does what it likes.

import {createHash, createHmac, hkdfSync, randomBytes} from 'node:crypto';
import {readFileSync} from 'node:fs';

import {assert, assertEqual, run, test, until} from './lib/harness.mjs';
import {FINGERPRINT, LONG, enter, load} from './lib/page.mjs';

const {equal, fromText, toText} = await load('bytes.js');
const {answerTranscript, commitTo, emojiOf, isProven, offerTranscript, proofKeyOf, prove, ticketOf} = await load('proof.js');
const {emojiNames} = await load('words.js');

const GUEST_KEY = Buffer.from('36a05f86294a0ad7e6e8a275b775037f', 'hex');
const hex = bytes => Buffer.from(bytes).toString('hex');

// The same arithmetic once more, by other means.
const L = (...values) => Buffer.concat(values.flatMap(value => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return [length, bytes];
}));
const H = bytes => createHash('sha256').update(bytes).digest();
const hkdf = (key, info) => Buffer.from(hkdfSync('sha256', key, '', info, 32));

const vectors = JSON.parse(readFileSync(new URL('../unit/vectors/proof.json', import.meta.url), 'utf8'));

for (const {name, given, then} of vectors.exchanges) {
  test(`vector: ${name}`, async () => {
    const common = {room: given.room, call: given.call, generation: given.generation};
    const [a, b] = [given.offerer, given.answerer];
    const [nonceA, nonceB] = [given.offerer_nonce, given.answerer_nonce].map(text => (text ? fromText(text, 32) : new Uint8Array()));
    const commit = nonceA.length ? await commitTo(nonceA) : nonceA;
    const offer = await offerTranscript({...common, from: a, to: b, sdp: given.offer_sdp, commit});
    const answer = await answerTranscript({...common, from: b, to: a, sdp: given.answer_sdp, nonce: nonceB}, offer);
    assertEqual(toText(commit), then.commit ?? '', 'commit');
    assertEqual(toText(H(offer)), then.offer_hash, 'TO');
    assertEqual(toText(H(answer)), then.answer_hash, 'TA');
    const guestKey = fromText(then.guest_key, 16);
    assertEqual(await ticketOf(guestKey), then.ticket, 'ticket');
    for (const [by, bytes] of [['app', fromText(given.key, 16)], ['guest', guestKey]]) {
      const key = await proofKeyOf(bytes);
      assertEqual(await prove(key, offer), then.offer_proof[by], `the offer's proof by ${by}`);
      assertEqual(await prove(key, answer), then.answer_proof[by], `the answer's proof by ${by}`);
    }
    if (then.emoji)
      assertEqual((await emojiOf(answer, nonceA)).join(), then.emoji.join(), 'emoji');
  });
}

test('the table of emoji', () => {
  assertEqual(emojiNames.length, vectors.emoji.length, 'length');
  emojiNames.forEach((each, i) => assertEqual(each.join(), vectors.emoji[i].join(), `number ${i}`));
});

test('random calls, computed twice', async () => {
  for (let i = 0; i < 50; i++) {
    const [guestKey, nonceA, nonceB, call] = [randomBytes(16), randomBytes(32), randomBytes(32), toText(randomBytes(16))];
    const [sdpA, sdpB] = [`v=0\r\ns=${i} ä€😀\r\n`, randomBytes(i * 40).toString('hex')];
    const key = await proofKeyOf(guestKey);
    const common = {room: i % 2 ? 'room' : '', call, generation: 1 + i};
    const commit = await commitTo(nonceA);
    const offer = await offerTranscript({...common, from: 'A', to: 'B_-', sdp: sdpA, commit});
    const answer = await answerTranscript({...common, from: 'B_-', to: 'A', sdp: sdpB, nonce: nonceB}, offer);
    const TO = L('parlor.1', 'offer', common.room, call, 'A', 'B_-', String(1 + i), H(sdpA), H(L('parlor.1', 'commit', nonceA)));
    const TA = L('parlor.1', 'answer', common.room, call, 'B_-', 'A', String(1 + i), H(sdpB), nonceB, H(TO));
    assertEqual(hex(offer), hex(TO), 'TO');
    assertEqual(hex(answer), hex(TA), 'TA');
    const mac = createHmac('sha256', hkdf(guestKey, 'parlor.1 proof')).update(TA).digest('base64url');
    assertEqual(await prove(key, answer), mac, 'proof');
    assert(await isProven(key, answer, mac), 'its own proof');
    assert(!await isProven(key, offer, mac), 'the proof of something else');
    const bits = H(L('parlor.1', 'emoji', H(TA), nonceA)).readUInt32BE().toString(2).padStart(32, '0');
    assertEqual((await emojiOf(answer, nonceA)).join(), [0, 6, 12, 18, 24].map(at => parseInt(bits.slice(at, at + 6), 2)).join(), 'emoji');
    assertEqual(await ticketOf(guestKey), hkdf(guestKey, 'parlor.1 join').toString('base64url'), 'ticket');
  }
});

test('bytes travel in one spelling only', () => {
  for (let count = 0; count < 40; count++) {
    const bytes = randomBytes(count);
    assertEqual(toText(bytes), bytes.toString('base64url'), 'text');
    assert(equal(fromText(toText(bytes), count), bytes), 'and back');
  }
  for (const bad of [null, undefined, 7, {}, '', 'A'.repeat(21), 'A'.repeat(23), `${'A'.repeat(21)}B`, `${'A'.repeat(21)}=`, `${'A'.repeat(21)}+`, `${'A'.repeat(21)} `])
    assertEqual(fromText(bad, 16), null, JSON.stringify(bad));
  for (const [a, b, same] of [['', '', true], ['ab', 'ab', true], ['ab', 'ac', false], ['ab', 'abc', false], ['abc', 'ab', false], ['a', '', false], ['', 'a', false]])
    assertEqual(equal(Buffer.from(a), Buffer.from(b)), same, `${a} and ${b}`);
});

// Two ends in a room with a key, or without, and a relay between them. `tamper` gets each message, may change it, and
// returns what is passed on; null drops it. The ringer is a, and so the offerer.
async function meet({tamper = message => message, keys = [GUEST_KEY, GUEST_KEY], names = ['r', 'r'], deadlines = LONG, seen = []} = {}) {
  const proofKeys = await Promise.all(keys.map(key => key && proofKeyOf(key)));
  const a = enter('a', ['b'], {key: proofKeys[0], name: names[0], deadlines});
  const b = enter('b', ['a'], {key: proofKeys[1], name: names[1], deadlines});
  const emoji = {};
  for (const [us, them] of [[a, b], [b, a]]) {
    us.signaling.on('sent', message => {
      if (message.to === undefined)
        return;
      const passed = tamper({...message, from: us.room.id});
      seen.push(message);
      if (passed)
        queueMicrotask(() => them.hear(passed));
    });
    us.room.on('call', call => call.on('emoji', numbers => {
      emoji[us.room.id] = numbers;
    }));
  }
  a.room.ring(a.room.find('b'));
  await until('it rings', () => b.calls[0]);
  b.calls[0].accept();
  return {a, b, emoji};
}

// Neither end hands their description on or sends anything, unless it is named.
function assertNothingLeft({peers}, described = 0) {
  assertEqual(peers[0].described.length, described, 'descriptions that reached the browser');
  assertEqual(peers[0].speaking, false, 'speaking');
  assertEqual(peers[0].said.filter(({type}) => type !== 'bye').length, 0, 'words on the channel');
}

test('two ends with the same key see the same emoji and nothing is said before', async () => {
  const seen = [];
  const {a, b, emoji} = await meet({seen});
  await until('both are sure', () => a.peers[0]?.speaking && b.peers[0]?.speaking);
  assertEqual(emoji.a.join(), emoji.b.join(), 'emoji');
  assertEqual(emoji.a.length, 5, 'emoji');
  const offer = seen.find(({type}) => type === 'offer');
  assertEqual(`${offer.proof.by} ${offer.proof.mac.length} ${offer.commit.length}`, 'guest 43 43', 'offer');
  const answer = seen.find(({type}) => type === 'answer');
  assertEqual(`${answer.proof.by} ${answer.proof.mac.length} ${answer.nonce.length}`, 'guest 43 43', 'answer');
  for (const end of [a, b]) {
    end.peers[0].emit('connected');
    assertEqual(end.calls[0].state, 'active', 'state');
  }
});

// What waits for the reveal: everything.
test('the one who is called shows and sends nothing before the reveal', async () => {
  let held = null;
  const {b} = await meet({tamper: message => {
    if (message.type !== 'reveal')
      return message;
    held = message;
    return null;
  }});
  await until('reveal', () => held);
  const heard = [];
  b.calls[0].on('stream', () => heard.push('stream')).on('remote-state', () => heard.push('state'));
  b.peers[0].emit('connected');
  b.peers[0].open = true;
  b.peers[0].emit('open');
  b.peers[0].emit('stream', {});
  b.peers[0].emit('message', {type: 'state', audio: true, video: true});
  b.calls[0].setLocal({audio: false, video: false});
  assertEqual(b.calls[0].state, 'connecting', 'state');
  assertEqual(heard.join(), '', 'shown');
  assertNothingLeft(b, 1);
  b.hear({...held, generation: 2, nonce: toText(randomBytes(32))}); // not of this generation, so it harms nothing
  b.hear(held);
  await until('active', () => b.calls[0].state === 'active');
  assertEqual(heard.join(), 'stream,state', 'shown');
  assertEqual(b.peers[0].said.map(({type, audio}) => `${type} ${audio}`).join(), 'state false', 'said');
});

const swap = message => ({...message, sdp: message.sdp.replace(FINGERPRINT, FINGERPRINT.replaceAll('AB', 'CD'))});
const only = (type, change) => message => (message.type === type ? change(message) : message);
const without = field => ({[field]: _, ...rest}) => rest;
const attacks = {
  // name: [what the relay does, who notices, the reason, descriptions that have reached that browser]
  'swaps the fingerprint of the offer': [only('offer', swap), 'b', 'proof-wrong', 0],
  'swaps the fingerprint of the answer': [only('answer', swap), 'a', 'proof-wrong', 0],
  'adds a line to the offer': [only('offer', message => ({...message, sdp: `${message.sdp}a=x\r\n`})), 'b', 'proof-wrong', 0],
  'drops the proof of the offer': [only('offer', without('proof')), 'b', 'proof-missing', 0],
  'drops the proof of the answer': [only('answer', without('proof')), 'a', 'proof-missing', 0],
  'drops the commit': [only('offer', without('commit')), 'b', 'proof-missing', 0],
  'drops the nonce': [only('answer', without('nonce')), 'a', 'proof-missing', 0],
  'makes the proof a text': [only('offer', message => ({...message, proof: 'x'})), 'b', 'proof-missing', 0],
  'names another kind of proof': [only('offer', message => ({...message, proof: {...message.proof, by: 'constructor'}})), 'b', 'proof-wrong', 0],
  'says by app, without a proof for guests': [only('offer', message => ({...message, proof: {...message.proof, by: 'app'}})), 'b', 'proof-missing', 0],
  'exchanges the nonce of the answer': [only('answer', message => ({...message, nonce: toText(randomBytes(32))})), 'a', 'proof-wrong', 0],
  'exchanges the commit': [only('offer', message => ({...message, commit: toText(randomBytes(32))})), 'b', 'proof-wrong', 0],
  'exchanges the nonce of the reveal': [only('reveal', message => ({...message, nonce: toText(randomBytes(32))})), 'b', 'commit-mismatch', 1],
  'empties the reveal': [only('reveal', without('nonce')), 'b', 'commit-mismatch', 1],
  'reflects the offer as an answer': [only('answer', message => ({...message, ...pick(reflected, 'sdp', 'proof')})), 'a', 'proof-wrong', 0],
};
let reflected = null;
const pick = (from, ...names) => Object.fromEntries(names.map(name => [name, from[name]]));

for (const [name, [tamper, noticer, reason, described]] of Object.entries(attacks)) {
  test(`a relay that ${name}: ${reason}`, async () => {
    const ends = await meet({tamper: message => {
      if (message.type === 'offer')
        reflected = message;
      return tamper(message);
    }});
    const end = ends[noticer];
    await until('the end', () => end.calls[0].state === 'ended');
    assertEqual(end.calls[0].reason, reason, 'reason');
    assertEqual(end.signaling.last('bye').reason, reason, 'bye');
    assertNothingLeft(end, described);
    assert(end.peers[0].closed, 'the connection stayed open');
    assertEqual(ends.emoji[noticer], undefined, 'emoji');
  });
}

test('a relay that drops the reveal: reveal-timeout', async () => {
  const {b} = await meet({tamper: only('reveal', () => null), deadlines: {...LONG, reveal: 50}});
  b.peers[0]?.emit('connected');
  await until('the end', () => b.calls[0].state === 'ended');
  assertEqual(b.calls[0].reason, 'reveal-timeout', 'reason');
  assertNothingLeft(b, 1);
});

test('a relay that replays the offer of another call: proof-wrong', async () => {
  let first = null;
  const before = await meet({tamper: only('offer', message => (first = message))});
  await until('the first call', () => before.b.peers[0]?.speaking);
  const {b} = await meet({tamper: only('offer', message => ({...first, call: message.call}))});
  await until('the end', () => b.calls[0].state === 'ended');
  assertEqual(b.calls[0].reason, 'proof-wrong', 'reason');
  assertNothingLeft(b);
});

test('another key, another room: proof-wrong', async () => {
  for (const options of [{keys: [GUEST_KEY, randomBytes(16)]}, {names: ['r', 'other']}]) {
    const {b} = await meet(options);
    await until('the end', () => b.calls[0].state === 'ended');
    assertEqual(b.calls[0].reason, 'proof-wrong', 'reason');
    assertNothingLeft(b);
  }
});

test('who holds the app’s key proves with both, and the guest’s counts', async () => {
  const asApp = change => only('offer', message => ({...message, proof: change({by: 'app', mac: toText(randomBytes(32)), guest: message.proof.mac})}));
  const {b, emoji} = await meet({tamper: asApp(proof => proof)});
  await until('sure', () => b.peers[0]?.speaking);
  assertEqual(emoji.b.length, 5, 'emoji');
  const {b: fooled} = await meet({tamper: asApp(proof => ({...proof, guest: proof.mac}))});
  await until('the end', () => fooled.calls[0].state === 'ended');
  assertEqual(fooled.calls[0].reason, 'proof-wrong', 'reason');
});

test('without a key nothing is proved, and the emoji are there where both know them', async () => {
  const keyless = {keys: [null, null]};
  const {a, b, emoji} = await meet(keyless);
  await until('both are sure', () => a.peers[0]?.speaking && b.peers[0]?.speaking);
  assertEqual(emoji.a.join(), emoji.b.join(), 'emoji');
  assertEqual(a.signaling.last('offer').proof, undefined, 'proof');
  for (const [type, field] of [['offer', 'commit'], ['answer', 'nonce']]) { // an older Parlor at one end
    const older = await meet({...keyless, tamper: only(type, without(field))});
    await until(`the end that got no ${field} is sure`, () => (type === 'offer' ? older.b : older.a).peers[0]?.speaking);
    assertEqual(older.emoji[type === 'offer' ? 'b' : 'a'], undefined, 'emoji');
  }
});

await run();
