// SPDX-License-Identifier: GPL-3.0-or-later
// The guest page and parlor-peer in one call through parlor-relay, each as ringer and as callee, measured at both ends.
// Argument: chromium or firefox. PARLOR_TEST_ONLY=words runs only the tests whose name holds the words.

import {launch} from './lib/browsers.mjs';
import {Guest} from './lib/guest.mjs';
import {assert, assertEqual, pause, run, say, test, until} from './lib/harness.mjs';
import {arrives, measurePage} from './lib/measure.mjs';
import {load} from './lib/page.mjs';
import {PeerProgram, startRelay} from './lib/parlor.mjs';

const {emojiNames} = await load('words.js');

const KIND = process.argv[2] ?? 'chromium';
const KEY = '#AAECAwQFBgcICQoLDA0ODw';
const STILL = ['--video-source', 'videotestsrc is-live=true pattern=red', '--audio-source', 'audiotestsrc is-live=true wave=silence'];
// A parlor: link's key, and the guest's that comes of it.
const APP_KEY = '#AAECAwQFBgcICQoLDA0ODw';
const GUEST_KEY = '#NqBfhilKCtfm6KJ1t3UDfw';
let rooms = 0;

const newRoom = relay => `${relay.url}/peer-${++rooms}${KEY}`;

async function measuredBothEnds(guest, peer) {
  await arrives('the page', () => measurePage(guest.page));
  await arrives('parlor-peer', () => peer.measure());
}

// parlor-peer's own figures: frames counted in both directions, and they grow.
async function figuresGrow(peer) {
  const figures = () => peer.events.filter(event => event.event === 'stats').at(-1);
  const first = await until('figures', figures);
  const grown = await until('figures grow', () => {
    const now = figures();
    return now.in?.video?.frames > first.in.video.frames && now.out?.video?.frames > first.out.video.frames && now;
  });
  say(`parlor-peer says ${JSON.stringify(grown.in.video)} ${JSON.stringify(grown.out.video)}`);
}

// Each has proved the guest's key to the other, and both show the same emoji.
async function sameEmoji(guest, peer) {
  const {proof, emoji} = await peer.event('security');
  assertEqual(proof, 'guest', 'what the page proved');
  const shown = await guest.page.evaluate(() => [...document.querySelectorAll('#emoji-list li')].map(each => each.textContent));
  assertEqual(shown.join(), emoji.map(number => emojiNames[number].join('')).join(), 'emoji');
}

async function pageRings({cleanup, browser, relay}, peerArgs = [], options) {
  const url = newRoom(relay);
  const peer = new PeerProgram(cleanup, url, ['--answer', ...peerArgs]);
  await peer.event('ready');
  const guest = await Guest.open(cleanup, browser, url, 'Ann', options);
  await guest.join();
  return {guest, peer, url};
}

async function pageIsRung({cleanup, browser, relay}, peerArgs = [], options) {
  const url = newRoom(relay);
  const guest = await Guest.open(cleanup, browser, url, 'Ann', options);
  await guest.join();
  await guest.state('waiting');
  const peer = new PeerProgram(cleanup, url, ['--call', ...peerArgs]);
  await guest.state('incoming');
  return {guest, peer, url};
}

test('the page rings parlor-peer', async context => {
  const {guest, peer} = await pageRings(context);
  await guest.state('active');
  await guest.reads('Peer');
  await peer.state('active');
  await measuredBothEnds(guest, peer);
  await sameEmoji(guest, peer);
  await figuresGrow(peer);
  await until('both know the round trip', async () => peer.events.some(event => event.rtt_ms !== undefined)
    && await guest.page.evaluate(() => /^\d+ ms$/.test(document.querySelector('#round-trip').textContent)));
  await guest.press('hang-up');
  assertEqual(await guest.ended(), 'hung-up', 'the page');
  assertEqual((await peer.event('ended')).reason, 'remote-hung-up', 'parlor-peer');
  guest.assertClean();
}, {timeout: 90_000});

