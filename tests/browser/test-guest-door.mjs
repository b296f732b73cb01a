// SPDX-License-Identifier: GPL-3.0-or-later
// How the guest page comes into a room and stays there: tickets, locked doors, lines that break, people who are away.
// Argument: chromium or firefox. PARLOR_TEST_ONLY=words runs only the tests whose name holds the words.

import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {launch} from './lib/browsers.mjs';
import {Guest} from './lib/guest.mjs';
import {assert, assertEqual, run, test, until} from './lib/harness.mjs';
import {arrives, measurePage} from './lib/measure.mjs';
import {Mitm} from './lib/mitm.mjs';
import {startRelay} from './lib/parlor.mjs';
import {Talker} from './lib/talker.mjs';

const KIND = process.argv[2] ?? 'chromium';
const KEY = '#AAECAwQFBgcICQoLDA0ODw';
const OTHER_KEY = '#DwAECAwQFBgcICQoLDA0OA';
let rooms = 0;

const newRoom = relay => `${relay.url}/door-${++rooms}`;

// The guest stands before a room that `owner` has locked.
async function beforeLockedDoor({cleanup, browser, relay}) {
  const url = newRoom(relay);
  const owner = await Talker.join(cleanup, url, 'Owner');
  owner.say({type: 'lock'});
  await owner.hears('lock');
  const guest = await Guest.open(cleanup, browser, url, 'Ann');
  await guest.join();
  await guest.state('locked');
  return {owner, guest};
}

test('the ticket of the link opens its room, that of another does not', async ({cleanup, browser, relay}) => {
  const url = newRoom(relay);
  const ann = await Guest.open(cleanup, browser, url + KEY, 'Ann');
  await ann.join();
  await ann.state('waiting');
  for (const [fragment, name] of [[OTHER_KEY, 'Bo'], ['', 'Cy']]) {
    const stranger = await Guest.open(cleanup, browser, url + fragment, name);
    await stranger.join();
    await stranger.state('error');
    await stranger.reads('This link does not open the room');
  }
  const dee = await Guest.open(cleanup, browser, url + KEY, 'Dee');
  await dee.join();
  await dee.state('dialing');
});

test('a guest knocks and is let in', async context => {
  const {owner, guest} = await beforeLockedDoor(context);
  await guest.reads('Somebody inside can let you in.');
  await guest.press('knock');
  await guest.state('knocking');
  await guest.reads('They see your name, Ann.');
  const knock = await owner.hears('knock');
  assertEqual(knock.name, 'Ann', 'name');
  owner.say({type: 'admit', id: knock.id});
  await guest.state('dialing');
  await owner.hears('ring', ring => ring.from === knock.id);
  guest.assertClean();
});

test('a guest knocks after too many others, is told to wait, and knocks again', async context => {
  const {owner, guest} = await beforeLockedDoor(context);
  const url = await guest.page.evaluate(() => window.location.href);
  for (const name of ['1', '2', '3', '4', '5', '6']) {
    await Talker.knock(context.cleanup, url, name);
    await owner.hears('knock', knock => knock.name === name);
  }
  await guest.press('knock');
  await guest.reads('Wait a minute');
  await guest.state('locked');
  owner.say({type: 'unlock'});
  await owner.hears('unlock');
  await guest.press('knock');
  await guest.state('dialing');
  guest.assertClean();
});

test('a page inherits a locked room, lets somebody in, and unlocks it', async ({cleanup, browser, relay}) => {
  const url = newRoom(relay);
  const owner = await Talker.join(cleanup, url, 'Owner');
  const ann = await Guest.open(cleanup, browser, url, 'Ann');
  await ann.join();
  await ann.state('dialing');
  await ann.press('cancel');
  await ann.press('close'); // leaves; she comes again, and only waits
  owner.say({type: 'in-call', in_call: true});
  await ann.join();
  await ann.state('waiting');
  assert(await ann.page.evaluate(() => document.querySelector('#door').hidden), 'it is not hers yet');
  owner.say({type: 'lock'});
  await ann.reads('The room is locked');
  owner.socket.close(1000);
  await ann.reads('its door is yours now');
  const bo = await Talker.knock(cleanup, url, 'Bo');
  await ann.reads('Knocks at the door');
  await ann.page.click('#people [data-admits]');
  await bo.hears('welcome');
  await ann.reads('Bo');
  await ann.press('door');
  await bo.hears('unlock');
  await ann.reads('Lock the room');
  ann.assertClean();
});

test('a guest knocks and is refused; another is removed', async context => {
  const {owner, guest} = await beforeLockedDoor(context);
  await guest.press('knock');
  const knock = await owner.hears('knock');
  owner.say({type: 'refuse', id: knock.id});
  await guest.state('error');
  await guest.reads('They did not let you in');
  owner.say({type: 'unlock'});
  await owner.hears('unlock');
  const bo = await Guest.open(context.cleanup, context.browser, await guest.page.evaluate(() => window.location.href), 'Bo');
  await bo.join();
  const {peer} = await owner.hears('joined');
  await bo.state('dialing');
  owner.say({type: 'decline', to: peer.id, call: (await owner.hears('ring')).call});
  await bo.state('ended');
  owner.say({type: 'remove', id: peer.id});
  await bo.state('error');
  await bo.reads('You were removed from the room');
});

