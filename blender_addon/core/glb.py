"""The times inside a .glb that Blender wrote, read and set right.

Blender's glTF exporter (up to 5.0 at least) takes fps * fps_base for the frame rate where it is
fps / fps_base, so that animations at 23.976 or 29.97 fps come out 0.2 % too long: 7 s in an hour.
Layout: https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html#binary-gltf-layout
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any, Final

import numpy as np

_MAGIC: Final = 0x46546C67
_JSON: Final = 0x4E4F534A
_FLOAT: Final = 5126


def animation_end(path: Path) -> float:
    """Latest key of all animations in seconds, 0 without any.

    Raises:
        ValueError: not a .glb.
    """
    about, _ = _parts(path.read_bytes())
    ends = [about["accessors"][i]["max"][0] for i in _time_accessors(about)]
    return float(max(ends, default=0.0))


def scale_times(path: Path, factor: float) -> None:
    """Multiply the time of every animation key by `factor`.

    Raises:
        ValueError: not a .glb, or its times are laid out as no exporter of Blender does.
    """
    about, chunks = _parts(path.read_bytes())
    binary = np.frombuffer(chunks[8:], np.uint8).copy()
    for index in _time_accessors(about):
        accessor = about["accessors"][index]
        view = about["bufferViews"][accessor["bufferView"]]
        if accessor["componentType"] != _FLOAT or "byteStride" in view:
            raise ValueError(f"{path.name} keeps its animation times in a way that is not known")
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        span = slice(start, start + 4 * accessor["count"])
        times = binary[span].view("<f4") * np.float32(factor)
        binary[span] = times.astype("<f4").view(np.uint8)
        accessor["min"], accessor["max"] = [float(times.min())], [float(times.max())]
    text = json.dumps(about, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    head = struct.pack("<II", len(text), _JSON) + text
    body = head + chunks[:8] + binary.tobytes()
    path.write_bytes(struct.pack("<III", _MAGIC, 2, 12 + len(body)) + body)


def _parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The JSON, and all that follows it: the header and data of the binary chunk."""
    if len(data) < 20 or struct.unpack_from("<I", data)[0] != _MAGIC:
        raise ValueError("not a .glb file")
    length, kind = struct.unpack_from("<II", data, 12)
    if kind != _JSON:
        raise ValueError("the .glb does not begin with its JSON")
    return json.loads(data[20 : 20 + length]), data[20 + length :]


def _time_accessors(about: dict[str, Any]) -> set[int]:
    samplers = (s for animation in about.get("animations", ()) for s in animation["samplers"])
    return {sampler["input"] for sampler in samplers}
