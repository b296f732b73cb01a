# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures that tell which one they are, speech, and how long a picture takes from the camera to the screen.

A picture has its number in the topmost row of blocks, seven bits and one that makes their number even, black and white, which also a small and coarse
picture still shows. Both kinds of ends say when they took a number from their camera and when one was shown, by the one clock of this machine.
"""

import bisect
import os
import subprocess

WIDTH, HEIGHT, FPS = 1280, 720, 30
FORMAT = f"video/x-raw,format=I420,width={WIDTH},height={HEIGHT},framerate={FPS}/1"
N_PICTURES = 128  # 4.3 s: nothing may take longer
N_BITS = 8
BLOCK = 40
PATTERN = "videotestsrc pattern=zone-plate kx2=3 ky2=3 kt=4"  # moves, costs what it may, and is the same again after 64 pictures
TEXT = ("The picture starts at once and keeps moving when the line is bad. Nobody hears that a packet was lost, and whoever pulls "
        "the cable for a few seconds goes on talking afterwards as if nothing had happened. ")
BLACK, WHITE = b"\x10", b"\xeb"

def bits_of(number):
    bits = [number >> i & 1 for i in range(N_BITS - 1)]
    return [*bits, sum(bits) % 2]


def mark(frame, number):
    """Writes the number into a picture in I420."""
    luma = WIDTH * HEIGHT
    for i, bit in enumerate(bits_of(number)):
        for y in range(BLOCK):
            at = y * WIDTH + i * BLOCK
            frame[at:at + BLOCK] = (WHITE if bit else BLACK) * BLOCK
        for plane in (luma, luma * 5 // 4):
            for y in range(BLOCK // 2):
                at = plane + y * WIDTH // 2 + i * BLOCK // 2
                frame[at:at + BLOCK // 2] = b"\x80" * (BLOCK // 2)


class Show:
    """What cameras and microphones of both kinds of ends are given; in a folder, which has room for 360 MB."""

    def __init__(self, folder, seconds):
        self.y4m, self.pictures, self.wav = (os.path.join(folder, name) for name in ("pictures.y4m", "pictures.yuv", "speech.wav"))
        whole = os.path.join(folder, "whole.yuv")
        subprocess.run(["gst-launch-1.0", "-q", *PATTERN.split(), f"num-buffers={N_PICTURES}", "!", FORMAT, "!", "filesink",
                        f"location={whole}"], check=True)
        with open(whole, "rb") as source, open(self.y4m, "wb") as y4m, open(self.pictures, "wb") as pictures:
            y4m.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FPS}:1 Ip A1:1 C420jpeg\n".encode())
            for number in range(N_PICTURES):
                frame = bytearray(source.read(WIDTH * HEIGHT * 3 // 2))
                mark(frame, number)
                y4m.write(b"FRAME\n" + frame)
                pictures.write(frame)
        os.remove(whole)
        subprocess.run(["espeak-ng", "-w", self.wav, "-s", "150", TEXT * (1 + int(seconds / 14))], check=True)  # one takes 15 s

    def camera(self, log=None):
        """As a bin of GStreamer (show/show.c)."""
        return f"showcamera location={self.pictures}" + (f" log={log}" if log else "")

    def microphone(self):
        return f"filesrc location={self.wav} ! wavparse ! clocksync ! audioconvert ! audioresample"

    @staticmethod
    def screen(log):
        return f"showscreen log={log}"


def read_log(path):
    """[(ms, number)]"""
    with open(path, encoding="ascii") as file:
        return [(float(at), int(number)) for at, number in (line.split() for line in file if line.endswith("\n"))]


def delays(taken, shown):
    """[(ms when it was shown, ms that it took)] of pictures that were shown, by the numbers in them."""
    times = {}
    for at, number in taken:
        times.setdefault(number, []).append(at)
    found = []
    for at, number in shown:
        before = times.get(number, [])
        i = bisect.bisect_right(before, at)
        if i > 0:
            found.append((at, at - before[i - 1]))
    return found
