"""Messages to frames and back: one JSON header, then raw frames. No pickle, nothing is executed.

The header is `{"v": 1, "type": "chunk", ...fields...}`. An array stands in it as
`{"frame": k, "shape": [...]}` and travels as little-endian float32 in frame k; bytes stand as
`{"frame": k}`. Decoding is strict: an unknown version, type or field, a wrong shape, NaN or a frame
too many is a `DecodeError` that says what to update. The schema is read from the annotations of
`messages`, so there is no second list of fields.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

import numpy as np

from . import messages
from .errors import DecodeError, EncodeError, WireError

Frame: TypeAlias = bytes | memoryview
MAX_CHUNK_BYTES: Final = 1 << 20
"""Most bytes of audio in one `AudioChunk`."""
_LARGEST_INTEGER: Final = 2**63
_LARGEST_SHAPE: Final = (3, 2**31)  # dimensions, length of one
_REQUEST_ID: Final = re.compile(rb'"request_id": ?"([ -!#-\[\]-~]{1,64})"')
_PEEKED: Final = 256  # bytes
_ECHOED: Final = 64  # characters of an unknown request's name that are sent back


@dataclass(frozen=True)
class DecodeLimits:
    """How large a message may be before it is looked into.

    Attributes:
        header_bytes: the JSON header. message_bytes: all frames together.
        frames: number of frames.
    """

    header_bytes: int = 4 << 20
    message_bytes: int = 8 << 20
    frames: int = 64


SERVER_LIMITS: Final = DecodeLimits()
CLIENT_LIMITS: Final = DecodeLimits(header_bytes=64 << 20, message_bytes=256 << 20, frames=64)
"""A client trusts its server with long phone lists and large chunks."""


def type_name(message_type: type) -> str:
    """Return the name of a message on the wire: `AudioChunk` -> "audio_chunk"."""
    name = message_type.__name__
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


CLIENT_TYPES: Final[dict[str, type]] = {
    type_name(t): t for t in typing.get_args(messages.ClientMessage)
}
SERVER_TYPES: Final[dict[str, type]] = {
    type_name(t): t for t in typing.get_args(messages.ServerMessage)
}


def encode(message: messages.ClientMessage | messages.ServerMessage) -> list[Frame]:
    """Return the frames of a message: header first, then its arrays and bytes in order.

    Raises:
        EncodeError: a value has the wrong type or shape, or is NaN or infinite.
    """
    frames: list[Frame] = [b""]
    name = type_name(type(message))
    fields = _plain(message, name, frames)
    header = {"v": messages.WIRE_VERSION, "type": name, **fields}
    try:
        text = json.dumps(header, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        frames[0] = text.encode(errors="backslashreplace")  # a lone surrogate must not stop us
    except (ValueError, TypeError) as error:
        raise EncodeError(f"A {name} cannot be written as JSON: {error}.") from error
    if isinstance(message, messages.Chunk):
        _check_chunk(message, EncodeError)
    return frames


def as_json(message: Any) -> dict[str, Any]:
    """Return a message without arrays as plain JSON values, as provenance stores a request."""
    frames: list[Frame] = [b""]
    return _plain(message, type_name(type(message)), frames)


def from_json(fields: Mapping[str, Any], message_type: type) -> Any:
    """Rebuild a message from `as_json`.

    Raises:
        DecodeError: a field is unknown or has the wrong type.
    """
    return _Reader(()).dataclass(dict(fields), message_type, type_name(message_type))


def decode(
    frames: Sequence[Frame],
    accepted: Mapping[str, type] = CLIENT_TYPES,
    limits: DecodeLimits = SERVER_LIMITS,
) -> Any:
    """Return the message that the frames hold.

    Args:
        frames: header, then raw frames.
        accepted: wire name -> type; what this side may be told.
        limits: sizes, checked before anything is parsed.

    Raises:
        DecodeError: code "limit", "version" or "bad_request"; `request_id` is set when readable.
    """
    _check_sizes(frames, limits)
    header = _header(frames[0])
    request_id = header.get("request_id")
    try:
        message_type = _message_type(header, accepted)
        fields = {key: value for key, value in header.items() if key not in ("v", "type")}
        reader = _Reader(frames[1:])
        message = reader.dataclass(fields, message_type, header["type"])
        reader.finish(header["type"])
        if isinstance(message, messages.Chunk):
            _check_chunk(message, DecodeError)
        if isinstance(message, messages.AudioChunk) and len(message.data) > MAX_CHUNK_BYTES:
            raise DecodeError(
                f"An audio chunk holds {len(message.data)} bytes.",
                f"Send at most {MAX_CHUNK_BYTES} bytes in one chunk.",
                code="limit",
            )
    except DecodeError as error:
        error.request_id = request_id[:_ECHOED] if isinstance(request_id, str) else ""
        raise
    return message


def _check_sizes(frames: Sequence[Frame], limits: DecodeLimits) -> None:
    if not frames:
        raise DecodeError("A message has no frames.")
    for what, value, most in (
        ("frames", len(frames), limits.frames),
        ("bytes of header", len(frames[0]), limits.header_bytes),
        ("bytes", sum(len(frame) for frame in frames), limits.message_bytes),
    ):
        if value > most:
            raise DecodeError(
                f"A message has {value} {what}; the limit is {most}.",
                "Send less at once.",
                code="limit",
                request_id=_peeked_request_id(frames[0]),
            )


def _peeked_request_id(header: Frame) -> str:
    """Return the request's name from the start of a header that is too large to be parsed."""
    found = _REQUEST_ID.search(bytes(header[:_PEEKED]))
    return found.group(1).decode("ascii") if found else ""


