// SPDX-License-Identifier: GPL-3.0-or-later
// The guest page in a real browser, through a real relay: page calls page, and everything that can go otherwise.
// Argument: chromium or firefox. PARLOR_TEST_ONLY=words runs only the tests whose name holds the words.

import {mkdirSync} from 'node:fs';
import {join} from 'node:path';

import {launch} from './lib/browsers.mjs';
import {Guest} from './lib/guest.mjs';
import {assert, assertEqual, run, test, until} from './lib/harness.mjs';
import {arrives, measurePage} from './lib/measure.mjs';
import {startRelay} from './lib/parlor.mjs';
import {Talker} from './lib/talker.mjs';

const KIND = process.argv[2] ?? 'chromium';
const CHROMIUM = KIND === 'chromium';
const SHOTS = join(process.env.PARLOR_BROWSER_MODULES ?? '/tmp', 'screenshots');
const KEY = '#AAECAwQFBgcICQoLDA0ODw';
let rooms = 0;

// A room of its own for every test.
const newRoom = relay => `${relay.url}/test-${++rooms}`;

async function shoot(guest, name) {
  mkdirSync(SHOTS, {recursive: true});
  await guest.page.bringToFront();
  await guest.page.screenshot({path: join(SHOTS, `${KIND}-${name}.png`)});
}

// Nothing is cut off at the side, and what can be pressed is big enough for a thumb.
async function assertFits(guest, where) {
  const faults = await guest.page.evaluate(() => {
    const found = [];
    if (document.documentElement.scrollWidth > window.innerWidth)
      found.push(`${document.documentElement.scrollWidth} px wide in ${window.innerWidth}`);
    for (const each of document.querySelectorAll('[data-screen]:not([hidden]) :is(button, input, h1, p)')) {
      const box = each.getBoundingClientRect();
      if (box.width === 0)
        continue;
      if (box.left < 0 || box.right > window.innerWidth + 0.5)
        found.push(`${each.className || each.tagName} sticks out`);
      if (each.tagName === 'BUTTON' && (box.width < 44 || box.height < 44))
        found.push(`${each.dataset.action} is ${box.width} x ${box.height}`);
      if (each.tagName === 'BUTTON' && !each.getAttribute('aria-label') && !each.innerText.trim())
        found.push(`${each.dataset.action} has no label`);
    }
    return found;
  });
  assertEqual(faults.join('; '), '', where);
}

// Two pages in one call: {ann, bo}; Bo came second and rang.
async function callUp({cleanup, browser, relay}, options = {}) {
  const url = newRoom(relay) + KEY;
  const ann = await Guest.open(cleanup, browser, url, 'Ann', options.ann);
  const bo = await Guest.open(cleanup, browser, url, 'Bo', options.bo);
  await ann.join();
  await ann.state('waiting');
  await bo.join();
  await ann.state('incoming');
  return {ann, bo};
}

async function talk(context, options) {
  const {ann, bo} = await callUp(context, options);
  await ann.press('accept');
  await ann.state('active');
  await bo.state('active');
  return {ann, bo};
}

const assertArrives = guest => arrives(guest.name, () => measurePage(guest.page));

test('two pages see and hear each other', async context => {
  const {ann, bo} = await callUp(context);
  await ann.reads('Bo');
  await ann.reads('is calling');
  await bo.state('dialing');
  await bo.reads('Ann');
  const before = await ann.page.evaluate(() => window.testConnections.length);
  assertEqual(before, 0, 'connections before accept');
  await ann.press('accept');
  await ann.state('active');
  await bo.state('active');
  await assertArrives(ann);
  await assertArrives(bo);
  const clock = await ann.page.evaluate(() => document.querySelector('#elapsed').textContent);
  assert(/^\d+:\d\d$/.test(clock), `the clock says ${clock}`);
  const codec = await ann.page.evaluate(async () => {
    const stats = [...(await window.testConnections[0].getStats()).values()];
    const video = stats.find(each => each.type === 'inbound-rtp' && each.kind === 'video');
    return stats.find(each => each.id === video.codecId)?.mimeType;
  });
  assertEqual(codec, 'video/VP8', 'codec');
  await bo.press('hang-up');
  assertEqual(await bo.ended(), 'hung-up', 'Bo');
  assertEqual(await ann.ended(), 'remote-hung-up', 'Ann');
  await ann.reads('Bo hung up.');
  ann.assertClean();
  bo.assertClean();
});

