// SPDX-License-Identifier: GPL-3.0-or-later
// Where this page was opened: host, room and the guest key behind `#`. The key stays here: browsers do not send it.

export const KEY_BYTES = 16;
const KEY = /^[A-Za-z0-9_-]{21}[AQgw]$/; // 16 bytes as unpadded base64url: the last character carries two bits

// {host, room, key, url, error}; room is '' in the lobby, key is null when the invite has none.
export function readInvite(location) {
  const fragment = location.hash.slice(1);
  return {
    host: location.host,
    room: location.pathname.slice(1),
    key: fragment === '' ? null : fragment,
    url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${location.pathname}`,
    error: fragment !== '' && !KEY.test(fragment) ? 'bad-invite' : null,
  };
}

// Browsers inside other apps: they show the page but lend it no camera, or none that works.
export function isInApp(userAgent) {
  return /\b(Instagram|FBAN|FBAV|FB_IAB|MicroMessenger|Line\/|Snapchat|BytedanceWebview|musical_ly)/.test(userAgent);
}

// An address that no authority signs for: the computer at the other end made its certificate itself, and the browser has
// warned before it showed this page.
export function isHomeMade({protocol, hostname}) {
  return protocol === 'https:' && (/^[\d.]+$|^\[/.test(hostname) || /^[^.]+$|\.(local|lan|home|internal|home\.arpa)$/.test(hostname));
}