test('parlor-peer rings the page', async context => {
  const {guest, peer} = await pageIsRung(context);
  await guest.reads('Peer');
  assertEqual(await guest.page.evaluate(() => window.testConnections.length), 0, 'connections before accept');
  await guest.press('accept');
  await guest.state('active');
  await peer.state('active');
  await measuredBothEnds(guest, peer);
  await sameEmoji(guest, peer);
  await figuresGrow(peer);
  await until('both know the round trip', async () => peer.events.some(event => event.rtt_ms !== undefined)
    && await guest.page.evaluate(() => /^\d+ ms$/.test(document.querySelector('#round-trip').textContent)));
  peer.command('hang-up');
  assertEqual(await guest.ended(), 'remote-hung-up', 'the page');
  assertEqual((await peer.event('ended')).reason, 'hung-up', 'parlor-peer');
  guest.assertClean();
}, {timeout: 90_000});

for (const rings of ['the page', 'parlor-peer']) {
  test(`parlor-peer came by the app's link, the page by the web link, and ${rings} rings`, async ({cleanup, browser, relay}) => {
    const room = `peer-${++rooms}`;
    const app = `parlor://127.0.0.1:${relay.port}/${room}${APP_KEY}`;
    const join = async () => {
      const guest = await Guest.open(cleanup, browser, `${relay.url}/${room}${GUEST_KEY}`, 'Ann');
      await guest.join();
      return guest;
    };
    let guest, peer;
    if (rings === 'the page') {
      peer = new PeerProgram(cleanup, app, ['--answer']);
      await peer.event('ready');
      guest = await join();
    } else {
      guest = await join();
      await guest.state('waiting');
      peer = new PeerProgram(cleanup, app, ['--call']);
      await guest.state('incoming');
      await guest.press('accept');
    }
    await guest.state('active');
    await measuredBothEnds(guest, peer);
    await sameEmoji(guest, peer);
    guest.assertClean();
  }, {timeout: 90_000});
}

// Its data channel says nothing any more: the relay's word that it is away, and the silence, are all there is. Browsers alone need
// 20 s and more to give it up.
test('parlor-peer is killed in a call, and the page soon knows', async context => {
  const {guest, peer} = await pageRings(context);
  await guest.state('active');
  await measuredBothEnds(guest, peer);
  const killed = performance.now();
  peer.program.child.kill('SIGKILL');
  assertEqual(await guest.ended(), 'vanished', 'the page');
  say(`after ${Math.round(performance.now() - killed)} ms`);
  assert(performance.now() - killed < 18_000, 'it waited for the browser to give up');
}, {timeout: 90_000});

const statesOf = peer => peer.events.filter(event => event.event === 'state').map(event => event.state).join();

// Nothing of the first connection counts any more, as if its path were broken: another one is made, and takes over at both ends.
for (const [rings, begin] of [['the page', pageRings], ['parlor-peer', pageIsRung]]) {
  test(`the page hears nothing any more, ${rings} rang: another connection takes over`, async context => {
    const {guest, peer} = await begin(context);
    if (begin === pageIsRung)
      await guest.press('accept');
    await guest.state('active');
    await measuredBothEnds(guest, peer);
    const began = performance.now();
    await guest.page.evaluate(async () => {
      const [first] = window.testConnections;
      const frozen = await first.getStats();
      first.getStats = async () => frozen;
    });
    await guest.reads('Reconnecting…');
    await until('both are back', async () => /active,reconnecting,active$/.test(statesOf(peer))
      && await guest.page.evaluate(() => !document.body.hasAttribute('data-weak') && window.testConnections[0].connectionState === 'closed'), 25_000);
    say(`after ${Math.round(performance.now() - began)} ms`);
    await until('one connection is left', () => guest.page.evaluate(() =>
      window.testConnections.filter(each => each.connectionState !== 'closed').map(each => each.connectionState).join() === 'connected'));
    await measuredBothEnds(guest, peer);
    await sameEmoji(guest, peer);
    await guest.press('hang-up');
    assertEqual((await peer.event('ended')).reason, 'remote-hung-up', 'parlor-peer');
    guest.assertClean();
  }, {timeout: 120_000});
}