test('a muted microphone is silence and a camera that is off is no picture', async context => {
  const {ann, bo} = await talk(context);
  await assertArrives(ann);
  await bo.press('audio');
  await bo.press('video');
  await ann.reads('Their microphone is off');
  await ann.reads('Camera off');
  await until('still and silent', async () => {
    const {sounding, moving} = await measurePage(ann.page);
    return !moving && !sounding;
  });
  await bo.press('audio');
  await bo.press('video');
  await assertArrives(ann);
  assertEqual(await ann.page.evaluate(() => document.querySelector('[data-text="badge"]').hidden), true, 'badge gone');
});

test('the one who was rung hangs up; they call again', async context => {
  const {ann, bo} = await talk(context);
  await ann.press('hang-up');
  assertEqual(await bo.ended(), 'remote-hung-up', 'Bo');
  await ann.state('ended');
  await ann.press('again');
  await bo.state('incoming');
  await bo.press('voice');
  await ann.state('active');
  await ann.reads('Camera off');
  await until('sound without a picture', async () => {
    const {sounding, moving} = await measurePage(ann.page);
    return sounding && !moving;
  });
  await ann.press('hang-up');
  await bo.ended();
  await bo.press('close');
  await bo.state('join');
  const live = await bo.page.evaluate(() => [...document.querySelectorAll('video')].filter(video => video.srcObject).length);
  assertEqual(live, 0, 'pictures after closing');
});

test('decline, cancel and busy are said in words', async context => {
  const {ann, bo} = await callUp(context);
  await ann.press('decline');
  assertEqual(await bo.ended(), 'declined', 'Bo');
  await bo.reads('Ann declined');
  await bo.press('again');
  await ann.state('incoming');
  await bo.press('cancel');
  assertEqual(await ann.ended(), 'cancelled', 'Ann');
  await ann.reads('Bo gave up');

  await bo.press('again');
  await ann.state('incoming');
  const url = await ann.page.evaluate(() => window.location.href);
  const cy = await Guest.open(context.cleanup, context.browser, url, 'Cy');
  await cy.join();
  assertEqual(await cy.ended(), 'busy', 'Cy');
  await cy.reads('Ann is busy');
  await ann.press('accept');
  await ann.state('active');
  await cy.press('again');
  assertEqual(await cy.ended(), 'busy', 'Cy again');
  await cy.reads('busy');
});

test('a newcomer rings who is free and leaves the others alone', async context => {
  const {ann, bo} = await talk(context);
  const cy = await Guest.open(context.cleanup, context.browser, await ann.page.evaluate(() => window.location.href), 'Cy');
  await cy.join();
  await cy.state('waiting');
  await cy.reads('In another call');
  await bo.press('hang-up');
  await ann.ended();
  await cy.reads('Somebody is here');
  await cy.press('leave');
  await cy.state('join');
});

test('a page that is closed ends the call at the other end', async context => {
  const {ann, bo} = await talk(context);
  await bo.page.close();
  assert(['remote-hung-up', 'vanished', 'lost'].includes(await ann.ended()), 'why');
}, {timeout: 90_000});

test('the call outlives the relay; the waiting page says that it is gone', async context => {
  const relay = await startRelay(context.cleanup);
  const {ann, bo} = await talk({...context, relay});
  const cy = await Guest.open(context.cleanup, context.browser, `${relay.url}/lonely`, 'Cy');
  await cy.join();
  await cy.state('waiting');
  relay.program.child.kill('SIGKILL');
  await cy.reads('The connection to the room was lost. Trying again…');
  await assertArrives(ann);
  await assertArrives(bo);
  await bo.press('hang-up');
  await ann.ended();
}, {timeout: 90_000});

test('a relay that is gone before Join', async ({cleanup, browser}) => {
  const relay = await startRelay(cleanup);
  const ann = await Guest.open(cleanup, browser, `${relay.url}/gone`, 'Ann');
  await relay.stop();
  await ann.join();
  await ann.state('error');
  await ann.reads('Nobody answers at this address');
});

test('a relay that shuts down says so', async ({cleanup, browser}) => {
  const relay = await startRelay(cleanup);
  const ann = await Guest.open(cleanup, browser, `${relay.url}/closing`, 'Ann');
  await ann.join();
  await ann.state('waiting');
  await relay.stop();
  await ann.state('error');
  await ann.reads('The room is closing');
});

