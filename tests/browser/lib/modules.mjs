// SPDX-License-Identifier: GPL-3.0-or-later
// puppeteer-core and ws, installed once into the build directory: the source tree stays clean and the lock file decides.

import {cpSync, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

import {Skip, say} from './harness.mjs';
import {Program} from './processes.mjs';

const SOURCE = dirname(dirname(fileURLToPath(import.meta.url)));
const ENTRY = 'node_modules/puppeteer-core/lib/esm/puppeteer/puppeteer-core.js';
const INSTALL_MS = 180_000;

export async function loadPuppeteer() {
  return (await import(pathToFileURL(join(await installModules(), ENTRY)))).default;
}

export async function loadWs() {
  return import(pathToFileURL(join(await installModules(), 'node_modules/ws/wrapper.mjs')));
}

async function installModules() {
  const folder = process.env.PARLOR_BROWSER_MODULES;
  if (!folder)
    throw new Error('PARLOR_BROWSER_MODULES is not set: run this through meson test');
  const lock = readFileSync(join(SOURCE, 'package-lock.json'), 'utf8');
  const mark = join(folder, 'installed-lock.json');
  if (!existsSync(mark) || readFileSync(mark, 'utf8') !== lock) {
    await install(folder);
    writeFileSync(mark, lock);
  }
  return folder;
}

async function install(folder) {
  say('installing puppeteer-core and ws into the build directory');
  mkdirSync(folder, {recursive: true});
  for (const name of ['package.json', 'package-lock.json'])
    cpSync(join(SOURCE, name), join(folder, name));
  const npm = new Program('npm', ['ci', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund',
    '--fetch-retries=5'], {cwd: folder});
  let status;
  try {
    status = await npm.exit(INSTALL_MS);
  } catch {
    status = await npm.stop();
  }
  if (status !== 0)
    throw new Skip(`npm could not install them (no network?): ${npm.errors.at(-1) ?? status}`);
}
