"""A TCP proxy between the service and the broker that breaks connections in the ways in which networks do."""

import contextlib
import socket
import struct
import threading

import stack


class Proxy:
    """Passes bytes on to 127.0.0.1:`target`."""

    def __init__(self, target: int):
        self.target, self.port = target, stack.free_port()
        self.accepted = 0
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._mute: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            self.accepted += 1
            self._pairs.append((near, far))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket):
        with contextlib.suppress(OSError):
            while chunk := source.recv(1 << 16):
                if source not in self._mute:
                    sink.sendall(chunk)
        if source not in self._mute:
            for end in (source, sink):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def reset(self):
        """RST to both sides of each connection."""
        pairs, self._pairs = self._pairs, []
        for end in (end for pair in pairs for end in pair):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # A thread of ours is waiting in recv; closing alone would leave the connection to it.
                end.shutdown(socket.SHUT_RD)
                end.close()

    def swallow(self):
        """A black hole: both sides stay connected, and nothing arrives any more. New connections are as ever."""
        for pair in self._pairs:
            self._mute.update(pair)

    def half_open(self):
        """The broker has gone without a word: its side is closed, ours does not hear of it."""
        self.swallow()
        for _, far in self._pairs:
            far.close()

    def stop(self):
        self._listener.close()
        self.reset()
