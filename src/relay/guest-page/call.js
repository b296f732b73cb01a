// SPDX-License-Identifier: GPL-3.0-or-later
// One call with one peer: the state machine between the first ring and its end. It speaks to the other side through
// `send` (the relay) and, once it is open, over the peer's data channel. Nothing of camera or microphone leaves before accept.
// In a call that is up the relay is not believed when it says that they hung up or left, unless silence confirms it.
// Descriptions reach the browser only after their proof was checked. Who answers neither shows nor sends anything before
// the offerer's nonce was found to be the promised one.

import {Emitter} from './emitter.js';

export const DEADLINES = {ring: 45_000, offer: 15_000, answer: 15_000, reveal: 5000, connect: 20_000, lost: 15_000, silence: 1000, rumour: 3000, away: 10_000};

const NEXT = {
  dialing: ['connecting', 'ended'],
  ringing: ['connecting', 'ended'],
  connecting: ['active', 'ended'],
  active: ['ended'],
  ended: [],
};
const OFFERS = ['ring', 'offer']; // what the ringer says to bring a call about, and the other
const ANSWERS = ['accept', 'answer'];
const DECLINES = {__proto__: null, busy: 'busy', declined: 'declined', timeout: 'no-answer', 'no-device': 'no-device'};
const LISTEN_MS = 250; // between two looks at what came in, while the relay is doubted
const MAX_HELD = 64; // messages of theirs that wait until we may be sure of them
export const GENERATION = 1; // a second generation is a new connection, which this page does not make

// Events: state; stream (theirs); remote-state {audio, video}; weak (true or false); emoji (five numbers); round-trip (ms).
export class Call extends Emitter {
  #send;
  #createPeer;
  #deadlines;
  #peer = null;
  #timer = null;
  #local;
  #handshake;
  #described = false;
  #revealed = false; // their nonce came
  #told = false; // our description is on its way, so candidates may follow it
  #candidates = [];
  #connected = false;
  #sure = false;    // they are who the proofs and the nonces say
  #held = [];       // what came over the channel before we were sure
  #stream = null;
  #wasOpen = false;
  #heard = false; // a message of theirs came over the data channel, so their end of it is open too
  #doubts = []; // what the relay said of their end, and how long a silence confirms it

  // them: {id, name}; id: the call's; incoming; local: {audio, video} that we send; handshake: null where the browser
  // cannot make one.
  constructor({them, id, incoming, local, send, createPeer, handshake = null, deadlines = DEADLINES}) {
    super();
    Object.assign(this, {them, id, incoming, state: incoming ? 'ringing' : 'dialing', reason: null, detail: '', activeSince: 0, endedAt: 0});
    this.#local = local;
    this.#handshake = handshake;
    this.#send = send;
    this.#createPeer = createPeer;
    this.#deadlines = deadlines;
  }

