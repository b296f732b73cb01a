// SPDX-License-Identifier: GPL-3.0-or-later
// What is on the screen: shows one state at a time, says what was pressed, knows nothing of calls or sockets.

import {Emitter} from './emitter.js';
import {emojiNames, words} from './words.js';

const SCREENS = {joining: 'join', connecting: 'call', active: 'call', knocking: 'locked'};
const TONES = 8;
const IDLE_MS = 3000;
const TOAST_MS = 3000;
const SWITCHES = {
  audio: {icon: 'mic', on: words.muteMicrophone, off: words.unmuteMicrophone},
  video: {icon: 'cam', on: words.cameraOff, off: words.cameraOn},
};

const all = selector => document.querySelectorAll(selector);
const one = selector => document.querySelector(selector);

// Events: action (the name of a data-action), person (an id of the list), knock ({id, admits}).
export class Ui extends Emitter {
  #idleTimer = null;
  #toastTimer = null;
  #clock = null;
  #remoteStream = null;
  #remoteVideo = true;
  #remoteAudio = true;
  #isWeak = false;

  constructor() {
    super();
    this.#fillWords();
    document.addEventListener('click', event => this.#onClick(event));
    one('#join-form').addEventListener('submit', event => {
      event.preventDefault();
      this.emit('action', 'join');
    });
    one('#name').addEventListener('input', () => this.avatar('me', this.name));
    one('#remote').addEventListener('dblclick', event => event.target.classList.toggle('whole'));
    one('#remote').addEventListener('resize', () => this.#showRemotePicture());
    for (const name of ['pointermove', 'pointerdown', 'keydown'])
      document.addEventListener(name, () => this.#wake(), {passive: true});
  }

  get state() {
    return document.body.dataset.state;
  }

  get name() {
    return one('#name').value.trim();
  }

  set name(name) {
    one('#name').value = name;
    this.avatar('me', name);
  }

  show(state) {
    const before = SCREENS[this.state] ?? this.state;
    const screen = SCREENS[state] ?? state;
    document.body.dataset.state = state;
    this.#showNote();
    for (const section of all('[data-screen]'))
      section.hidden = section.dataset.screen !== screen;
    if (screen !== before && before !== 'loading')
      one(`[data-screen="${screen}"] [data-focus]`)?.focus();
    this.#wake();
  }

  text(name, text) {
    for (const element of all(`[data-text="${name}"]`))
      element.textContent = text;
  }

  // '' hides it.
  line(name, text) {
    this.text(name, text);
    for (const element of all(`[data-text="${name}"]`))
      element.hidden = text === '';
  }

  avatar(who, name) {
    for (const element of all(`[data-avatar="${who}"]`))
      paintAvatar(element, name);
  }

  // Our own picture and switches. sending: what leaves; wants: what the switches say.
  self(stream, sending, wants) {
    document.body.toggleAttribute('data-camera', sending.video);
    for (const tile of all('[data-media-tile]'))
      tile.toggleAttribute('data-picture', sending.video);
    for (const video of all('video.self'))
      show(video, sending.video ? stream : null); // a stream without tracks would hold up the page's load event
    for (const [kind, {icon, on, off}] of Object.entries(SWITCHES)) {
      for (const button of all(`[data-action="${kind}"]`)) {
        const isOn = this.state === 'join' || this.state === 'joining' || this.state === 'loading' ? wants[kind] : sending[kind];
        button.setAttribute('aria-pressed', String(!isOn));
        button.setAttribute('aria-label', isOn ? on : off);
        button.title = isOn ? on : off;
        button.querySelector('use').setAttribute('href', isOn ? `#i-${icon}` : `#i-${icon}-off`);
      }
    }
  }

  // Their picture; null lets go of it.
  remote(stream) {
    const video = one('#remote');
    if (stream === null) // not when one comes: their state may be here before it
      this.#remoteVideo = this.#remoteAudio = true;
    if (stream && this.#remoteStream)
      exchangeTracks(this.#remoteStream, stream); // the last picture stands until the next one is there
    else
      this.#remoteStream = stream;
    this.#showBadge();
    show(video, this.#remoteStream);
    for (const track of this.#remoteStream?.getVideoTracks() ?? [])
      track.onmute = track.onunmute = () => this.#showRemotePicture();
    this.#showRemotePicture();
    if (stream)
      video.play().catch(error => error.name === 'NotAllowedError' && this.toast(words.tapForSound));
  }

  remoteState({audio, video}) {
    this.#remoteVideo = video;
    this.#remoteAudio = audio;
    this.#showBadge();
    this.#showNote();
    this.#showRemotePicture();
  }

  get isWeak() {
    return this.#isWeak;
  }

  weak(isWeak) {
    document.body.toggleAttribute('data-weak', isWeak);
    this.#isWeak = isWeak;
    this.#showBadge();
  }

  startClock(since) {
    const tick = () => {
      one('#elapsed').textContent = duration(performance.now() - since);
    };
    this.stopClock();
    tick();
    this.#clock = setInterval(tick, 500);
  }

  stopClock() {
    clearInterval(this.#clock);
    one('#elapsed').textContent = '';
  }

  // Five numbers, or null for none.
  emoji(numbers) {
    const chosen = (numbers ?? []).map(number => emojiNames[number]);
    this.text('emoji', chosen.map(([symbol]) => symbol).join(' '));
    one('#emoji-list').replaceChildren(...chosen.map(emojiItem));
    one('#emoji').hidden = numbers === null;
    this.toggleEmoji(false);
  }

  toggleEmoji(isOpen = one('#emoji-panel').hidden) {
    one('#emoji-panel').hidden = !isOpen;
    one('#emoji').setAttribute('aria-expanded', String(isOpen));
    this.#wake();
  }

  // Why the browser warned before it showed this page, where it did.
  offerWarning(isOffered, host) {
    one('#warning').hidden = !isOffered;
    this.text('warning', words.warnedText(host));
  }

  people(people, knockers) {
    const list = one('#people');
    list.hidden = people.length + knockers.length === 0;
    list.replaceChildren(...knockers.map(knockerRow), ...people.map(personRow));
  }

  // The switch of the door, for who may turn it; null for who may not.
  door(locked) {
    const button = one('#door');
    button.hidden = locked === null;
    button.textContent = locked ? words.unlockRoom : words.lockRoom;
  }

  busy(isBusy) {
    one('.pill[data-action="join"]').disabled = isBusy;
    one('#name').disabled = isBusy;
    this.text('join', isBusy ? words.joining : words.join);
    this.text('join-hint', isBusy ? words.allowHint : words.joinHint);
  }

  offer(action, isOffered) {
    for (const button of all(`[data-screen="error"] [data-action="${action}"]`))
      button.hidden = !isOffered;
  }

  detail(text) {
    this.text('end-detail', text);
    one('#details').hidden = text === '';
  }

  toast(text) {
    const toast = one('#toast');
    toast.textContent = text;
    toast.classList.add('shown');
    clearTimeout(this.#toastTimer);
    this.#toastTimer = setTimeout(() => toast.classList.remove('shown'), TOAST_MS);
  }

  #fillWords() {
    for (const element of all('[data-word]'))
      element.textContent = words[element.dataset.word];
    for (const element of all('[data-label]')) {
      element.setAttribute('aria-label', words[element.dataset.label]);
      if (element.tagName === 'BUTTON')
        element.title = words[element.dataset.label];
    }
    for (const element of all('[data-placeholder]'))
      element.placeholder = words[element.dataset.placeholder];
  }

  #onClick(event) {
    if (this.#remoteStream)
      one('#remote').play().catch(() => {});
    const button = event.target.closest('button');
    if (button?.dataset.knocker)
      this.emit('knock', {id: button.dataset.knocker, admits: button.hasAttribute('data-admits')});
    else if (button?.dataset.person)
      this.emit('person', button.dataset.person);
    else if (button?.dataset.action && button.type !== 'submit')
      this.emit('action', button.dataset.action);
  }

  #showBadge() {
    if (this.#isWeak)
      this.line('badge', words.reconnecting);
    else
      this.line('badge', this.#remoteAudio ? '' : words.theirMicrophoneOff);
  }

  // What stands where their picture would be. Their state may come before the connection is told to be up.
  #showNote() {
    if (this.state === 'connecting')
      this.text('call-note', words.connecting);
    else
      this.text('call-note', this.#remoteVideo ? '' : words.theirCameraOff);
  }

  // Their picture is shown when they say they send one and one has come.
  #showRemotePicture() {
    const arrives = this.#remoteStream?.getVideoTracks().some(track => !track.muted) && one('#remote').videoWidth > 0;
    document.body.toggleAttribute('data-remote-picture', Boolean(arrives && this.#remoteVideo));
  }

  #wake() {
    document.body.removeAttribute('data-idle');
    clearTimeout(this.#idleTimer);
    if (this.state === 'active' && one('#emoji-panel').hidden)
      this.#idleTimer = setTimeout(() => document.body.setAttribute('data-idle', ''), IDLE_MS);
  }
}

// h:mm:ss, or m:ss in the first hour.
export function duration(ms) {
  const seconds = Math.floor(ms / 1000);
  const two = number => String(number).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

function exchangeTracks(shown, stream) {
  if (shown === stream)
    return;
  for (const track of shown.getTracks().filter(each => !stream.getTracks().includes(each)))
    shown.removeTrack(track);
  for (const track of stream.getTracks())
    shown.addTrack(track); // one that is there already is left alone
}

function show(video, stream) {
  if (video.srcObject !== stream)
    video.srcObject = stream;
}

function paintAvatar(element, name) {
  const letters = [...(name || '?')];
  element.textContent = letters[0].toLocaleUpperCase();
  if (name)
    element.dataset.tone = letters.reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 4093, 7) % TONES;
  else
    delete element.dataset.tone;
  element.setAttribute('aria-hidden', 'true');
}

function emojiItem([symbol, name]) {
  const item = document.createElement('li');
  const picture = document.createElement('span');
  picture.textContent = symbol;
  picture.setAttribute('aria-hidden', 'true');
  item.append(picture, name);
  return item;
}

function knockerRow({id, name}) {
  const row = document.createElement('li');
  const who = document.createElement('span');
  const note = document.createElement('small');
  who.className = 'who';
  who.dir = 'auto';
  who.textContent = name || words.guest;
  note.textContent = words.knocks;
  who.append(note);
  row.append(who);
  for (const [admits, word] of [[false, words.decline], [true, words.letIn]]) {
    const button = document.createElement('button');
    button.className = admits ? 'pill suggested' : 'pill';
    button.type = 'button';
    button.dataset.knocker = id;
    button.toggleAttribute('data-admits', admits);
    button.textContent = word;
    row.append(button);
  }
  return row;
}

function personRow(person) {
  const row = document.createElement('li');
  const avatar = document.createElement('span');
  const who = document.createElement('span');
  avatar.className = 'avatar';
  paintAvatar(avatar, person.name);
  who.className = 'who';
  who.dir = 'auto';
  who.textContent = person.name;
  row.append(avatar, who);
  if (person.inCall || person.away) {
    const note = document.createElement('small');
    note.textContent = person.away ? words.away : words.inAnotherCall;
    who.append(note);
  } else {
    const button = document.createElement('button');
    button.className = 'round';
    button.type = 'button';
    button.dataset.person = person.id;
    button.setAttribute('aria-label', words.callThem(person.name));
    button.title = words.callThem(person.name);
    button.innerHTML = '<svg><use href="#i-call"/></svg>';
    row.append(button);
  }
  return row;
}
