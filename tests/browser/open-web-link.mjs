// SPDX-License-Identifier: GPL-3.0-or-later
// Opens a web link in Chromium as a guest who went on past the warning, joins, and stays until its input ends.
// Prints a line for each thing that happened: "joined", "active", "moving". Arguments: LINK NAME.

import {launch} from './lib/browsers.mjs';
import {Guest} from './lib/guest.mjs';
import {Skip} from './lib/harness.mjs';
import {arrives, measurePage} from './lib/measure.mjs';

const [link, name] = process.argv.slice(2);
const undo = [];

async function main() {
  const browser = await launch('chromium');
  undo.push(() => browser.close());
  const guest = await Guest.open({add: step => undo.push(step)}, browser, link, name);
  await guest.join();
  console.log('joined');
  await guest.state('active');
  console.log('active');
  await arrives('the page', () => measurePage(guest.page));
  console.log('moving');
  await new Promise(resolve => process.stdin.on('end', resolve).resume());
}

try {
  await main();
} catch (error) {
  console.log(error instanceof Skip ? `skipped ${error.message}` : `failed ${error.message}`);
  process.exitCode = 1;
}
// The browser last; a page of one that is gone already needs no closing.
for (const step of undo.reverse())
  await Promise.resolve(step()).catch(() => {});
process.exit();
