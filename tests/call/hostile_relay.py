# SPDX-License-Identifier: GPL-3.0-or-later
"""A relay that lies: it stands in front of a real one, reads and changes whatever WebSocket frames go through.

An attack is given every message on its way, a dict, and returns what goes on instead: a message, or None.
"""

import json
import socket
import socketserver
import struct
import threading
from urllib.parse import urlsplit


def read_exactly(stream, size):
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def read_head(stream):
    lines = []
    while (line := stream.readline()) not in (b"\r\n", b""):
        lines.append(line)
    return lines


def read_frame(stream):
    """First byte and payload, unmasked. Neither Parlor nor its relay sends fragments."""
    first, second = read_exactly(stream, 2)
    size = second & 0x7F
    if size == 126:
        (size,) = struct.unpack(">H", read_exactly(stream, 2))
    elif size == 127:
        (size,) = struct.unpack(">Q", read_exactly(stream, 8))
    mask = read_exactly(stream, 4) if second & 0x80 else bytes(4)
    data = read_exactly(stream, size)
    return first, bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))


def write_frame(to, first, data, masked):
    size = len(data)
    if size < 126:
        head = bytes([first, size | masked])
    elif size < 65536:
        head = bytes([first, 126 | masked]) + struct.pack(">H", size)
    else:
        head = bytes([first, 127 | masked]) + struct.pack(">Q", size)
    to.sendall(head + (bytes(4) if masked else b"") + data)  # masked with zeros


class Guest(socketserver.StreamRequestHandler):
    """One guest's connection, and the one to the real relay behind it."""

    def handle(self):
        attack = self.server.attack
        with socket.create_connection(self.server.behind) as relay:
            stream = relay.makefile("rb")
            self.forward_head(self.rfile, relay)
            self.forward_head(stream, self.connection)
            back = threading.Thread(target=self.forward, args=(stream, self.connection, 0, attack.to_guest), daemon=True)
            back.start()
            self.forward(self.rfile, relay, 0x80, attack.to_relay)
            relay.shutdown(socket.SHUT_WR)
            back.join(timeout=10)

    def forward_head(self, stream, to):
        lines = read_head(stream)
        if self.server.attack.drops_subprotocol:
            lines = [line for line in lines if not line.lower().startswith(b"sec-websocket-protocol")]
        to.sendall(b"".join(lines) + b"\r\n")

    def forward(self, stream, to, masked, change):
        try:
            while True:
                first, data = read_frame(stream)
                if first & 0x0F != 1:
                    write_frame(to, first, data, masked)
                    continue
                message = change(json.loads(data))
                if message is not None:
                    write_frame(to, first, json.dumps(message, ensure_ascii=False).encode(), masked)
        except (EOFError, OSError):
            pass


class Attack:
    """Nothing is changed. Attacks override what they need."""

    drops_subprotocol = False

    def to_relay(self, message):
        return message

    def to_guest(self, message):
        return message


class HostileRelay(socketserver.ThreadingTCPServer):
    """In front of the relay at @url; its own address is in .port."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, url, attack):
        super().__init__(("127.0.0.1", 0), Guest)
        parts = urlsplit(url)
        self.behind = (parts.hostname, parts.port)
        self.attack = attack
        self.port = self.server_address[1]
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def handle_error(self, request, client_address):
        """Guests that break off are part of the game."""

    def __exit__(self, *_):
        self.shutdown()
        self.thread.join()
        self.server_close()
