// SPDX-License-Identifier: GPL-3.0-or-later
// Parlor and the pieces it grew from: their pages and their Go relay, unchanged but for an address.
// What arrives is measured where it arrives; a still picture must be found still.
// Argument: chromium or firefox. PARLOR_TEST_ONLY=words runs only the tests whose name holds the words.

import {launch} from '../browser/lib/browsers.mjs';
import {Guest} from '../browser/lib/guest.mjs';
import {assert, assertEqual, run, test, until} from '../browser/lib/harness.mjs';
import {arrives, measurePage} from '../browser/lib/measure.mjs';
import {PeerProgram, startRelay} from '../browser/lib/parlor.mjs';
import {openSeedPage, servePages, startGoRelay} from './lib.mjs';

const KIND = process.argv[2] ?? 'chromium';
const RECEIVER = '#remote_H';
const STILL = ['--video-source', 'videotestsrc is-live=true pattern=red', '--audio-source', 'audiotestsrc is-live=true wave=silence'];
const still = () => { // in the sender page: its camera shows one colour and its microphone nothing
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async wanted => {
    const stream = await ask(wanted);
    for (const track of stream.getTracks())
      track.enabled = false;
    return stream;
  };
};

const arrivesAtPeer = peer => arrives('parlor-peer', () => peer.measure());
const arrivesAtPage = (page, selector = RECEIVER) => arrives('the page', () => measurePage(page, selector));

// A picture comes, and it is found still, and no sound.
async function comesStillToPeer(peer) {
  await until('frames reach parlor-peer', async () => (await peer.measure()).frames > 0, 25_000);
  const {frames, moving, sounding} = await peer.measure();
  assert(frames > 0, 'no frames any more');
  assertEqual(moving, false, 'moving');
  assertEqual(sounding, false, 'sounding');
}

async function comesStillToPage(page) {
  await until('frames reach the page', async () => (await measurePage(page, RECEIVER)).frames > 0, 25_000);
  const {frames, moving, sounding} = await measurePage(page, RECEIVER);
  assert(frames > 0, 'no frames any more');
  assertEqual(moving, false, 'moving');
  assertEqual(sounding, false, 'sounding');
}

async function answering(context, invite, ...args) {
  const peer = new PeerProgram(context.cleanup, invite, ['--answer', ...args]);
  await peer.event('ready');
  return peer;
}

async function endsWell(peer) {
  peer.command('quit');
  assertEqual(await peer.program.exit(), 0, 'exit status');
}

test('its sender page calls parlor-peer through its Go relay', async context => {
  const relay = await startGoRelay(context.cleanup);
  const pages = await servePages(context.cleanup, relay.url);
  const peer = await answering(context, relay.url);
  await openSeedPage(context.cleanup, context.browser, pages, 'sender');
  await peer.state('active');
  await arrivesAtPeer(peer);
  await endsWell(peer);
});

test('its sender page with a still camera is found still', async context => {
  const relay = await startGoRelay(context.cleanup);
  const pages = await servePages(context.cleanup, relay.url);
  const peer = await answering(context, relay.url);
  await openSeedPage(context.cleanup, context.browser, pages, 'sender', {script: still});
  await peer.state('active');
  await comesStillToPeer(peer);
});

test('parlor-peer calls its receiver page through its Go relay', async context => {
  const relay = await startGoRelay(context.cleanup);
  const pages = await servePages(context.cleanup, relay.url);
  const page = await openSeedPage(context.cleanup, context.browser, pages, 'receiver');
  const peer = new PeerProgram(context.cleanup, relay.url, ['--call']);
  await peer.state('active');
  await arrivesAtPage(page);
  await endsWell(peer);
});

test('parlor-peer with a still picture is found still at its receiver page', async context => {
  const relay = await startGoRelay(context.cleanup);
  const pages = await servePages(context.cleanup, relay.url);
  const page = await openSeedPage(context.cleanup, context.browser, pages, 'receiver');
  const peer = new PeerProgram(context.cleanup, relay.url, ['--call', ...STILL]);
  await peer.state('active');
  await comesStillToPage(page);
});

test('its sender page calls parlor-peer through parlor-relay', async context => {
  const relay = await startRelay(context.cleanup);
  const pages = await servePages(context.cleanup, relay.url.replace('http', 'ws'));
  const peer = await answering(context, `${relay.url}/`);
  await openSeedPage(context.cleanup, context.browser, pages, 'sender');
  await peer.state('active');
  await arrivesAtPeer(peer);
});

test('parlor-peer calls its receiver page through parlor-relay', async context => {
  const relay = await startRelay(context.cleanup);
  const pages = await servePages(context.cleanup, relay.url.replace('http', 'ws'));
  const page = await openSeedPage(context.cleanup, context.browser, pages, 'receiver');
  const peer = new PeerProgram(context.cleanup, `${relay.url}/`, ['--call']);
  await peer.state('active');
  await arrivesAtPage(page);
});

test('its two pages meet in the lobby of parlor-relay, and a guest page leaves them alone', async context => {
  const relay = await startRelay(context.cleanup);
  const pages = await servePages(context.cleanup, relay.url.replace('http', 'ws'));
  const guest = await Guest.open(context.cleanup, context.browser, `${relay.url}/`, 'Ann');
  await guest.join();
  await guest.state('waiting');
  const receiver = await openSeedPage(context.cleanup, context.browser, pages, 'receiver');
  await openSeedPage(context.cleanup, context.browser, pages, 'sender');
  await arrivesAtPage(receiver);
  await guest.state('waiting');
  await guest.reads('Waiting for somebody');
  const bo = await Guest.open(context.cleanup, context.browser, `${relay.url}/`, 'Bo');
  await bo.join();
  await guest.state('incoming');
  await guest.press('accept');
  await arrivesAtPage(guest.page, '#remote');
  guest.assertClean();
});

if (KIND === 'chromium') {
  test('two parlor-peers through its Go relay', async context => {
    const relay = await startGoRelay(context.cleanup);
    const callee = await answering(context, relay.url);
    const caller = new PeerProgram(context.cleanup, relay.url, ['--call']);
    await caller.state('active');
    await callee.state('active');
    await arrivesAtPeer(caller);
    await arrivesAtPeer(callee);
    await endsWell(caller);
  });
}

await run(async whole => {
  const browser = await launch(KIND);
  whole.add(() => browser.close());
  return {browser};
});
