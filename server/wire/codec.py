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
import re
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from . import messages
from .errors import DecodeError, EncodeError, WireError
from .reading import Frame, Reader, hints_of, is_array

MAX_CHUNK_BYTES: Final = 1 << 20
"""Most bytes of audio in one `AudioChunk`."""
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
    _check_arrays(message, EncodeError)
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
    return Reader(()).dataclass(dict(fields), message_type, type_name(message_type))


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
        reader = Reader(frames[1:])
        message = reader.dataclass(fields, message_type, header["type"])
        reader.finish(header["type"])
        _check_arrays(message, DecodeError)
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


def _plain(value: Any, path: str, frames: list[Frame]) -> dict[str, Any]:
    hints = hints_of(type(value))
    return {
        field.name: _plain_value(
            getattr(value, field.name), hints[field.name], f"{path}.{field.name}", frames
        )
        for field in dataclasses.fields(value)
        if not (field.metadata.get("later") and _is_default(getattr(value, field.name)))
    }


def _is_default(value: Any) -> bool:
    """Whether a field that came later says nothing: its default is None, False or empty."""
    return (
        value is None
        or value is False
        or (isinstance(value, str | bytes | tuple | Mapping) and not value)
    )


def _plain_value(value: Any, annotation: Any, path: str, frames: list[Frame]) -> Any:
    if is_array(annotation) or annotation is bytes:
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


def _check_arrays(message: Any, error: type[WireError]) -> None:
    """Refuse arrays that do not fit each other."""
    if isinstance(message, messages.Chunk):
        _check_frames(message, "chunk", error, may_lack_angles=False)
        if message.flame is not None:
            _check_flame(message.flame, len(message.coefficients), error)
    if isinstance(message, messages.GenerateRequest):
        for name in ("base", "style_clip"):
            clip: messages.ClipData | None = getattr(message, name)
            if clip is not None:
                _check_frames(clip, f"generate_request.{name}", error, may_lack_angles=True)


def _check_flame(flame: messages.FlameFrames, n: int, error: type[WireError]) -> None:
    """Refuse FLAME frames that are not as many as the others, or of other shapes."""
    width = np.shape(flame.expression)[1] if np.ndim(flame.expression) == 2 else 0
    shapes = {"expression": (n, width), "jaw": (n, 3), "neck": (n, 3), "eyes": (n, 2, 3)}
    for name, shape in shapes.items():
        found = np.shape(getattr(flame, name))
        if found != shape:
            raise error(f"chunk.flame.{name} has shape {list(found)} instead of {list(shape)}.")


def _check_frames(
    frames: messages.Chunk | messages.ClipData,
    path: str,
    error: type[WireError],
    *,
    may_lack_angles: bool,
) -> None:
    n = np.shape(frames.coefficients)[0] if np.ndim(frames.coefficients) else 0
    c = len(frames.names)
    shapes: dict[str, tuple[int, ...]] = {"coefficients": (n, c)}
    arrays = {"coefficients": frames.coefficients}
    for name, shape in (("head", (3,)), ("eyes", (2, 3))):
        array = getattr(frames, name)
        absent = may_lack_angles and np.size(array) == 0
        shapes[name], arrays[name] = (0 if absent else n, *shape), array
    for name, layer in frames.layers.items():
        shapes[f"layers.{name}"], arrays[f"layers.{name}"] = (n, c), layer
    for name, shape in shapes.items():
        if np.shape(arrays[name]) != shape:
            raise error(
                f"{path}.{name} has shape {list(np.shape(arrays[name]))} instead of {list(shape)}."
            )
