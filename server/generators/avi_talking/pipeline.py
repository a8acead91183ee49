"""The generator `avi_talking`: a line acted as an instruction, or as its own voice, asks.

A style is drawn for each instruction from the diffusion prior, by noise of the take's seed; the
talking generator then says the line in it, window by window, as FLAME expression and jaw. What it
makes is brought to the 52 blendshapes by `flame.convert`, lips meet where they must, and AU strips,
a pose and life are laid over it there. Frames carry the FLAME coefficients of all that too.
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
from arkit.names import ARKIT_NAMES, INDEX
from flame.clip import FlameClip
from flame.convert import flame_to_arkit
from server.generators.articulate.coarticulation import with_closures
from server.generators.articulate.evidence import EvidenceNet, load_evidence
from server.generators.base import CheckCancel, FlameFrames, Frames, Plan, Speech
from server.generators.cafe_talk.habits import Living, eyes_from_face, living_of
from server.generators.cafe_talk.xlsr import XlsrEncoder, at_times
from server.generators.diffusion import keyed_noise
from server.generators.encoders import encoders_folder
from server.generators.layers import differences
from server.generators.spoken import SpokenLine, spoken_line
from server.generators.windows import Windows
from server.language.clip_text import text_encoder
from server.language.encoder import TextEncoder
from server.language.express import Director, default_director
from server.wire.messages import GenerateRequest

from .asked import Asked, Listen, asked_of, heard
from .config import AviTalkingConfig
from .facts import CONTROLS
from .space import MotionSpace, built_in_space
from .weights import WEIGHTS, Network, load_weights, random_network

Array = NDArray[np.float64]

_EDGE: Final = 6
"""Frames beside a window that are converted with it: a contact or a jump there is nobody's loss."""
_TONGUE: Final = INDEX["tongueOut"]
_GAZE: Final = tuple(k for k, name in enumerate(ARKIT_NAMES) if name.startswith("eyeLook"))


@dataclass
class _Take:
    """A plan's own state.

    Attributes:
        styles: of each feeling asked for, [K, Z].
        tail: what the last final frames added to the articulated mouth, [<= _EDGE, M], mm.
        ahead: the same of the frames after them, which fade into the next window, [n_ahead, M].
        sound: features of the paper's speech encoder and their times, or None.
    """

    windows: Windows
    line: SpokenLine
    asked: Asked
    styles: Tensor
    living: Living
    tail: Array
    ahead: Array | None = None
    sound: tuple[NDArray[np.float32], Array] | None = None


@dataclass(frozen=True)
class _Window:
    """A window: its times [T], articulated lips [T, 52] and their motion [T, M]."""

    times: Array
    lips: Array
    motion: Array


