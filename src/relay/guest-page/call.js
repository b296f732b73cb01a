// SPDX-License-Identifier: GPL-3.0-or-later
// One call with one peer: the state machine between the first ring and its end. It speaks to the other side through
// `send` (the relay) and, once it is open, over the peer's data channel. Nothing of camera or microphone leaves before accept.
// In a call that is up the relay is not believed when it says that they hung up or left, unless silence confirms it.
// Descriptions reach the browser only after their proof was checked. Who answers neither shows nor sends anything before
// the offerer's nonce was found to be the promised one.
// A call that is up and hears nothing looks for another way: the ringer makes another connection beside the one in use, and decides
// alone which of the two goes on. PROTOCOL.md, "Reconnecting", says how; parlor-call-renew.c does the same.

import {Emitter} from './emitter.js';
import {Liveness} from './liveness.js';
import {Renewal} from './renewal.js';
import {certificateOf} from './sdp.js';

export const DEADLINES = {
  ring: 45_000, offer: 15_000, answer: 15_000, reveal: 5000, connect: 20_000, silence: 1000, rumour: 3000,
  alarm: 1700, early: 1000, attempt: 8000, vanished: 5000, reconnect: 60_000, look: 250, again: 1000,
};

const NEXT = {
  dialing: ['connecting', 'ended'],
  ringing: ['connecting', 'ended'],
  connecting: ['active', 'ended'],
  active: ['reconnecting', 'ended'],
  reconnecting: ['active', 'ended'],
  ended: [],
};
const OFFERS = ['ring', 'offer']; // what the ringer says to bring a call about, and the other
const ANSWERS = ['accept', 'answer'];
const DECLINES = {__proto__: null, busy: 'busy', declined: 'declined', timeout: 'no-answer', 'no-device': 'no-device'};
const LISTEN_MS = 250; // between two looks at what came in, while the relay is doubted
const MAX_HELD = 64; // messages of theirs that wait until we may be sure of them
const LOOKS_TO_BELIEVE = 2; // in a row, with something new: a path that is back
const PING_AFTER_MS = 500;  // of silence, at each look
const UNSEEN_MS = 700;      // after which they should have seen an offer of ours
const AWAY_BEFORE_MS = 2000; // a silence that has to do with it
const FIRST = 1;            // generation

