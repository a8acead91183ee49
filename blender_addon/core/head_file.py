"""The built-in head as data: a compact file that `tools/build_zip.py` puts into the extension.

In a checkout there is no such file; the same arrays then come straight from `flame.head`, by name,
so that the add-on itself depends on nothing but its vendored packages. Sculpting takes seconds, so
a copy is kept under the checkout's ignored `.build`, named after the sources that made it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import CharacterError

HEAD_FILE: Final = Path(__file__).parents[1] / "assets" / "soliloquy_head.npz"
CHECKOUT_SOURCE: Final = "flame.head:built_in_head"
"""Module and function that make the head in a checkout."""

_FORMAT: Final = "soliloquy-head/1"
_STILL: Final = 1e-6  # metres; a shape that moves a part by less is not one of its shapes


@dataclass(frozen=True)
class HeadPart:
    """One mesh of the head, in metres, Z up, looking along -Y as Blender's characters do.

    Attributes:
        vertices: float32 [V, 3]. quads: int32 [F, 4].
        materials: names; material_index: int32 [F] into them.
        shapes: blendshape -> float32 [V, 3], only those that move this part.
        vertex_colours: float32 [V, 3], linear RGB.
    """

    name: str
    vertices: NDArray[np.float32]
    quads: NDArray[np.int32]
    materials: tuple[str, ...]
    material_index: NDArray[np.int32]
    shapes: Mapping[str, NDArray[np.float32]]
    vertex_colours: NDArray[np.float32]


@dataclass(frozen=True)
class Head:
    """All parts, the face first, and the colour of each material (linear RGB)."""

    parts: tuple[HeadPart, ...]
    colours: Mapping[str, tuple[float, float, float]]


def save_head(head: Head, path: Path) -> None:
    """Write the file that the extension carries."""
    about = {
        "format": _FORMAT,
        "colours": dict(head.colours),
        "parts": [
            {"name": p.name, "materials": p.materials, "shapes": list(p.shapes)} for p in head.parts
        ],
    }
    arrays: dict[str, Any] = {"about": np.frombuffer(json.dumps(about).encode(), np.uint8)}
    for i, part in enumerate(head.parts):
        arrays[f"vertices_{i}"] = part.vertices
        arrays[f"quads_{i}"] = part.quads
        arrays[f"material_index_{i}"] = part.material_index
        arrays[f"colours_{i}"] = part.vertex_colours
        deltas = np.array(list(part.shapes.values()), np.float32)
        arrays[f"deltas_{i}"] = deltas.reshape(-1, *part.vertices.shape)
    np.savez_compressed(path, **arrays)


def load_head(path: Path = HEAD_FILE) -> Head:
    """The head, from its file or, in a checkout, from `CHECKOUT_SOURCE`.

    Raises:
        CharacterError: neither is there, or the file is another format.
    """
    if not path.is_file():
        return _from_checkout()
    return _read(path)


def _read(path: Path) -> Head:
    with np.load(path, allow_pickle=False) as data:
        about = json.loads(data["about"].tobytes())
        if about.get("format") != _FORMAT:
            raise CharacterError(
                "{name} is not a Soliloquy head. Install the zip again.", name=path.name
            )
        parts = tuple(_part(data, i, entry) for i, entry in enumerate(about["parts"]))
    return Head(parts, {name: (rgb[0], rgb[1], rgb[2]) for name, rgb in about["colours"].items()})


def _part(data: Any, i: int, entry: dict[str, Any]) -> HeadPart:
    return HeadPart(
        name=entry["name"],
        vertices=data[f"vertices_{i}"],
        quads=data[f"quads_{i}"],
        materials=tuple(entry["materials"]),
        material_index=data[f"material_index_{i}"],
        shapes=dict(zip(entry["shapes"], data[f"deltas_{i}"], strict=True)),
        vertex_colours=data[f"colours_{i}"],
    )


def _from_checkout() -> Head:
    name, _, function = CHECKOUT_SOURCE.partition(":")
    try:
        module = import_module(name)
        make = getattr(module, function)
    except (ImportError, AttributeError) as error:
        raise CharacterError(
            "This installation has no built-in head. Install Soliloquy's zip, made by `make zip`."
        ) from error
    kept = _kept_copy(Path(str(module.__file__)).parent)
    if kept.is_file():
        with suppress(OSError, ValueError, KeyError, CharacterError):
            return _read(kept)
    head = head_of(make())
    with suppress(OSError):  # a checkout that cannot be written to only takes longer
        _keep(head, kept)
    return head


def _kept_copy(sources: Path) -> Path:
    """Where the head that these sources make is kept."""
    files = [*sorted(sources.glob("*.py")), Path(__file__)]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    return sources.parents[1] / ".build" / f"soliloquy_head-{digest[:16]}.npz"


def _keep(head: Head, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    for stale in path.parent.glob("soliloquy_head-*.npz"):
        stale.unlink(missing_ok=True)
    part = path.with_suffix(f".{os.getpid()}.npz")
    save_head(head, part)
    part.replace(path)


def head_of(model: Any) -> Head:
    """Take `flame.head`'s model apart; Y up becomes Blender's Z up, display colours its linear."""
    parts = [_cut(model, name, span) for name, span in model.parts.items()]
    linear = {name: _linear(rgb) for name, rgb in model.colours.items()}
    colours = {name: (float(r), float(g), float(b)) for name, (r, g, b) in linear.items()}
    return Head(tuple(parts), colours)


def _linear(display: ArrayLike) -> NDArray[np.float32]:
    """sRGB as displayed -> linear RGB (IEC 61966-2-1)."""
    value = np.asarray(display, np.float64)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype("f4")


def _cut(model: Any, name: str, span: range) -> HeadPart:
    rows = slice(span.start, span.stop)
    mine = (model.faces[:, 0] >= span.start) & (model.faces[:, 0] < span.stop)
    used, material_index = np.unique(model.face_material[mine], return_inverse=True)
    shapes = {key: _z_up(deltas[rows]) for key, deltas in model.shapes.items()}
    return HeadPart(
        name=name.replace("_", " ").title(),
        vertices=_z_up(model.vertices[rows]),
        quads=(model.faces[mine] - span.start).astype(np.int32),
        materials=tuple(model.materials[i] for i in used),
        material_index=material_index.astype(np.int32),
        shapes={key: deltas for key, deltas in shapes.items() if np.abs(deltas).max() > _STILL},
        vertex_colours=_linear(model.vertex_colours[rows]),
    )


def _z_up(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(x, y, z) with Y up and Z ahead -> (x, -z, y)."""
    turned = np.stack([vectors[:, 0], -vectors[:, 2], vectors[:, 1]], axis=1)
    return np.ascontiguousarray(turned, np.float32)
