// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of the guest page that need no browser: the state machine of a call, who rings whom, what an SDP must hold.

import {readFileSync, readdirSync} from 'node:fs';

import {assert, assertEqual, run, test, until} from './lib/harness.mjs';
import {FINGERPRINT, SDP, enter, load, page} from './lib/page.mjs';

const {checkFingerprint} = await load('sdp.js');
const {isHomeMade, isInApp, readInvite} = await load('invite.js');
const {Pings} = await load('pings.js');
const {words, notices, ends, errors, emojiNames} = await load('words.js');

const SHORT = {ring: 60, offer: 60, answer: 60, reveal: 60, connect: 60, silence: 1, rumour: 600, alarm: 60_000, early: 60_000, attempt: 60_000, vanished: 60_000, reconnect: 60_000, look: 5, again: 60_000};

test('a ring that is accepted makes one offer and becomes active', async () => {
  const {room, signaling, peers, calls, hear} = enter('a', ['b']);
  room.ring(room.find('b'));
  const {call} = signaling.last('ring');
  assert(/^[A-Za-z0-9_-]{22}$/.test(call), `call id ${call} is not 16 bytes`);
  assertEqual(peers.length, 0, 'connections before accept');
  hear({type: 'accept', from: 'b', call});
  hear({type: 'accept', from: 'b', call}); // said twice, heard once
  await until('offer', () => signaling.last('offer'));
  assertEqual(peers.length, 1, 'connections');
  assertEqual(signaling.sent.filter(each => each.type === 'offer').length, 1, 'offers');
  const types = signaling.sent.map(each => each.type);
  assert(types.indexOf('offer') < types.indexOf('ice'), `a candidate went before the offer: ${types}`);
  hear({type: 'answer', from: 'b', call, generation: 1, sdp: SDP});
  peers[0].emit('connected');
  await until('active', () => calls[0].state === 'active');
  assertEqual(signaling.last('in-call').in_call, true, 'in-call');
  calls[0].hangUp();
  assertEqual(signaling.last('in-call').in_call, false, 'in-call');
  assert(peers[0].closed, 'the connection stayed open');
});

test('messages of strangers, other calls and other generations are not heard', async () => {
  const {room, signaling, calls, hear, peers} = enter('a', ['b', 'c']);
  room.ring(room.find('b'));
  const {call} = signaling.last('ring');
  hear({type: 'accept', from: 'c', call});
  hear({type: 'accept', from: 'b', call: 'another'});
  hear({type: 'offer', from: 'b', call, generation: 1, sdp: SDP});
  assertEqual(calls[0].state, 'dialing', 'state');
  hear({type: 'accept', from: 'b', call});
  await until('offer', () => signaling.last('offer'));
  hear({type: 'ice', from: 'b', call, generation: 2, candidate: {candidate: 'x'}});
  hear({type: 'ice', from: 'b', call, generation: 1, candidate: 7});
  assertEqual(peers[0].candidates.length, 0, 'candidates');
  hear({type: 'ice', from: 'b', call, generation: 1, candidate: {candidate: 'x'}});
  assertEqual(peers[0].candidates.length, 1, 'candidates');
});

test('two who ring each other: the ring of the smaller id stands', async () => {
  const small = enter('a', ['b']);
  const great = enter('b', ['a']);
  small.room.ring(small.room.find('b'));
  great.room.ring(great.room.find('a'));
  const ringOfSmall = small.signaling.last('ring');
  const ringOfGreat = great.signaling.last('ring');
  small.hear({...ringOfGreat, from: 'b'});
  great.hear({...ringOfSmall, from: 'a'});
  assertEqual(small.calls.length, 1, 'calls of the smaller');
  assertEqual(small.calls[0].state, 'dialing', 'the smaller');
  assertEqual(great.calls[0].reason, 'superseded', 'the first call of the greater');
  assertEqual(great.calls[1].state, 'connecting', 'the second call of the greater');
  assertEqual(great.signaling.last('accept').call, ringOfSmall.call, 'accepted call');
  assertEqual(great.signaling.last('cancel'), undefined, 'cancel');
  small.hear({type: 'accept', from: 'b', call: ringOfSmall.call});
  assertEqual(small.calls[0].state, 'connecting', 'the smaller');
});

