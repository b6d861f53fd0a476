"""The keys of a study, and the authenticator that admits only agents which hold them."""

from typing import Any

import zmq
from msgspec import Struct
from zmq.utils import z85

_ZAP = "inproc://zeromq.zap.01"


class Keys(Struct, frozen=True, kw_only=True):
    """A study's two CURVE key pairs: the driver's own, and the one by which its agents authenticate themselves."""

    server_public: bytes
    server_secret: bytes
    public: bytes
    secret: bytes

    @classmethod
    def fresh(cls) -> "Keys":
        """New key pairs, for one study."""
        public, secret = zmq.curve_keypair()
        theirs, their_secret = zmq.curve_keypair()
        return cls(server_public=public, server_secret=secret, public=theirs, secret=their_secret)

    def __repr__(self) -> str:
        return "Keys(...)"


class Authenticator:
    """Answers ZeroMQ's requests to authenticate peers (the ZAP protocol, https://rfc.zeromq.org/spec/27/).

    The owner polls ``socket`` and calls `answer` when it has input.
    """

    def __init__(self, context: "zmq.Context[Any]", keys: Keys) -> None:
        self._key = z85.decode(keys.public)
        self.socket = context.socket(zmq.REP)
        self.socket.bind(_ZAP)

    def answer(self) -> None:
        """Answer the requests that wait: agents that hold the study's key may connect, and nobody else."""
        while True:
            try:
                version, request, *_, mechanism, key = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            known = mechanism == b"CURVE" and key == self._key
            answer = (b"200", b"OK", b"agent", b"") if known else (b"400", b"not this study's key", b"", b"")
            self.socket.send_multipart((version, request, *answer))

    def close(self) -> None:
        self.socket.close(0)