// Events: state; stream (theirs, again when another connection took over); remote-state {audio, video}; emoji (five numbers);
// round-trip (ms).
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
  #doubting = false;

  #shake;
  #generation = FIRST; // in use
  #last = FIRST;       // the highest that there was
  #certificate = null; // theirs
  #remote = {audio: true, video: true};
  #renewal = null;
  #liveness = null;
  #looker = null;
  #looking = false;
  #deaf = false;    // we do not hear them
  #unheard = false; // they say that they do not hear us
  #troubleAt = 0;
  #triedAt = -Infinity;
  #stale = false;   // what was tried came to nothing, as far as we know
  #awayAt = null;

  // them: {id, name}; id: the call's; incoming; local: {audio, video} that we send; shake (generation): a Handshake, or null
  // where the browser cannot make one.
  constructor({them, id, incoming, local, send, createPeer, shake = () => null, deadlines = DEADLINES}) {
    super();
    Object.assign(this, {them, id, incoming, state: incoming ? 'ringing' : 'dialing', reason: null, detail: '', activeSince: 0, endedAt: 0});
    this.#local = local;
    this.#shake = shake;
    this.#handshake = shake(FIRST);
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
      this.#sayState(this.#peer);
  }

  // It was connected, and is not over.
  get isUp() {
    return this.state === 'active' || this.state === 'reconnecting';
  }

  peerLeft() {
    if (this.isUp)
      this.#doubt();
    else
      this.#end('peer-left');
  }

  // Their line to the relay broke, and they may come back to it. With nothing coming from them either, they are gone.
  peerAway(isAway) {
    this.#awayAt = isAway ? performance.now() : null;
  }

  // Something happened to the network: silence is noticed sooner, and what is under way was made for the network as it was.
  hurry() {
    this.#liveness?.hurry(performance.now());
    this.startAnew();
  }

  // The relay gave us another id: nobody but we can tell them.
  move(id) {
    this.#peer?.say({type: 'here', id});
  }

  // The relay is back; what was said to it before may be lost.
  startAnew() {
    if (this.state === 'reconnecting' && !this.#renewal?.connected)
      this.#stale = true;
  }

  relayLost() {
    if (!this.isUp)
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
      case 'renew': return this.#onRenew(message);
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
    if (this.isUp && this.#heard)
      this.#doubt();
    else
      this.#end(this.state === 'ringing' ? 'cancelled' : 'remote-hung-up');
  }

  // The relay says that they are gone. It may lie: only if nothing comes from them for a while was it true.
  async #doubt() {
    const {silence, rumour: within} = this.#deadlines;
    if (this.#doubting)
      return;
    this.#doubting = true;
    const began = performance.now();
    let silentSince = began;
    let received = await this.#peer.received();
    while (this.isUp && performance.now() - began < within) {
      await new Promise(resolve => setTimeout(resolve, LISTEN_MS));
      const now = await this.#peer?.received();
      if (now !== received)
        silentSince = performance.now();
      else if (this.isUp && performance.now() - silentSince >= silence)
        this.#end('remote-hung-up');
      received = now;
    }
    this.#doubting = false;
  }

  async #onOffer(message) {
    if (message.generation > this.#generation)
      return this.#onLaterOffer(message);
    if (this.state !== 'connecting' || !this.incoming || this.#described || !usable(message))
      return;
    this.#described = true;
    this.#arm('connect', () => this.#fail('connect-timeout'));
    await this.#guard(async peer => {
      await this.#handshake?.checkOffer(message);
      this.#certificate = certificateOf(message.sdp);
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
    if (this.#renewal && message.generation === this.#renewal.generation && !this.incoming && typeof message.sdp === 'string')
      return this.#renewal.accept(message);
    if (this.state !== 'connecting' || this.incoming || this.#described || !usable(message))
      return;
    this.#described = true; // the first answer wins
    this.#arm('connect', () => this.#fail('connect-timeout'));
    await this.#guard(async peer => {
      await this.#handshake?.checkAnswer(message);
      if (this.#peer === peer && this.#handshake?.reveal)
        this.#say('reveal', {generation: FIRST, nonce: this.#handshake.reveal});
      this.#certificate = certificateOf(message.sdp);
      await peer.accept(message.sdp);
      if (this.#peer === peer)
        this.#beSure();
    });
  }

  async #onReveal(message) {
    if (message.generation !== FIRST || !this.incoming || !this.#told || this.#revealed || !this.#handshake?.awaitsReveal)
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
    this.#say(type, {generation: FIRST, ...fields});
    this.#told = true;
    for (const candidate of this.#candidates.splice(0))
      this.#sayCandidate(candidate);
  }

  #sayCandidate(candidate) {
    if (this.#told)
      this.#say('ice', {generation: FIRST, candidate});
    else
      this.#candidates.push(candidate);
  }

  #onIce({generation, candidate}) {
    const peer = {[this.#generation]: this.#peer, [this.#renewal?.generation]: this.#renewal?.peer}[generation];
    if (peer && (candidate === null || typeof candidate?.candidate === 'string'))
      peer.addCandidate(candidate);
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
    peer.on('failed', () => (this.isUp ? this.#losePath() : this.#fail('connect-failed')));
    peer.on('open', () => this.#onOpen());
    peer.on('closed', () => this.isUp && this.#onClosed());
    peer.on('message', message => this.#onChannelMessage(message));
    peer.on('round-trip', ms => this.emit('round-trip', ms));
    peer.on('stream', stream => this.#onStream(stream));
    return peer;
  }

  // The same for a later one: it tells the renewal, and us once it took over.
  #makeLaterPeer(generation) {
    const peer = this.#createPeer();
    const own = () => (this.#renewal?.peer === peer ? this.#renewal : null);
    const inUse = () => this.#peer === peer;
    peer.on('candidate', candidate => (inUse() ? this.#say('ice', {generation, candidate}) : own()?.sayCandidate(candidate)));
    peer.on('connected', () => own() && (own().connected = true));
    peer.on('failed', () => (inUse() ? this.#losePath() : own() && this.#dropRenewal()));
    peer.on('open', () => (own() || inUse()) && this.#sayState(peer));
    peer.on('closed', () => (inUse() ? this.isUp && this.#onClosed() : own() && this.#dropRenewal()));
    peer.on('message', message => (inUse() ? this.#onChannelMessage(message) : own() && this.#onLaterMessage(own(), message)));
    peer.on('round-trip', ms => inUse() && this.emit('round-trip', ms));
    peer.on('stream', stream => (inUse() ? this.emit('stream', stream) : own() && (own().stream = stream)));
    return peer;
  }

  // The ringer has let go of it when it chose the next one; else it is their goodbye.
  #onClosed() {
    if (!this.#renewal || !this.incoming)
      return this.#end('remote-hung-up');
    this.#renewal.chosen = true;
    this.#renewal.heardAt ??= performance.now();
    this.#losePath();
  }

  #onConnected() {
    this.#connected = true;
    if (this.state === 'connecting' && this.#sure) {
      this.#disarm();
      this.activeSince = performance.now();
      this.#beHeard();
      this.#looker = setInterval(() => this.#look(), this.#deadlines.look);
      this.#move('active');
    }
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
      this.#sayState(this.#peer);
  }

  #sayState(peer) {
    peer?.say({type: 'state', ...this.#local});
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
      return this.#end('remote-hung-up');
    if (message.type === 'state') {
      this.#unheard = false;
      this.#onRemoteState(message);
    } else if (message.type === 'here' && typeof message.id === 'string') {
      this.them = {...this.them, id: message.id};
    } else if (message.type === 'renew') {
      this.#unheard = true; // told at the next look: when it comes late, the word that all is well again comes right behind it
    }
  }

  #onRemoteState({audio, video}) {
    this.#remote = {audio: audio !== false, video: video !== false};
    this.emit('remote-state', this.#remote);
  }

  // --- another way to them

  #beHeard() {
    this.#deaf = this.#unheard = false;
    this.#liveness = new Liveness(this.#deadlines, performance.now());
  }

  async #look() {
    if (this.#looking || !this.isUp)
      return;
    this.#looking = true;
    const peer = this.#peer;
    const figure = await peer.received().catch(() => null);
    this.#looking = false;
    if (!this.isUp || this.#peer !== peer || figure === null)
      return;
    const now = performance.now();
    const isSilent = this.#liveness.look(now, figure);
    if (this.#liveness.silence(now) >= PING_AFTER_MS)
      peer.hurryPings();
    if (!this.#deaf && isSilent)
      this.#goDeaf();
    else if (this.#deaf && this.#liveness.heardInARow >= LOOKS_TO_BELIEVE)
      this.#hearAgain();
    this.#settle(now);
    if (this.state === 'reconnecting')
      await this.#lookForAnother(now);
    else if (this.#renewal && now - this.#renewal.began >= this.#deadlines.connect)
      this.#dropRenewal(); // the ringer has chosen long ago, and not this one
  }

  // They may hear us: then only we can tell them.
  #goDeaf() {
    this.#deaf = true;
    this.#peer.say({type: 'renew', call: this.id, generation: this.#last + 1});
  }

  #hearAgain() {
    this.#deaf = false;
    this.#sayState(this.#peer);
  }

  #losePath() {
    if (!this.#deaf)
      this.#goDeaf();
    this.#settle(performance.now());
  }

  // Says what is true now. If nobody misses anything, the old one goes on, and the ringer lets go of the new one.
  #settle(now) {
    const isTrouble = this.#deaf || this.#unheard;
    if (isTrouble && this.state === 'active') {
      this.#troubleAt = now;
      this.#triedAt = -Infinity;
      this.#move('reconnecting');
    } else if (!isTrouble && this.state === 'reconnecting') {
      if (!this.incoming)
        this.#dropRenewal();
      this.#move('active');
    }
  }

  async #lookForAnother(now) {
    const {vanished, reconnect, attempt, again} = this.#deadlines;
    const {heardAt} = this.#liveness;
    const renewal = this.#renewal;
    if (this.#deaf && this.#awayAt !== null && this.#awayAt >= heardAt - AWAY_BEFORE_MS && now - heardAt >= vanished)
      return this.#fail('vanished');
    if (now - this.#troubleAt >= reconnect)
      return this.#fail('lost');
    if (renewal && (!this.incoming || renewal.chosen) && await renewal.isReady(this.#remote, now) && renewal === this.#renewal)
      return this.#takeOver();
    if (this.state !== 'reconnecting' || now - this.#triedAt < again)
      return; // an earlier look may have been about to take over while this one waited
    if (this.incoming)
      this.#ask(now);
    else if (!this.#renewal || this.#stale || now - this.#renewal.began >= attempt)
      this.#begin(this.#last + 1)?.offer();
  }

  #ask(now) {
    this.#triedAt = now;
    this.#stale = false;
    this.#say('renew', {generation: this.#last + 1});
  }

  #newRenewal(generation) {
    const renewal = new Renewal({
      generation,
      peer: this.#makeLaterPeer(generation),
      handshake: this.#shake(generation, this.them),
      say: (type, fields) => this.#renewal === renewal && this.#say(type, fields),
      isCertificate: sdp => certificateOf(sdp) === this.#certificate,
    });
    renewal.on('failed', () => this.#renewal === renewal && this.#dropRenewal());
    return renewal;
  }

  #begin(generation, renewal = this.#newRenewal(generation)) {
    this.#dropRenewal();
    this.#last = generation;
    this.#triedAt = performance.now();
    this.#stale = false;
    this.#renewal = renewal;
    return renewal;
  }

  // Checked before anything happens to the one that may be under way.
  async #onLaterOffer(message) {
    const {generation} = message;
    if (!this.isUp || !this.incoming || !Number.isInteger(generation) || generation <= this.#last || typeof message.sdp !== 'string')
      return;
    if (this.state === 'active' && performance.now() - this.#triedAt < this.#deadlines.again)
      return; // nobody misses anything; so many are somebody's game
    this.#triedAt = performance.now();
    const renewal = this.#newRenewal(generation);
    try {
      await renewal.check(message);
    } catch {
      return renewal.close();
    }
    if (!this.isUp || generation <= this.#last)
      return renewal.close();
    this.#begin(generation, renewal).answer(message);
  }

  // Said by the relay: a rumour, which a little silence confirms. They name the first generation that they have not seen.
  #onRenew({generation}) {
    const now = performance.now();
    this.#liveness?.hurry(now);
    if (!this.incoming && this.#renewal && generation <= this.#renewal.generation && now - this.#renewal.began >= UNSEEN_MS)
      this.startAnew();
  }

  #onLaterMessage(renewal, message) {
    if (message.type === 'bye')
      return this.#end('remote-hung-up');
    if (message.type === 'state') {
      renewal.heardAt ??= performance.now();
      this.#onRemoteState(message);
    } else if (message.type === 'renewed' && this.incoming) {
      renewal.chosen = true;
      if (this.state === 'active') { // they missed us, and we did not know
        this.#unheard = true;
        this.#settle(performance.now());
      }
    }
  }

  #takeOver() {
    const {peer, generation, stream} = this.#renewal;
    const old = this.#peer;
    if (!this.incoming)
      peer.say({type: 'renewed', generation});
    this.#renewal = null;
    this.#peer = peer;
    this.#generation = generation;
    this.#beHeard();
    if (stream)
      this.emit('stream', stream);
    old.close(false);
    this.#settle(performance.now());
  }

  #dropRenewal() {
    const renewal = this.#renewal;
    this.#renewal = null;
    renewal?.close();
  }

  #say(type, fields) {
    this.#send({type, to: this.them.id, call: this.id, ...fields});
  }

  // Both ways: the channel may be lost on its way down, and the relay may be gone.
  #bye(reason) {
    this.#peer?.say({type: 'bye', reason});
    this.#renewal?.peer.say({type: 'bye', reason});
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
    clearInterval(this.#looker);
    this.#dropRenewal();
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
  return message.generation === FIRST && typeof message.sdp === 'string';
}
