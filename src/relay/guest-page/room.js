// SPDX-License-Identifier: GPL-3.0-or-later
// Who is in the room, and which call a message belongs to. At most one call at a time; a second ring is answered `busy`.
// The people and the call stay when the socket to the relay is lost: what the next welcome says is laid over them.

import {randomBytes, toText} from './bytes.js';
import {Call} from './call.js';
import {Emitter} from './emitter.js';
import {Handshake} from './handshake.js';

const CALL_BYTES = 16; // of its id, which the ringer chooses
const MAX_KNOCKERS = 64;
const PROBE_MS = 2000; // in which a relay that is there answers
const RENEW_MS = 30 * 60_000; // the way through a TURN server is lent for an hour
const IN_CALL = {dialing: false, ringing: false, connecting: true, active: true, reconnecting: true, ended: false};

// Events: ready {back}: in the room, or in it again; locked {hasty}: our knock was one too many; peers: also who knocks, and whose the room is; owner: it is ours from now on; trouble; call (a new Call, dialing or ringing); closed {reason}.
export class Room extends Emitter {
  #signaling;
  #createPeer;
  #deadlines;
  #local;
  #peers = new Map();
  #knockers = new Map(); // id -> name; at most MAX_KNOCKERS
  #inCall = false;
  #name;
  #key;
  #renewMs;
  #lentAt = 0; // when the ICE servers came
  #spokeAt = 0; // when the relay last said anything

  // name, key: the invite's room and what calls in it are proved by (Kg), or null; createPeer (iceServers): a Peer;
  // local (): what we send now, {audio, video}.
  constructor({signaling, name = '', key = null, createPeer, local, deadlines, renewMs = RENEW_MS}) {
    super();
    this.id = null;
    this.call = null;
    this.locked = false;
    this.downgraded = false; // the relay says that somebody here cannot prove anything, where everybody must
    this.#name = name;
    this.#key = key;
    this.#renewMs = renewMs;
    this.#signaling = signaling;
    this.#createPeer = createPeer;
    this.#local = local;
    this.#deadlines = deadlines;
    signaling.on('welcome', message => this.#onWelcome(message));
    signaling.on('message', message => this.#onMessage(message));
    signaling.on('locked', detail => this.emit('locked', detail));
    signaling.on('trouble', () => this.emit('trouble'));
    signaling.on('closed', detail => {
      this.call?.relayLost();
      this.emit('closed', detail);
    });
  }

  // Those this page can call. Peers of the seed's dialect cannot be rung, so they are not shown at all.
  get people() {
    return [...this.#peers.values()].filter(peer => peer.dialect !== 'seed');
  }

  // Whether this page may lock the room, and let people in.
  get owner() {
    return this.#signaling.owner;
  }

  // Those at the door, as an owner hears of them: {id, name}.
  get knockers() {
    return [...this.#knockers].map(([id, name]) => ({id, name}));
  }

  setLocked(locked) {
    this.#signaling.send({type: locked ? 'lock' : 'unlock'});
  }

  // admits: or they are refused.
  answerKnock(id, admits) {
    if (this.#knockers.delete(id))
      this.#signaling.send({type: admits ? 'admit' : 'refuse', id});
    this.emit('peers');
  }

  find(id) {
    return this.people.find(peer => peer.id === id) ?? null;
  }

  ring(them) {
    if (this.call === null)
      this.#begin(them, toText(randomBytes(CALL_BYTES)), false).start();
  }

  knock() {
    this.#signaling.knock();
  }

  // The network changed under the socket.
  hurry() {
    this.#signaling.hurry();
    this.call?.hurry();
  }

  leave() {
    this.call?.hangUp();
    this.#signaling.close();
  }

  #onWelcome(message) {
    const before = this.id;
    this.id = message.id;
    this.locked = message.locked === true;
    this.#setIceServers(message.ice_servers);
    this.#peers.clear();
    this.#knockers.clear(); // the relay tells of them again
    for (const peer of Array.isArray(message.peers) ? message.peers : [])
      this.#add(peer);
    if (before !== null)
      this.#comeBack(before);
    this.emit('ready', {back: before !== null});
  }

  // Under another id nobody knows a call that is not up yet; one that is up needs no relay.
  #comeBack(before) {
    if (before !== this.id) {
      this.call?.relayLost();
      this.call?.move(this.id);
    }
    if (this.call && !this.#peers.has(this.call.them.id))
      this.call.peerLeft();
    this.#signaling.send({type: 'in-call', in_call: this.#inCall});
    this.call?.startAnew();
  }

  #onMessage(message) {
    this.#spokeAt = performance.now();
    switch (message.type) {
      case 'joined': return this.#onJoined(message.peer);
      case 'left': return this.#onLeft(message.id);
      case 'away': return this.#onAway(message.id, true);
      case 'back': return this.#onAway(message.id, false);
      case 'in-call': return this.#onInCall(message);
      case 'lock': return this.#onLock(true);
      case 'unlock': return this.#onLock(false);
      case 'owner': return this.#onOwner(message);
      case 'knock': return this.#onKnock(message);
      case 'turn': return this.#setIceServers(message.ice_servers);
      case 'ring': return this.#onRing(message);
      case 'error': return this.#onError(message);
      default:
        if (this.call && message.call === this.call.id && message.from === this.call.them.id)
          this.call.receive(message);
    }
  }

  #add(peer) {
    if (typeof peer?.id !== 'string' || peer.id === this.id)
      return false;
    this.#peers.set(peer.id, {
      id: peer.id, name: String(peer.name ?? ''), dialect: peer.dialect, inCall: peer.in_call === true, away: peer.away === true,
    });
    if (peer.dialect === 'seed' && this.#key)
      this.downgraded = true;
    return true;
  }

  #onJoined(peer) {
    this.#knockers.delete(peer?.id);
    if (this.#add(peer))
      this.emit('peers');
  }

  #onOwner({from}) {
    if (from)
      return;
    this.emit('owner');
    this.emit('peers');
  }

