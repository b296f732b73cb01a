// SPDX-License-Identifier: GPL-3.0-or-later
// Who may be at the other end of one call: each description carries a proof that its sender holds the invite's key, and
// a nonce that was promised before the other's was known, so that nobody in the middle can choose the emoji.
// Without a key nothing is proved; the emoji are made where the other side can make them too.

import {equal, fromText, randomBytes, toText} from './bytes.js';
import {NONCE_BYTES, answerTranscript, commitTo, emojiOf, isProven, offerTranscript, prove} from './proof.js';
import {CallError} from './sdp.js';

const NOTHING = new Uint8Array();

export class Handshake {
  #key;
  #call;
  #us;
  #them;
  #nonce = randomBytes(NONCE_BYTES);
  #commit = null;  // theirs, when they offer
  #offer = null;   // TO
  #answer = null;  // TA
  #isFirst;        // later generations hold no commit and no nonce: who they are with is settled, and the emoji stay
  emoji = null;    // five numbers, once both nonces are known and right

  // key: Kg, or null; call: {room, call, generation}, of which room is the invite's; us, them: the ids.
  constructor({key, call, us, them}) {
    this.#key = key;
    this.#call = call;
    this.#isFirst = call.generation === 1;
    this.#us = us;
    this.#them = them;
  }

  // Whether they must show their nonce after our answer, before anything of camera or microphone may leave.
  get awaitsReveal() {
    return this.#commit !== null && this.emoji === null;
  }

  // The nonce that they may now see, after their answer was checked; null when they do not ask for it.
  get reveal() {
    return this.emoji && toText(this.#nonce);
  }

  // What our offer carries besides the description.
  async sealOffer(sdp) {
    const commit = this.#isFirst ? await commitTo(this.#nonce) : NOTHING;
    this.#offer = await offerTranscript({...this.#call, from: this.#us, to: this.#them, sdp, commit});
    return {...this.#isFirst && {commit: toText(commit)}, ...await this.#prove(this.#offer)};
  }

  async checkOffer({sdp, commit, proof}) {
    this.#commit = this.#isFirst ? this.#nonceIn(commit) : null;
    if (this.#isFirst && this.#commit === null)
      return;
    this.#offer = await offerTranscript({...this.#call, from: this.#them, to: this.#us, sdp, commit: this.#commit ?? NOTHING});
    await this.#check(proof, this.#offer);
  }

  async sealAnswer(sdp) {
    if (this.#isFirst && this.#commit === null)
      return {};
    const nonce = this.#isFirst ? this.#nonce : NOTHING;
    this.#answer = await answerTranscript({...this.#call, from: this.#us, to: this.#them, sdp, nonce}, this.#offer);
    return {...this.#isFirst && {nonce: toText(nonce)}, ...await this.#prove(this.#answer)};
  }

  async checkAnswer({sdp, nonce, proof}) {
    const theirs = this.#isFirst ? this.#nonceIn(nonce) : NOTHING;
    if (theirs === null)
      return;
    this.#answer = await answerTranscript({...this.#call, from: this.#them, to: this.#us, sdp, nonce: theirs}, this.#offer);
    await this.#check(proof, this.#answer);
    if (this.#isFirst)
      this.emoji = await emojiOf(this.#answer, this.#nonce);
  }

  async checkReveal(nonce) {
    const theirs = fromText(nonce, NONCE_BYTES);
    if (!theirs || !equal(await commitTo(theirs), this.#commit))
      throw new CallError('commit-mismatch', 'the nonce is not the promised one');
    this.emoji = await emojiOf(this.#answer, theirs);
  }

  // null where nothing has to be proved and they know no emoji.
  #nonceIn(text) {
    const bytes = fromText(text, NONCE_BYTES);
    if (bytes === null && this.#key)
      throw new CallError('proof-missing', 'no commit or no nonce with the description');
    return bytes;
  }

  async #prove(transcript) {
    return this.#key ? {proof: {by: 'guest', mac: await prove(this.#key, transcript)}} : {};
  }

  // Who holds the app's key proves with both keys. This page holds the guest's, and so checks that one.
  async #check(proof, transcript) {
    if (!this.#key)
      return;
    const mac = {app: proof?.guest, guest: proof?.mac}[proof?.by];
    if (mac === undefined || mac === null)
      throw new CallError('proof-missing', 'no proof by the key of this link with the description');
    if (!await isProven(this.#key, transcript, mac))
      throw new CallError('proof-wrong', 'the proof does not fit the description');
  }
}