class AviTalkingGenerator:
    """See the module's first lines and `server.generators.base.Generator`."""

    name = "avi_talking"
    understands = frozenset(CONTROLS)

    def __init__(
        self,
        network: Network,
        digest: str,
        evidence: EvidenceNet | None,
        device: str = "cpu",
        *,
        director: Director | None = None,
        encoders: Path | None = None,
        listen: Listen = heard,
        by_words: bool = True,
    ) -> None:
        """Take a trained network.

        Args:
            digest: hash of the weights. evidence: of the mouth in the sound, for `articulate`.
            director: reads emotions of sentences, for blinks and head; the shipped one by default.
            encoders: folder with `clip` and `wav2vec2`, for the `paper` size; by default what
                `encoders_folder` finds.
            listen: asks the voice. by_words: False takes the voice's embedding in place of its
                sentence's ("w/o LLM", Table 1).

        Raises:
            EncoderError: an encoder that the size names cannot be had.
        """
        self.network = network.to(device).eval()
        self.config: AviTalkingConfig = network.config
        self.evidence = evidence
        self.device = device
        self.director = director or default_director()
        folder = encoders or encoders_folder() or Path()
        self.encoder: TextEncoder = self.director.encoder
        if self.config.text_encoder != "builtin":
            self.encoder = text_encoder(self.config.text_encoder, folder / "clip")
        self.speech_encoder: XlsrEncoder | None = None
        if self.config.speech_encoder == "wav2vec2":
            self.speech_encoder = XlsrEncoder(folder / "wav2vec2", device, "wav2vec 2.0")
        self.listen = listen
        self.by_words = by_words
        self.space: MotionSpace = built_in_space()
        self._digest = digest

    def provenance(self) -> dict[str, Any]:
        """Return the hash of the weights."""
        return {"generator": self.name, "weights": self._digest}

    def plan(self, request: GenerateRequest, speech: Speech, seed: int) -> Plan:
        """Lay out one take and draw its styles.

        Raises:
            ActionUnitError, StripError: a strip of the request makes no sense.
        """
        seconds = speech.seconds or request.seconds
        speech = speech if speech.seconds else replace(speech, seconds=seconds)
        config = self.config
        n_frames = max(1, int(np.ceil(seconds * config.fps - 1e-6)))
        windows = Windows(n_frames, config.n_frames, config.n_given, config.n_ahead)
        line = spoken_line(speech, self.evidence)
        asked = asked_of(request, speech, self.director, self.listen)
        take = _Take(
            windows, line, asked, self.styles(asked, request, seed),
            living_of(speech, seed, self.network.habits, "", felt(asked, seconds)),
            tail=np.zeros((0, config.n_motion)),
            sound=self.speech_encoder and self.speech_encoder.encode(speech.samples),
        )  # fmt: skip
        return Plan(
            request=request, speech=speech, seed=seed, fps=config.fps, n_frames=n_frames,
            n_windows=windows.count, contacts=line.contacts, notes=asked.notes,
            state={"take": take}, provenance=_provenance(asked),
        )  # fmt: skip

    def styles(self, asked: Asked, request: GenerateRequest, seed: int) -> Tensor:
        """Return the style of each instruction, [K, Z]: all drawn with the take's one noise."""
        texts = self.encoder.encode(list(asked.texts))
        if asked.voice is not None and not self.by_words:
            texts[0] = asked.voice.embedding
        eps = keyed_noise(seed, 0, 0, (self.config.n_style,)).expand(len(texts), -1)
        eps = self.config.temperature * eps
        guidance = request.guidance.get("emotion", self.config.guidance)
        with torch.inference_mode():
            return self.network.follower.sample(
                self._tensor(texts), eps.to(self.device), guidance, request.steps
            )

    def denoise(self, plans: Sequence[Plan], check_cancel: CheckCancel) -> list[Frames]:
        """Make the next window of every plan."""
        windows = [self._opened(plan) for plan in plans]
        added = self._added(plans, windows, check_cancel)
        frames = [
            self._closed(plan, window, made)
            for plan, window, made in zip(plans, windows, added, strict=True)
        ]
        for plan in plans:
            plan.next_window += 1
        return frames

    def _tensor(self, values: NDArray[np.floating]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, np.float32)).to(self.device)

    def _opened(self, plan: Plan) -> _Window:
        take: _Take = plan.state["take"]
        start = take.windows.start(plan.next_window)
        times = (start + np.arange(self.config.n_frames)) / plan.fps
        lips = take.line.lips(times)
        return _Window(times, lips, self.space.of_blendshapes(lips))

    def _added(
        self, plans: Sequence[Plan], windows: Sequence[_Window], check_cancel: CheckCancel
    ) -> list[Array]:
        """Return what the instruction adds to the articulated mouth, [T, M] for each plan.

        On the CPU each plan runs by itself, so that a take is the same bits alone and in a batch.
        """
        inputs = [self._inputs(p, w) for p, w in zip(plans, windows, strict=True)]
        if self.device != "cpu" and len(inputs) > 1:
            inputs = [tuple(torch.cat(parts) for parts in zip(*inputs, strict=True))]
        found: list[Tensor] = []
        with torch.inference_mode():
            for audio, lips, style, degree in inputs:
                check_cancel()
                found += list((self.network.prior(audio, lips, style) - lips) * degree)
        return [made.cpu().numpy().astype(np.float64) for made in found]

    def _inputs(self, plan: Plan, window: _Window) -> tuple[Tensor, ...]:
        take: _Take = plan.state["take"]
        shares = take.asked.direction.shares(window.times)  # [K, T]
        degree = np.array(take.asked.degrees) @ shares
        style = self._tensor(shares.T) @ take.styles
        audio = (
            take.line.features(window.times, window.lips)
            if take.sound is None
            else at_times(*take.sound, window.times)
        )
        return (
            self._tensor(audio)[None], self._tensor(window.motion)[None], style[None],
            self._tensor(degree)[None, :, None],
        )  # fmt: skip

    def _closed(self, plan: Plan, window: _Window, added: Array) -> Frames:
        """Return the final frames of a window, and keep what the next needs."""
        take: _Take = plan.state["take"]
        fresh = take.windows.fresh(plan.next_window)
        added = self._joined(take, added, fresh)
        low, high = max(fresh.start - _EDGE, 0), min(fresh.stop + _EDGE, len(added))
        near = slice(low, high)
        inner = slice(fresh.start - low, fresh.stop - low)
        times, lips = window.times[near], window.lips[near]
        expression, jaw = self.space.to_flame(window.motion[near] + added[near])
        shown = self._blendshapes(expression, jaw)
        layers = self._layers(plan, shown, lips, times)
        face = np.clip(sum(layers.values(), np.zeros_like(lips)), 0.0, 1.0)
        head = take.living.head(times, plan.fps)
        return Frames(
            start_frame=take.windows.start(plan.next_window) + fresh.start,
            layers={name: layer[inner].astype(np.float32) for name, layer in layers.items()},
            head=head[inner].astype(np.float32),
            eyes=eyes_from_face(face)[inner].astype(np.float32),
            flame=self._flame(expression, jaw, face, shown, inner),
        )

    def _joined(self, take: _Take, added: Array, fresh: slice) -> Array:
        """Fade the frames ahead of the window before into this one; keep what the next needs."""
        config = self.config
        if take.ahead is not None:
            rows = slice(config.n_given, config.n_given + config.n_ahead)
            place = (np.arange(config.n_ahead) + 1.0) / (config.n_ahead + 1.0)
            share = (place * place * (3.0 - 2.0 * place))[:, None]
            added[rows] = (1.0 - share) * take.ahead + share * added[rows]
            added[fresh.start - len(take.tail) : fresh.start] = take.tail
        last = config.n_frames - config.n_ahead
        take.ahead = added[last:].copy()
        take.tail = added[last - min(_EDGE, config.n_given) : last].copy()
        return added

    def _blendshapes(self, expression: Array, jaw: Array) -> Array:
        """Return the 52 blendshapes nearest to FLAME coefficients, [n, 52]."""
        clip = FlameClip(
            expression=expression.astype(np.float32), fps=self.config.fps,
            basis_id=self.space.shapes.model.basis_id, jaw=jaw.astype(np.float32),
        )  # fmt: skip
        return flame_to_arkit(clip).clip.coefficients.astype(np.float64)

    def _layers(self, plan: Plan, shown: Array, lips: Array, times: Array) -> dict[str, Array]:
        take: _Take = plan.state["take"]
        asked = take.asked
        acted = shown.copy()
        acted[:, _TONGUE] = lips[:, _TONGUE]
        acted[:, _GAZE] = lips[:, _GAZE]
        acted = asked.held(acted, lips, times)
        if asked.pose is not None:
            acted = asked.posed(lips)
        faces, claim = {"lips": lips, "emotion": met(acted, lips, times, plan)}, lips * 0.0
        if asked.strips:
            marked, claim = asked.with_strips(acted, times)
            faces["strips"] = met(marked, lips, times, plan)
        layers = differences(faces)
        layers.setdefault("strips", np.zeros_like(lips))
        face = faces.get("strips", faces["emotion"])
        layers["life"] = take.living.frames(times, plan.fps, face, claim)
        return layers

    def _flame(
        self, expression: Array, jaw: Array, face: Array, shown: Array, inner: slice
    ) -> FlameFrames:
        """Return the FLAME coefficients of final frames: the network's, and what came over them."""
        shapes, n = self.space.shapes, expression.shape[1]
        over = shapes.of_faces(face) - shapes.of_faces(shown)
        return FlameFrames(
            (expression + over[:, :n])[inner].astype(np.float32),
            (jaw + over[:, n : n + 3])[inner].astype(np.float32),
        )