test('a second ring is answered busy', () => {
  const {room, signaling, calls, hear} = enter('a', ['b', 'c']);
  hear({type: 'ring', from: 'b', call: 'one', media: {}});
  hear({type: 'ring', from: 'c', call: 'two', media: {}});
  assertEqual(calls.length, 1, 'calls');
  const {to, call, reason} = signaling.last('decline');
  assertEqual(`${to} ${call} ${reason}`, 'c two busy', 'decline');
  assertEqual(room.call.state, 'ringing', 'the first');
});

test('in a room with a key a seed peer is the relay’s lie', () => {
  assertEqual(enter('a', ['seed1'], {key: {}}).room.downgraded, true, 'with a key');
  assertEqual(enter('a', ['b'], {key: {}}).room.downgraded, false, 'nobody of the seed');
  assertEqual(enter('a', ['seed1']).room.downgraded, false, 'without a key');
});

test('seed peers are neither shown nor rung nor heard', () => {
  const {room, calls, hear} = enter('a', ['seed1', 'b']);
  assertEqual(room.people.map(person => person.id).join(), 'b', 'people');
  hear({type: 'ring', from: 'seed1', call: 'one'});
  hear({type: 'offer', from: 'seed1', sdp: SDP});
  hear({type: 'joined', peer: {id: 'seed2', name: 'x', dialect: 'seed', in_call: false}});
  assertEqual(calls.length, 0, 'calls');
  assertEqual(room.people.length, 1, 'people');
});

for (const [answer, reason] of [['declined', 'declined'], ['busy', 'busy'], ['timeout', 'no-answer'], ['no-device', 'no-device'], ['constructor', 'declined']]) {
  test(`a ring declined with ${answer} ends ${reason}`, () => {
    const {room, signaling, calls, hear} = enter('a', ['b']);
    room.ring(room.find('b'));
    hear({type: 'decline', from: 'b', call: signaling.last('ring').call, reason: answer});
    assertEqual(calls[0].reason, reason, 'reason');
    assertEqual(room.call, null, 'current call');
  });
}

test('what the relay did not carry ends the call it was of, and no later one', () => {
  const {room, calls, signaling, hear} = enter('a', ['b']);
  hear({type: 'ring', from: 'b', call: 'one'});
  for (const error of [{about: 'offer'}, {about: 'ring'}, {about: 'accept'}, {about: 'accept', call: 'another'}])
    hear({type: 'error', code: 'no-such-peer', ...error});
  assertEqual(calls[0].state, 'ringing', 'rung');
  calls[0].accept();
  hear({type: 'error', code: 'no-such-peer', about: 'accept'});
  assertEqual(calls[0].reason, 'peer-left', 'rung');
  room.ring(room.find('b'));
  hear({type: 'error', code: 'no-such-peer', about: 'offer'});
  hear({type: 'error', code: 'rate', about: 'ring', call: 'another'});
  assertEqual(calls[1].state, 'dialing', 'ringing');
  hear({type: 'error', code: 'rate', about: 'ring', call: signaling.last('ring').call});
  assertEqual(calls[1].reason, 'refused', 'ringing');
});