  start() {
    if (this.incoming) {
      this.#arm('ring', () => this.decline('timeout'));
    } else {
      this.#say('ring', {media: {...this.#local}});
      this.#arm('ring', () => {
        this.#say('cancel');
        this.#end('no-answer');
      });
    }
  }

  accept() {
    if (this.state !== 'ringing')
      return;
    this.#say('accept');
    this.#peer = this.#makePeer();
    this.#arm('offer', () => this.#fail('offer-timeout'));
    this.#move('connecting');
  }

  decline(reason) {
    if (this.state !== 'ringing')
      return;
    this.#say('decline', {reason});
    this.#end(reason === 'timeout' ? 'no-answer-here' : 'declined-here');
  }

  hangUp() {
    if (this.state === 'dialing') {
      this.#say('cancel');
      this.#end('cancelled-here');
    } else if (this.state === 'ringing') {
      this.decline('declined');
    } else if (this.state !== 'ended') {
      this.#bye('hung-up');
      this.#end('hung-up');
    }
  }

  // Two rang each other and theirs stands: this call goes without a word.
  supersede() {
    this.#end('superseded');
  }

  setLocal(local) {
    this.#local = local;
    if (this.#sure)
      this.#peer?.say({type: 'state', ...local});
  }

  peerLeft() {
    if (this.state === 'active')
      this.#doubt();
    else
      this.#end('peer-left');
  }

  // Their line to the relay broke, and they may come back to it. With nothing coming from them either, they are gone for
  // good long before the browser gives the connection up.
  peerAway() {
    const {away, rumour} = this.#deadlines;
    if (this.state === 'active')
      this.#doubt({silence: away, within: away + rumour, reason: 'lost'});
  }

  relayLost() {
    if (this.state !== 'active')
      this.#end('relay-lost');
  }

  // What the relay did not carry. It may be of an earlier call, and late.
  refused({code, about, call = this.id}) {
    const phase = about === 'ring' ? 'dialing' : 'connecting';
    if (call === this.id && this.state === phase && (this.incoming ? ANSWERS : OFFERS).includes(about))
      this.#end(code === 'no-such-peer' ? 'peer-left' : 'refused', code);
  }

  // A message of the relay that carries this call's id and comes from its peer.
  receive(message) {
    switch (message.type) {
      case 'accept': return this.#onAccept();
      case 'decline': return this.#onDecline(message);
      case 'cancel': return this.#onCancel();
      case 'offer': return this.#onOffer(message);
      case 'answer': return this.#onAnswer(message);
      case 'reveal': return this.#onReveal(message);
      case 'ice': return this.#onIce(message);
      case 'bye': return this.#onBye();
    }
  }

  async #onAccept() {
    if (this.state !== 'dialing')
      return;
    this.#peer = this.#makePeer();
    this.#arm('answer', () => this.#fail('answer-timeout'));
    this.#move('connecting');
    await this.#guard(async peer => {
      const sdp = await peer.offer();
      const seal = await this.#handshake?.sealOffer(sdp);
      this.#describe(peer, 'offer', {sdp, ...seal});
    });
  }

  #onDecline(message) {
    if (this.state === 'dialing')
      this.#end(DECLINES[message.reason] ?? 'declined');
  }

  // The ringer gave up. Our accept may have crossed with it.
  #onCancel() {
    if (this.state === 'ringing' || (this.state === 'connecting' && this.incoming))
      this.#end('cancelled');
  }

  // Their end of the channel may not be open yet when ours is: until something was heard on it, a bye of theirs can only
  // come this way.
  #onBye() {
    if (this.state === 'active' && this.#heard)
      this.#doubt();
    else
      this.#end(this.state === 'ringing' ? 'cancelled' : 'remote-hung-up');
  }

  // The relay says that they are gone. It may lie: only if nothing comes from them for a while was it true. They may be away
  // first, and have left or said bye then: each is doubted in its own way.
  #doubt({silence, within, reason} = {silence: this.#deadlines.silence, within: this.#deadlines.rumour, reason: 'remote-hung-up'}) {
    if (this.#doubts.some(doubt => doubt.reason === reason))
      return;
    this.#doubts.push({silence, reason, until: performance.now() + within});
    if (this.#doubts.length === 1)
      this.#listen();
  }

  async #listen() {
    let silentSince = performance.now();
    let received = await this.#peer.received();
    while (this.state === 'active' && this.#doubts.length > 0) {
      await new Promise(resolve => setTimeout(resolve, LISTEN_MS));
      const news = await this.#peer?.received();
      const now = performance.now();
      if (news !== received)
        silentSince = now;
      received = news;
      const confirmed = this.#doubts.find(doubt => now - silentSince >= doubt.silence);
      if (confirmed && this.state === 'active')
        this.#end(confirmed.reason);
      this.#doubts = this.#doubts.filter(doubt => now < doubt.until);
    }
    this.#doubts = [];
  }

  async #onOffer(message) {
    if (this.state !== 'connecting' || !this.incoming || this.#described || !usable(message))
      return;
    this.#described = true;
    this.#arm('connect', () => this.#fail('connect-timeout'));
    await this.#guard(async peer => {
      await this.#handshake?.checkOffer(message);
      const sdp = await peer.answer(message.sdp);
      const seal = await this.#handshake?.sealAnswer(sdp);
      if (this.#peer !== peer)
        return;
      if (this.#handshake?.awaitsReveal)
        this.#arm('reveal', () => this.#fail('reveal-timeout'));
      else
        this.#beSure();
      this.#describe(peer, 'answer', {sdp, ...seal});
    });
  }

  async #onAnswer(message) {
    if (this.state !== 'connecting' || this.incoming || this.#described || !usable(message))
      return;
    this.#described = true; // the first answer wins
    this.#arm('connect', () => this.#fail('connect-timeout'));
    await this.#guard(async peer => {
      await this.#handshake?.checkAnswer(message);
      if (this.#peer === peer && this.#handshake?.reveal)
        this.#say('reveal', {generation: GENERATION, nonce: this.#handshake.reveal});
      await peer.accept(message.sdp);
      if (this.#peer === peer)
        this.#beSure();
    });
  }

  async #onReveal(message) {
    if (message.generation !== GENERATION || !this.incoming || !this.#told || this.#revealed || !this.#handshake?.awaitsReveal)
      return;
    this.#revealed = true;
    this.#arm('connect', () => this.#fail('connect-timeout'));
    await this.#guard(async peer => {
      await this.#handshake.checkReveal(message.nonce);
      if (this.#peer === peer)
        this.#beSure();
    });
  }

  // Everything that waited for it may happen now.
  #beSure() {
    this.#sure = true;
    if (this.#handshake?.emoji)
      this.emit('emoji', this.#handshake.emoji);
    this.#peer.speak();
    this.#greet();
    if (this.#stream)
      this.emit('stream', this.#stream);
    for (const message of this.#held.splice(0))
      this.#onChannelMessage(message);
    if (this.#connected && this.state === 'connecting')
      this.#onConnected();
  }

  // Our description, and then the candidates that it did not wait for.
  #describe(peer, type, fields) {
    if (this.#peer !== peer)
      return;
    this.#say(type, {generation: GENERATION, ...fields});
    this.#told = true;
    for (const candidate of this.#candidates.splice(0))
      this.#sayCandidate(candidate);
  }

  #sayCandidate(candidate) {
    if (this.#told)
      this.#say('ice', {generation: GENERATION, candidate});
    else
      this.#candidates.push(candidate);
  }

  #onIce({generation, candidate}) {
    if (generation === GENERATION && this.#peer && (candidate === null || typeof candidate?.candidate === 'string'))
      this.#peer.addCandidate(candidate);
  }

  // Runs a step of the negotiation; what goes wrong in it ends the call by name.
  async #guard(step) {
    const peer = this.#peer;
    try {
      await step(peer);
    } catch (error) {
      if (this.#peer === peer)
        this.#fail(error.reason ?? 'media-failed', error.message);
    }
  }

  #makePeer() {
    const peer = this.#createPeer();
    peer.on('candidate', candidate => this.#sayCandidate(candidate));
    peer.on('connected', () => this.#onConnected());
    peer.on('disconnected', () => this.#onWeak());
    peer.on('failed', () => this.#fail(this.state === 'active' ? 'lost' : 'connect-failed'));
    peer.on('open', () => this.#onOpen());
    peer.on('closed', () => this.state === 'active' && this.#end('remote-hung-up'));
    peer.on('message', message => this.#onChannelMessage(message));
    peer.on('round-trip', ms => this.emit('round-trip', ms));
    peer.on('stream', stream => this.#onStream(stream));
    return peer;
  }

  #onConnected() {
    this.#connected = true;
    if (this.state === 'connecting' && this.#sure) {
      this.#disarm();
      this.activeSince = performance.now();
      this.#move('active');
    } else if (this.state === 'active') {
      this.#disarm();
      this.emit('weak', false);
    }
  }

  #onWeak() {
    if (this.state !== 'active')
      return;
    this.emit('weak', true);
    this.#arm('lost', () => this.#fail('lost'));
  }

  #onStream(stream) {
    this.#stream = stream;
    if (this.#sure)
      this.emit('stream', stream);
  }

  #onOpen() {
    this.#wasOpen = true;
    this.#greet();
  }

  #greet() {
    if (this.#sure && this.#wasOpen)
      this.#peer.say({type: 'state', ...this.#local});
  }

  // The transport is the one that the proven description promised, so their word that they go needs nothing more.
  #onChannelMessage(message) {
    this.#heard = true;
    if (!this.#sure && message.type !== 'bye') {
      if (this.#held.length < MAX_HELD)
        this.#held.push(message);
      return;
    }
    if (message.type === 'bye')
      this.#end('remote-hung-up');
    else if (message.type === 'state')
      this.emit('remote-state', {audio: message.audio !== false, video: message.video !== false});
  }

  #say(type, fields) {
    this.#send({type, to: this.them.id, call: this.id, ...fields});
  }

  // Both ways: the channel may be lost on its way down, and the relay may be gone.
  #bye(reason) {
    this.#peer?.say({type: 'bye', reason});
    this.#say('bye', {reason});
  }

  #fail(reason, detail) {
    if (this.state === 'ended')
      return;
    this.#bye(reason);
    this.#end(reason, detail);
  }

  #arm(deadline, callback) {
    this.#disarm();
    this.#timer = setTimeout(callback, this.#deadlines[deadline]);
  }

  #disarm() {
    clearTimeout(this.#timer);
  }

  #end(reason, detail = '') {
    if (this.state === 'ended')
      return;
    this.#disarm();
    this.reason = reason;
    this.detail = detail;
    this.endedAt = performance.now();
    this.#peer?.close(this.#wasOpen);
    this.#peer = null;
    this.#move('ended');
  }

  #move(state) {
    if (!NEXT[this.state].includes(state))
      throw new Error(`a call cannot go from ${this.state} to ${state}`);
    this.state = state;
    this.emit('state', state);
  }
}

function usable(message) {
  return message.generation === GENERATION && typeof message.sdp === 'string';
}
