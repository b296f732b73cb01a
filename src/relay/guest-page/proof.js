// SPDX-License-Identifier: GPL-3.0-or-later
// What binds a call to the key of the invite, as src/wire/PROTOCOL.md has it under "Trust". Pure: bytes in, bytes out.
// It needs crypto.subtle, which browsers have on secure pages only.

import {equal, fromText, toText} from './bytes.js';

export const NONCE_BYTES = 32;
const MAC_BYTES = 32;
const EMOJI = {count: 5, bits: 6};

const utf8 = text => new TextEncoder().encode(text);
const digest = async bytes => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

// L(): each field, text or bytes, behind its length as 32 bits, big-endian.
export function fields(...values) {
  const parts = values.map(value => (typeof value === 'string' ? utf8(value) : value));
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0));
  const view = new DataView(joined.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.length);
    joined.set(part, at + 4);
    at += 4 + part.length;
  }
  return joined;
}

// HKDF-SHA256 without salt, 32 bytes.
async function derive(key, purpose) {
  const material = await crypto.subtle.importKey('raw', key, 'HKDF', false, ['deriveBits']);
  const how = {name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: utf8(purpose)};
  return new Uint8Array(await crypto.subtle.deriveBits(how, material, 256));
}

// What is told to the relay, so that it lets in who holds the invite; the key cannot be found from it.
export async function ticketOf(guestKey) {
  return toText(await derive(guestKey, 'parlor.1 join'));
}

// K or Kg, from KEY or GUESTKEY.
export async function proofKeyOf(key) {
  const bytes = await derive(key, 'parlor.1 proof');
  return crypto.subtle.importKey('raw', bytes, {name: 'HMAC', hash: 'SHA-256'}, false, ['sign']);
}

export async function commitTo(nonce) {
  return digest(fields('parlor.1', 'commit', nonce));
}

// TO, TA: everything that both ends must have seen alike. nonce and commit are empty in later generations.
export async function offerTranscript({room, call, from, to, generation, sdp, commit}) {
  return fields('parlor.1', 'offer', room, call, from, to, String(generation), await digest(utf8(sdp)), commit);
}

export async function answerTranscript({room, call, from, to, generation, sdp, nonce}, offer) {
  return fields('parlor.1', 'answer', room, call, from, to, String(generation), await digest(utf8(sdp)), nonce, await digest(offer));
}

async function macOf(key, transcript) {
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, transcript));
}

export async function prove(key, transcript) {
  return toText(await macOf(key, transcript));
}

export async function isProven(key, transcript, mac) {
  const claimed = fromText(mac, MAC_BYTES);
  const right = await macOf(key, transcript);
  return claimed !== null && equal(right, claimed);
}

// Five numbers from 0 to 63: which emoji both ends must see.
export async function emojiOf(answer, nonceOfOfferer) {
  const hash = await digest(fields('parlor.1', 'emoji', await digest(answer), nonceOfOfferer));
  const word = new DataView(hash.buffer).getUint32(0);
  return Array.from({length: EMOJI.count}, (_, i) => (word >>> (32 - EMOJI.bits * (i + 1))) & (2 ** EMOJI.bits - 1));
}
