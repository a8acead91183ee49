"""The generator `expclip`: a line acted as a sentence, a pose or an emotion asks.

The network runs at 15 frames a second and says what the expression does to the face, beyond what
articulation does; the sum is made at the rate asked for, so that lips keep their exact times.
Windows of 64 frames share `n_overlap` frames with the one before and are cross-faded there. The
paper's generator has no chance in it: takes differ in blinks, gaze and brows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from arkit.closure import impose_closure
from arkit.retime import monotone_interpolate
from server.generators.articulate.coarticulation import with_closures
from server.generators.articulate.config import LifeConfig
from server.generators.articulate.evidence import EvidenceNet, load_evidence
from server.generators.articulate.life import Life, life_layer, live
from server.generators.base import CheckCancel, Frames, Plan, Speech
from server.generators.spoken import SpokenLine, spoken_line
from server.language.express import Director, default_director
from server.wire.messages import GenerateRequest

from .facts import CONTROLS
from .model import ExpClipAnimator, style_of
from .prompts import Prompt, prompt_of
from .weights import load_animator

Array = NDArray[np.float64]

_PASSES: Final = ("lips", "emotion", "strips")
"""Neutral, directed, directed with AU strips: a layer is what a pass adds to the one before."""
_MARGIN: Final = 3
"""Network frames beyond a window that interpolation needs."""
_EDGE: Final = 2  # output frames beside a window, so that a contact between two is nobody's loss


@dataclass
class _Residuals:
    """What the network added, kept as long as later frames need it.

    Attributes:
        first: network frame of the first row. values: [n, passes, 52], final rows.
        open_rows: [n_overlap, passes, 52], rows of the last window that the next will fade into.
    """

    first: int
    values: Array
    open_rows: Array


class ExpClipGenerator:
    """See the module's first lines and `server.generators.base.Generator`."""

    name = "expclip"
    understands = frozenset(CONTROLS)

    def __init__(
        self,
        model: ExpClipAnimator,
        digest: str,
        director: Director,
        evidence: EvidenceNet,
        device: str = "cpu",
    ) -> None:
        self.model = model.to(device).eval()
        self.config = model.config
        self.director = director
        self.evidence = evidence
        self.device = device
        self._digest = digest

    def provenance(self) -> dict[str, Any]:
        """Return the hash of the weights."""
        return {"generator": self.name, "weights": self._digest}

    def plan(self, request: GenerateRequest, speech: Speech, seed: int) -> Plan:
        """Lay out one take.

        Raises:
            ActionUnitError, StripError: a strip of the request makes no sense.
        """
        seconds = speech.seconds or request.seconds
        if not speech.seconds:
            speech = replace(speech, seconds=seconds)
        n_frames = max(1, int(np.ceil(seconds * request.fps - 1e-6)))
        prompt = prompt_of(request, self.director)
        line = spoken_line(speech, self.evidence)
        n_net = int(np.ceil(seconds * self.config.fps)) + 1 + _MARGIN
        return Plan(
            request=request, speech=speech, seed=seed, fps=request.fps, n_frames=n_frames,
            n_windows=max(1, -(-n_net // self._hop)), contacts=line.contacts,
            notes=(*prompt.notes, *_takes_note(request)),
            state={
                "line": line, "prompt": prompt, "life": live(speech, seed, LifeConfig()),
                "residuals": None,
            },
        )  # fmt: skip

    @property
    def _hop(self) -> int:
        return self.config.n_frames - self.config.n_overlap

    def denoise(self, plans: Sequence[Plan], check_cancel: CheckCancel) -> list[Frames]:
        """Make the next window of every plan."""
        frames: list[Frames] = []
        for plan in plans:
            check_cancel()
            frames.append(self._window(plan))
            plan.next_window += 1
        return frames

    def _window(self, plan: Plan) -> Frames:
        plan.state["residuals"] = kept = self._extended(plan)
        last_window = plan.next_window + 1 >= plan.n_windows
        n_known = kept.first + len(kept.values)
        first = self._output_start(plan, plan.next_window)
        last = plan.n_frames if last_window else self._output_start(plan, plan.next_window + 1)
        return self._frames(plan, kept, first, max(first, min(last, plan.n_frames)), n_known)

    def _output_start(self, plan: Plan, window: int) -> int:
        """Return the first output frame of a window: those before it lie within known rows."""
        if window == 0:
            return 0
        seconds = (window * self._hop - _MARGIN) / self.config.fps
        return min(int(np.ceil(seconds * plan.fps)), plan.n_frames)

    def _extended(self, plan: Plan) -> _Residuals:
        """Run the network on the next window and fade it into what is open."""
        start = plan.next_window * self._hop
        fresh = self._residual(plan, start)
        before: _Residuals | None = plan.state["residuals"]
        if before is None:
            return _Residuals(0, fresh[: self._hop], fresh[self._hop :])
        fade = (np.arange(self.config.n_overlap) + 1.0) / (self.config.n_overlap + 1.0)
        fade = (fade * fade * (3.0 - 2.0 * fade))[:, None, None]
        joined = before.open_rows * (1.0 - fade) + fresh[: self.config.n_overlap] * fade
        rows = np.concatenate([joined, fresh[self.config.n_overlap : self._hop]])
        tail = before.values[-2 * _MARGIN :]
        return _Residuals(start - len(tail), np.concatenate([tail, rows]), fresh[self._hop :])

    def _residual(self, plan: Plan, start: int) -> Array:
        """Return what each pass adds to the articulated mouth, [n_frames, passes, 52]."""
        line: SpokenLine = plan.state["line"]
        prompt: Prompt = plan.state["prompt"]
        times = (start + np.arange(self.config.n_frames)) / self.config.fps
        lips = line.lips(times)
        faces = np.stack(
            [np.zeros_like(lips), prompt.directed(times), prompt.with_strips(times)]
        )  # [P, T, 52]
        with torch.inference_mode():
            audio = self._tensor(line.features(times, lips)).expand(len(faces), -1, -1)
            mouth = self._tensor(lips).expand(len(faces), -1, -1)
            made = self.model(audio, mouth, self._styles(faces)) - mouth
        return made.float().cpu().numpy().astype(np.float64).transpose(1, 0, 2)

    def _tensor(self, values: NDArray[np.floating]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, np.float32)).to(self.device)

    def _styles(self, faces: Array) -> Tensor:
        """Return the style embeddings of faces [P, T, 52], each different face embedded once."""
        flat = faces.reshape(-1, faces.shape[-1]).astype(np.float32)
        different, where = np.unique(flat, axis=0, return_inverse=True)
        styles = style_of(self.director.expclip, torch.from_numpy(different))
        return styles[where.reshape(-1)].view(*faces.shape[:2], -1).to(self.device)

    def _frames(self, plan: Plan, kept: _Residuals, first: int, last: int, n_known: int) -> Frames:
        low, high = max(first - _EDGE, 0), min(last + _EDGE, plan.n_frames)
        times = np.arange(low, max(high, low)) / plan.fps
        clock = np.arange(kept.first, n_known) / self.config.fps
        flat = kept.values.reshape(len(kept.values), -1)
        added = monotone_interpolate(clock, flat, np.clip(times, clock[0], clock[-1]))
        faces = _closed(plan, times, added.reshape(len(times), len(_PASSES), -1))
        life: Life = plan.state["life"]
        living, head, eyes = life_layer(times, life, plan.fps)
        layers = _layers(faces, living)
        inner = slice(first - low, last - low)
        return Frames(
            start_frame=first,
            layers={name: layer[inner].astype(np.float32) for name, layer in layers.items()},
            head=head[inner].astype(np.float32),
            eyes=eyes[inner].astype(np.float32),
        )


def _closed(plan: Plan, times: Array, added: Array) -> list[Array]:
    """Return the face of each pass, clamped, lips travelling to their contacts and meeting."""
    line: SpokenLine = plan.state["line"]
    lips = line.lips(times)
    faces: list[Array] = []
    for number in range(len(_PASSES)):
        face = np.clip(lips + added[:, number], 0.0, 1.0)
        face = with_closures(face, times, plan.contacts, line.config)
        faces.append(impose_closure(face, times, plan.contacts).astype(np.float64))
    return faces


def _layers(faces: list[Array], living: Array) -> dict[str, Array]:
    neutral, directed, marked = faces
    return {
        "lips": neutral, "emotion": directed - neutral, "strips": marked - directed,
        "life": _beside(living, marked),
    }  # fmt: skip


def _beside(living: Array, face: Array) -> Array:
    """Return life on an acting face: a lid that is down already has less way to go."""
    return np.minimum(living, np.maximum(1.0 - face, 0.0))


def _takes_note(request: GenerateRequest) -> tuple[str, ...]:
    if request.takes < 2:
        return ()
    return (
        "Takes of 'expclip' differ in blinks, gaze and brows; lips and expression are the same.",
    )


def shipped(device: str) -> ExpClipGenerator:
    """Return the generator with the shipped weights.

    Raises:
        WeightsError: weights are missing.
    """
    model, digest = load_animator()
    return ExpClipGenerator(model, digest, default_director(), load_evidence(), device)