def _header(frame: Frame) -> dict[str, Any]:
    try:
        header = json.loads(bytes(frame).decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise DecodeError(
            f"The header is not JSON: {str(error)[:100]}.",
            "Does this program speak Soliloquy's protocol?",
        ) from error
    if not isinstance(header, dict):
        raise DecodeError(f"The header is a JSON {type(header).__name__}, not an object.")
    return header


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is not a number that may travel")


def _message_type(header: Mapping[str, Any], accepted: Mapping[str, type]) -> type:
    version = header.get("v")
    if version != messages.WIRE_VERSION or isinstance(version, bool):
        newer = isinstance(version, int) and version > messages.WIRE_VERSION
        raise DecodeError(
            f"A message of wire version {version!r} arrived; this side speaks version "
            f"{messages.WIRE_VERSION}.",
            f"Update the {_side(accepted, newer)}.",
            code="version",
        )
    name = header.get("type")
    if not isinstance(name, str) or name not in accepted:
        raise DecodeError(
            f"The message type {str(name)[:40]!r} is unknown here.",
            f"Update the {_side(accepted, True)}, or send one of {', '.join(accepted)}.",
            code="version",
        )
    return accepted[name]


def _side(accepted: Mapping[str, type], other_is_newer: bool) -> str:
    """Say which program is out of date: the receiver when the sender is newer."""
    receiver_is_server = accepted is CLIENT_TYPES
    return (
        "Soliloquy server" if receiver_is_server == other_is_newer else "Blender add-on or client"
    )


@cache
def _hints(message_type: type) -> dict[str, Any]:
    return typing.get_type_hints(message_type, dict(vars(messages)))


def _is_array(annotation: Any) -> bool:
    return typing.get_origin(annotation) is np.ndarray


def _plain(value: Any, path: str, frames: list[Frame]) -> dict[str, Any]:
    hints = _hints(type(value))
    return {
        field.name: _plain_value(
            getattr(value, field.name), hints[field.name], f"{path}.{field.name}", frames
        )
        for field in dataclasses.fields(value)
    }


def _plain_value(value: Any, annotation: Any, path: str, frames: list[Frame]) -> Any:
    if _is_array(annotation) or annotation is bytes:
        return _plain_frame(value, annotation, path, frames)
    if dataclasses.is_dataclass(value):
        return _plain(value, path, frames)
    if isinstance(value, Mapping):
        inner = typing.get_args(annotation)[1] if typing.get_args(annotation) else Any
        return {str(k): _plain_value(v, inner, f"{path}.{k}", frames) for k, v in value.items()}
    if isinstance(value, list | tuple):
        inner = (typing.get_args(annotation) or (Any,))[0]
        return [_plain_value(v, inner, path, frames) for v in value]
    return value.item() if isinstance(value, np.generic) else value


def _plain_frame(value: Any, annotation: Any, path: str, frames: list[Frame]) -> dict[str, Any]:
    if annotation is bytes:
        frames.append(value)
        return {"frame": len(frames) - 1}
    array = np.ascontiguousarray(value, dtype="<f4")
    if not np.isfinite(array).all():
        raise EncodeError(f"{path} holds NaN or infinite values.", code="internal")
    frames.append(array.tobytes())
    return {"frame": len(frames) - 1, "shape": list(array.shape)}


class _Reader:
    """Turns plain JSON values back into typed ones and keeps count of the frames used."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = frames
        self._used: set[int] = set()

    def finish(self, name: str) -> None:
        """Refuse frames that nothing in the header spoke of."""
        if len(self._used) != len(self._frames):
            raise DecodeError(
                f"A {name} came with {len(self._frames)} raw frames, its header names "
                f"{len(self._used)}."
            )

    def dataclass(self, fields: Any, message_type: type, path: str) -> Any:
        """Build a message, refusing unknown and missing fields."""
        if not isinstance(fields, dict):
            raise _wrong(path, "an object", fields)
        hints = _hints(message_type)
        unknown = sorted(set(fields) - set(hints))
        if unknown:
            raise DecodeError(
                f"'{path}' has a field {unknown[0][:40]!r} that this side does not know.",
                "Update the side that is older (the Soliloquy server, or the add-on).",
                code="version",
            )
        for field in dataclasses.fields(message_type):
            required = (
                field.default is dataclasses.MISSING
                and field.default_factory is dataclasses.MISSING
            )
            if required and field.name not in fields:
                raise DecodeError(f"'{path}' lacks the field '{field.name}'.")
        values = {
            key: self.value(value, hints[key], f"{path}.{key}") for key, value in fields.items()
        }
        return message_type(**values)

    def value(self, value: Any, annotation: Any, path: str) -> Any:
        """Return one value as its annotation demands.

        Raises:
            DecodeError: it has another type, or is not finite.
        """
        read_scalar = _SCALARS.get(annotation)
        if read_scalar is not None:
            return read_scalar(value, path)
        if annotation is Any:
            return value
        if dataclasses.is_dataclass(annotation):
            return self.dataclass(value, typing.cast(type, annotation), path)
        if typing.get_origin(annotation) in (types.UnionType, typing.Union):
            chosen = next(t for t in typing.get_args(annotation) if t is not type(None))
            return None if value is None else self.value(value, chosen, path)
        return self._container(value, annotation, path)

    def _container(self, value: Any, annotation: Any, path: str) -> Any:
        inner = typing.get_args(annotation)
        if _is_array(annotation):
            return self._array(value, path)
        if annotation is bytes:
            return bytes(self._frame(value, path))
        if typing.get_origin(annotation) is tuple:
            return self._tuple(value, inner, path)
        return self._mapping(value, inner[1], path)

    def _tuple(self, value: Any, inner: tuple[Any, ...], path: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _wrong(path, "a list", value)
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(self.value(v, inner[0], path) for v in value)
        if len(value) != len(inner):
            raise DecodeError(f"'{path}' has {len(value)} entries instead of {len(inner)}.")
        return tuple(self.value(v, t, path) for v, t in zip(value, inner, strict=True))

    def _mapping(self, value: Any, inner: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _wrong(path, "an object", value)
        return {_text(key, path): self.value(v, inner, f"{path}.{key}") for key, v in value.items()}

    def _frame(self, value: Any, path: str) -> Frame:
        index = value.get("frame") if isinstance(value, dict) else None
        if not isinstance(index, int) or isinstance(index, bool) or index in self._used:
            raise _wrong(path, "a frame of its own", value)
        if not 1 <= index <= len(self._frames):
            raise DecodeError(
                f"'{path}' should be in frame {index}, but {len(self._frames)} raw frames came; "
                "the message was cut off."
            )
        self._used.add(index)
        return self._frames[index - 1]

    def _array(self, value: Any, path: str) -> np.ndarray[Any, np.dtype[np.float32]]:
        frame = self._frame(value, path)
        shape = value.get("shape")
        most, longest = _LARGEST_SHAPE
        if (
            not isinstance(shape, list)
            or len(shape) > most
            or not all(type(n) is int and 0 <= n < longest for n in shape)
        ):
            raise _wrong(path, "an array with a shape", value)
        if math.prod(shape) * 4 != len(frame):
            raise DecodeError(
                f"'{path}' has shape {shape}, which needs {math.prod(shape) * 4} bytes, but "
                f"{len(frame)} came."
            )
        array = np.frombuffer(frame, "<f4").reshape(shape).astype(np.float32, copy=False)
        if not np.isfinite(array).all():
            raise DecodeError(f"'{path}' holds NaN or infinite values.")
        return array


def _wrong(path: str, wanted: str, value: Any) -> DecodeError:
    return DecodeError(f"'{path}' should be {wanted}, but is {str(value)[:60]!r}.")


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str) or any("\ud800" <= c <= "\udfff" for c in value):
        raise _wrong(path, "text", value)
    return value


def _boolean(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(path, "true or false", value)
    return value


def _integer(value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= _LARGEST_INTEGER:
        raise _wrong(path, "a 64-bit integer", value)
    return value


def _number(value: Any, path: str) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or abs(value) > 1e300:  # also infinity, which 1e999 would give
        raise _wrong(path, "a finite number", value)
    return float(value)


_SCALARS: Final[dict[Any, Callable[[Any, str], Any]]] = {
    str: _text,
    bool: _boolean,
    int: _integer,
    float: _number,
}


def _check_chunk(chunk: messages.Chunk, error: type[WireError]) -> None:
    """Refuse arrays that do not fit each other."""
    n, c = len(chunk.coefficients), len(chunk.names)
    shapes = {"coefficients": (n, c), "head": (n, 3), "eyes": (n, 2, 3)}
    arrays = {"coefficients": chunk.coefficients, "head": chunk.head, "eyes": chunk.eyes}
    for name, layer in chunk.layers.items():
        shapes[f"layers.{name}"], arrays[f"layers.{name}"] = (n, c), layer
    for name, shape in shapes.items():
        if np.shape(arrays[name]) != shape:
            raise error(
                f"chunk.{name} has shape {list(np.shape(arrays[name]))} instead of {list(shape)}."
            )
