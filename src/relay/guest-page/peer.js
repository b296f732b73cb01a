// SPDX-License-Identifier: GPL-3.0-or-later
// One RTCPeerConnection for one call: one offer, one answer, never renegotiated. Mute and a late camera happen in the
// senders, not in the SDP, because the desktop's webrtcbin cannot renegotiate.

import {Emitter} from './emitter.js';
import {Pings} from './pings.js';
import {CallError, checkFingerprint} from './sdp.js';

const CHANNEL = 'parlor';
const PING_CHANNEL = 'parlor-ping';
const MAX_EARLY = 64;       // candidates that wait for the remote description
const MAX_CANDIDATES = 256; // that are taken in all
const MAX_MESSAGE = 64 * 1024;
const FLUSH_MS = 300;       // a `bye` on the channel needs the transport for a moment longer

// Events: candidate (what to send, or null), connected, disconnected, failed, open, closed, message, stream,
// round-trip (ms).
export class Peer extends Emitter {
  #pc;
  #media;
  #channel = null;
  #early = [];
  #taken = 0; // candidates
  #remote = false;
  #done = false;
  #opened = false;
  #senders = {};
  #stream = new MediaStream();
  #speaking = false;
  #pings = null;
  #onLocalTrack = ({kind}) => this.#speaking && this.#attach(kind);

