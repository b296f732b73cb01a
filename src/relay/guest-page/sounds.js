// SPDX-License-Identifier: GPL-3.0-or-later
// Soft tones made on the spot: somebody rings us, it rings there. They start only after the Join tap, as browsers demand.

const TUNES = {
  incoming: {every: 2500, notes: [[0, 659], [0.18, 784], [0.36, 988]], volume: 0.10},
  dialing: {every: 3000, notes: [[0, 440], [0.25, 440]], volume: 0.04},
};
const NOTE_S = 0.32;

export class Sounds {
  #context = null;
  #timer = null;
  #playing = null;

  // Call it in the tap.
  unlock() {
    this.#context ??= new AudioContext();
    this.#context.resume().catch(() => {});
  }

  // 'incoming', 'dialing' or null.
  play(name) {
    if (name === this.#playing)
      return;
    this.#playing = name;
    clearInterval(this.#timer);
    if (!name || !this.#context)
      return;
    this.#strike(TUNES[name]);
    this.#timer = setInterval(() => this.#strike(TUNES[name]), TUNES[name].every);
  }

  #strike({notes, volume}) {
    for (const [after, frequency] of notes) {
      const start = this.#context.currentTime + after;
      const gain = new GainNode(this.#context, {gain: 0});
      gain.gain.setValueAtTime(0, start);
      gain.gain.linearRampToValueAtTime(volume, start + 0.02);
      gain.gain.exponentialRampToValueAtTime(0.0001, start + NOTE_S);
      const tone = new OscillatorNode(this.#context, {frequency});
      tone.connect(gain).connect(this.#context.destination);
      tone.start(start);
      tone.stop(start + NOTE_S);
    }
  }
}
