// SPDX-License-Identifier: GPL-3.0-or-later

// EventTarget with the two lines everybody needs: emit a value, listen to a value.
export class Emitter extends EventTarget {
  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, {detail}));
  }

  on(name, callback) {
    this.addEventListener(name, event => callback(event.detail));
    return this;
  }
}