  // certificate: of ours, the same for all the connections of a call; without one the browser makes one for each.
  constructor(media, iceServers, certificate = null) {
    super();
    this.#media = media;
    this.#pc = new RTCPeerConnection({iceServers, bundlePolicy: 'max-bundle', ...certificate && {certificates: [certificate]}});
    this.#pc.onicecandidate = ({candidate}) => this.#onCandidate(candidate);
    this.#pc.onconnectionstatechange = () => this.#onState();
    this.#pc.ontrack = ({track}) => this.#onTrack(track);
    this.#pc.ondatachannel = ({channel}) => this.#adopt(channel);
    this.unlisten = media.listen(this.#onLocalTrack);
  }

  static newCertificate() {
    return RTCPeerConnection.generateCertificate({name: 'ECDSA', namedCurve: 'P-256'}).catch(() => null);
  }

  get open() {
    return this.#channel?.readyState === 'open';
  }

  async offer() {
    for (const kind of ['audio', 'video']) {
      const transceiver = this.#pc.addTransceiver(this.#media.track(kind) ?? kind, {direction: 'sendrecv'});
      this.#senders[kind] = transceiver.sender;
      preferVp8(transceiver, kind);
    }
    this.#adopt(this.#pc.createDataChannel(CHANNEL, {ordered: true}));
    this.#adopt(this.#pc.createDataChannel(PING_CHANNEL, {ordered: false, maxRetransmits: 0}));
    await this.#pc.setLocalDescription(await this.#pc.createOffer());
    return this.#pc.localDescription.sdp;
  }

  // Camera and microphone stay out of it until speak().
  async answer(sdp) {
    checkFingerprint(sdp, null);
    await this.#setRemote('offer', sdp);
    for (const transceiver of this.#pc.getTransceivers()) {
      const kind = transceiver.receiver.track.kind;
      if (this.#senders[kind]) // a second video is their screen: we only watch it
        continue;
      this.#senders[kind] = transceiver.sender;
      transceiver.direction = 'sendrecv';
      preferVp8(transceiver, kind);
    }
    const answer = await this.#pc.createAnswer();
    checkFingerprint(sdp, answer.sdp);
    await this.#pc.setLocalDescription(answer);
    return this.#pc.localDescription.sdp;
  }

  async accept(sdp) {
    checkFingerprint(sdp, this.#pc.localDescription.sdp);
    await this.#setRemote('answer', sdp);
  }

  // From now on our camera and microphone leave, and pings, as soon as there is a connection.
  speak() {
    this.#speaking = true;
    this.#pings?.start();
    Object.keys(this.#senders).forEach(kind => this.#attach(kind));
  }

  #attach(kind) {
    this.#senders[kind]?.replaceTrack(this.#media.track(kind)).catch(() => {});
  }

  addCandidate(candidate) {
    if (this.#taken >= MAX_CANDIDATES || (!this.#remote && this.#early.length >= MAX_EARLY))
      return;
    this.#taken++;
    if (this.#remote)
      this.#useCandidate(candidate);
    else
      this.#early.push(candidate);
  }

  #useCandidate(candidate) {
    this.#pc.addIceCandidate(candidate ?? undefined).catch(() => {}); // one bad candidate is no reason to end
  }

  say(message) {
    if (this.open)
      this.#channel.send(JSON.stringify(message));
  }

  // A figure that grows with whatever comes from them: packets of media, messages on the channel.
  async received() {
    let sum = 0;
    for (const stats of (await this.#pc.getStats()).values()) {
      if (stats.type === 'inbound-rtp')
        sum += stats.packetsReceived ?? 0;
      else if (stats.type === 'data-channel')
        sum += stats.messagesReceived ?? 0;
    }
    return sum;
  }

  // What of theirs was decoded so far: pictures; and packets of sound.
  async seen() {
    let frames = 0;
    let sounds = 0;
    for (const stats of (await this.#pc.getStats()).values()) {
      if (stats.type === 'inbound-rtp' && stats.kind === 'video')
        frames += stats.framesDecoded ?? 0;
      else if (stats.type === 'inbound-rtp')
        sounds += stats.packetsReceived ?? 0;
    }
    return {frames, sounds};
  }

  hurryPings() {
    this.#pings?.hurry();
  }

  // Silent at once; the transport goes a moment later when something was just said on it.
  close(flush) {
    if (this.#done)
      return;
    this.#done = true;
    this.unlisten();
    this.#pings?.stop();
    for (const sender of Object.values(this.#senders))
      sender.replaceTrack(null).catch(() => {});
    if (flush)
      setTimeout(() => this.#pc.close(), FLUSH_MS);
    else
      this.#pc.close();
  }

  async #setRemote(type, sdp) {
    try {
      await this.#pc.setRemoteDescription({type, sdp});
    } catch (error) {
      throw new CallError('bad-sdp', error.message);
    }
    this.#remote = true;
    for (const candidate of this.#early.splice(0))
      this.#useCandidate(candidate);
  }

  #adopt(channel) {
    if (channel.label === PING_CHANNEL && !this.#pings) {
      this.#pings = new Pings(channel).on('round-trip', ms => this.#tell('round-trip', ms));
      if (this.#speaking)
        this.#pings.start();
    }
    if (channel.label !== CHANNEL || this.#channel)
      return;
    this.#channel = channel;
    channel.onopen = () => this.#onOpen();
    channel.onclose = () => this.#tell('closed');
    channel.onmessage = ({data}) => this.#onMessage(data);
    if (channel.readyState === 'open') // it can come already open, and then fire `open` as well
      this.#onOpen();
  }

  #onOpen() {
    if (this.#opened)
      return;
    this.#opened = true;
    this.#tell('open');
  }

  #tell(name, detail) {
    if (!this.#done)
      this.emit(name, detail);
  }

  #onMessage(data) {
    if (typeof data !== 'string' || data.length > MAX_MESSAGE)
      return;
    try {
      const message = JSON.parse(data);
      if (typeof message?.type === 'string')
        this.#tell('message', message);
    } catch {
      // not JSON: nothing this page knows
    }
  }

  #onCandidate(candidate) {
    if (candidate === null || candidate.candidate === '')
      return candidate === null && this.#tell('candidate', null);
    const {sdpMid, sdpMLineIndex} = candidate;
    this.#tell('candidate', {candidate: candidate.candidate, sdpMid, sdpMLineIndex});
  }

  #onTrack(track) {
    if (this.#stream.getTracks().some(known => known.kind === track.kind))
      return;
    this.#stream.addTrack(track);
    this.#tell('stream', this.#stream);
  }

  #onState() {
    const names = {connected: 'connected', disconnected: 'disconnected', failed: 'failed'};
    const name = names[this.#pc.connectionState];
    if (name)
      this.#tell(name);
  }
}

// VP8 is what every Parlor can do; the order is the preference (RFC 8829 5.3.1).
function preferVp8(transceiver, kind) {
  if (kind !== 'video' || !transceiver.setCodecPreferences)
    return;
  const codecs = RTCRtpReceiver.getCapabilities('video')?.codecs ?? [];
  const isVp8 = codec => codec.mimeType.toLowerCase() === 'video/vp8';
  if (codecs.some(isVp8))
    transceiver.setCodecPreferences([...codecs.filter(isVp8), ...codecs.filter(codec => !isVp8(codec))]);
}
