#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""parlor-peer as a user or a robot sees it: calls in both directions, what it prints, what it says to bad input."""

import array
import json
import math
import os
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(__file__))
from peers import Peer, Relay, figure, run

BUILD = sys.argv[1]


def in_video(stats):
    return figure(stats, "in", "video", "frames")


def in_audio(stats):
    return figure(stats, "in", "audio", "packets")


def out_video(stats):
    return figure(stats, "out", "video", "packets")


def out_audio(stats):
    return figure(stats, "out", "audio", "packets")


def pair(relay, caller_options=(), callee_options=()):
    callee = Peer(BUILD, relay.url + "/room", "--answer", "--name", "Bo", *callee_options)
    callee.until("ready")
    caller = Peer(BUILD, relay.url + "/room", "--call", "--name", "Ann", *caller_options)
    return caller, callee


def both_ways():
    with Relay(BUILD) as relay:
        caller, callee = pair(relay)
        with caller, callee:
            ready = caller.until("ready")
            assert [p["name"] for p in ready["peers"]] == ["Bo"], ready
            caller.until("calling")
            caller.until("state", state="dialing")
            callee.until("state", state="ringing")
            for peer in (caller, callee):
                peer.until("state", state="active")
                peer.until("first-frame", kind="video")
                stats = peer.stats_with(lambda s: in_video(s) > 30 and in_audio(s) > 50 and out_audio(s) > 50 and "rtt_ms" in s)
                assert 0 <= stats["rtt_ms"] < 20000, stats
                assert figure(stats, "in", "video", "height") > 0, stats
                assert stats["in"]["video"]["codec"] == "VP8", stats
                assert figure(stats, "in", "video", "bytes") > 1000, stats
                # Figures that may be 0, and have to be there.
                assert " - " in stats["pair"], stats
                assert {"nack", "pli", "target_bps", "quantizer"} <= stats["out"]["video"].keys(), stats
                assert {"jitter_buffer_ms", "playout_ms", "delay_ms", "freezes", "freeze_ms", "lost", "dropped"} <= stats["in"]["video"].keys(), stats
                assert {"lost", "concealed_samples", "samples"} <= stats["in"]["audio"].keys(), stats
            caller.say("hang-up")
            assert caller.until("ended")["reason"] == "hung-up"
            assert callee.until("ended")["reason"] == "remote-hung-up"
            caller.say("quit")
            callee.say("quit")
            assert caller.end() == 0 and callee.end() == 0


def duration():
    with Relay(BUILD) as relay:
        caller, callee = pair(relay, ["--duration", "1"])
        with caller, callee:
            callee.until("state", state="active")
            assert caller.until("ended")["reason"] == "hung-up"
            assert callee.until("ended")["reason"] == "remote-hung-up"
            assert caller.end() == 0 and callee.end() == 0


def audio_only():
    with Relay(BUILD) as relay:
        caller, callee = pair(relay, ["--media", "audio"], ["--media", "audio"])
        with caller, callee:
            for peer in (caller, callee):
                stats = peer.stats_with(lambda s: in_audio(s) > 100)
                assert in_video(stats) == 0 and out_video(stats) == 0, stats
            caller.say("quit")
            assert caller.end() == 0 and callee.end() == 0


def one_way():
    with Relay(BUILD) as relay:
        caller, callee = pair(relay, ["--media", "none"])
        with caller, callee:
            stats = caller.stats_with(lambda s: in_video(s) > 30 and in_audio(s) > 50)
            assert out_video(stats) == 0 and out_audio(stats) == 0, stats
            stats = callee.stats_with(lambda s: out_video(s) > 30)
            assert in_video(stats) == 0 and in_audio(stats) == 0, stats
            callee.say("hang-up")
            assert callee.end() == 0 and caller.end() == 0


