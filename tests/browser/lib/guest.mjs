// SPDX-License-Identifier: GPL-3.0-or-later
// The guest page as a person uses it: by what is on the screen.

import {assert, say} from './harness.mjs';
import {openPage} from './browsers.mjs';

// Asks the page again and again. page.waitForFunction() needs eval, which the guest page's content policy denies it in Firefox 140.
async function until(page, deadline, question, ...args) {
  const end = Date.now() + deadline;
  while (!await page.evaluate(question, ...args)) {
    if (Date.now() > end)
      throw new Error(`not within ${deadline} ms`);
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

export class Guest {
  constructor(page) {
    this.page = page;
  }

  static async open(cleanup, browser, url, name, options) {
    const page = await openPage(browser, options);
    cleanup.add(() => page.browserContext().close());
    await page.goto(url, {waitUntil: 'load', timeout: 20_000});
    const guest = new Guest(page);
    guest.name = name;
    return guest;
  }

  async join() {
    await this.state('join');
    await this.page.bringToFront();
    await this.page.type('#name', this.name);
    await this.press('join');
  }

  async press(action) {
    await this.page.bringToFront();
    const selector = `[data-screen]:not([hidden]) [data-action="${action}"]:not([hidden])`;
    await until(this.page, 10_000, wanted => document.querySelector(wanted)?.checkVisibility({visibilityProperty: true}), selector);
    const button = await this.page.$(selector);
    await button.click();
    await button.dispose();
  }

  async state(...names) {
    await this.page.bringToFront();
    try {
      await until(this.page, 25_000, wanted => wanted.includes(document.body.dataset.state), names);
    } catch (error) {
      const is = await this.page.evaluate(() => `${document.body.dataset.state} (${document.body.dataset.reason ?? 'no reason'})`);
      throw new Error(`the page of ${this.name} is in state ${is}, expected ${names.join(' or ')}: ${error.message}`);
    }
  }

  // Waits for the end and returns its reason.
  async ended() {
    await this.state('ended');
    return this.page.evaluate(() => document.body.dataset.reason);
  }

  // What a person can read now.
  text() {
    return this.page.evaluate(() => [...document.querySelectorAll('[data-screen]:not([hidden]), #toast.shown')].map(each => each.innerText).join('\n'));
  }

  async reads(words) {
    await this.page.bringToFront();
    try {
      await until(this.page, 15_000, wanted => document.body.innerText.includes(wanted), words);
    } catch {
      throw new Error(`the page of ${this.name} does not say “${words}” but: ${await this.text()}`);
    }
  }

  // No error in the console, nothing that the content policy blocked.
  assertClean() {
    if (this.page.problems.length)
      say(this.page.problems.join('\n'));
    assert(this.page.problems.length === 0, `${this.page.problems.length} problems in the console of ${this.name}`);
  }
}
