// SPDX-License-Identifier: GPL-3.0-or-later
//
// Starts one Chromium, puts chromium-page.js into a page of the relay, and speaks with bench like parlor-peer does:
// commands on standard input (`call`, `hang-up`, `quit`), events as JSON lines on standard output.
// With no arguments it only sees to it that puppeteer-core is there (PARLOR_BROWSER_MODULES, see tests/browser).
// A third argument is a file in Y4M that its camera shows, again and again; a fourth a WAV that its microphone hears.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loadPuppeteer } from '../browser/lib/modules.mjs';

const [url, name, picture, sound] = process.argv.slice(2);
const puppeteer = await loadPuppeteer();
if (!url) process.exit(0);
const profile = mkdtempSync(join(tmpdir(), 'parlor-bench-'));

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  userDataDir: profile,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--use-fake-device-for-media-stream=fps=30', '--use-fake-ui-for-media-stream',
    ...(picture ? [`--use-file-for-fake-video-capture=${picture}`] : []),
    ...(sound ? [`--use-file-for-fake-audio-capture=${sound}`] : []),
    `--unsafely-treat-insecure-origin-as-secure=${new URL(url).origin}`, // cameras are for secure origins, or the loopback, only
    '--autoplay-policy=no-user-gesture-required'],
});
try {
  const page = await browser.newPage();
  await page.exposeFunction('benchEvent', event => { process.stdout.write(JSON.stringify(event) + '\n'); });
  await page.goto(url);
  await page.evaluate(readFileSync(new URL('chromium-page.js', import.meta.url), 'utf8'));
  await page.evaluate(n => window.benchEnd.join(n), name);
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'call') await page.evaluate(() => window.benchEnd.call());
    if (line === 'hang-up') await page.evaluate(() => window.benchEnd.hangUp());
    if (line === 'quit') break;
  }
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
}
process.stdin.destroy(); // an open standard input would keep node alive