test('every phase has a deadline with its own name', async () => {
  const ringer = enter('a', ['b'], {deadlines: SHORT});
  ringer.room.ring(ringer.room.find('b'));
  await until('no answer', () => ringer.calls[0].reason === 'no-answer', 2000);
  assert(ringer.signaling.last('cancel'), 'no cancel was said');

  const rung = enter('a', ['b'], {deadlines: SHORT});
  rung.hear({type: 'ring', from: 'b', call: 'one'});
  await until('missed', () => rung.calls[0].reason === 'no-answer-here', 2000);
  assertEqual(rung.signaling.last('decline').reason, 'timeout', 'decline');

  rung.hear({type: 'ring', from: 'b', call: 'two'});
  rung.calls[1].accept();
  await until('no offer', () => rung.calls[1].reason === 'offer-timeout', 2000);
  assertEqual(rung.signaling.last('bye').reason, 'offer-timeout', 'bye');

  rung.hear({type: 'ring', from: 'b', call: 'three'});
  rung.calls[2].accept();
  rung.hear({type: 'offer', from: 'b', call: 'three', generation: 1, sdp: SDP});
  await until('no path', () => rung.calls[2].reason === 'connect-timeout', 2000);

  ringer.room.ring(ringer.room.find('b'));
  ringer.hear({type: 'accept', from: 'b', call: ringer.signaling.last('ring').call});
  await until('no answer', () => ringer.calls[1].reason === 'answer-timeout', 2000);
});

test('a call outlives its relay once the data channel is open, not before', async () => {
  const before = enter('a', ['b']);
  before.hear({type: 'ring', from: 'b', call: 'one'});
  before.calls[0].accept();
  before.signaling.emit('closed', {reason: 'relay-lost'});
  assertEqual(before.calls[0].reason, 'relay-lost', 'reason');

  const after = await active();
  after.signaling.emit('closed', {reason: 'relay-lost'});
  assertEqual(after.calls[0].state, 'active', 'state');
  assertEqual(after.peers[0].said[0].type, 'state', 'first word on the channel');
  after.peers[0].emit('message', {type: 'bye'});
  assertEqual(after.calls[0].reason, 'remote-hung-up', 'reason');
});

// A call that is up, and whose channel is open at our end.
async function active(deadlines) {
  const end = enter('a', ['b'], {deadlines});
  end.hear({type: 'ring', from: 'b', call: 'one'});
  end.calls[0].accept();
  end.hear({type: 'offer', from: 'b', call: 'one', generation: 1, sdp: SDP});
  end.peers[0].emit('connected');
  end.peers[0].open = true;
  end.peers[0].emit('open');
  await until('active', () => end.calls[0].state === 'active');
  return end;
}

test('a bye through the relay counts until something was heard on the channel', async () => {
  const {calls, hear} = await active();
  hear({type: 'bye', from: 'b', call: 'one'});
  assertEqual(calls[0].reason, 'remote-hung-up', 'reason');
});

for (const [what, rumour, reason] of [
  ['bye', {type: 'bye', from: 'b', call: 'one'}, 'remote-hung-up'], ['left', {type: 'left', id: 'b'}, 'remote-hung-up'],
]) {
  test(`the relay's ${what} in a call is believed when nothing comes any more, not before`, async () => {
    const {calls, hear, peers} = await active(SHORT);
    let looks = 0;
    peers[0].emit('message', {type: 'state', audio: true, video: true});
    peers[0].onLook = () => {
      looks++;
      peers[0].packets++;
    };
    hear(rumour);
    await until('looked until the rumour was old', () => looks >= 3, 6000);
    assertEqual(calls[0].state, 'active', 'while packets come');
    peers[0].onLook = null;
    hear(rumour);
    await until('believed', () => calls[0].reason === reason, 6000);
  });
}

for (const rumour of [{type: 'bye', from: 'b', call: 'one'}, {type: 'left', id: 'b'}]) {
  test(`away, and then ${rumour.type}: a short silence is enough, and by the name of the latter`, async () => {
    const {calls, hear, peers} = await active({...SHORT, away: 60_000});
    peers[0].emit('message', {type: 'state', audio: true, video: true});
    hear({type: 'away', id: 'b'});
    hear(rumour);
    await until('believed', () => calls[0].state === 'ended', 6000);
    assertEqual(calls[0].reason, 'remote-hung-up', 'reason');
  });
}