test('a damaged link, an in-app browser', async ({cleanup, browser, relay}) => {
  const ann = await Guest.open(cleanup, browser, `${newRoom(relay)}#short`, 'Ann');
  await ann.state('error');
  await ann.reads('This link is damaged');
  const script = () => Object.defineProperty(navigator, 'userAgent', {value: 'Mozilla/5.0 (iPhone) Instagram 300.0'});
  const bo = await Guest.open(cleanup, browser, newRoom(relay), 'Bo', {script});
  await bo.state('error');
  await bo.reads('Open this in your browser');
});

test('nothing connects or captures before Join, and the name is kept', async ({cleanup, browser, relay}) => {
  const script = () => {
    window.testAsked = [];
    const {WebSocket: Socket} = window;
    window.WebSocket = class extends Socket {
      constructor(...args) {
        window.testAsked.push(args[0]);
        super(...args);
      }
    };
    const devices = navigator.mediaDevices;
    const ask = devices.getUserMedia.bind(devices);
    devices.getUserMedia = wanted => {
      window.testAsked.push('media');
      return ask(wanted);
    };
  };
  const url = newRoom(relay) + KEY;
  const ann = await Guest.open(cleanup, browser, url, 'Ann', {script});
  await ann.state('join');
  await ann.reads(`You trust 127.0.0.1:${relay.port}, which served this page.`);
  assertEqual(await ann.page.evaluate(() => window.testAsked.length), 0, 'asked before Join');
  await ann.join();
  await ann.state('waiting');
  await ann.reads('Leave this page open.');
  const asked = await ann.page.evaluate(() => window.testAsked);
  assertEqual(asked.length, 2, 'asked after Join');
  assert(!asked.join().includes(KEY.slice(1)), 'the key left the page');
  await ann.page.reload();
  await ann.state('join');
  assertEqual(await ann.page.evaluate(() => document.querySelector('#name').value), 'Ann', 'name');
});

test('what the camera does is said in words', async ({cleanup, browser, relay}) => {
  const refuse = {
    NotAllowedError: 'The browser did not allow the camera and the microphone.',
    NotFoundError: 'No camera and no microphone found.',
    NotReadableError: 'Another program holds the camera and the microphone.',
  };
  for (const [name, words] of Object.entries(refuse)) {
    const script = `navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', '${name}'))`;
    const ann = await Guest.open(cleanup, browser, newRoom(relay), 'Ann', {script: Function(script)});
    await ann.join();
    await ann.state('waiting');
    await ann.reads(words);
  }
  const noCamera = () => {
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = wanted => (wanted.video ? Promise.reject(new DOMException('no', 'NotFoundError')) : ask(wanted));
  };
  const bo = await Guest.open(cleanup, browser, newRoom(relay), 'Bo', {script: noCamera});
  await bo.join();
  await bo.state('waiting');
  await bo.reads('No camera found. They will hear you, but not see you.');
});

test('who has no camera and no microphone still sees and hears', async context => {
  const script = () => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
  };
  const {ann, bo} = await talk(context, {bo: {script}});
  await assertArrives(bo);
  await ann.reads('Camera off');
  const {frames, sounding} = await measurePage(ann.page);
  assertEqual(frames, 0, 'frames from nobody');
  assertEqual(sounding, false, 'sound from nobody');
});

test('two ring each other at the same time and end in one call', async context => {
  const url = newRoom(context.relay);
  const ann = await Guest.open(context.cleanup, context.browser, url, 'Ann');
  const bo = await Guest.open(context.cleanup, context.browser, url, 'Bo');
  await ann.join();
  await ann.state('waiting');
  await bo.join();
  await ann.state('incoming');
  await ann.press('decline');
  await bo.state('ended');
  await ann.state('ended');
  const again = guest => guest.page.evaluate(() => document.querySelector('[data-screen="ended"] [data-action="again"]').click());
  await Promise.all([again(ann), again(bo)]);
  await Promise.all([ann, bo].map(async guest => {
    await guest.state('active', 'incoming');
    if (await guest.page.evaluate(() => document.body.dataset.state === 'incoming'))
      await guest.press('accept'); // one was quicker, and waits for that: no glare this time
  }));
  await ann.state('active');
  await bo.state('active');
  await assertArrives(ann);
});

