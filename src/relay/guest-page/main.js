// SPDX-License-Identifier: GPL-3.0-or-later
// Hands the parts to each other: what was pressed goes to the room and the call, what happens there goes to the screen.
// Nothing connects and nothing is captured before the Join tap.

import {isInApp, readInvite} from './invite.js';
import {Media} from './media.js';
import {Peer} from './peer.js';
import {Room} from './room.js';
import {Signaling} from './signaling.js';
import {Sounds} from './sounds.js';
import {Ui, duration} from './ui.js';
import {ends, errors, notices, words} from './words.js';

const NAME_KEY = 'parlor-name';
const MAX_NAME = 64;
const RETRY_MS = [1000, 2000, 4000, 8000, 16_000]; // then it is an error that waits for a tap

const invite = readInvite(window.location);
const ui = new Ui();
const media = new Media();
const sounds = new Sounds();
let room = null;
let call = null;
let last = null;    // who the last call was with
let gone = null;    // why the room closed while a call lived on
let retries = 0;
let retryTimer = null;
let wakeLock = null;

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
};

function start() {
  ui.text('trust', words.trust(invite.host));
  ui.text('where', invite.room ? words.roomAt(invite.room, invite.host) : words.lobbyAt(invite.host));
  ui.name = storedName();
  ui.busy(false);
  ui.on('action', name => actions[name]?.());
  ui.on('person', id => ring(room?.find(id)));
  media.on('change', onMediaChange);
  media.on('notice', code => ui.toast(notices[code]));
  window.addEventListener('pagehide', () => room?.leave());
  onMediaChange();
  if (invite.error)
    fail(invite.error);
  else if (!window.RTCPeerConnection || !window.WebSocket)
    fail('old-browser');
  else if (isInApp(navigator.userAgent))
    fail('in-app');
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
  connect(true);
}

// ringing: a newcomer rings whoever is there; one who comes back after a lost connection only waits.
function connect(ringing) {
  const signaling = new Signaling(invite.url, cleanName(ui.name) || words.guest);
  const opened = new Room({
    signaling,
    createPeer: iceServers => new Peer(media, iceServers),
    local: () => media.sending,
  });
  room = opened;
  gone = null;
  room.on('ready', () => onReady(ringing));
  room.on('peers', onPeers);
  room.on('call', onCall);
  room.on('closed', ({reason}) => room === opened && onClosed(reason));
}

function onReady(ringing) {
  retries = 0;
  const free = room.people.find(person => !person.inCall);
  if (ringing && free)
    ring(free);
  else if (!call && ui.state !== 'ended')
    wait();
}

function ring(person) {
  if (person)
    room.ring(person);
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
  const free = people.some(person => !person.inCall);
  ui.people(people);
  ui.text('waiting-title', free ? words.peopleTitleHere : words.waitingTitle);
  if (free)
    ui.text('waiting-text', words.waitingTextHere);
  else
    ui.text('waiting-text', people.length > 0 ? notices['everybody-busy'] : words.waitingText);
}

function onCall(started) {
  call = started;
  last = started.them;
  ui.busy(false);
  const name = nameOf(last);
  ui.text('name', name);
  ui.avatar('them', name);
  started.on('state', state => call === started && onCallState(state));
  started.on('stream', stream => ui.remote(stream));
  started.on('remote-state', state => ui.remoteState(state));
  started.on('weak', isWeak => ui.weak(isWeak));
  onCallState(started.state);
}

function onCallState(state) {
  document.title = state === 'ringing' ? words.titleCalling(nameOf(last)) : words.app;
  sounds.play({ringing: 'incoming', dialing: 'dialing'}[state] ?? null);
  switch (state) {
    case 'ringing': return ui.show('incoming');
    case 'dialing': return ui.show('dialing');
    case 'connecting': return onConnecting();
    case 'active': return onActive();
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
    wait();
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
  if (reason === 'relay-lost' && retries < RETRY_MS.length) {
    ui.line('notice', notices['relay-trouble']);
    retryTimer = setTimeout(() => connect(false), RETRY_MS[retries++]);
  } else if (reason === 'unreachable' && retries > 0 && retries < RETRY_MS.length) {
    retryTimer = setTimeout(() => connect(false), RETRY_MS[retries++]);
  } else {
    retries = 0;
    fail(reason);
  }
}

function leave() {
  clearTimeout(retryTimer);
  const left = room;
  room = null;
  left?.leave();
  media.close();
  showJoin();
}

function fail(reason) {
  media.close();
  document.body.dataset.reason = reason;
  const [title, text] = (errors[reason] ?? errors.refused)(invite.host);
  ui.text('error-title', title);
  ui.text('error-text', text);
  ui.offer('copy', reason === 'in-app');
  ui.offer('retry', !['bad-invite', 'in-app', 'old-browser'].includes(reason));
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