def commands():
    with Relay(BUILD) as relay:
        with Peer(BUILD, relay.url + "/m", "--manual") as a, Peer(BUILD, "-", "--manual") as b:
            a.until("ready")
            a.say("call")
            assert "nobody" in a.until("error", code="state")["message"]
            a.say("dance")
            assert "dance" in a.until("error")["message"]
            b.say(relay.url + "/m")
            b.until("ready")

            b.say("call")
            a.until("state", state="ringing")
            a.say("decline")
            assert b.until("ended")["reason"] == "declined"
            assert a.until("ended")["reason"] == "declined"

            a.say("call")
            b.until("state", state="ringing")
            b.say("accept")
            a.until("state", state="active")
            b.stats_with(lambda s: in_video(s) > 10)
            a.say("mute video")
            a.say("mute audio")
            first = b.stats_with(lambda s: True)
            # Muted: within two reports the count of pictures stands still.
            b.stats_with(lambda s, last=[in_video(first)]: in_video(s) == last[0] or last.__setitem__(0, in_video(s)))
            a.say("unmute video")
            still = in_video(b.stats_with(lambda s: True))
            b.stats_with(lambda s: in_video(s) > still + 10)
            a.say("hang-up")
            assert b.until("ended")["reason"] == "remote-hung-up"
            a.say("quit")
            b.interrupt()
            assert a.end() == 0 and b.end() == 0


def crossing_calls():
    with Relay(BUILD) as relay:
        with Peer(BUILD, relay.url + "/x", "--manual") as a, Peer(BUILD, relay.url + "/x", "--manual") as b:
            a.until("ready")
            b.until("ready")
            # Until each knows that the other is there, "call" has nobody to mean.
            for peer, other in ((a, b), (b, a)):
                peer.say("call")
                while peer.event()["event"] == "error":
                    peer.say("call")
                other.until("state", state="ringing")
                peer.say("hang-up")
                other.until("ended")
            for _ in range(3):
                a.say("call")
                b.say("call")
                a.until("state", state="active")
                b.until("state", state="active")
                a.say("hang-up")
                a.until("ended")
                b.until("ended")


def own_bins():
    with Relay(BUILD) as relay:
        read, write = os.pipe()
        callee = Peer(
            BUILD,
            relay.url + "/room",
            "--answer",
            "--video-sink",
            f"videoscale ! videoconvert ! video/x-raw,width=16,height=16,format=GRAY8 ! fdsink fd={write}",
            pass_fds=(write,),
        )
        os.close(write)
        callee.until("ready")
        caller = Peer(
            BUILD,
            relay.url + "/room",
            "--video-source",
            "videotestsrc is-live=true pattern=smpte ! video/x-raw,width=320,height=240,framerate=15/1",
        )
        with caller, callee:
            stats = callee.stats_with(lambda s: in_video(s) > 10)
            assert (figure(stats, "in", "video", "width"), figure(stats, "in", "video", "height")) == (320, 240), stats
            picture = b""
            while len(picture) < 256:
                picture += os.read(read, 256 - len(picture))
            # The bars of smpte: bright on the left, darker to the right, in the upper half.
            row = picture[4 * 16 : 5 * 16]
            assert row[0] > row[14] + 40, list(row)
            caller.say("quit")
            caller.end()
            callee.end()
        os.close(read)


def power_at(samples, frequency, rate):
    """The sum of squares that is at this frequency (Goertzel)."""
    k = 2 * math.cos(2 * math.pi * frequency / rate)
    q1 = q2 = 0.0
    for sample in samples:
        q1, q2 = sample + k * q1 - q2, q1
    return 2 * (q1 * q1 + q2 * q2 - k * q1 * q2) / len(samples)