// Before a locked room, and after a knock.
async function assertDoorFits({cleanup, browser, relay}, phone, scheme) {
  const url = newRoom(relay);
  const owner = await Talker.join(cleanup, url, 'Owner');
  owner.say({type: 'lock'});
  await owner.hears('lock');
  const guest = await Guest.open(cleanup, browser, url, 'A person with a name that takes its place', phone);
  if (CHROMIUM)
    await guest.page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: scheme}]);
  await guest.join();
  await guest.state('locked');
  await assertFits(guest, 'locked');
  await shoot(guest, `locked-360-${scheme}`);
  await guest.press('knock');
  await assertFits(guest, 'knocking');
  await shoot(guest, `knocking-360-${scheme}`);
}

test('the page fits a phone and a desktop, in light and dark', async context => {
  const phone = {viewport: {width: 360, height: 640}};
  const {ann, bo} = await callUp(context, {bo: phone});
  await assertFits(ann, 'incoming');
  await assertFits(bo, 'dialing at 360');
  await shoot(ann, 'incoming');
  await shoot(bo, 'dialing-360');
  await ann.press('accept');
  await bo.state('active');
  await assertArrives(bo);
  await bo.page.mouse.move(100, 200);
  await assertFits(bo, 'call at 360');
  await shoot(bo, 'call-360');
  for (const guest of [ann, bo]) {
    await guest.press('emoji');
    await guest.reads('Safety emoji');
    await guest.reads(`Whoever runs 127.0.0.1:${context.relay.port} could have changed it`);
    await assertFits(guest, 'emoji');
    await shoot(guest, guest === bo ? 'emoji-360' : 'emoji');
  }
  await bo.press('emoji');
  assertEqual(await bo.page.evaluate(() => document.querySelector('#emoji-panel').hidden), true, 'panel');
  await until('a round trip', () => bo.page.evaluate(() => /^\d+ ms$/.test(document.querySelector('#round-trip').textContent)));
  await assertArrives(ann);
  await shoot(ann, 'call');
  await ann.press('hang-up');
  await bo.ended();
  await assertFits(bo, 'ended at 360');
  await shoot(bo, 'ended-360');
  for (const scheme of CHROMIUM ? ['light', 'dark'] : ['light']) {
    const cy = await Guest.open(context.cleanup, context.browser, newRoom(context.relay), 'Cy', phone);
    if (CHROMIUM)
      await cy.page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: scheme}]);
    await cy.state('join');
    await assertFits(cy, 'join at 360');
    await shoot(cy, `join-360-${scheme}`);
    await cy.join();
    await cy.state('waiting');
    await assertFits(cy, 'waiting at 360');
    await shoot(cy, `waiting-360-${scheme}`);
    await assertDoorFits(context, phone, scheme);
  }
}, {timeout: 90_000});

if (CHROMIUM) {
  test('denied by the browser itself', async ({cleanup, relay}) => {
    const browser = await launch(KIND, {devices: 'denied'});
    cleanup.add(() => browser.close());
    const ann = await Guest.open(cleanup, browser, newRoom(relay), 'Ann');
    await ann.join();
    await ann.state('waiting');
    await ann.reads('did not allow the camera and the microphone');
  });

  test('an insecure page says so before Join and can still watch', async ({cleanup, relay}) => {
    // An address that is not this computer's, so that http is not trusted; the switch leads it to the relay all the same.
    const browser = await launch(KIND, {args: ['--host-resolver-rules=MAP 198.51.100.7 127.0.0.1']});
    cleanup.add(() => browser.close());
    const ann = await Guest.open(cleanup, browser, `http://198.51.100.7:${relay.port}/insecure`, 'Ann');
    await ann.state('join');
    await ann.reads('This page is not secure (http)');
    await ann.join();
    await ann.state('waiting');
    await ann.reads('You can watch and listen.');
    await shoot(ann, 'insecure');
    const bo = await Guest.open(cleanup, browser, `http://198.51.100.7:${relay.port}/insecure${KEY}`, 'Bo');
    await bo.state('error');
    await bo.reads('This link needs https');
  });
}

await run(async whole => {
  const relay = await startRelay(whole);
  const browser = await launch(KIND);
  whole.add(() => browser.close());
  return {relay, browser};
});
