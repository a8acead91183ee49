"""Everything that can go wrong in the server, one tree.

    SoliloquyError          code, message, hint
    ├── BadRequest          a field has a value that cannot be obeyed
    ├── BadAudio            the recording cannot be read
    ├── LimitExceeded       a limit of the settings was reached
    ├── Unavailable         something needed is not installed or not shipped
    ├── Cancelled           the user no longer wants it
    └── InternalError       a fault of ours

Each message is one sentence that says what happened and with which value; `hint` says what to do.
`code` is what travels in `Failed`.
"""

# ruff: noqa: N818 - these names are the product's words ("cancelled", "unavailable")

from __future__ import annotations

from typing import ClassVar


class SoliloquyError(Exception):
    """Base of all errors of the server.

    Attributes:
        code: goes into `Failed.code`.
        message: what happened, with which value. hint: what to do, may be empty.
    """

    code: ClassVar[str] = "internal"

    def __init__(self, message: str, hint: str = "") -> None:
        message = message[:1].upper() + message[1:]
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint


class BadRequest(SoliloquyError):
    """A field of the request has a value that cannot be obeyed."""

    code = "bad_request"


class BadAudio(SoliloquyError):
    """The recording cannot be read, or is empty or too short."""

    code = "bad_audio"


class LimitExceeded(SoliloquyError):
    """A limit of the settings was reached."""

    code = "limit"


class Unavailable(SoliloquyError):
    """A package, a model or a key that this needs is not there."""

    code = "unavailable"


class Cancelled(SoliloquyError):
    """The request is no longer wanted; raised by `check_cancel`."""

    code = "cancelled"

    def __init__(self, message: str = "The request was cancelled.", hint: str = "") -> None:
        super().__init__(message, hint)


class InternalError(SoliloquyError):
    """A fault of ours: a generator broke its contract or raised something unexpected."""
