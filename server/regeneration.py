"""A part of a take made anew: whatever the generator does, all else stays bit-identical.

The client sends the take along (`GenerateRequest.base`). `Regeneration.applied` is the one place
where old and new meet, frame by frame at the rate of the request, after any resampling. A generator
that wants a seamless join looks at `Regeneration.base` itself, resampled to its own rate.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from arkit.clip import ArkitClip
from arkit.names import ARKIT_NAMES, INDEX
from arkit.retime import resample
from arkit.splicing import ALL_REGIONS, Part, blend_angles, blend_columns

from .errors import BadRequest
from .wire.messages import Chunk, ClipData, GenerateRequest

_LOWEST, _HIGHEST = -1.0, 2.0  # phones send a little more than 1 for extreme gaze


@dataclass(frozen=True)
class Regeneration:
    """The take that a request changes, and which part of it.

    Attributes:
        base: the whole take, at the request's rate.
        part: span and regions to make anew.
    """

    base: ArkitClip
    part: Part

    def base_at(self, fps: float) -> ArkitClip:
        """Return the take at a generator's own rate."""
        return self.base if abs(fps - self.base.fps) < 1e-9 else resample(self.base, fps)

    def check_length(self, n_frames: int) -> None:
        """Refuse a take of another line.

        Raises:
            BadRequest: with both lengths.
        """
        if n_frames != self.base.n_frames:
            raise BadRequest(
                f"The line has changed since this take was made: it had {self.base.n_frames} "
                f"frames at {self.base.fps:g} fps and has {n_frames}.",
                "Generate a new take.",
            )

    def applied(self, chunk: Chunk) -> Chunk:
        """Return the take's own frames, with the chunk's in the part that is made anew.

        Values outside the span and the regions are those of the base, bit for bit.
        """
        n = len(chunk.coefficients)
        here = slice(chunk.start_frame, chunk.start_frame + n)
        times = np.arange(here.start, here.stop) / self.base.fps
        share = self.part.share_of_new(times, self.base.seconds)
        columns = [k for k, name in enumerate(chunk.names) if name in self.part.blendshapes]
        order = [INDEX[name] for name in chunk.names]
        nothing = np.zeros((n, len(order)), np.float32)

        def mixed(old: NDArray[np.float32], new: NDArray[np.float32]) -> NDArray[np.float32]:
            return blend_columns(old, new, share, columns)

        old_layers = {name: layer[here][:, order] for name, layer in self.base.layers.items()}
        names = dict.fromkeys((*old_layers, *(chunk.layers if old_layers else ())))
        moves_head = self.part.moves_head
        head, eyes = _angles(self.base)
        return replace(
            chunk,
            coefficients=mixed(self.base.coefficients[here][:, order], chunk.coefficients),
            head=blend_angles(head[here], chunk.head, share) if moves_head else head[here],
            eyes=blend_angles(eyes[here], chunk.eyes, share) if moves_head else eyes[here],
            layers={
                name: mixed(old_layers.get(name, nothing), chunk.layers.get(name, nothing))
                for name in names
            },
        )


def regeneration_of(request: GenerateRequest) -> Regeneration | None:
    """Return what a request changes of the take it sent along, None when it makes a whole line.

    Raises:
        BadRequest: there is a part but no take or a take but no part, the part lies after the
            take's end, or the take cannot be read.
    """
    has_part = request.regenerate_start is not None or bool(request.regenerate_regions)
    if request.base is None:
        if has_part:
            raise BadRequest(
                "A part of a take is to be made anew, and the take is missing.",
                "Send it in the field `base`.",
            )
        return None
    if not has_part:
        raise BadRequest(
            "A take was sent along, and neither a span nor regions of it are to be made anew.",
            "Name what to regenerate, or leave `base` out.",
        )
    base = clip_of(request.base, "base")
    if abs(base.fps - request.fps) > 1e-6:
        raise BadRequest(
            f"The take has {base.fps:g} fps and the request {request.fps:g}.",
            "Ask for the rate of the take.",
        )
    start = request.regenerate_start
    end = request.regenerate_end
    whole = start is None or end is None
    if start is not None and start >= base.seconds:
        raise BadRequest(
            f"The span to regenerate starts at {start:g} s, and the take ends at "
            f"{base.seconds:.2f} s.",
            "Name seconds of the take.",
        )
    return Regeneration(
        base,
        Part(
            0.0 if whole else float(start or 0.0),
            base.seconds if whole else float(end or 0.0),
            frozenset(request.regenerate_regions) or ALL_REGIONS,
        ),
    )


def clip_of(data: ClipData, field: str) -> ArkitClip:
    """Return a clip that came over the wire, its columns put in place by name.

    Raises:
        BadRequest: a name is unknown or comes twice, there are no frames, or no rate.
    """
    unknown = [name for name in data.names if name not in INDEX]
    if unknown:
        raise BadRequest(
            f"The clip in `{field}` has a column '{unknown[0][:40]}', which is not an ARKit "
            "blendshape.",
            "Use Apple's names, such as mouthSmileLeft.",
        )
    if len(set(data.names)) != len(data.names):
        twice = next(name for name in data.names if data.names.count(name) > 1)
        raise BadRequest(f"The clip in `{field}` has the column '{twice}' twice.", "Send it once.")
    if not (math.isfinite(data.fps) and data.fps > 0):
        raise BadRequest(f"The clip in `{field}` has {data.fps:g} fps.", "Use a positive rate.")
    if not len(data.coefficients) or not data.names:
        raise BadRequest(f"The clip in `{field}` has no frames.", "Send at least one.")
    low, high = float(data.coefficients.min()), float(data.coefficients.max())
    if low < _LOWEST or high > _HIGHEST:
        raise BadRequest(
            f"The clip in `{field}` has coefficients from {low:g} to {high:g}.", "Use 0 to 1."
        )
    columns = [INDEX[name] for name in data.names]
    return ArkitClip(
        coefficients=_placed(data.coefficients, columns),
        fps=data.fps,
        head=data.head if len(data.head) else None,
        eyes=data.eyes if len(data.eyes) else None,
        layers={name: _placed(layer, columns) for name, layer in data.layers.items()},
    )


def digest(data: ClipData) -> str:
    """Return what provenance keeps of a clip that was sent along: SHA-256 of its values."""
    sha = hashlib.sha256(repr((data.names, data.fps, sorted(data.layers))).encode())
    arrays = (data.coefficients, data.head, data.eyes, *(v for _, v in sorted(data.layers.items())))
    for array in arrays:
        sha.update(np.ascontiguousarray(array, "<f4").tobytes())
    return sha.hexdigest()


def _placed(values: NDArray[np.float32], columns: list[int]) -> NDArray[np.float32]:
    whole = np.zeros((len(values), len(ARKIT_NAMES)), np.float32)
    whole[:, columns] = values
    return whole


def _angles(clip: ArkitClip) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    assert clip.head is not None and clip.eyes is not None  # a clip fills absent ones with zeros
    return clip.head, clip.eyes
