#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A call on a narrow line with a queue: it sends what fits, its picture shrinks, and the queue stays short."""

import os
import sys

sys.path[:0] = [os.path.join(os.path.dirname(__file__), folder) for folder in ("../bench", "../call", ".")]
from lab import isolate
from network import Call
from peers import figure, run

BUILD = sys.argv[1]
SECONDS = 24  # of call; judged from a third on


def narrow():
    """Half a megabit a second, where a fixed 1.5 would lose two thirds and freeze."""
    call = Call(BUILD, "500 kbit/s", SECONDS)
    print("# " + ", ".join(f"{name} {value}" for name, value in call.figures().items()), flush=True)
    judged = [sample for sample in call.samples if sample[0] > SECONDS / 3]
    lines = [figure(sample[2], "in", "video", "height") for sample in judged]
    targets = [sample[3]["estimate_bps"] for sample in judged]
    asked = [figure(sample[3], "out", "video", "target_bps") for sample in judged]
    frames = figure(judged[-1][2], "in", "video", "frames") - figure(judged[0][2], "in", "video", "frames")
    packets = judged[-1][4]["in"] - judged[0][4]["in"]
    overflown = judged[-1][4]["overflown"] - judged[0][4]["overflown"]
    assert 0 < min(lines) and max(lines) <= 540, lines
    assert max(targets) < 900_000 and max(asked) < max(targets), (targets, asked)
    assert frames > 5 * (judged[-1][0] - judged[0][0]), frames
    assert overflown < packets / 10, (overflown, packets)


isolate()
run([narrow])