test('over TLS, with a certificate that the host made itself', async ({cleanup, browser, relay}) => {
  const folder = mkdtempSync(join(tmpdir(), 'parlor-tls-'));
  cleanup.add(async () => rmSync(folder, {recursive: true}));
  const home = await startRelay(cleanup, '127.0.0.1:0', `--self-signed=${folder}`);
  const url = newRoom(home) + KEY;
  assert(url.startsWith('https:'), url);
  const ann = await Guest.open(cleanup, browser, url, 'Ann');
  const bo = await Guest.open(cleanup, browser, url, 'Bo');

  // The warning that both went past is explained, to who wants to know.
  await ann.state('join');
  await ann.reads('Why did my browser warn me?');
  await ann.page.click('#warning summary');
  await ann.reads(`the browser could not tell whether it came from 127.0.0.1:${home.port}`);
  await ann.reads('Go on if you trust who sent you the link');
  const plain = await Guest.open(cleanup, browser, newRoom(relay), 'Cy');
  await plain.state('join');
  assert(!(await plain.text()).includes('warn'), 'a page that nobody was warned of explains a warning');

  await ann.join(); // a page that came by https may connect by wss only
  await ann.state('waiting');
  await bo.join();
  await ann.state('incoming');
  await ann.press('accept');
  await arrives('Ann', () => measurePage(ann.page));
  ann.assertClean();
  bo.assertClean();
});

test('who is away is shown so, and rung again when back', async ({cleanup, browser, relay}) => {
  const url = newRoom(relay);
  const ann = await Guest.open(cleanup, browser, url, 'Ann');
  await ann.join();
  await ann.state('waiting');
  const bo = await Talker.join(cleanup, url, 'Bo');
  await ann.reads('Somebody is here');
  bo.socket.terminate();
  await ann.reads('Away: their connection was lost');
  const {id, resume} = bo.told.find(({type}) => type === 'welcome');
  const back = await Talker.join(cleanup, url, 'Bo', {resume});
  await ann.reads('Somebody is here');
  assertEqual(back.told[0].id, id, 'id');
  await ann.page.click('#people button');
  await back.hears('ring');
});

test('a line that is cut comes back to the same seat, and the call lives on', async ({cleanup, browser, relay}) => {
  const mitm = await Mitm.start(cleanup, relay);
  const url = `${mitm.url}/door-${++rooms}${KEY}`;
  const ann = await Guest.open(cleanup, browser, url, 'Ann');
  const bo = await Guest.open(cleanup, browser, url, 'Bo');
  await ann.join();
  await ann.state('waiting');
  await bo.join();
  await ann.state('incoming');
  mitm.cut(mitm.lineOf('Ann')); // while it rings: her accept waits for the next line
  await ann.press('accept');
  await ann.state('active');
  await bo.state('active');
  const before = mitm.lineOf('Bo');
  mitm.cut(before);
  const after = await until('Bo is back', () => mitm.lineOf('Bo') !== before && mitm.lineOf('Bo').welcome);
  assertEqual(after.id, before.welcome.id, 'id');
  assertEqual(after.peers.length, 1, 'people');
  await arrives('Bo', () => measurePage(bo.page));
  await bo.press('hang-up');
  await ann.ended();
  await bo.press('again'); // over the new line
  await ann.state('incoming');
});

test('who waits comes back by itself, with a seat or without', async ({cleanup, browser, relay}) => {
  const mitm = await Mitm.start(cleanup, relay);
  const url = `${mitm.url}/door-${++rooms}`;
  const ann = await Guest.open(cleanup, browser, url, 'Ann');
  await ann.join();
  await ann.state('waiting');
  for (const token of ['hers', 'a strange one']) {
    const before = mitm.lineOf('Ann');
    mitm.tamper = message => (message.resume && message.type === 'hello' && token !== 'hers' ? {...message, resume: 'A'.repeat(43)} : message);
    mitm.cut(before);
    const after = await until('Ann is back', () => mitm.lineOf('Ann') !== before && mitm.lineOf('Ann').welcome);
    assertEqual(after.id === before.welcome.id, token === 'hers', `the same seat by ${token}`);
    await until('nothing is said of trouble', () => ann.page.evaluate(() => document.querySelector('[data-screen="waiting"] [data-text="notice"]').hidden));
  }
  const bo = await Talker.join(cleanup, `${mitm.url}/door-${rooms}`, 'Bo');
  assert(bo.told[0].peers.length >= 1, 'nobody is there');
  await ann.reads('Somebody is here');
});

test('a seat that is taken over is not taken back', async ({cleanup, browser, relay}) => {
  const mitm = await Mitm.start(cleanup, relay);
  const path = `/door-${++rooms}`;
  const ann = await Guest.open(cleanup, browser, mitm.url + path, 'Ann');
  await ann.join();
  await ann.state('waiting');
  await Talker.join(cleanup, relay.url + path, 'Ann', {resume: mitm.lineOf('Ann').welcome.resume});
  await ann.state('error');
  await ann.reads('This place was taken over');
  assertEqual(mitm.lines.length, 1, 'lines');
});

await run(async whole => {
  const relay = await startRelay(whole);
  const browser = await launch(KIND);
  whole.add(() => browser.close());
  return {relay, browser};
});
