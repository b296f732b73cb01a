// SPDX-License-Identifier: GPL-3.0-or-later
// What really arrives: does the picture on the screen change, is there sound. Each measure must be able to say no,
// and the suites feed each of them a still picture and silence to prove it.

import {closeSync, existsSync, openSync, readSync, statSync} from 'node:fs';

import {pause, say, until} from './harness.mjs';

const ARRIVE_MS = 25_000;
const SAMPLES = 6;
const EVERY_MS = 250;
const LEVEL_FLOOR = 0.005; // of full scale; a muted track is 0, the made-up microphones are far above
const STEP = 25; // of 255: a pixel that changes less may be noise of the coding
const CHANGE_FLOOR = 0.0003; // part of the pixels that changed by more than that; a small ball that rolls changes 0.003

const RAW = {width: 160, height: 120, rate: 8000}; // what is looked at and listened to

// Measures until picture and sound have both arrived; says what it saw, also when they never came.
export async function arrives(where, measure) {
  let measured;
  try {
    await until(`picture and sound reach ${where}`, async () => {
      measured = await measure();
      return measured.moving && measured.sounding;
    }, ARRIVE_MS);
  } finally {
    say(`${where} sees ${JSON.stringify(measured)}`);
  }
}

// In a browser: {frames, change, level, moving, sounding} of what `selector` (a <video>) shows and of what was received.
export async function measurePage(page, selector = '#remote') {
  await page.bringToFront();
  const result = await page.evaluate(sampleInPage, selector, {...RAW, samples: SAMPLES, everyMs: EVERY_MS, step: STEP});
  result.moving = result.frames > 0 && result.change > CHANGE_FLOOR;
  result.sounding = result.level > LEVEL_FLOOR;
  return result;
}

async function sampleInPage(selector, {width, height, samples, everyMs, step}) {
  const video = document.querySelector(selector);
  const canvas = new OffscreenCanvas(width, height);
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
    context.drawImage(video, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  };
  const before = await received();
  let change = 0;
  const first = grab(); // all are held against it: some made-up cameras change slowly
  for (let i = 0; i < samples; i++) {
    await new Promise(resolve => setTimeout(resolve, everyMs));
    const now = grab();
    let changed = 0;
    for (let j = 0; j < now.length; j += 4)
      changed += Math.max(Math.abs(now[j] - first[j]), Math.abs(now[j + 1] - first[j + 1]), Math.abs(now[j + 2] - first[j + 2])) > step;
    change = Math.max(change, changed / (width * height));
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

export function rawVideoSink(path) {
  return `videoconvertscale ! video/x-raw,format=RGB,width=${RAW.width},height=${RAW.height} ! filesink location=${path} buffer-mode=unbuffered`;
}

export function rawAudioSink(path) {
  return `audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate=${RAW.rate},channels=1 ! filesink location=${path} buffer-mode=unbuffered`;
}

// What the two files gained in a while: {frames, change, level, moving, sounding}.
export async function measureRaw(videoPath, audioPath) {
  const start = {video: sizeOf(videoPath), audio: sizeOf(audioPath)};
  await pause(SAMPLES * EVERY_MS);
  const {frames, change} = changeIn(read(videoPath, start.video, RAW.width * RAW.height * 3));
  const level = levelOf(read(audioPath, start.audio, 2));
  return {frames, change, level, moving: change > CHANGE_FLOOR, sounding: level > LEVEL_FLOOR};
}

function changeIn(bytes) {
  const size = RAW.width * RAW.height * 3;
  const frames = bytes.length / size;
  let change = 0;
  for (let i = 1; i < frames; i++) {
    let changed = 0;
    for (let j = 0, k = i * size; j < size; j += 3, k += 3)
      changed += Math.max(Math.abs(bytes[k] - bytes[j]), Math.abs(bytes[k + 1] - bytes[j + 1]), Math.abs(bytes[k + 2] - bytes[j + 2])) > STEP;
    change = Math.max(change, changed / (RAW.width * RAW.height));
  }
  return {frames, change};
}

// The root mean square, of full scale.
function levelOf(bytes) {
  const count = bytes.length / 2;
  let sum = 0;
  for (let i = 0; i < count; i++)
    sum += (bytes.readInt16LE(i * 2) / 32768) ** 2;
  return count ? Math.sqrt(sum / count) : 0;
}

function sizeOf(path) {
  return existsSync(path) ? statSync(path).size : 0;
}

// What the file holds from `start` on, in whole pieces of `unit` bytes.
function read(path, start, unit) {
  const from = Math.ceil(start / unit) * unit;
  const to = Math.floor(sizeOf(path) / unit) * unit;
  const bytes = Buffer.alloc(Math.max(0, to - from));
  if (bytes.length === 0)
    return bytes;
  const file = openSync(path, 'r');
  try {
    readSync(file, bytes, 0, bytes.length, from);
  } finally {
    closeSync(file);
  }
  return bytes;
}
