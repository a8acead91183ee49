"""Plain JSON values and raw frames back to typed messages, strictly.

The schema is the annotations of `messages`; whatever does not fit is a `DecodeError` that names the
field, what it should be and what it is.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final, TypeAlias

import numpy as np

from . import messages
from .errors import DecodeError

Frame: TypeAlias = bytes | memoryview
_LARGEST_INTEGER: Final = 2**63
_LARGEST_SHAPE: Final = (3, 2**31)  # dimensions, length of one


@cache
def hints_of(message_type: type) -> dict[str, Any]:
    """Return the annotation of each field of a message."""
    return typing.get_type_hints(message_type, dict(vars(messages)))


def is_array(annotation: Any) -> bool:
    """Whether a field travels as a raw frame of float32."""
    return typing.get_origin(annotation) is np.ndarray


class Reader:
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
        hints = hints_of(message_type)
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
        if is_array(annotation):
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
