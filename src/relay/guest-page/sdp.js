// SPDX-License-Identifier: GPL-3.0-or-later
// What must be true of a description before it reaches the browser. The browser then holds the certificate to it.

export class CallError extends Error {
  constructor(reason, message) {
    super(message);
    this.reason = reason;
  }
}

export function fingerprints(sdp) {
  const found = new Set();
  for (const [, algorithm, value] of sdp.matchAll(/^a=fingerprint:(\S+)[ \t]+(\S+)[ \t]*$/gm))
    found.add(`${algorithm.toLowerCase()} ${value.toUpperCase()}`);
  return found;
}

// The certificate that a description promises, once it was found to promise just one.
export function certificateOf(sdp) {
  return [...fingerprints(sdp)].join();
}

// Exactly one distinct fingerprint, sha-256, not our own (RFC 8122 allows more; the protocol does not).
export function checkFingerprint(sdp, ownSdp) {
  const found = [...fingerprints(sdp)];
  if (found.length === 0)
    throw new CallError('fingerprint-missing', 'no a=fingerprint in the description');
  if (found.length > 1)
    throw new CallError('fingerprint-mismatch', `${found.length} different fingerprints in the description`);
  if (!/^sha-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}$/.test(found[0]))
    throw new CallError('fingerprint-mismatch', 'the fingerprint is not a sha-256 one');
  if (ownSdp && fingerprints(ownSdp).has(found[0]))
    throw new CallError('fingerprint-mismatch', 'the fingerprint is our own');
}
