// SPDX-License-Identifier: GPL-3.0-or-later
// Chromium over CDP, Firefox over WebDriver BiDi: headless, with a made-up camera and microphone, nothing from outside.

import {existsSync} from 'node:fs';

import {Skip} from './harness.mjs';
import {loadPuppeteer} from './modules.mjs';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FIREFOX = ['/usr/bin/firefox-esr', '/usr/bin/firefox'];

const CHROMIUM_ARGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding', '--mute-audio',
  '--autoplay-policy=no-user-gesture-required',
];

const START_MS = 60_000; // the first start on a machine reads all of the browser from the disk

const FIREFOX_PREFS = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.autoplay.default': 0,
  'media.gmp-manager.updateEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.normandy.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
};

// devices: 'fake' (granted), 'denied', 'none'. Chromium only knows the last two. args: further switches for Chromium.
export async function launch(kind, {devices = 'fake', args = []} = {}) {
  const executablePath = (kind === 'firefox' ? FIREFOX : CHROMIUM).find(existsSync);
  if (!executablePath)
    throw new Skip(`no ${kind} on this machine`);
  const puppeteer = await loadPuppeteer();
  const common = {executablePath, headless: true, defaultViewport: null, acceptInsecureCerts: true, protocolTimeout: 60_000, timeout: START_MS,
    env: browserEnvironment()};
  if (kind === 'firefox')
    return puppeteer.launch({...common, browser: 'firefox', extraPrefsFirefox: FIREFOX_PREFS});
  return puppeteer.launch({...common, args: [...CHROMIUM_ARGS, ...chromiumDevices(devices), ...args]});
}

// The strictness meant for our own programs would end Firefox at its first GLib warning.
function browserEnvironment() {
  const {G_DEBUG, MALLOC_PERTURB_, ...environment} = process.env;
  return environment;
}

function chromiumDevices(devices) {
  switch (devices) {
    case 'fake': return ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
    case 'denied': return ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream=deny'];
    default: return ['--use-fake-ui-for-media-stream'];
  }
}

// A page on its own, as if on its own computer: its storage is not shared with the others. script runs in it before its own.
export async function openPage(browser, {viewport = {width: 1280, height: 800}, script, userAgent} = {}) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.problems = [];
  page.on('pageerror', error => page.problems.push(error.message));
  page.on('console', message => message.type() === 'error' && page.problems.push(message.text()));
  await page.setViewport(viewport).catch(tolerateOldFirefox);
  if (userAgent)
    await page.setUserAgent(userAgent);
  await page.evaluateOnNewDocument(keepConnections);
  if (script)
    await page.evaluateOnNewDocument(script);
  return page;
}

// puppeteer sets the size and the orientation at once; Firefox 140, in Debian 12 as first released, knows only the size.
function tolerateOldFirefox(error) {
  if (!/unknown command emulation\.setScreenOrientationOverride/.test(error.message))
    throw error;
}

// In the page: lets the tests read the statistics of connections that the page keeps to itself.
function keepConnections() {
  const Original = window.RTCPeerConnection;
  window.testConnections = [];
  window.RTCPeerConnection = class extends Original {
    constructor(...args) {
      super(...args);
      window.testConnections.push(this);
    }
  };
}