def met(face: Array, lips: Array, times: Array, plan: Plan) -> Array:
    """Return a face [n, 52] whose lips travel to their contacts and meet there.

    The articulated mouth in it has travelled already; only what is added to it has still to.
    """
    line: SpokenLine = plan.state["take"].line
    twice = with_closures(lips, times, plan.contacts, line.config) - lips
    face = with_closures(face, times, plan.contacts, line.config) - twice
    return impose_closure(np.clip(face, 0.0, 1.0), times, plan.contacts).astype(np.float64)


def felt(asked: Asked, seconds: float) -> list[tuple[str, float]]:
    """Return how much of each coarse emotion a line has on average."""
    shares = asked.direction.shares(np.linspace(0.0, max(seconds, 1e-3), 50)).mean(axis=1)
    found: dict[str, float] = {}
    for feeling, share in zip(asked.direction.feelings, shares, strict=True):
        for emotion, part in feeling.emotions:
            found[emotion] = found.get(emotion, 0.0) + share * feeling.intensity * part
    return list(found.items())


def _provenance(asked: Asked) -> dict[str, Any]:
    said = {"instruction": ", then ".join(asked.texts)}
    return said | ({"instruction_heard": asked.voice.text} if asked.voice else {})


def load_generator(device: str, path: Path | None = None) -> AviTalkingGenerator:
    """Return the generator with weights of a file, the shipped ones by default.

    Raises:
        WeightsError: the file is absent or does not fit.
    """
    network, digest = load_weights(path or WEIGHTS)
    return AviTalkingGenerator(network, digest, load_evidence(), device)


def random_generator(
    config: AviTalkingConfig, seed: int = 0, device: str = "cpu", **options: Any
) -> AviTalkingGenerator:
    """Return a generator with random weights, for tests."""
    network = random_network(config, seed)
    return AviTalkingGenerator(network, f"random-{seed}", load_evidence(), device, **options)
