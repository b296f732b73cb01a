// SPDX-License-Identifier: GPL-3.0-or-later
// What really arrives: does the picture on the screen change, is there sound. Each measure must be able to say no,
// and the suites feed each of them a still picture and silence to prove it.

import {closeSync, existsSync, openSync, readSync, statSync} from 'node:fs';

const SAMPLES = 6;
const EVERY_MS = 250;
const LEVEL_FLOOR = 0.005; // of full scale; a muted track is 0, the made-up microphones are far above
const CHANGE_FLOOR = 0.002; // mean change of a pixel, of full scale; coding noise of a still picture is far below

// In a browser: {frames, change, level, moving, sounding} of what `selector` (a <video>) shows and of what was received.
export async function measurePage(page, selector = '#remote') {
  await page.bringToFront();
  const result = await page.evaluate(sampleInPage, selector, SAMPLES, EVERY_MS);
  result.moving = result.frames > 0 && result.change > CHANGE_FLOOR;
  result.sounding = result.level > LEVEL_FLOOR;
  return result;
}

async function sampleInPage(selector, samples, everyMs) {
  const video = document.querySelector(selector);
  const canvas = new OffscreenCanvas(64, 48);
  const context = canvas.getContext('2d', {willReadFrequently: true});
  const received = async () => {
    const total = {frames: 0, energy: 0, seconds: 0};
    const live = window.testConnections.filter(each => each.connectionState === 'connected');
    for (const connection of live) {
      (await connection.getStats()).forEach(stat => {
        if (stat.type === 'inbound-rtp' && stat.kind === 'video')
          total.frames += stat.framesDecoded ?? 0;
        if (stat.type === 'inbound-rtp' && stat.kind === 'audio') {
          total.energy += stat.totalAudioEnergy ?? 0;
          total.seconds += stat.totalSamplesDuration ?? 0;
        }
      });
    }
    return total;
  };
  const grab = () => {
    context.drawImage(video, 0, 0, 64, 48);
    return context.getImageData(0, 0, 64, 48).data;
  };
  const before = await received();
  let change = 0;
  let last = grab();
  for (let i = 0; i < samples; i++) {
    await new Promise(resolve => setTimeout(resolve, everyMs));
    const now = grab();
    let sum = 0;
    for (let j = 0; j < now.length; j++)
      sum += Math.abs(now[j] - last[j]);
    change = Math.max(change, sum / (64 * 48 * 3 * 255));
    last = now;
  }
  const after = await received();
  const seconds = after.seconds - before.seconds;
  return {
    frames: after.frames - before.frames,
    change,
    // the root mean square over the span, as webrtc-stats defines totalAudioEnergy
    level: seconds > 0 ? Math.sqrt(Math.max(0, after.energy - before.energy) / seconds) : 0,
    width: video.videoWidth,
    height: video.videoHeight,
  };
}

// For parlor-peer's --video-sink and --audio-sink: small raw files that grow while the call lasts.
export const RAW = {width: 64, height: 48, rate: 8000};

export function rawVideoSink(path) {
  return `videoconvertscale ! video/x-raw,format=GRAY8,width=${RAW.width},height=${RAW.height} ! filesink location=${path} buffer-mode=unbuffered`;
}

export function rawAudioSink(path) {
  return `audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate=${RAW.rate},channels=1 ! filesink location=${path} buffer-mode=unbuffered`;
}

// {frames, change, moving} of the last two seconds or so of a raw video file.
export function measureRawVideo(path, last = 40) {
  const size = RAW.width * RAW.height;
  const bytes = tail(path, size * last, size);
  const frames = Math.floor(bytes.length / size);
  let change = 0;
  for (let i = 5; i < frames; i++) {
    let sum = 0;
    for (let j = 0; j < size; j++)
      sum += Math.abs(bytes[i * size + j] - bytes[(i - 5) * size + j]);
    change = Math.max(change, sum / (size * 255));
  }
  return {frames, change, moving: change > CHANGE_FLOOR};
}

// {level, sounding} of the last second of a raw audio file; level is the root mean square, of full scale.
export function measureRawAudio(path) {
  const bytes = tail(path, RAW.rate * 2, 2);
  const count = Math.floor(bytes.length / 2);
  let sum = 0;
  for (let i = 0; i < count; i++)
    sum += (bytes.readInt16LE(i * 2) / 32768) ** 2;
  const level = count ? Math.sqrt(sum / count) : 0;
  return {level, sounding: level > LEVEL_FLOOR};
}

// The last `length` bytes, beginning on a multiple of `unit`.
function tail(path, length, unit) {
  if (!existsSync(path))
    return Buffer.alloc(0);
  const whole = Math.floor(statSync(path).size / unit) * unit;
  const start = Math.max(0, whole - length);
  const bytes = Buffer.alloc(whole - start);
  const file = openSync(path, 'r');
  try {
    readSync(file, bytes, 0, bytes.length, start);
  } finally {
    closeSync(file);
  }
  return bytes;
}