test('parlor-peer stands still for ten seconds, and the call goes on', async context => {
  const {guest, peer} = await pageRings(context);
  await guest.state('active');
  await measuredBothEnds(guest, peer);
  peer.program.child.kill('SIGSTOP');
  context.cleanup.add(() => peer.program.child.kill('SIGCONT'));
  await guest.reads('Reconnecting…');
  await pause(10_000);
  peer.program.child.kill('SIGCONT');
  await until('back', () => guest.page.evaluate(() => !document.body.hasAttribute('data-weak')), 25_000);
  await measuredBothEnds(guest, peer);
  await guest.press('hang-up');
  assertEqual((await peer.event('ended')).reason, 'remote-hung-up', 'parlor-peer');
}, {timeout: 120_000});

test('a still picture and silence of parlor-peer are found so', async context => {
  const {guest, peer} = await pageRings(context, STILL);
  await guest.state('active');
  await peer.state('active');
  await until('frames reach the page', async () => (await measurePage(guest.page)).frames > 0, 25_000);
  const {frames, moving, sounding} = await measurePage(guest.page);
  assert(frames > 0, 'no frames any more');
  assertEqual(moving, false, 'moving');
  assertEqual(sounding, false, 'sounding');
});

test('camera off and mute on the page are found so at parlor-peer, and the other way round', async context => {
  const {guest, peer} = await pageRings(context);
  await guest.state('active');
  await measuredBothEnds(guest, peer);
  await guest.press('audio');
  await guest.press('video');
  await until('still and silent', async () => {
    const {moving, sounding} = await peer.measure();
    return !moving && !sounding;
  }, 20_000);
  peer.command('mute audio');
  peer.command('mute video');
  await guest.reads('Their microphone is off');
  await guest.reads('Camera off');
  await until('silence', async () => !(await measurePage(guest.page)).sounding);
  peer.command('unmute audio');
  peer.command('unmute video');
  await guest.press('audio');
  await guest.press('video');
  await measuredBothEnds(guest, peer);
}, {timeout: 120_000});

test('the page declines, parlor-peer ends with a failure', async context => {
  const {guest, peer} = await pageIsRung(context);
  await guest.press('decline');
  assertEqual((await peer.event('ended')).reason, 'declined', 'parlor-peer');
  assertEqual(await peer.program.exit(), 1, 'exit status');
});

test('a second page finds parlor-peer busy', async context => {
  const {guest, peer, url} = await pageRings(context);
  await guest.state('active');
  await peer.state('active');
  const bo = await Guest.open(context.cleanup, context.browser, url, 'Bo');
  await bo.join();
  await bo.state('waiting');
  await bo.reads('Everybody here is in another call.');
});

test('parlor-peer that sends nothing sees and hears the page', async context => {
  const {guest, peer} = await pageRings(context, ['--media', 'none']);
  await guest.state('active');
  await arrives('parlor-peer', () => peer.measure());
  const {frames, sounding} = await measurePage(guest.page);
  assertEqual(frames, 0, 'frames from nobody');
  assertEqual(sounding, false, 'sound from nobody');
});

test('a page without devices sees and hears parlor-peer', async context => {
  const script = () => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotFoundError'));
  };
  const {guest} = await pageIsRung(context, [], {script});
  await guest.press('accept');
  await guest.state('active');
  await arrives('the page', () => measurePage(guest.page));
});

await run(async whole => {
  const relay = await startRelay(whole);
  const browser = await launch(KIND);
  whole.add(() => browser.close());
  return {relay, browser};
});
