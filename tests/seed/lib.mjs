// SPDX-License-Identifier: GPL-3.0-or-later
// The seed's own pieces, started for a test: its Go relay, and its pages on a web server of their own.

import {execFile} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';
import {connect, createServer as createTcpServer} from 'node:net';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';

import {openPage} from '../browser/lib/browsers.mjs';
import {Skip, assert, until} from '../browser/lib/harness.mjs';
import {Program} from '../browser/lib/processes.mjs';

const FIXTURES = join(dirname(fileURLToPath(import.meta.url)), 'fixtures');
const PAGE_ADDRESS = 'ws://127.0.0.1:3002'; // as the fixtures have it
const GO_ADDRESS = '":3002"';
const GO_PATH = '/usr/share/gocode'; // where Debian keeps Go's libraries in source
const TYPES = {html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8'};

function fixture(name) {
  return readFileSync(join(FIXTURES, name), 'utf8');
}

function withAddress(text, from, to) {
  assert(text.includes(from), `the fixture does not hold ${from}`);
  return text.replaceAll(from, to);
}

async function freePort() {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await new Promise(resolve => server.on('listening', resolve));
  const {port} = server.address();
  await new Promise(resolve => server.close(resolve));
  return port;
}

// The Go relay on a free port: its address is a word in its source, so it is compiled anew (the cache makes that short).
export async function startGoRelay(cleanup) {
  if (!existsSync(join(GO_PATH, 'src/github.com/gorilla/websocket')))
    throw new Skip('no golang-github-gorilla-websocket-dev on this machine');
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'parlor-seed-'));
  cleanup.add(async () => rmSync(folder, {recursive: true, force: true}));
  const cache = join(process.env.PARLOR_BROWSER_MODULES, 'go-cache');
  mkdirSync(cache, {recursive: true});
  writeFileSync(join(folder, 'relay.go'), withAddress(fixture('relay.go'), GO_ADDRESS, `"127.0.0.1:${port}"`));
  const env = {...process.env, GO111MODULE: 'off', GOPATH: GO_PATH, GOCACHE: cache, GOFLAGS: ''};
  try {
    await promisify(execFile)('go', ['build', '-o', 'relay', 'relay.go'], {cwd: folder, env, timeout: 120_000});
  } catch (error) {
    if (error.code === 'ENOENT')
      throw new Skip('no go on this machine');
    throw error;
  }
  const program = new Program(join(folder, 'relay'), []);
  cleanup.add(() => program.stop());
  await until('the Go relay listens', () => answers(port));
  return {url: `ws://127.0.0.1:${port}`, program};
}

function answers(port) {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

// Serves the pages, their relay being `relay` (a ws:// URL); returns the address of the folder.
export async function servePages(cleanup, relay) {
  const server = createServer((request, response) => {
    const name = request.url.slice(1);
    if (!/^(sender|receiver)\.(html|js)$/.test(name)) {
      response.statusCode = 404;
      response.end();
      return;
    }
    const text = fixture(name);
    response.setHeader('content-type', TYPES[name.split('.').pop()]);
    response.end(name.endsWith('.js') ? withAddress(text, PAGE_ADDRESS, relay) : text);
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  cleanup.add(() => new Promise(resolve => {
    server.closeAllConnections?.();
    server.close(resolve);
  }));
  return `http://127.0.0.1:${server.address().port}`;
}

// Opens one of the pages; it starts by itself. Resolves when it reached its relay.
export async function openSeedPage(cleanup, browser, pages, name, options) {
  const page = await openPage(browser, options);
  cleanup.add(() => page.browserContext().close());
  const said = [];
  page.on('console', message => said.push(message.text()));
  await page.goto(`${pages}/${name}.html`, {timeout: 20_000});
  await until(`the ${name} page reaches its relay`, () => said.some(text => text.includes('成功连接')));
  return page;
}