  #onKnock({from, id, name}) {
    if (from || !this.owner || typeof id !== 'string' || this.#knockers.size >= MAX_KNOCKERS)
      return;
    this.#knockers.set(id, String(name ?? ''));
    this.emit('peers');
  }

  #onAway(id, away) {
    const peer = this.#peers.get(id);
    if (peer) {
      peer.away = away;
      if (this.call?.them.id === id)
        this.call.peerAway(away);
      this.emit('peers');
    }
  }

  #onLock(locked) {
    this.locked = locked;
    this.emit('peers');
  }

  #setIceServers(list) {
    this.iceServers = iceServers(list);
    this.#lentAt = performance.now();
  }

  #onLeft(id) {
    this.#peers.delete(id);
    this.#knockers.delete(id);
    if (this.call?.them.id === id)
      this.call.peerLeft();
    this.emit('peers');
  }

  #onInCall(message) {
    const peer = this.#peers.get(message.id ?? message.from);
    if (peer) {
      peer.inCall = message.in_call === true;
      this.emit('peers');
    }
  }

  #onError(message) {
    if (!message.from && ['no-such-peer', 'rate'].includes(message.code))
      this.call?.refused(message);
  }

  #onRing({from, call: id}) {
    const them = this.find(from);
    if (!them || typeof id !== 'string' || this.call?.id === id)
      return;
    if (this.call === null)
      return this.#begin(them, id, true).start();
    if (this.call.state !== 'dialing' || this.call.them.id !== from)
      return this.#signaling.send({type: 'decline', to: from, call: id, reason: 'busy'});
    if (from < this.id) { // two rang each other: the ring of the smaller id stands, and we wanted this call anyway
      this.call.supersede();
      const call = this.#begin(them, id, true);
      call.start();
      call.accept();
    }
  }

  #begin(them, id, incoming) {
    if (performance.now() - this.#lentAt >= this.#renewMs)
      this.#signaling.send({type: 'turn'}); // its answer comes while it rings
    const call = new Call({
      them, id, incoming,
      local: this.#local(),
      send: message => this.#signaling.send(message),
      createPeer: () => this.#createPeer(this.iceServers),
      shake: (generation, now) => this.#shake((now ?? them).id, id, generation),
      deadlines: this.#deadlines,
    });
    this.call = call;
    call.on('state', state => this.#onState(call, state));
    this.emit('call', call);
    return call;
  }

  // Insecure pages have no crypto.subtle; their links hold no key (see main.js).
  #shake(them, call, generation) {
    if (!crypto.subtle)
      return null;
    return new Handshake({key: this.#key, call: {room: this.#name, call, generation}, us: this.id, them});
  }

  // The way to the relay may be gone as well, and another way to them needs it.
  #probe() {
    const askedAt = performance.now();
    this.#signaling.send({type: 'turn'});
    setTimeout(() => this.call?.state === 'reconnecting' && this.#spokeAt < askedAt && this.#signaling.hurry(), PROBE_MS);
  }

  #onState(call, state) {
    if (state === 'ended' && this.call === call)
      this.call = null;
    if (state === 'reconnecting')
      this.#probe();
    if (this.#inCall !== IN_CALL[state]) {
      this.#inCall = IN_CALL[state];
      this.#signaling.send({type: 'in-call', in_call: this.#inCall});
    }
  }
}

// Only what no browser refuses: one bad entry would throw in RTCPeerConnection, and no call could begin.
function iceServers(list) {
  return (Array.isArray(list) ? list : [])
    .map(server => ({urls: [server?.urls].flat(), username: server?.username, credential: server?.credential}))
    .filter(({urls, username, credential}) => urls.every(each => /^stuns?:\S+$/.test(each)
      || (/^turns?:\S+$/.test(each) && typeof username === 'string' && typeof credential === 'string')));
}
