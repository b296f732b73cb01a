#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two real windows with a camera, a microphone and a speaker: what is shown and what is heard at either end.

Runs under with-pipewire.sh. Both windows use the same three devices: the microphone hears somebody talk all the time, and what
the speaker plays is recorded. Both send the same words, which an echo canceller rightly takes for an echo: one talks at a time.
"""

import array
import math
import os
import random
import shutil
import subprocess
import tempfile
import unittest
import wave

if 'PARLOR_TEST_INSIDE' not in os.environ:  # parlor_window makes a runtime directory of its own: name the servers in this one
    os.environ['PIPEWIRE_RUNTIME_DIR'] = os.environ['XDG_RUNTIME_DIR']
    os.environ['PULSE_SERVER'] = f"unix:{os.environ['XDG_RUNTIME_DIR']}/pulse/native"

import parlor_window  # noqa: E402
from parlor_window import Parlor, wait_for  # noqa: E402

MOVING = 40     # changed bytes, as in test-calls.py
RATE = 16000    # Hz, of what is recorded
HEARD = 300     # RMS of 16 bit samples; the words come as about twenty times that
SILENT = 30
CAMERA = (os.path.join(os.path.dirname(__file__), '../media/virtual-camera.sh')
          + ' parlor-ui-camera pattern=ball background-color=0xff00a000')
SPEECH = ('gst-launch-1.0 -q multifilesrc location={file} loop=true ! '
          'rawaudioparse format=pcm pcm-format=s16le sample-rate={rate} num-channels=1 ! '
          'audioconvert ! audioresample ! pulsesink device=parlor_wire')
WORDS = ('The quick brown fox jumps over the lazy dog, and nobody in the parlour minds. '
         'Tell me again how the garden looks today, and whether the tea is ready.')


def rms(samples):
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples)) if samples else 0


def write_speech(folder):
    """Writes raw 16 bit samples; returns the file and its rate."""
    path = os.path.join(folder, 'speech.raw')
    if shutil.which('espeak-ng'):
        subprocess.run(['espeak-ng', '-w', path + '.wav', WORDS], check=True, timeout=30)
        with wave.open(path + '.wav') as speech, open(path, 'wb') as raw:
            raw.write(speech.readframes(speech.getnframes()))
            return path, speech.getframerate()

    chance = random.Random(1)  # syllables of a buzz whose pitch wanders, with pauses
    samples = array.array('h')
    for _ in range(24):
        pitch, count = chance.uniform(90, 180), int(RATE * chance.uniform(0.1, 0.3))
        samples.extend(int(9000 * math.sin(math.pi * i / count) * (2 * (i * pitch / RATE % 1) - 1)) for i in range(count))
        samples.extend([0] * int(RATE * chance.uniform(0.02, 0.2)))
    with open(path, 'wb') as raw:
        samples.tofile(raw)
    return path, RATE


class TestDevices(unittest.TestCase):
    def spawn(self, command):
        process = subprocess.Popen(command.split(), stdout=subprocess.DEVNULL)
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        if process.poll() is None:
            process.terminate()
        process.wait()

    def pactl(self, *args):
        subprocess.run(['pactl', *args], check=True, stdout=subprocess.DEVNULL, timeout=30)

    def plug_all(self):
        folder = tempfile.TemporaryDirectory(prefix='parlor-speech-')
        self.addCleanup(folder.cleanup)
        self.pactl('load-module', 'module-null-sink', 'sink_name=parlor_speaker', 'sink_properties=device.description=Speaker')
        self.pactl('load-module', 'module-null-sink', 'sink_name=parlor_wire')
        self.pactl('load-module', 'module-remap-source', 'source_name=parlor_mic', 'master=parlor_wire.monitor',
                   'source_properties=device.description=Microphone')
        self.pactl('set-default-sink', 'parlor_speaker')
        self.pactl('set-default-source', 'parlor_mic')
        path, rate = write_speech(folder.name)
        self.talker = self.spawn(SPEECH.format(file=path, rate=rate))
        self.camera = self.spawn(CAMERA)

    def start(self, *args, **kwargs):
        parlor = Parlor(*args, test_media=False, **kwargs)
        self.addCleanup(self.stop, parlor)
        return parlor

    def stop(self, parlor):
        status = parlor.close()
        log = parlor.read_log()
        parlor.log.close()
        self.assertEqual(status, 0, log)
        self.assertNotIn('CRITICAL', log)

    # --- what is heard

    def listen(self, seconds):
        """Records what the speaker plays; returns how loud it is."""
        wanted = int(RATE * seconds) * 2
        recorder = subprocess.Popen(['timeout', '20', 'parec', '--device=parlor_speaker.monitor', '--format=s16le', '--raw',
                                     f'--rate={RATE}', '--channels=1', '--latency-msec=50'], stdout=subprocess.PIPE)
        try:
            sound = recorder.stdout.read(wanted)
        finally:
            recorder.terminate()
            recorder.wait()
            recorder.stdout.close()
        self.assertEqual(len(sound), wanted, 'the speaker does not run')
        return rms(array.array('h', sound))

    def hears(self, what, loud):
        """Waits until it is so, then measures two more seconds."""
        if loud:
            wait_for(f'{what}: speech', lambda: self.listen(0.5) > HEARD)
        else:
            wait_for(f'{what}: silence', lambda: self.listen(1.5) < SILENT)  # longer than any pause between words
        level = self.listen(2)
        print(f'{what}: RMS {level:.1f}', flush=True)
        if loud:
            self.assertGreater(level, HEARD, what)
        else:
            self.assertLess(level, SILENT, what)

    def mute(self, parlor, muted):
        if parlor.action_state('mute-microphone') != muted:
            parlor.activate('mute-microphone')
        wait_for('the microphone button', lambda: parlor.action_state('mute-microphone') == muted)

    # --- what is seen

    def green(self, parlor):
        """How much of the other person's picture has the colour of the camera's background, 0 to 1."""
        shot = parlor.shot()
        middle = shot.middle()
        pixels = range(0, len(middle) - shot.channels, shot.channels * 7)
        return sum(middle[i + 1] > 100 > max(middle[i], middle[i + 2]) for i in pixels) / len(pixels)

    def assert_moves(self, parlor, whose):
        changed = wait_for('a moving remote picture', lambda: max(0, parlor.changed_pixels() - MOVING))
        print(f'{whose}: {changed + MOVING} bytes changed', flush=True)

    def test_call_with_devices(self):
        self.plug_all()
        ann = self.start('--host', name='Ann', x=0)
        bo = self.start(ann.wait_text_with('parlor://'), name='Bo', x=1200)
        bo.press('Join')
        ann.press('Accept')
        ends = {'what Ann sees': ann, 'what Bo sees': bo}

        for whose, parlor in ends.items():
            share = wait_for('the picture of the camera', lambda parlor=parlor: max(0, self.green(parlor) - 0.5)) + 0.5
            print(f'{whose}: {share:.0%} is the camera', flush=True)
            self.assert_moves(parlor, whose)
            self.assertFalse([text for text in parlor.texts() if 'others see' in text or 'others hear' in text])

        self.mute(ann, True)
        self.hears('Bo talks', True)
        self.mute(bo, True)
        self.hears('both are muted', False)
        self.mute(ann, False)
        self.hears('Ann talks', True)
        self.end(self.talker)
        self.hears('nobody talks', False)  # what was heard came from the microphone

        self.end(self.camera)
        for whose, parlor in ends.items():
            parlor.wait_text_with('others see a test picture')
            wait_for('a picture that is not the camera', lambda parlor=parlor: self.green(parlor) < 0.2)
            self.assert_moves(parlor, f'{whose} without the camera')
            self.assertTrue(parlor.sees_button('Hang Up'))

        self.camera = self.spawn(CAMERA)
        for whose, parlor in ends.items():
            wait_for('the camera again', lambda parlor=parlor: self.green(parlor) > 0.5)
            wait_for('nothing to say', lambda parlor=parlor: not any('others see' in text for text in parlor.texts()))
        ann.activate('hang-up')
        bo.wait_text('Ann hung up.')


if __name__ == '__main__':
    parlor_window.run(lambda: not unittest.main(exit=False, verbosity=2).result.wasSuccessful())