test('no more candidates are taken than the protocol says', async () => {
  const {Peer} = await load('peer.js');
  let taken = 0;
  globalThis.MediaStream = class {};
  globalThis.RTCPeerConnection = class {
    getTransceivers = () => [];
    addTransceiver = () => ({sender: {}});
    createDataChannel = label => ({label});
    createOffer = setLocalDescription;
    setLocalDescription = setLocalDescription;
    localDescription = {sdp: SDP.replace(/AB/g, 'CD')};
    async setRemoteDescription() {}
    async addIceCandidate() {
      taken++;
    }
  };
  async function setLocalDescription() {}
  const peer = new Peer({listen() {}, track: () => null}, []);
  await peer.offer();
  for (let i = 0; i < 100; i++)
    peer.addCandidate({candidate: 'early'});
  assertEqual(taken, 0, 'before the answer');
  await peer.accept(SDP);
  assertEqual(taken, 64, 'those that waited');
  for (let i = 0; i < 1000; i++)
    peer.addCandidate({candidate: 'late'});
  assertEqual(taken, 256, 'in all');
});

test('who hangs up says bye over the channel and through the relay', async () => {
  const {calls, signaling, peers} = await active();
  calls[0].hangUp();
  assertEqual(signaling.last('bye').call, 'one', 'through the relay');
  assertEqual(peers[0].said.at(-1).type, 'bye', 'over the channel');
});

test('a ringer who leaves or cancels stops the ringing', () => {
  const {calls, hear} = enter('a', ['b', 'c']);
  hear({type: 'ring', from: 'b', call: 'one'});
  hear({type: 'cancel', from: 'b', call: 'one'});
  assertEqual(calls[0].reason, 'cancelled', 'reason');
  hear({type: 'ring', from: 'c', call: 'two'});
  hear({type: 'left', id: 'c'});
  assertEqual(calls[1].reason, 'peer-left', 'reason');
  hear({type: 'ring', from: 'b', call: 'three'});
  calls[2].accept();
  hear({type: 'cancel', from: 'b', call: 'three'}); // it crossed with our accept
  assertEqual(calls[2].reason, 'cancelled', 'reason');
});

test('a description without a fingerprint, or with a wrong one, ends the call by name', async () => {
  for (const [sdp, reason] of [['v=0\r\n', 'fingerprint-missing'], [`${SDP}a=fingerprint:sha-256 ${FINGERPRINT.replace('AB', 'CD')}\r\n`, 'fingerprint-mismatch']]) {
    const {calls, signaling, hear} = enter('a', ['b']);
    hear({type: 'ring', from: 'b', call: 'one'});
    calls[0].accept();
    hear({type: 'offer', from: 'b', call: 'one', generation: 1, sdp});
    await until(reason, () => calls[0].state === 'ended', 2000);
    assertEqual(calls[0].reason, reason, 'reason');
    assertEqual(signaling.last('bye').reason, reason, 'bye');
  }
});

test('fingerprints: one distinct sha-256, not our own', () => {
  const reasonOf = (sdp, own) => {
    try {
      checkFingerprint(sdp, own);
      return null;
    } catch (error) {
      return error.reason;
    }
  };
  assertEqual(reasonOf(SDP, null), null, 'one');
  assertEqual(reasonOf(SDP + SDP.toLowerCase(), null), null, 'the same twice');
  assertEqual(reasonOf('', null), 'fingerprint-missing', 'none');
  assertEqual(reasonOf(SDP, SDP), 'fingerprint-mismatch', 'our own');
  assertEqual(reasonOf(SDP.replace('sha-256', 'sha-1'), null), 'fingerprint-mismatch', 'sha-1');
  assertEqual(reasonOf(SDP.replace('AB:', ''), null), 'fingerprint-mismatch', 'short');
});

