// SPDX-License-Identifier: GPL-3.0-or-later
// A later generation of a call's connection, beside the one in use, until one of the two goes on. It makes or takes one offer
// and one answer, whose proofs and certificates are checked before the browser sees them; whatever is wrong with them, or
// with it, is its own end and not the call's.

import {Emitter} from './emitter.js';

const WAIT_FOR_PICTURE_MS = 3000; // of theirs, that they say they send

// Events: failed (why, for developers).
export class Renewal extends Emitter {
  began = performance.now();
  connected = false;
  stream = null;
  heardAt = null; // when their state came over its channel: it carries words both ways
  chosen = false; // the ringer said that it takes over
  #handshake;
  #say;
  #isCertificate;
  #told = false;
  #answered = false;
  #candidates = [];

  // say (type, fields): through the relay; isCertificate (sdp): whether it promises the one that the call began with.
  constructor({generation, peer, handshake, say, isCertificate}) {
    super();
    this.generation = generation;
    this.peer = peer;
    this.#handshake = handshake;
    this.#say = say;
    this.#isCertificate = isCertificate;
  }

  offer() {
    return this.#guard(async () => {
      const sdp = await this.peer.offer();
      this.#describe('offer', {sdp, ...await this.#handshake?.sealOffer(sdp)});
    });
  }

  // Of an offer that was found to be theirs.
  answer({sdp}) {
    return this.#guard(async () => {
      const ours = await this.peer.answer(sdp);
      this.#describe('answer', {sdp: ours, ...await this.#handshake?.sealAnswer(ours)});
      this.peer.speak();
    });
  }

  // Rejects when it is not theirs, or not for this generation.
  async check(message) {
    await this.#handshake?.checkOffer(message);
    if (!this.#isCertificate(message.sdp))
      throw new Error('another certificate than the call began with');
  }

  accept(message) {
    if (this.#answered)
      return null;
    this.#answered = true;
    return this.#guard(async () => {
      await this.#handshake?.checkAnswer(message);
      if (!this.#isCertificate(message.sdp))
        throw new Error('another certificate than the call began with');
      await this.peer.accept(message.sdp);
      this.peer.speak();
    });
  }

  sayCandidate(candidate) {
    if (this.#told)
      this.#say('ice', {generation: this.generation, candidate});
    else
      this.#candidates.push(candidate);
  }

  // Words go both ways, and there is what they say they send.
  async isReady({audio, video}, now) {
    if (this.heardAt === null)
      return false;
    if (now - this.heardAt >= WAIT_FOR_PICTURE_MS || (!audio && !video))
      return true;
    const {frames, sounds} = await this.peer.seen();
    return (video ? frames : sounds) > 0;
  }

  close() {
    this.peer.close(false);
  }

  #describe(type, fields) {
    this.#say(type, {generation: this.generation, ...fields});
    this.#told = true;
    for (const candidate of this.#candidates.splice(0))
      this.sayCandidate(candidate);
  }

  async #guard(step) {
    try {
      await step();
    } catch (error) {
      this.emit('failed', error.message);
    }
  }
}
