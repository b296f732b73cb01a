// SPDX-License-Identifier: GPL-3.0-or-later
// Two guest pages in real browsers with a relay between them that is not to be trusted: each attack is noticed, named and
// ends the call before anything of camera or microphone moved; without an attack the same way leads to a call.
// Argument: chromium or firefox. PARLOR_TEST_ONLY=words runs only the tests whose name holds the words.

import {launch} from './lib/browsers.mjs';
import {Guest} from './lib/guest.mjs';
import {assert, assertEqual, run, test, until} from './lib/harness.mjs';
import {arrives, measurePage} from './lib/measure.mjs';
import {Mitm} from './lib/mitm.mjs';
import {startRelay} from './lib/parlor.mjs';

const KIND = process.argv[2] ?? 'chromium';
const KEY = '#AAECAwQFBgcICQoLDA0ODw';
const FINGERPRINT = /(a=fingerprint:sha-256 )\S+/g;
const STRANGE = Array.from({length: 32}, (_, i) => (i + 16).toString(16).toUpperCase()).join(':');
const RUMOUR_MS = 3500; // a page stops believing one after 3 s
let rooms = 0;

// Ann waits, Bo comes and rings: Bo offers, Ann answers. Both through `mitm`.
async function meet({cleanup, browser, relay}, {accept = true} = {}) {
  const mitm = await Mitm.start(cleanup, relay);
  const url = `${mitm.url}/hostile-${++rooms}${KEY}`;
  const ann = await Guest.open(cleanup, browser, url, 'Ann');
  const bo = await Guest.open(cleanup, browser, url, 'Bo');
  await ann.join();
  await ann.state('waiting');
  await bo.join();
  await ann.state('incoming');
  if (accept)
    await ann.press('accept');
  return {mitm, ann, bo, url};
}

const emojiOf = guest => guest.page.evaluate(() => document.querySelector('#emoji-list').innerText.replaceAll(/\s+/g, ' ').trim());

// In the page: what its connections were asked to do, and the packets of camera and microphone that moved while they lived.
function watchConnections() {
  const asked = [];
  const packets = {sent: 0, received: 0};
  window.testWatched = {asked, packets};
  for (const name of ['setRemoteDescription', 'setLocalDescription']) {
    const original = RTCPeerConnection.prototype[name];
    RTCPeerConnection.prototype[name] = function(...args) {
      asked.push(name);
      return original.apply(this, args);
    };
  }
  const look = async () => {
    for (const connection of window.testConnections) {
      (await connection.getStats()).forEach(stat => {
        packets.sent = Math.max(packets.sent, (stat.type === 'outbound-rtp' && stat.packetsSent) || 0);
        packets.received = Math.max(packets.received, (stat.type === 'inbound-rtp' && stat.packetsReceived) || 0);
      });
    }
    setTimeout(look, 50);
  };
  look();
}

const watched = guest => guest.page.evaluate(() => window.testWatched);

test('without an attack: a call, and the same emoji at both ends', async context => {
  const {ann, bo} = await meet(context, {accept: false});
  await ann.page.evaluate(watchConnections);
  await ann.press('accept');
  await ann.state('active');
  await bo.state('active');
  await arrives('Ann', () => measurePage(ann.page));
  await arrives('Bo', () => measurePage(bo.page));
  const emoji = await emojiOf(ann);
  assertEqual(emoji, await emojiOf(bo), 'emoji');
  assertEqual(await ann.page.evaluate(() => document.querySelectorAll('#emoji-list li').length), 5, 'emoji');
  const {asked, packets} = await watched(ann);
  assert(asked.includes('setRemoteDescription') && packets.sent > 0 && packets.received > 0, 'the watch cannot say yes');
  ann.assertClean();
  bo.assertClean();
});

const only = (type, change) => message => (message.type === type && message.from ? change(message) : message);
const without = field => ({[field]: _, ...rest}) => rest;
const swap = message => ({...message, sdp: message.sdp.replace(FINGERPRINT, `$1${STRANGE}`)});

