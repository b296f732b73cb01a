// SPDX-License-Identifier: GPL-3.0-or-later
// Hands the parts to each other: what was pressed goes to the room and the call, what happens there goes to the screen.
// Nothing connects and nothing is captured before the Join tap.

import {fromText} from './bytes.js';
import {KEY_BYTES, isHomeMade, isInApp, readInvite} from './invite.js';
import {Media} from './media.js';
import {Peer} from './peer.js';
import {proofKeyOf, ticketOf} from './proof.js';
import {Room} from './room.js';
import {Signaling} from './signaling.js';
import {Sounds} from './sounds.js';
import {Ui, duration} from './ui.js';
import {ends, errors, notices, words} from './words.js';

const NAME_KEY = 'parlor-name';
const MAX_NAME = 64;
const WITHOUT_RETRY = new Set(['bad-invite', 'in-app', 'old-browser', 'insecure-invite', 'not-invited', 'refused', 'removed']);

const invite = readInvite(window.location);
const ui = new Ui();
const media = new Media();
const sounds = new Sounds();
let room = null;
let call = null;
let last = null;    // who the last call was with
let gone = null;    // why the room closed while a call lived on
let atDoor = false; // the room is locked, and we are not in it
let wakeLock = null;
let certificate = null; // ours, for the connections of this page

const actions = {
  join,
  audio: () => toggle('audio'),
  video: () => toggle('video'),
  accept: () => call?.accept(),
  voice: async () => {
    await media.set('video', false);
    call?.accept();
  },
  decline: () => call?.decline('declined'),
  cancel: () => call?.hangUp(),
  'hang-up': () => call?.hangUp(),
  again: callAgain,
  close: leave,
  leave,
  retry: join,
  copy: copyLink,
  knock,
  door: () => room?.setLocked(!room.locked),
  emoji: () => ui.toggleEmoji(),
};

function start() {
  ui.text('trust', words.trust(invite.host));
  ui.text('where', invite.room ? words.roomAt(invite.room, invite.host) : words.lobbyAt(invite.host));
  ui.text('emoji-host', words.emojiHost(invite.host));
  ui.offerWarning(isHomeMade(window.location), invite.host);
  ui.name = storedName();
  ui.busy(false);
  ui.on('action', name => actions[name]?.());
  ui.on('person', id => ring(room?.find(id)));
  ui.on('knock', ({id, admits}) => room?.answerKnock(id, admits));
  media.on('change', onMediaChange);
  media.on('notice', code => ui.toast(notices[code]));
  window.addEventListener('pagehide', () => room && leave());
  window.addEventListener('online', () => room?.hurry());
  onMediaChange();
  if (invite.error)
    fail(invite.error);
  else if (!window.RTCPeerConnection || !window.WebSocket)
    fail('old-browser');
  else if (isInApp(navigator.userAgent))
    fail('in-app');
  else if (invite.key && !crypto.subtle) // without it the page can neither ask to be let in nor prove anything
    fail('insecure-invite');
  else
    showJoin();
}

function showJoin() {
  ui.busy(false);
  ui.line('notice', navigator.mediaDevices?.getUserMedia ? '' : notices.insecure);
  ui.show('join');
  onMediaChange();
}

async function join() {
  if (room || ui.state === 'joining')
    return;
  remember(ui.name);
  sounds.unlock();
  ui.busy(true);
  ui.show('joining');
  await media.open();
  certificate ??= await Peer.newCertificate();
  connect(await unlock(invite.key));
}

// What the key of the link is good for: {ticket, key}; nothing in a room without one.
async function unlock(text) {
  const bytes = fromText(text, KEY_BYTES);
  return bytes ? {ticket: await ticketOf(bytes), key: await proofKeyOf(bytes)} : {ticket: null, key: null};
}

function connect({ticket, key}) {
  const opened = new Room({
    signaling: new Signaling(invite.url, cleanName(ui.name) || words.guest, {ticket}),
    name: invite.room,
    key,
    createPeer: iceServers => new Peer(media, iceServers, certificate),
    local: () => media.sending,
  });
  room = opened;
  gone = null;
  atDoor = false;
  room.on('ready', onReady);
  room.on('locked', ({hasty}) => room === opened && onLocked(hasty));
  room.on('trouble', () => ui.line('notice', notices['relay-trouble']));
  room.on('peers', onPeers);
  room.on('owner', () => ui.toast(words.roomIsYours));
  room.on('call', onCall);
  room.on('closed', ({reason}) => room === opened && onClosed(reason));
}

// A newcomer rings whoever is there; one who comes back after a lost connection only waits.
function onReady({back}) {
  atDoor = false;
  const free = room.people.find(isFree);
  if (!back && free)
    ring(free);
  else if (!call && ui.state !== 'ended')
    wait();
}

// hasty: we were, too, and it said to wait.
function onLocked(hasty) {
  atDoor = true;
  if (!call && ui.state !== 'ended')
    rest();
  if (hasty)
    ui.text('door-text', words.hastyText);
}

function knock() {
  room?.knock();
  ui.text('door-title', words.knockedTitle);
  ui.text('door-text', words.knockedText(cleanName(ui.name) || words.guest));
  ui.show('knocking');
}

function ring(person) {
  if (person)
    room.ring(person);
}

// What is shown between two calls.
function rest() {
  if (!atDoor)
    return wait();
  ui.busy(false);
  ui.text('door-title', words.lockedTitle);
  ui.text('door-text', words.lockedText);
  ui.show('locked');
  onMediaChange();
}

