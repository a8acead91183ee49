"""The generator `expclip`: a line acted as a sentence, a pose or an emotion asks.

The network runs at 15 frames a second and says what the expression does to the face, beyond what
articulation does; the sum is made at the rate asked for, so that lips keep their exact times, and
so is the change from one direction to the next: each face that is asked for has a pass of its own,
and the passes are mixed. Windows of 64 frames share `n_overlap` frames with the one before and are
cross-faded there. The paper's generator has no chance in it: takes differ in blinks, gaze and
brows.

A network of the paper's kind (`speech_encoder = "wav2vec2"`) reads wav2vec 2.0 instead of phones
and makes the whole face; closures are imposed on it all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from arkit.closure import impose_closure
from arkit.names import ARKIT_NAMES
from arkit.retime import monotone_interpolate
from server.generators.articulate.coarticulation import with_closures
from server.generators.articulate.config import LifeConfig
from server.generators.articulate.evidence import EvidenceNet, load_evidence
from server.generators.articulate.life import Life, life_layer, live
from server.generators.base import CheckCancel, Frames, Plan, Speech
from server.generators.cafe_talk.xlsr import XlsrEncoder, at_times
from server.generators.encoders import encoders_folder
from server.generators.spoken import SpokenLine, spoken_line
from server.language.errors import WeightsError
from server.language.express import Director, default_director
from server.wire.messages import GenerateRequest

from .facts import CONTROLS
from .model import ExpClipAnimator, style_of, style_widths
from .prompts import Prompt, prompt_of
from .weights import load_animator

Array = NDArray[np.float64]

_MARGIN: Final = 3
"""Network frames beyond a window that interpolation needs."""
_EDGE: Final = 2  # output frames beside a window, so that a contact between two is nobody's loss


@dataclass
class _Residuals:
    """What the network added, kept as long as later frames need it.

    Passes are: neutral, one for each face of the prompt and, with AU strips, the changing prompt
    without and with them.

    Attributes:
        first: network frame of the first row. values: [n, passes, 52], final rows.
        open_rows: [n_overlap, passes, 52], rows of the last window that the next will fade into.
    """

    first: int
    values: Array
    open_rows: Array


@dataclass
class _Take:
    """A take in the making.

    Attributes:
        sound: wav2vec features and their times, where the network reads them.
        residuals: of the last window, None before the first.
    """

    line: SpokenLine
    prompt: Prompt
    life: Life
    sound: tuple[NDArray[np.float32], Array] | None = None
    residuals: _Residuals | None = None


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
        *,
        encoders: Path | None = None,
    ) -> None:
        """Take a trained network.

        Args:
            director: reads directions. evidence: of the mouth in the sound, for articulation.
            encoders: folder with `wav2vec2`, for the `paper` size, and what pictures need.

        Raises:
            EncoderError: the network reads wav2vec 2.0 and there is none.
            WeightsError: it was trained with an autoencoder of another width.
        """
        if model.config.n_style not in style_widths(director.expclip):
            raise WeightsError(
                f"the generator reads styles of width {model.config.n_style}; the expression "
                f"autoencoder makes {director.expclip.config.n_embedding}",
                "Use weights that were trained together.",
            )
        self.model = model.to(device).eval()
        self.config = model.config
        self.director = director
        self.evidence = evidence
        self.device = device
        self.encoders = encoders or encoders_folder()
        self.speech_encoder: XlsrEncoder | None = None
        if self.config.speech_encoder == "wav2vec2":
            folder = (self.encoders or Path()) / "wav2vec2"
            self.speech_encoder = XlsrEncoder(folder, device, "wav2vec 2.0")
        self._digest = digest

    def provenance(self) -> dict[str, Any]:
        """Return the hash of the weights."""
        return {"generator": self.name, "weights": self._digest}

    def plan(self, request: GenerateRequest, speech: Speech, seed: int) -> Plan:
        """Lay out one take.

        Raises:
            ActionUnitError, StripError: a strip of the request makes no sense.
            Unavailable, BadRequest: the direction is a picture that cannot be read.
        """
        seconds = speech.seconds or request.seconds
        if not speech.seconds:
            speech = replace(speech, seconds=seconds)
        n_frames = max(1, int(np.ceil(seconds * request.fps - 1e-6)))
        prompt = prompt_of(request, self.director, seconds, self.encoders)
        line = spoken_line(speech, self.evidence)
        sound = self.speech_encoder and self.speech_encoder.encode(speech.samples)
        n_net = int(np.ceil(seconds * self.config.fps)) + 1 + _MARGIN
        return Plan(
            request=request, speech=speech, seed=seed, fps=request.fps, n_frames=n_frames,
            n_windows=max(1, -(-n_net // self._hop)), contacts=line.contacts,
            notes=(*prompt.notes, *_takes_note(request)),
            state={"take": _Take(line, prompt, live(speech, seed, LifeConfig()), sound)},
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
        take: _Take = plan.state["take"]
        take.residuals = kept = self._extended(take, plan.next_window)
        last_window = plan.next_window + 1 >= plan.n_windows
        first = self._output_start(plan, plan.next_window)
        last = plan.n_frames if last_window else self._output_start(plan, plan.next_window + 1)
        return self._frames(plan, kept, first, max(first, min(last, plan.n_frames)))

    def _output_start(self, plan: Plan, window: int) -> int:
        """Return the first output frame of a window: those before it lie within known rows."""
        if window == 0:
            return 0
        seconds = (window * self._hop - _MARGIN) / self.config.fps
        return min(int(np.ceil(seconds * plan.fps)), plan.n_frames)

    def _extended(self, take: _Take, window: int) -> _Residuals:
        """Run the network on the next window and fade it into what is open."""
        start = window * self._hop
        fresh = self._residual(take, start)
        before = take.residuals
        if before is None:
            return _Residuals(0, fresh[: self._hop], fresh[self._hop :])
        fade = (np.arange(self.config.n_overlap) + 1.0) / (self.config.n_overlap + 1.0)
        fade = (fade * fade * (3.0 - 2.0 * fade))[:, None, None]
        joined = before.open_rows * (1.0 - fade) + fresh[: self.config.n_overlap] * fade
        rows = np.concatenate([joined, fresh[self.config.n_overlap : self._hop]])
        tail = before.values[-2 * _MARGIN :]
        return _Residuals(start - len(tail), np.concatenate([tail, rows]), fresh[self._hop :])

    def _residual(self, take: _Take, start: int) -> Array:
        """Return what each pass adds to the articulated mouth, [n_frames, passes, 52].

        A face that is not shown anywhere in the window is left at 0.
        """
        n_frames = self.config.n_frames
        times = (start + np.arange(n_frames)) / self.config.fps
        around = (start + np.arange(-_MARGIN, n_frames + _MARGIN)) / self.config.fps
        asked, shown = _asked(take.prompt, times, around)
        added = np.zeros((len(asked), n_frames, len(ARKIT_NAMES)))
        lips = self._mouth(take, times)
        added[shown] = self._run(self._features(take, times, lips), lips, asked[shown])
        return added.transpose(1, 0, 2)

    def _run(self, audio: NDArray[np.float32], lips: Array, faces: Array) -> Array:
        """Return what faces asked for, [P, T, 52], add to the mouth, each in a pass."""
        with torch.inference_mode():
            heard = self._tensor(audio).expand(len(faces), -1, -1)
            mouth = self._tensor(lips).expand(len(faces), -1, -1)
            made = self.model(heard, mouth, self._styles(faces)) - mouth
        return made.float().cpu().numpy().astype(np.float64)

    def _mouth(self, take: _Take, times: Array) -> Array:
        """Return the mouth that the network adds to: none where it makes the whole face."""
        if self.speech_encoder is not None:
            return np.zeros((len(times), len(ARKIT_NAMES)))
        return take.line.lips(times)

    def _features(self, take: _Take, times: Array, lips: Array) -> NDArray[np.float32]:
        if take.sound is not None:
            return at_times(*take.sound, times)
        return take.line.features(times, lips)

    def _tensor(self, values: NDArray[np.floating]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, np.float32)).to(self.device)

    def _styles(self, faces: Array) -> Tensor:
        """Return the style embeddings of faces [P, T, 52], each different face embedded once."""
        flat = faces.reshape(-1, faces.shape[-1]).astype(np.float32)
        different, where = np.unique(flat, axis=0, return_inverse=True)
        styles = style_of(self.director.expclip, torch.from_numpy(different))
        return styles[where.reshape(-1)].view(*faces.shape[:2], -1).to(self.device)

    def _frames(self, plan: Plan, kept: _Residuals, first: int, last: int) -> Frames:
        take: _Take = plan.state["take"]
        low, high = max(first - _EDGE, 0), min(last + _EDGE, plan.n_frames)
        times = np.arange(low, max(high, low)) / plan.fps
        clock = (kept.first + np.arange(len(kept.values))) / self.config.fps
        flat = kept.values.reshape(len(kept.values), -1)
        added = monotone_interpolate(clock, flat, np.clip(times, clock[0], clock[-1]))
        passes = added.reshape(len(times), -1, len(ARKIT_NAMES))
        faces = self._closed(plan, times, _mixed(passes, take.prompt, times))
        living, head, eyes = life_layer(times, take.life, plan.fps)
        layers = _layers(faces, living)
        inner = slice(first - low, last - low)
        return Frames(
            start_frame=first,
            layers={name: layer[inner].astype(np.float32) for name, layer in layers.items()},
            head=head[inner].astype(np.float32),
            eyes=eyes[inner].astype(np.float32),
        )

    def _closed(self, plan: Plan, times: Array, added: Sequence[Array]) -> list[Array]:
        """Return faces, clamped, with lips that travel to their contacts and meet."""
        take: _Take = plan.state["take"]
        lips = self._mouth(take, times)
        faces: list[Array] = []
        for more in added:
            face = np.clip(lips + more, 0.0, 1.0)
            face = with_closures(face, times, plan.contacts, take.line.config)
            faces.append(impose_closure(face, times, plan.contacts).astype(np.float64))
        return faces


def _asked(prompt: Prompt, times: Array, around: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Return the face of each pass at each time, [P, T, 52], and which are shown `around`, [P]."""
    faces = np.concatenate([np.zeros((1, len(ARKIT_NAMES))), prompt.faces])
    asked = np.repeat(faces[:, None], len(times), axis=1)
    shown = np.append(True, (prompt.weights(around) > 0).any(axis=0))
    if prompt.strips:
        changing = np.stack([prompt.directed(times), prompt.with_strips(times)])
        asked, shown = np.concatenate([asked, changing]), np.append(shown, [True, True])
    return asked, shown


def _mixed(passes: Array, prompt: Prompt, times: Array) -> list[Array]:
    """Mix passes [T, P, 52] into what is added without a direction, with it, and with AU strips."""
    n_faces = len(prompt.faces)
    directed = np.einsum("tk,tkc->tc", prompt.weights(times), passes[:, 1 : 1 + n_faces])
    if not prompt.strips:
        return [passes[:, 0], directed]
    return [passes[:, 0], directed, directed + passes[:, -1] - passes[:, -2]]


def _layers(faces: list[Array], living: Array) -> dict[str, Array]:
    """Return what each pass adds to the one before: without AU strips their layer is still."""
    neutral, directed, marked = faces[0], faces[1], faces[-1]
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
