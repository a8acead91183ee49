"""What can go wrong on the wire: `WireError` and below it `DecodeError` and `ServerLost`.

Each error carries the code, message and hint that travel in `Failed`.
"""

from __future__ import annotations


class WireError(Exception):
    """Base of all errors of this package.

    Attributes:
        code: goes into `Failed.code`.
        message: what happened, with which value. hint: what to do.
        request_id: the request that it belongs to, "" when it could not be read.
    """

    def __init__(
        self, message: str, hint: str = "", *, code: str = "bad_request", request_id: str = ""
    ) -> None:
        super().__init__(f"{message} {hint}".strip())
        self.code = code
        self.message = message
        self.hint = hint
        self.request_id = request_id


class DecodeError(WireError):
    """Frames that are not a message of this version, or break a limit."""


class EncodeError(WireError):
    """A message holds what cannot travel: NaN, a wrong shape, a wrong type."""