function wait() {
  ui.busy(false);
  ui.line('notice', media.notice ? notices[media.notice] : '');
  ui.text('joined-as', words.joinedAs(cleanName(ui.name) || words.guest));
  ui.show('waiting');
  onMediaChange();
  onPeers();
}

function onPeers() {
  const people = room?.people ?? [];
  const free = people.some(isFree);
  ui.people(people, room?.knockers ?? []);
  ui.door(room?.owner ? room.locked : null);
  ui.line('locked', room?.locked ? words.roomLocked : '');
  ui.line('danger', room?.downgraded ? notices.downgrade : '');
  ui.text('waiting-title', free ? words.peopleTitleHere : words.waitingTitle);
  if (free)
    ui.text('waiting-text', words.waitingTextHere);
  else
    ui.text('waiting-text', people.some(person => person.inCall) ? notices['everybody-busy'] : words.waitingText);
}

function isFree(person) {
  return !person.inCall && !person.away;
}

function onCall(started) {
  call = started;
  last = started.them;
  ui.busy(false);
  const name = nameOf(last);
  ui.text('name', name);
  ui.avatar('them', name);
  ui.emoji(null);
  ui.text('round-trip', '');
  ui.text('emoji-how', words.emojiHow(name));
  ui.text('proven', invite.key ? words.proven(name) : words.notProven);
  started.on('state', state => call === started && onCallState(state));
  started.on('stream', stream => ui.remote(stream));
  started.on('remote-state', state => ui.remoteState(state));
  started.on('emoji', numbers => ui.emoji(numbers));
  started.on('round-trip', ms => ui.text('round-trip', words.roundTrip(Math.round(ms))));
  onCallState(started.state);
}

function onCallState(state) {
  document.title = state === 'ringing' ? words.titleCalling(nameOf(last)) : words.app;
  sounds.play({ringing: 'incoming', dialing: 'dialing'}[state] ?? null);
  switch (state) {
    case 'ringing': return ui.show('incoming');
    case 'dialing': return ui.show('dialing');
    case 'connecting': return onConnecting();
    case 'active': return ui.isWeak ? ui.weak(false) : onActive();
    case 'reconnecting': return ui.weak(true);
    case 'ended': return onEnded();
  }
}

function onConnecting() {
  ui.weak(false);
  ui.show('connecting');
  onMediaChange();
}

async function onActive() {
  ui.startClock(call.activeSince);
  ui.show('active');
  if (media.notice)
    ui.toast(notices[media.notice]);
  wakeLock = await navigator.wakeLock?.request('screen').catch(() => null);
}

function onEnded() {
  const ended = call;
  call = null;
  ui.remote(null);
  ui.stopClock();
  ui.weak(false);
  wakeLock?.release().catch(() => {});
  wakeLock = null;
  if (ended.reason === 'superseded') // another call with the same person follows at once
    return;
  const [title, text] = ends[ended.reason](nameOf(last));
  ui.text('end-title', title);
  ui.text('end-text', text);
  ui.line('end-time', ended.activeSince ? words.lasted(duration(ended.endedAt - ended.activeSince)) : '');
  ui.detail(ended.detail);
  document.body.dataset.reason = ended.reason;
  ui.show('ended');
  if (gone)
    onClosed(gone);
}

function callAgain() {
  const person = last && room?.find(last.id);
  if (person)
    ring(person);
  else if (room)
    rest();
  else
    join();
}

function onClosed(reason) {
  if (call) { // it lives on without the relay
    gone = reason;
    return;
  }
  room = null;
  onPeers();
  fail(reason);
}

function leave() {
  const left = room;
  room = null;
  left?.leave();
  media.close();
  showJoin();
}

function fail(reason) {
  media.close();
  document.body.dataset.reason = reason;
  const [title, text] = (errors[reason] ?? errors['turned-away'])(invite.host);
  ui.text('error-title', title);
  ui.text('error-text', text);
  ui.offer('copy', reason === 'in-app');
  ui.offer('retry', !WITHOUT_RETRY.has(reason));
  ui.show('error');
}

function toggle(kind) {
  if (!room && ui.state === 'join')
    media.wish(kind, !media.wants(kind));
  else
    media.set(kind, !media.sending[kind]);
}

function onMediaChange() {
  ui.self(media.stream, media.sending, {audio: media.wants('audio'), video: media.wants('video')});
  call?.setLocal(media.sending);
}

async function copyLink() {
  try {
    await navigator.clipboard.writeText(window.location.href);
    ui.toast(words.linkCopied);
  } catch {
    window.prompt(words.copyLink, window.location.href); // no clipboard on insecure pages and in some apps
  }
}

function nameOf(person) {
  return person.name || words.guest;
}

// What the protocol allows: 64 characters, no controls or line separators, no bidi overrides, no half pairs.
function cleanName(name) {
  return [...name.replace(/[\p{Cc}\p{Cs}\u2028\u2029\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, '')].slice(0, MAX_NAME).join('').trim();
}

function storedName() {
  try {
    return localStorage.getItem(NAME_KEY) ?? '';
  } catch {
    return ''; // storage can be forbidden; the name is then asked again
  }
}

function remember(name) {
  try {
    localStorage.setItem(NAME_KEY, name);
  } catch {
    // see storedName()
  }
}

start();
