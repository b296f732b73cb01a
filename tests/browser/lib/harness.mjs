// SPDX-License-Identifier: GPL-3.0-or-later
// Tests one after another, each with a deadline and its own cleaning up, told as TAP. Nothing here waits for ever.

const tests = [];
const MINUTE = 60_000;

export function test(name, body, {timeout = MINUTE} = {}) {
  tests.push({name, body, timeout});
}

export function assert(condition, message) {
  if (!condition)
    throw new Error(message);
}

export function assertEqual(actual, expected, what) {
  assert(Object.is(actual, expected), `${what}: ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
}

export const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

// Rejects when `promise` takes longer than `ms`.
export async function within(ms, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// Asks `condition` again and again until it gives something true, and returns that.
export async function until(what, condition, ms = 15_000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await condition();
    if (value)
      return value;
    if (Date.now() > end)
      throw new Error(`${what}: not within ${ms} ms`);
    await pause(50);
  }
}

export function say(text) {
  for (const line of String(text).split('\n'))
    console.log(`# ${line}`);
}

// What a test (or the whole run) leaves behind goes here; run backwards, each within ten seconds.
export class Cleanup {
  #steps = [];

  add(step) {
    this.#steps.push(step);
  }

  async run() {
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await within(10_000, 'cleaning up', step());
      } catch (error) {
        say(`cleaning up: ${error.message}`);
      }
    }
  }
}

// puppeteer asks things of a page by itself; when the page is closed meanwhile, nobody waits for that answer. Any other
// rejection that nobody handles is a fault of the test that runs.
const NOBODY_WAITS = /^(TargetCloseError|ConnectionClosedError)$/;
let stray = [];

process.on('unhandledRejection', error => {
  say(`nobody handles: ${error?.stack ?? error}`);
  if (!NOBODY_WAITS.test(error?.name))
    stray.push(error);
});

function assertNoStray() {
  const [first] = stray;
  stray = [];
  if (first)
    throw first;
}

// shared: what all tests use; prepare (cleanup) makes it and may throw Skip.
export async function run(prepare = async () => ({})) {
  const only = process.env.PARLOR_TEST_ONLY;
  const chosen = tests.filter(({name}) => !only || name.includes(only));
  const whole = new Cleanup();
  let failed = 0;
  try {
    const shared = await prepare(whole);
    console.log(`1..${chosen.length}`);
    for (const [index, {name, body, timeout}] of chosen.entries()) {
      const cleanup = new Cleanup();
      const start = Date.now();
      try {
        await within(timeout, name, body({cleanup, ...shared}));
        assertNoStray();
        console.log(`ok ${index + 1} - ${name}`);
      } catch (error) {
        failed++;
        console.log(`not ok ${index + 1} - ${name}`);
        say(error.stack ?? error);
      }
      await cleanup.run();
      say(`${((Date.now() - start) / 1000).toFixed(1)} s`);
    }
  } catch (error) {
    if (error instanceof Skip && process.env.CI !== 'true') {
      console.log(`1..0 # SKIP ${error.message}`);
    } else {
      console.log(`Bail out! ${error.message}`);
      failed++;
    }
  }
  await whole.run();
  process.exit(failed ? 1 : 0);
}

// A thing this machine lacks. With CI=true that is a failure.
export class Skip extends Error {}