test('invites: the key stays behind #, a damaged one is an error', () => {
  const at = url => readInvite(new URL(url));
  assertEqual(at('https://h:3/room#AAAAAAAAAAAAAAAAAAAAAA').url, 'wss://h:3/room', 'address');
  assertEqual(at('https://h:3/room#AAAAAAAAAAAAAAAAAAAAAA').key, 'AAAAAAAAAAAAAAAAAAAAAA', 'key');
  assertEqual(at('http://h/').room, '', 'lobby');
  assertEqual(at('http://h/').error, null, 'no key');
  for (const bad of ['short', 'AAAAAAAAAAAAAAAAAAAAAB', 'AAAAAAAAAAAAAAAAAAAAA=', 'AAAAAAAAAAAAAAAAAAAAAAA'])
    assertEqual(at(`http://h/r#${bad}`).error, 'bad-invite', bad);
});

test('ICE servers that were lent long ago are asked for anew before a call', async () => {
  const fresh = enter('a', ['b']);
  fresh.room.ring(fresh.room.find('b'));
  assertEqual(fresh.signaling.last('turn'), undefined, 'asked for too early');
  const {room, signaling, peers, hear} = enter('a', ['b'], {renewMs: 0});
  room.ring(room.find('b'));
  assert(signaling.last('turn'), 'not asked for');
  hear({type: 'turn', ice_servers: [{urls: 'turn:h', username: 'u', credential: 'c'}, {urls: 'turn:nobody'}, {urls: 'http:h'}]});
  hear({type: 'accept', from: 'b', call: signaling.last('ring').call});
  assertEqual(peers[0].servers.map(({urls}) => urls).join(), 'turn:h', 'servers of the connection');
});

test('who is away stays in the list until they left', () => {
  const {room, hear} = enter('a', ['b', 'c']);
  hear({type: 'away', id: 'b'});
  assertEqual(room.people.map(({id, away}) => `${id} ${away}`).join(), 'b true,c false', 'away');
  hear({type: 'back', id: 'b'});
  assertEqual(room.find('b').away, false, 'back');
  hear({type: 'left', id: 'b'});
  assertEqual(room.people.length, 1, 'people');
});

test('a socket that comes back under the same id loses nobody and no call', async () => {
  const {room, signaling, calls, hear, welcome} = enter('a', ['b', 'c']);
  const ready = [];
  room.on('ready', ({back}) => ready.push(back));
  room.ring(room.find('b'));
  signaling.emit('trouble');
  assertEqual(room.people.length, 2, 'people meanwhile');
  welcome('a', ['b', 'd']);
  assertEqual(ready.join(), 'true', 'ready');
  assertEqual(room.people.map(({id}) => id).join(), 'b,d', 'people');
  assertEqual(calls[0].state, 'dialing', 'the call that rings');
  hear({type: 'accept', from: 'b', call: calls[0].id});
  assertEqual(calls[0].state, 'connecting', 'the call goes on');
});

test('under a new id only a call that is up lives on', async () => {
  const dialing = enter('a', ['b']);
  dialing.room.ring(dialing.room.find('b'));
  dialing.welcome('a2', ['b']);
  assertEqual(dialing.calls[0].reason, 'relay-lost', 'dialing');
  const up = await active();
  up.welcome('a2', ['b']);
  assertEqual(up.calls[0].state, 'active', 'up');
  assertEqual(up.signaling.last('in-call').in_call, true, 'in-call');
});

// A data channel that is open, and what was said on it.
function pingLab(everyMs) {
  const sent = [];
  const channel = {readyState: 'open', send: text => sent.push(JSON.parse(text))};
  const trips = [];
  const pings = new Pings(channel, everyMs).on('round-trip', ms => trips.push(ms));
  const hear = message => channel.onmessage?.({data: typeof message === 'string' ? message : JSON.stringify(message)});
  return {sent, trips, pings, hear, pongs: () => sent.filter(({type}) => type === 'pong')};
}