def tone_share(samples, frequency, rate):
    """The share of the power that is at this frequency, and the root of the mean square.

    By 50 ms: over the whole, one late packet would shift the phase and half the tone would cancel the other half.
    """
    power = sum(s * s for s in samples)
    pieces = (samples[i : i + rate // 20] for i in range(0, len(samples), rate // 20))
    share = sum(power_at(piece, frequency, rate) for piece in pieces) / power if power else 0.0
    return share, math.sqrt(power / len(samples))


def heard(source, seconds=1.5, pass_fds=()):
    """What the other end of a call hears of an audio source: 8 kHz samples, after the first second."""
    with Relay(BUILD) as relay:
        read, write = os.pipe()
        sink = f"audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate=8000,channels=1 ! fdsink fd={write}"
        callee = Peer(BUILD, relay.url + "/a", "--answer", "--media", "none", "--audio-sink", sink, pass_fds=(write,))
        os.close(write)
        callee.until("ready")
        with callee, Peer(
            BUILD, relay.url + "/a", "--media", "audio", "--audio-source", source, pass_fds=pass_fds
        ) as caller:
            stop = threading.Event()
            sound = bytearray()

            def read_all():
                while not stop.is_set() and (part := os.read(read, 65536)):
                    sound.extend(part)

            reader = threading.Thread(target=read_all)
            reader.start()
            callee.stats_with(lambda s: in_audio(s) > 150)
            start = len(sound)
            callee.stats_with(lambda s: len(sound) > start + int(16000 * seconds))
            stop.set()
            caller.say("quit")
            caller.end()
            callee.end()
            reader.join()
        os.close(read)
        tail = bytes(sound[-int(16000 * seconds) // 2 * 2 :])
        return array.array("h", tail)


def sound():
    share, level = tone_share(heard("audiotestsrc is-live=true wave=sine freq=600 volume=0.5"), 600, 8000)
    assert share > 0.8 and level > 3000, (share, level)
    # The negative controls: another tone and silence are told apart.
    share, _ = tone_share(heard("audiotestsrc is-live=true wave=sine freq=900 volume=0.5"), 600, 8000)
    assert share < 0.1, share
    _, level = tone_share(heard("audiotestsrc is-live=true wave=silence"), 600, 8000)
    assert level < 50, level


def sine(frequency, rate, seconds):
    return array.array("h", (int(12000 * math.sin(2 * math.pi * frequency * i / rate)) for i in range(rate * seconds))).tobytes()


class Pouring:
    """Writes the same bytes into a pipe, for as long as somebody reads; .fd is the end to read."""

    def __init__(self, data):
        self.fd, write = os.pipe()
        threading.Thread(target=self.pour, args=(write, data), daemon=True).start()

    def pour(self, write, data):
        try:
            while True:
                os.write(write, data)
        except OSError:
            os.close(write)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)


def inherited_descriptors():
    """Sound and pictures from a descriptor that whoever started the program opened."""
    with Pouring(sine(600, 48000, 1)) as tone:
        parse = "rawaudioparse pcm-format=s16le sample-rate=48000 num-channels=1"
        samples = heard(f"fdsrc fd={tone.fd} ! {parse} ! identity sync=true", pass_fds=(tone.fd,))
        share, level = tone_share(samples, 600, 8000)
        assert share > 0.8 and level > 3000, (share, level)

    half_white = (bytes([235] * 32) + bytes([16] * 32)) * 48
    with Relay(BUILD) as relay, Pouring(half_white) as picture:
        read, write = os.pipe()
        sink = f"videoscale ! videoconvert ! video/x-raw,width=16,height=16,format=GRAY8 ! fdsink fd={write}"
        callee = Peer(BUILD, relay.url + "/d", "--answer", "--video-sink", sink, pass_fds=(write,))
        os.close(write)
        callee.until("ready")
        parse = "rawvideoparse format=gray8 width=64 height=48 framerate=15/1"
        source = f"fdsrc fd={picture.fd} ! {parse} ! videoconvert ! identity sync=true"
        with callee, Peer(BUILD, relay.url + "/d", "--video-source", source, pass_fds=(picture.fd,)) as caller:
            stats = callee.stats_with(lambda s: in_video(s) > 10)
            assert (figure(stats, "in", "video", "width"), figure(stats, "in", "video", "height")) == (64, 48), stats
            row = b""
            while len(row) < 256:
                row += os.read(read, 256 - len(row))
            assert row[2] > row[13] + 100, list(row[:16])
            caller.say("quit")
            assert caller.end() == 0 and callee.end() == 0
        os.close(read)


def mute_sound():
    """Muted is silence at the other end, and unmuted is the tone again."""
    with Relay(BUILD) as relay:
        read, write = os.pipe()
        sink = f"audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate=8000,channels=1 ! fdsink fd={write}"
        tone = "audiotestsrc is-live=true wave=sine freq=600 volume=0.5"
        callee = Peer(BUILD, relay.url + "/m", "--answer", "--media", "none", "--audio-sink", sink, pass_fds=(write,))
        os.close(write)
        callee.until("ready")
        with callee, Peer(BUILD, relay.url + "/m", "--media", "audio", "--audio-source", tone) as caller:
            sound = bytearray()

            def read_all():
                while part := os.read(read, 65536):
                    sound.extend(part)

            reader = threading.Thread(target=read_all)
            reader.start()

            def level(_):  # of the last half second
                return tone_share(array.array("h", bytes(sound[-8000 - len(sound) % 2 :][:8000])), 600, 8000)[1] if len(sound) > 8001 else -1

            callee.stats_with(lambda s: level(s) > 3000)
            caller.say("mute audio")
            callee.stats_with(lambda s: 0 <= level(s) < 50)
            caller.say("unmute audio")
            callee.stats_with(lambda s: level(s) > 3000)
            caller.say("quit")
            assert caller.end() == 0 and callee.end() == 0
        reader.join(timeout=10)
        os.close(read)


def interrupted_call():
    with Relay(BUILD) as relay:
        caller, callee = pair(relay)
        with caller, callee:
            callee.stats_with(lambda s: in_video(s) > 10)
            caller.interrupt()
            assert callee.until("ended")["reason"] == "remote-hung-up"
            assert caller.until("ended")["reason"] == "hung-up"
            assert caller.end() == 0 and callee.end() == 0


def frozen_picture():
    """A negative control: a picture that stands still is not taken for a moving one."""

    def differences(source):
        with Relay(BUILD) as relay:
            read, write = os.pipe()
            sink = f"videoscale ! videoconvert ! video/x-raw,width=64,height=48,format=GRAY8 ! fdsink fd={write}"
            callee = Peer(BUILD, relay.url + "/f", "--answer", "--video-sink", sink, pass_fds=(write,))
            os.close(write)
            callee.until("ready")
            with callee, Peer(BUILD, relay.url + "/f", "--video-source", source) as caller:
                size = 64 * 48
                pictures = []
                while len(pictures) < 40:
                    picture = b""
                    while len(picture) < size:
                        picture += os.read(read, size - len(picture))
                    pictures.append(picture)
                caller.say("quit")
                caller.end()
                callee.kill()
            os.close(read)
        pairs = zip(pictures[10:], pictures[11:])
        return sum(max(abs(x - y) for x, y in zip(a, b)) > 40 for a, b in pairs)

    caps = "video/x-raw,width=320,height=240,framerate=30/1"
    assert differences(f"videotestsrc is-live=true pattern=ball ! {caps}") > 10
    assert differences(f"videotestsrc is-live=true pattern=smpte100 ! {caps}") == 0


def vanishing_peer():
    with Relay(BUILD) as relay:
        with Peer(BUILD, relay.url + "/v", "--manual") as a, Peer(BUILD, relay.url + "/v") as b:
            a.until("state", state="ringing")
            b.kill()
            assert a.until("ended")["reason"] == "peer-left"


def relay_gone_in_call():
    with Relay(BUILD) as relay:
        caller, callee = pair(relay)
        with caller, callee:
            caller.until("state", state="active")
            callee.until("state", state="active")
            relay.kill()
            before = in_video(callee.stats_with(lambda s: in_video(s) > 0))
            callee.stats_with(lambda s: in_video(s) > before + 30)
            caller.say("hang-up")
            assert callee.until("ended")["reason"] == "remote-hung-up"
            assert caller.end() == 0 and callee.end() == 0


def relay_gone_while_ringing():
    with Relay(BUILD) as relay:
        with Peer(BUILD, relay.url + "/v", "--manual") as a, Peer(BUILD, relay.url + "/v") as b:
            b.until("state", state="dialing")
            a.until("state", state="ringing")
            relay.kill()
            assert b.until("ended")["reason"] == "relay-lost"
            assert b.end() == 1
            assert a.until("ended")["reason"] == "relay-lost"


KEY = "AAECAwQFBgcICQoLDA0ODw"
OTHER_KEY = "EBESExQVFhcYGRobHB0eHw"


def not_invited():
    with Relay(BUILD) as relay:
        where = relay.url.replace("http://", "parlor://") + "/v#"
        with Peer(BUILD, where + KEY, "--manual") as a, Peer(BUILD, where + KEY, "--manual") as b:
            a.until("ready")
            b.until("ready")
            with Peer(BUILD, where + OTHER_KEY) as c:
                c.until("error", code="not-invited")
                assert c.end() == 1


class Owner:
    """Somebody who made a room and locked it: WebSocket as far as that needs."""

    def __init__(self, relay, room):
        host, port = relay.url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=30)
        self.socket.sendall(
            f"GET /{room} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Protocol: parlor.1\r\n\r\n".encode()
        )
        self.stream = self.socket.makefile("rb")
        while self.stream.readline() != b"\r\n":
            pass
        self.say(type="hello", name="Owner")
        self.hear("welcome")
        self.say(type="lock")
        self.hear("lock")

    def say(self, **message):
        text = json.dumps(message).encode()
        self.socket.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)

    def hear(self, kind):
        while True:
            first, size = self.stream.read(2)
            if size == 126:
                size = int.from_bytes(self.stream.read(2), "big")
            payload = self.stream.read(size)
            if first == 0x81 and (message := json.loads(payload))["type"] == kind:
                return message

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def locked_room():
    with Relay(BUILD) as relay, Owner(relay, "v") as owner:
        with Peer(BUILD, relay.url + "/v", "--manual") as a, Peer(BUILD, relay.url + "/v") as b:
            a.until("error", code="locked")
            a.say("knock")
            b.until("error", code="locked")  # and knocks by itself
            knocks = [owner.hear("knock")["id"] for _ in range(2)]
            owner.say(type="refuse", id=knocks[1])
            owner.say(type="admit", id=knocks[0])
            ends = {"ready": 0, "refused": 0}
            for peer in a, b:
                event = peer.event()
                if event["event"] == "ready":
                    ends["ready"] += 1
                    peer.say("quit")
                    assert peer.end() == 0
                else:
                    assert event["event"] == "error" and event["code"] == "refused", event
                    ends["refused"] += 1
                    assert peer.end() == 1
            assert ends == {"ready": 1, "refused": 1}


def one_knock_too_many():
    with Relay(BUILD, "--max-knocks", "1") as relay, Owner(relay, "k") as owner:
        with Peer(BUILD, relay.url + "/k") as b, Peer(BUILD, relay.url + "/k", "--manual") as a:
            b.until("error", code="locked")  # and knocks by itself
            owner.hear("knock")
            a.until("error", code="locked")
            for _ in range(2):
                a.say("knock")
                assert "wait a minute" in a.until("error", code="rate")["message"]
            owner.say(type="unlock")
            owner.hear("unlock")
            a.say("knock")
            a.until("ready")


def says_no(*arguments, status, words, stdin=""):
    done = subprocess.run(
        [os.path.join(BUILD, "src/cli/parlor-peer"), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=60,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == status, (arguments, done.returncode, said)
    assert words.lower() in said.lower(), (arguments, said)


def bad_usage():
    says_no(status=2, words="invite")
    says_no("--frobnicate", "x", status=2, words="frobnicate")
    says_no("--call", "--answer", "http://127.0.0.1:1/x", status=2, words="choose one")
    says_no("--media", "smell", "http://127.0.0.1:1/x", status=2, words="smell")
    says_no("--duration", "-1", "http://127.0.0.1:1/x", status=2, words="duration")
    says_no("--duration", "nan", "http://127.0.0.1:1/x", status=2, words="duration")
    says_no("one", "two", status=2, words="two")
    says_no("--video-source", "nosuchelement", "http://127.0.0.1:1/x", status=2, words="nosuchelement")
    says_no("--video-sink", "nosuchelement", "http://127.0.0.1:1/x", status=2, words="nosuchelement")
    for option in "--video-source", "--audio-source", "--video-sink", "--audio-sink":
        says_no("--json", option, "nosuchelement", "http://127.0.0.1:1/x", status=2, words='"code":"bad-usage"')
    says_no("--json", "--call", "--answer", "http://127.0.0.1:1/x", status=2, words='"code":"bad-usage"')
    says_no("--audio-sink", "!!", "http://127.0.0.1:1/x", status=2, words="--audio-sink")
    says_no("parlor://127.0.0.1:1/room#tooshort", status=2, words="key")
    says_no("gopher://127.0.0.1/room", status=2, words="link")
    says_no("-", status=2, words="invite", stdin="")
    says_no("-", status=2, words="", stdin="http://\n")
    says_no("--json", "-", status=2, words="UTF-8", stdin="\udcff\n")
    says_no("--json", "-", status=2, words="UTF-8", stdin="http://127.0.0.1:1/x\0\n")
    says_no("--help", status=0, words="INVITE")
    says_no("--version", status=0, words="parlor-peer")


def unreadable_input():
    """A directory instead of commands, or nothing at all: said once, and the call goes on."""
    with Relay(BUILD) as relay:
        folder = os.open("/", os.O_RDONLY)
        with Peer(BUILD, relay.url + "/v", "--answer", "--media", "none") as a:
            a.process.stdin.buffer.write(b"\xff\n")
            a.say("dance")
            assert "UTF-8" in a.until("error")["message"]
            assert "dance" in a.until("error")["message"]  # the next line is read as ever
        with Peer(BUILD, relay.url + "/d", "--answer", prefix=["sh", "-c", f'exec "$0" "$@" <&{folder}'], pass_fds=(folder,)) as a:
            a.until("error", code="failed")
            with Peer(BUILD, relay.url + "/d", "--duration", "1") as b:
                b.end()
            assert a.until("ended")["reason"] == "remote-hung-up"
            assert sum(event["event"] == "error" for event in a.events) == 1, a.events
            assert a.end() == 0
        os.close(folder)
        with Peer(BUILD, relay.url + "/c", "--answer", prefix=["sh", "-c", 'exec "$0" "$@" <&- 2>&-']) as a:
            a.until("ready")
            for fd in 0, 2:
                assert os.readlink(f"/proc/{a.process.pid}/fd/{fd}") == "/dev/null", fd
            a.interrupt()
            assert a.end() == 0


def unreachable():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        says_no(f"http://127.0.0.1:{port}/room", status=1, words="nobody answers")
        says_no("--json", f"http://127.0.0.1:{port}/room", status=1, words='"code":"unreachable"')


if __name__ == "__main__":
    run(
        [
            both_ways,
            duration,
            audio_only,
            one_way,
            commands,
            crossing_calls,
            own_bins,
            sound,
            inherited_descriptors,
            mute_sound,
            interrupted_call,
            frozen_picture,
            vanishing_peer,
            relay_gone_in_call,
            relay_gone_while_ringing,
            not_invited,
            locked_room,
            one_knock_too_many,
            bad_usage,
            unreadable_input,
            unreachable,
        ]
    )
