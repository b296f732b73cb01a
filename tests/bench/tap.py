# SPDX-License-Identifier: GPL-3.0-or-later
"""A tap on the wire to a relay: passes everything on and notes when which message went by.

Both kinds of ends are measured through it, so what it costs (a fraction of a millisecond a message) is the same for all.
"""

import asyncio
import json
import re
import time


def now_ms():
    return time.time() * 1000


class FrameReader:
    """The text messages in one direction of a WebSocket (RFC 6455), without extensions."""

    def __init__(self):
        self.data = bytearray()
        self.text = bytearray()

    def feed(self, data):
        """Takes the bytes that came and yields the messages that are whole now."""
        self.data += data
        while (frame := self._take()) is not None:
            final, opcode, payload = frame
            if opcode > 2:
                continue
            self.text += payload
            if final:
                whole, self.text = bytes(self.text), bytearray()
                yield whole

    def _take(self):
        data = self.data
        if len(data) < 2:
            return None
        length, at = data[1] & 0x7F, 2
        if length > 125:
            size = 2 if length == 126 else 8
            if len(data) < at + size:
                return None
            length = int.from_bytes(data[at:at + size], 'big')
            at += size
        mask = b''
        if data[1] & 0x80:
            mask = data[at:at + 4]
            at += 4
        if len(data) < at + length:
            return None
        payload = bytes(data[at:at + length])
        if mask:
            payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        frame = (bool(data[0] & 0x80), data[0] & 0x0F, payload)
        del data[:at + length]
        return frame


class Tap:
    """Listens on a port of its own; `seen` maps the type of a message to when it first went towards the relay."""

    def __init__(self, relay_port):
        self.relay_port = relay_port
        self.seen = {}
        self.server = None
        self.pipes = set()

    async def start(self):
        self.server = await asyncio.start_server(self._on_client, '127.0.0.1', 0)
        return self.server.sockets[0].getsockname()[1]

    async def stop(self):
        self.server.close()
        for pipe in list(self.pipes):
            pipe.cancel()
        await asyncio.gather(*self.pipes, return_exceptions=True)

    def forget(self):
        self.seen = {}

    async def _on_client(self, reader, writer):
        self.pipes.add(asyncio.current_task())
        try:
            far_reader, far_writer = await asyncio.open_connection('127.0.0.1', self.relay_port)
            await asyncio.gather(self._pass_on(reader, far_writer, FrameReader()),
                                 self._pass_on(far_reader, writer, None))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self.pipes.discard(asyncio.current_task())

    async def _pass_on(self, reader, writer, frames):
        upgraded = False
        try:
            while data := await reader.read(65536):
                if frames and not upgraded:
                    upgraded = b'upgrade: websocket' in data.lower()
                    data = re.sub(rb'(?i)\r\nsec-websocket-extensions:[^\r]*', b'', data)
                elif frames:
                    self._note(frames, data)
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()

    def _note(self, frames, data):
        at = now_ms()
        for text in frames.feed(data):
            try:
                kind = json.loads(text).get('type')
            except (ValueError, AttributeError):
                continue
            self.seen.setdefault(kind, at)
