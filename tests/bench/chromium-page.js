// SPDX-License-Identifier: GPL-3.0-or-later
//
// One browser end of the bench, run inside a page of the relay's own origin: speaks parlor.1 as parlor-peer does, with the
// same ring, accept, offer and answer, and reads the first decoded picture from the remote track.
window.benchEnd = (() => {
  const now = () => Math.round(performance.timeOrigin + performance.now()); // ms, as parlor-peer has it
  const note = (event, extra = {}) => window.benchEvent({ event, t: now(), ...extra });
  const callId = () => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

  let socket, media, pc, call, other, peers = [], early = [];
  const send = message => socket.send(JSON.stringify(message));
  const say = (type, extra = {}) => send({ type, to: other, call, ...extra });

  // As parlor-peer --json names them.
  async function noteStats (seen) {
    const all = [...(await pc.getStats()).values()];
    const find = (type, kind) => all.find(s => s.type === type && (!kind || s.kind === kind)) ?? {};
    const [video, audio, out] = [find('inbound-rtp', 'video'), find('inbound-rtp', 'audio'), find('outbound-rtp', 'video')];
    const pair = all.find(s => s.type === 'candidate-pair' && s.nominated && s.state === 'succeeded') ?? {};
    note('stats', {
      in: {
        video: {
          ...seen, frames: video.framesDecoded, freezes: video.freezeCount, freeze_ms: Math.round(1000 * (video.totalFreezesDuration ?? 0)),
        },
        audio: { samples: audio.totalSamplesReceived, concealed_samples: audio.concealedSamples },
      },
      out: { video: { target_bps: out.targetBitrate, pli: out.pliCount } },
      rtt_ms: 1000 * (pair.currentRoundTripTime ?? 0),
      estimate_bps: pair.availableOutgoingBitrate,
    });
  }

  // The number in the topmost row of blocks of a picture, as marks.py reads it; null if it is not one. Closes the picture.
  async function readNumber (frame) {
    const { codedWidth: width, codedHeight: height } = frame;
    const rect = { x: 0, y: Math.floor(height / 72) * 2, width, height: 2 };
    const pixels = new Uint8Array(frame.allocationSize({ rect })); // I420 or NV12: luma comes first
    const [{ offset }] = await frame.copyTo(pixels, { rect });
    frame.close();
    let number = 0, parity = 0;
    for (let i = 0; i < 8; i++) {
      const bit = pixels[offset + Math.floor((i + 0.5) * width / 32)] > 126;
      parity ^= bit;
      if (bit && i < 7) number |= 1 << i;
    }
    return parity ? null : number;
  }

  const seen = { taken: [], shown: [] }; // [ms, number] since they were told last
  function noteMarks () {
    note('marks', { taken: seen.taken.splice(0), shown: seen.shown.splice(0) });
  }
  async function noteNumber (list, frame, at) {
    const number = await readNumber(frame);
    if (number !== null) list.push([at, number]);
  }
  async function watchCamera (track) {
    const reader = new MediaStreamTrackProcessor({ track: track.clone() }).readable.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      await noteNumber(seen.taken, value, performance.timeOrigin + performance.now());
    }
  }

  // What is seen: when a picture is given to the compositor.
  function watchScreen (track) {
    const video = document.createElement('video');
    const look = (now, { presentationTime }) => {
      noteNumber(seen.shown, new VideoFrame(video), performance.timeOrigin + presentationTime);
      video.requestVideoFrameCallback(look);
    };
    video.srcObject = new MediaStream([track]);
    video.requestVideoFrameCallback(look);
    video.muted = true;
    document.body.append(video);
    video.play();
  }

  async function readFirstFrame (track) {
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    for (let frames = 0, since = performance.now(), first = true; ; first = false) {
      const { value, done } = await reader.read();
      if (done) return;
      const { codedWidth: width, codedHeight: height } = value;
      value.close();
      if (first) note('first-frame', { kind: 'video', width, height });
      frames += 1;
      const lapse = performance.now() - since;
      if (lapse < 1000) continue;
      noteMarks();
      noteStats({ width, height, fps: frames * 1000 / lapse });
      [frames, since] = [0, performance.now()];
    }
  }

  function makePeer () {
    pc = new RTCPeerConnection({ iceServers: [] });
    pc.onicecandidate = ({ candidate }) => say('ice', { generation: 1, candidate: candidate ? candidate.toJSON() : null });
    pc.onconnectionstatechange = () => { if (pc.connectionState === 'connected') note('state', { state: 'active' }); };
    pc.ontrack = ({ track }) => {
      if (track.kind === 'video') { readFirstFrame(track); watchScreen(track); }
      else { const sound = new Audio(); sound.srcObject = new MediaStream([track]); sound.play(); }
    };
    for (const track of media.getTracks()) pc.addTrack(track, media);
  }

  async function takeEarly () {
    for (const candidate of early.splice(0)) await pc.addIceCandidate(candidate);
  }

  const take = {
    welcome (m) { peers = m.peers; note('ready', { peers: peers.length }); },
    joined (m) { peers.push(m.peer); },
    left (m) { peers = peers.filter(peer => peer.id !== m.id); },
    ring (m) { other = m.from; call = m.call; note('state', { state: 'ringing' }); say('accept'); makePeer(); },
    async accept () {
      makePeer();
      const offer = await pc.createOffer();
      const set = pc.setLocalDescription(offer);
      say('offer', { generation: 1, sdp: offer.sdp });
      await set;
    },
    async offer (m) {
      await pc.setRemoteDescription({ type: 'offer', sdp: m.sdp });
      const answer = await pc.createAnswer();
      const set = pc.setLocalDescription(answer);
      say('answer', { generation: 1, sdp: answer.sdp });
      await set;
      await takeEarly();
    },
    async answer (m) { await pc.setRemoteDescription({ type: 'answer', sdp: m.sdp }); await takeEarly(); },
    async ice (m) {
      if (!m.candidate) return;
      if (pc?.remoteDescription) await pc.addIceCandidate(m.candidate);
      else early.push(m.candidate);
    },
    error (m) { note('error', { code: m.code, message: m.message }); },
  };

  // Pays for certificate, codecs and threads once, as the warm-up of Parlor does.
  async function warmUp () {
    const [one, two] = [new RTCPeerConnection(), new RTCPeerConnection()];
    one.onicecandidate = e => e.candidate && two.addIceCandidate(e.candidate);
    two.onicecandidate = e => e.candidate && one.addIceCandidate(e.candidate);
    for (const track of media.getTracks()) one.addTrack(track, media);
    const shown = new Promise(resolve => { two.ontrack = ({ track }) => track.kind === 'video' && resolve(track); });
    await one.setLocalDescription(await one.createOffer());
    await two.setRemoteDescription(one.localDescription);
    await two.setLocalDescription(await two.createAnswer());
    await one.setRemoteDescription(two.localDescription);
    const reader = new MediaStreamTrackProcessor({ track: await shown }).readable.getReader();
    (await reader.read()).value.close();
    await reader.cancel();
    one.close();
    two.close();
  }

  return {
    async join (name) {
      media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 1280, height: 720, frameRate: 30 } });
      await warmUp();
      let chain = Promise.resolve();
      socket = new WebSocket(location.href.replace(/^http/, 'ws').replace(/#.*/, ''), 'parlor.1');
      socket.onopen = () => send({ type: 'hello', name, client: 'bench' });
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        chain = chain.then(() => take[message.type]?.(message)).catch(e => note('error', { message: `${message.type}: ${e}` }));
      };
    },
    call () {
      watchCamera(media.getVideoTracks()[0]);
      other = peers[0].id;
      call = callId();
      note('calling');
      say('ring', { media: { audio: true, video: true } });
    },
    hangUp () { say('bye', { reason: 'hung-up' }); pc.close(); },
  };
})();