const attacks = {
  // name: [what the relay does, who notices, the reason]
  'swaps the fingerprint of the offer': [only('offer', swap), 'ann', 'proof-wrong'],
  'swaps the fingerprint of the answer': [only('answer', swap), 'bo', 'proof-wrong'],
  'edits the description': [only('offer', message => ({...message, sdp: message.sdp.replace('a=sendrecv', 'a=sendonly')})), 'ann', 'proof-wrong'],
  'drops the proof': [only('offer', without('proof')), 'ann', 'proof-missing'],
  'drops the proof of the answer': [only('answer', without('proof')), 'bo', 'proof-missing'],
  'reveals another nonce': [only('reveal', message => ({...message, nonce: `${message.nonce.slice(1)}A`})), 'ann', 'commit-mismatch'],
  'keeps the reveal back': [only('reveal', () => null), 'ann', 'reveal-timeout'],
};

for (const [name, [tamper, noticer, reason]] of Object.entries(attacks)) {
  test(`a relay that ${name} is found out: ${reason}`, async context => {
    const ends = await meet(context, {accept: false});
    const guest = ends[noticer];
    for (const end of [ends.ann, ends.bo])
      await end.page.evaluate(watchConnections);
    ends.mitm.tamper = (message, {toPage}) => (toPage ? tamper(message) : message);
    await ends.ann.press('accept');
    assertEqual(await guest.ended(), reason, guest.name);
    if (reason !== 'reveal-timeout')
      await guest.reads('Call stopped for your safety');
    if (reason.startsWith('proof'))
      assert(!(await watched(guest)).asked.includes('setRemoteDescription'), 'the browser was given the description');
    assertEqual((await watched(ends.ann)).packets.sent, 0, 'packets that Ann sent');
    assertEqual((await watched(ends.bo)).packets.received, 0, 'packets that reached Bo');
    assertEqual(await emojiOf(guest), '', 'emoji');
  });
}

test('a relay that replays the offer of another call is found out', async context => {
  let first = null;
  const {mitm, ann, bo} = await meet(context, {accept: false});
  mitm.tamper = (message, {toPage}) => {
    if (!toPage || message.type !== 'offer')
      return message;
    first ??= message;
    return {...first, call: message.call};
  };
  await ann.press('accept');
  await ann.state('active');
  await bo.press('hang-up');
  await ann.ended();
  await bo.press('again');
  await ann.state('incoming');
  await ann.press('accept');
  assertEqual(await ann.ended(), 'proof-wrong', 'Ann');
});

test('a relay that says that they speak the seed’s dialect is not believed', async context => {
  const mitm = await Mitm.start(context.cleanup, context.relay);
  const url = `${mitm.url}/hostile-${++rooms}${KEY}`;
  const ann = await Guest.open(context.cleanup, context.browser, url, 'Ann');
  await ann.join();
  await ann.state('waiting');
  mitm.tamper = message => (message.type === 'welcome' ? {...message, peers: message.peers.map(peer => ({...peer, dialect: 'seed'}))} : message);
  const bo = await Guest.open(context.cleanup, context.browser, url, 'Bo');
  await bo.join();
  await bo.state('waiting');
  await bo.reads('cannot prove that they were invited');
  const [{id}] = mitm.lineOf('Bo').welcome.peers;
  mitm.say('Bo', {type: 'ring', from: id, call: 'c'});
  mitm.say('Bo', {type: 'offer', from: id, sdp: 'v=0\r\n'});
  mitm.say('Bo', {type: 'lock'}); // shown, so what came before it was read
  await bo.reads('The room is locked');
  await bo.state('waiting');
  assertEqual(await bo.page.evaluate(() => window.testConnections.length), 0, 'connections');
});

test('a bye that the relay made up ends no call', async context => {
  const {mitm, ann, bo} = await meet(context);
  await ann.state('active');
  await bo.state('active');
  await arrives('Ann', () => measurePage(ann.page));
  const {from, to, call} = mitm.passed.find(message => message.type === 'ring' && message.from);
  mitm.say('Ann', {type: 'bye', from, to, call, reason: 'hung-up'});
  mitm.say('Ann', {type: 'left', id: from});
  const said = Date.now();
  await until('the rumour is old', async () => {
    await ann.state('active');
    return Date.now() - said > RUMOUR_MS;
  });
  await arrives('Ann', () => measurePage(ann.page));
  await bo.press('hang-up');
  assertEqual(await ann.ended(), 'remote-hung-up', 'Ann');
});

await run(async whole => {
  const relay = await startRelay(whole);
  const browser = await launch(KIND);
  whole.add(() => browser.close());
  return {relay, browser};
});
