// SPDX-License-Identifier: GPL-3.0-or-later
// Whether the other side has been silent for too long, without a clock of its own. Whoever looks gives the time (ms) and a
// figure that grows with whatever comes in. When it could not look for a while, packets may lie unread: silence is
// counted anew, and as the network may have changed meanwhile, less of it is enough.

const HURRY_MS = 5000;
const STALL_MS = 1500; // browsers look once a second where nobody sees the page

export class Liveness {
  heardAt;         // when something of theirs last came in
  heardInARow = 0; // looks with something new in a row
  #alarm;
  #early;
  #since;
  #lookedAt;
  #hurriedAt = -Infinity;
  #figure = null;

  constructor({alarm, early}, now) {
    this.#alarm = alarm;
    this.#early = early;
    this.heardAt = this.#since = this.#lookedAt = now;
  }

  hurry(now) {
    this.#hurriedAt = now;
  }

  // How long they have been silent, as far as we can tell.
  silence(now) {
    return now - Math.max(this.heardAt, this.#since);
  }

  // True: for too long.
  look(now, figure) {
    if (now - this.#lookedAt > STALL_MS) {
      this.#since = now;
      this.#hurriedAt = now;
    }
    this.#lookedAt = now;
    if (figure !== this.#figure) {
      this.#figure = figure;
      this.heardAt = now;
      this.heardInARow++;
    } else {
      this.heardInARow = 0;
    }
    return this.silence(now) >= (now - this.#hurriedAt < HURRY_MS ? this.#early : this.#alarm);
  }
}