test('a ping is answered, and our own measures the way', async () => {
  const {sent, trips, pings, hear, pongs} = pingLab(5);
  hear({type: 'ping', seq: 6});
  assertEqual(sent.length, 0, 'said before the start');
  pings.start();
  assertEqual(JSON.stringify(sent), '[{"type":"ping","seq":0}]', 'the first ping');
  hear({type: 'ping', seq: 7});
  assertEqual(JSON.stringify(sent[1]), '{"type":"pong","seq":7}', 'pong');
  hear({type: 'pong', seq: 12345});
  assertEqual(trips.length, 0, 'a pong to no ping');
  hear({type: 'pong', seq: 0});
  hear({type: 'pong', seq: 0}); // said twice, counted once
  assertEqual(trips.length, 1, 'round trips');
  assert(trips[0] >= 0 && trips[0] < 15_000, `it took ${trips[0]} ms`);
  await until('the next ping', () => sent.some(({type, seq}) => type === 'ping' && seq === 1));
  pings.stop();
  assertEqual(pongs().length, 1, 'pongs');
});

test('what is no ping is not answered, and too many are not read', () => {
  for (const bad of [{type: 'ping'}, {type: 'ping', seq: -1}, {type: 'ping', seq: 2 ** 31}, {type: 'ping', seq: '7'}, 'null', '{', '"x"', `{"type":"ping","seq":1}${' '.repeat(300)}`]) {
    const {pings, hear, pongs} = pingLab(60_000);
    pings.start();
    hear(bad);
    assertEqual(pongs().length, 0, JSON.stringify(bad));
    for (let seq = 0; seq < 100; seq++)
      hear({type: 'ping', seq});
    assertEqual(pongs().length, 9, 'pongs');
    pings.stop();
  }
});

test('addresses without a certificate that anybody vouches for are known', () => {
  const at = url => isHomeMade(new URL(url));
  for (const address of ['https://192.168.1.5:3002/r', 'https://[fe80::1]/r', 'https://kitchen.local/r', 'https://box/r', 'https://pc.home.arpa/'])
    assert(at(address), address);
  for (const address of ['https://meet.example.org/r', 'http://192.168.1.5/r'])
    assert(!at(address), address);
});

test('browsers inside other apps are known', () => {
  for (const agent of ['Mozilla/5.0 (iPhone) Instagram 300.0', 'x [FBAN/FBIOS;FBAV/1]', 'x MicroMessenger/8.0', 'x Line/13.1'])
    assert(isInApp(agent), agent);
  for (const agent of ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Mozilla/5.0 (iPhone) Version/17 Safari/604.1 OnLine', 'x Chrome/156 Safari/537.36'])
    assert(!isInApp(agent), agent);
});

test('every word that is shown exists, and every word is shown', () => {
  const sources = readdirSync(page).filter(name => /\.(js|html)$/.test(name) && name !== 'words.js').map(name => readFileSync(new URL(name, page), 'utf8')).join('\n');
  const used = new Set([...sources.matchAll(/\bwords\.(?!js\b)(\w+)|data-(?:word|label|placeholder)="(\w+)"/g)].map(([, a, b]) => a ?? b));
  for (const name of used)
    assert(name in words, `words.${name} is missing`);
  for (const name of Object.keys(words))
    assert(used.has(name), `words.${name} is not used`);
  for (const table of [ends, errors]) {
    for (const [name, say] of Object.entries(table))
      assertEqual(say('x').filter(line => line.length > 0).length, 2, name);
  }
  assertEqual(new Set(emojiNames.flat()).size, 128, 'emoji and their names, each once');
  for (const [name, text] of Object.entries(notices))
    assert(text.endsWith('.') || text.endsWith('…'), name);
});

test('the page asks nobody else for anything', () => {
  for (const name of readdirSync(page).filter(each => /\.(js|html|css)$/.test(each))) {
    const text = readFileSync(new URL(name, page), 'utf8').replace('xmlns="http://www.w3.org/2000/svg"', '');
    assert(!/https?:\/\/\w|url\(|@import|\bstyle="|<style|\son\w+="|<script>/.test(text), `${name} loads something or holds inline code`);
  }
});

await run();
