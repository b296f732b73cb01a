// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes and the text they travel as: base64url without padding, whose last character has its unused bits 0.

export const randomBytes = count => crypto.getRandomValues(new Uint8Array(count));

export function toText(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

// null for anything that is not exactly `count` bytes, spelled in the one way there is.
export function fromText(text, count) {
  if (typeof text !== 'string' || !/^[A-Za-z0-9_-]*$/.test(text) || text.length !== Math.ceil(count * 8 / 6))
    return null;
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), letter => letter.charCodeAt(0));
  return toText(bytes) === text ? bytes : null;
}

// How long it takes says nothing about where they differ.
export function equal(a, b) {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++)
    difference |= a[i] ^ b[i % b.length];
  return difference === 0;
}
