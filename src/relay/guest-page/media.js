// SPDX-License-Identifier: GPL-3.0-or-later
// Camera and microphone: asked for once, at Join; what is missing is said with one code of words.js, never thrown.

import {Emitter} from './emitter.js';

const WANT = {
  audio: {echoCancellation: true, noiseSuppression: true, autoGainControl: true},
  video: {width: {ideal: 1280}, height: {ideal: 720}, frameRate: {ideal: 30}, facingMode: 'user'},
};
const DEVICE = {audio: 'microphone', video: 'camera'};
const FAULTS = {NotAllowedError: 'denied', SecurityError: 'denied', NotFoundError: 'no-device', OverconstrainedError: 'no-device'};

// Events: change (what is on, or which devices there are); notice (a code of words.js).
export class Media extends Emitter {
  #tracks = {audio: null, video: null};
  #on = {audio: true, video: true};
  #listeners = new Set();
  #session = 0; // counts the closes
  stream = new MediaStream();
  notice = null;

  track(kind) {
    return this.#tracks[kind];
  }

  // What the other side gets: a device that is there and not switched off.
  get sending() {
    return {audio: this.has('audio') && this.#on.audio, video: this.has('video') && this.#on.video};
  }

  has(kind) {
    return this.#tracks[kind]?.readyState === 'live';
  }

  wants(kind) {
    return this.#on[kind];
  }

  // Calls back with {kind, track} when a device comes late; returns the function that stops it.
  listen(callback) {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  // Opens what is wanted, else what there is. Resolves always; `notice` says what is missing.
  async open() {
    this.notice = null;
    if (!navigator.mediaDevices?.getUserMedia) {
      this.notice = 'insecure';
    } else {
      const wanted = ['audio', 'video'].filter(kind => this.#on[kind]);
      const fault = wanted.length ? await this.#ask(wanted) : null;
      if (fault && wanted.length === 2)
        await this.#askOneByOne(fault);
      else if (fault)
        this.notice = `${fault}-${DEVICE[wanted[0]]}`;
    }
    this.emit('change');
  }

  async set(kind, on) {
    this.#on[kind] = on;
    if (this.#tracks[kind])
      this.#tracks[kind].enabled = on;
    this.emit('change');
    if (on && !this.has(kind)) {
      await this.#openLate(kind);
      this.emit('change');
    }
  }

  // Before Join: only remembers the wish.
  wish(kind, on) {
    this.#on[kind] = on;
    this.emit('change');
  }

  close() {
    this.#session++;
    for (const kind of ['audio', 'video'])
      this.#drop(kind);
    this.emit('change');
  }

  async #askOneByOne(fault) {
    const audio = await this.#ask(['audio']);
    if (audio === null) {
      this.notice = `${fault}-camera`;
      return;
    }
    // A denied microphone was a question already; do not ask for the camera in a third one.
    const video = audio === 'denied' ? 'denied' : await this.#ask(['video']);
    this.notice = video === null ? `${audio}-microphone` : audio;
  }

  async #openLate(kind) {
    if (!navigator.mediaDevices?.getUserMedia) {
      this.emit('notice', 'insecure');
      return;
    }
    const fault = await this.#ask([kind]);
    if (fault)
      this.emit('notice', `${fault}-${DEVICE[kind]}`);
    else
      this.#listeners.forEach(listener => listener({kind, track: this.#tracks[kind]}));
  }

  // null when all of `kinds` opened, else the fault.
  async #ask(kinds) {
    const session = this.#session;
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia(Object.fromEntries(kinds.map(kind => [kind, WANT[kind]])));
    } catch (error) {
      return FAULTS[error.name] ?? 'busy';
    }
    for (const track of stream.getTracks()) {
      if (session === this.#session)
        this.#keep(track);
      else // allowed after they left: nothing would ever stop it
        track.stop();
    }
    return null;
  }

  #keep(track) {
    this.#drop(track.kind);
    this.#tracks[track.kind] = track;
    this.stream.addTrack(track);
    track.enabled = this.#on[track.kind];
    track.onended = () => {
      this.#drop(track.kind);
      this.emit('notice', 'device-gone');
      this.emit('change');
    };
  }

  #drop(kind) {
    const track = this.#tracks[kind];
    if (!track)
      return;
    track.onended = null;
    track.stop();
    this.stream.removeTrack(track);
    this.#tracks[kind] = null;
  }
}
