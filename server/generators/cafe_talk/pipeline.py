"""The generator `cafe_talk`: a line acted with a feeling, and AU strips that win where they lie.

Every window is sampled in up to three passes that share their noise: neutral, directed, and with AU
strips; layers are what each adds. The base passes never see strips, and what strips add ends within
`fine.SURROUND` of them, so laying a strip leaves the rest of a take bit-identical. Blinks, gaze,
brow beats and the head are by rule (`habits`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from arkit.names import INDEX
from arkit.strips import render_strips
from server.generators.articulate.evidence import EvidenceNet, load_evidence
from server.generators.base import CheckCancel, Frames, Plan, Speech
from server.generators.diffusion import keyed_noise
from server.generators.encoders import encoders_folder
from server.generators.layers import differences
from server.generators.spoken import spoken_line
from server.generators.windows import Windows
from server.language.clip_text import text_encoder
from server.language.encoder import TextEncoder
from server.language.express import Director, default_director
from server.regeneration import regeneration_of
from server.validation import au_strip
from server.wire.messages import GenerateRequest

from .coarse import NEUTRAL, Direction, direction_of, felt, style_of
from .config import N_CHANNELS, CafeTalkConfig
from .facts import CONTROLS
from .fine import calibrated_reach, claim_of, fine_sequence, floor_of, inside_of, nearness
from .guidance import Scales
from .habits import eyes_from_face, living_of
from .mending import mended
from .sampling import Trajectory, sample
from .takes import (
    NEUTRAL_PASS,
    NO_SCENE,
    PASSES,
    PassKey,
    Take,
    Window,
    kept,
    last_of,
    met,
    scenes_of,
)
from .weights import WEIGHTS, Network, load_weights, random_network
from .xlsr import XlsrEncoder, at_times

Array = NDArray[np.float64]

_WHOLE: Final = 0.99  # of a scene, from which on a kept take's frames are its own
_EDGE: Final = 2  # frames beside a window, so that a contact between two is nobody's loss
_TONGUE: Final = INDEX["tongueOut"]


class CafeTalkGenerator:
    """See the module's first lines and `server.generators.base.Generator`."""

    name = "cafe_talk"
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
    ) -> None:
        """Take a trained network.

        Args:
            digest: hash of the weights. evidence: of the mouth in the sound, for `articulate`.
            director: reads directions; the shipped one by default.
            encoders: folder with `clip` and `xlsr`, for the `paper` size; by default what
                `SOLILOQUY_ENCODERS` names.

        Raises:
            EncoderError: an encoder that the size names cannot be had.
        """
        self.network = network.to(device).eval()
        self.config: CafeTalkConfig = network.model.config
        self.evidence = evidence
        self.device = device
        self.director = director or default_director()
        folder = encoders or encoders_folder() or Path()
        self.encoder: TextEncoder = self.director.encoder
        if self.config.text_encoder != "builtin":
            self.encoder = text_encoder(self.config.text_encoder, folder / "clip")
        self.speech_encoder: XlsrEncoder | None = None
        if self.config.speech_encoder == "xlsr":
            self.speech_encoder = XlsrEncoder(folder / "xlsr", device)
        self.reach = calibrated_reach(network.calibration.get("reach", {}))
        self.floors: dict[str, float] = network.calibration.get("floors", {})
        self._digest = digest

    def provenance(self) -> dict[str, Any]:
        """Return the hash of the weights."""
        return {"generator": self.name, "weights": self._digest}

    def plan(self, request: GenerateRequest, speech: Speech, seed: int) -> Plan:
        """Lay out one take.

        Raises:
            BadRequest: no talking style of this name.
            ActionUnitError, StripError: a strip of the request makes no sense.
        """
        seconds = speech.seconds or request.seconds
        speech = speech if speech.seconds else replace(speech, seconds=seconds)
        config = self.config
        n_frames = max(1, int(np.ceil(seconds * config.fps - 1e-6)))
        windows = Windows(n_frames, config.n_frames, config.n_given, config.n_ahead)
        line = spoken_line(speech, self.evidence)
        direction = direction_of(request, seconds, self.director)
        with torch.inference_mode():
            style, style_name = style_of(request, self.network)
        regeneration = regeneration_of(request)
        take = Take(
            windows=windows, line=line, direction=direction,
            strips=(*direction.strips, *(au_strip(spec) for spec in request.strips)),
            style=style, texts=self._embedded(direction), scales=_scales(request),
            mode=request.guidance_mode or "default", n_steps=request.steps or config.n_steps,
            living=living_of(speech, seed, self.network.habits, style_name,
                             felt(direction, seconds)),
            base=regeneration and (regeneration, regeneration.base_at(config.fps)),
            is_plain=config.residual and not request.style and request.style_clip is None,
            sound=self.speech_encoder and self.speech_encoder.encode(speech.samples),
        )  # fmt: skip
        return Plan(
            request=request, speech=speech, seed=seed, fps=config.fps, n_frames=n_frames,
            n_windows=windows.count, contacts=line.contacts, notes=direction.notes,
            state={"take": take},
        )  # fmt: skip

    def denoise(self, plans: Sequence[Plan], check_cancel: CheckCancel) -> list[Frames]:
        """Make the next window of every plan; those with as many steps go as one batch."""
        windows = [self._opened(plan) for plan in plans]
        made: list[dict[PassKey, Tensor]] = [{} for _ in plans]
        for n_steps in sorted({w.take.n_steps for w in windows}):
            group = [(i, key) for i, w in enumerate(windows) if w.take.n_steps == n_steps
                     for key in w.passes]  # fmt: skip
            clips = sample(
                self.network.model, [windows[i].passes[key] for i, key in group], n_steps,
                check_cancel,
            )  # fmt: skip
            for (i, key), clip in zip(group, clips, strict=True):
                made[i][key] = clip
        frames = [self._closed(w, clips) for w, clips in zip(windows, made, strict=True)]
        for plan in plans:
            plan.next_window += 1
        return frames

    def _embedded(self, direction: Direction) -> Tensor:
        """Return the embedding of neutral and of each feeling, [1 + K, n_text]."""
        texts = [NEUTRAL, *(feeling.text for feeling in direction.feelings)]
        return torch.from_numpy(self.encoder.encode(texts)).to(self.device)

    # --- a window -------------------------------------------------------------------------------

    def _opened(self, plan: Plan) -> Window:
        """Lay out the passes of a plan's next window."""
        take: Take = plan.state["take"]
        number = plan.next_window
        start = take.windows.start(number)
        times = (start + np.arange(self.config.n_frames)) / plan.fps
        lips = take.line.lips(times)
        window = Window(plan, take, number, times, lips, scenes_of(take.direction, times), {})
        neutral = self._neutral(window)
        window.passes[NEUTRAL_PASS] = neutral
        has_strips = bool(take.strips) and bool(self._near(take, times).any())
        for scene in window.scenes:
            before = neutral
            if scene != NO_SCENE:
                before = self._directed(window, neutral, scene)
                window.passes["emotion", scene] = before
            if has_strips:
                window.passes["strips", scene] = self._marked(window, before, scene)
        return window

    def _tensor(self, values: NDArray[np.floating]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, np.float32)).to(self.device)

    def _neutral(self, window: Window) -> Trajectory:
        take, config = window.take, self.config
        shape = (config.n_frames, N_CHANNELS)
        given, is_given = self._given(window, *NEUTRAL_PASS)
        return Trajectory(
            eps=keyed_noise(window.plan.seed, window.number, 0, shape).to(self.device),
            audio=self._tensor(self._heard(take, window)),
            lips=self._tensor(window.lips[:, :N_CHANNELS] * config.scale),
            style=take.style, texts=take.texts[:1],
            intensities=torch.zeros(1, device=self.device),
            shares=torch.ones(1, config.n_frames, device=self.device),
            given=given, is_given=is_given,
            scales=replace(take.scales, emotion=take.scales.audio), mode=take.mode,
        )  # fmt: skip

    def _heard(self, take: Take, window: Window) -> NDArray[np.float32]:
        """Return the speech features of a window, [T, n_audio]."""
        if take.sound is None:
            return take.line.features(window.times, window.lips)
        return at_times(*take.sound, window.times)

    def _directed(self, window: Window, neutral: Trajectory, scene: int) -> Trajectory:
        take = window.take
        given, is_given = self._given(window, "emotion", scene)
        shares = window.scenes[scene][0]
        intensities = [feeling.intensity for feeling in take.direction.feelings]
        return replace(
            neutral, texts=take.texts[1:], scales=take.scales,
            intensities=torch.tensor(intensities, dtype=torch.float32, device=self.device),
            shares=self._tensor(np.repeat(shares[:, None], self.config.n_frames, axis=1)),
            given=given, is_given=is_given,
        )  # fmt: skip

    def _marked(self, window: Window, before: Trajectory, scene: int) -> Trajectory:
        take = window.take
        given, is_given = self._given(window, "strips", scene)
        paper = take.mode == "paper"
        floor = floor_of(take.strips, window.times, self.floors)
        claim = (
            inside_of(take.strips, window.times)
            if paper
            else claim_of(take.strips, window.times, self.reach)
        )
        return replace(
            before, scales=take.scales, given=given, is_given=is_given,
            fine=self._tensor(fine_sequence(take.strips, window.times, paper=paper)),
            claim=self._tensor(claim),
            floor=None if paper else self._tensor(self.config.scale * floor),
        )  # fmt: skip

    def _near(self, take: Take, times: Array) -> Array:
        """Return how much strips may change each frame, [T, 1]; an ablation overrides it."""
        return nearness(take.strips, times)

    def _given(self, window: Window, name: str, scene: int) -> tuple[Tensor, Tensor]:
        """Return known values [T, C] in the network's scale and where they are, [T, C].

        A scene knows of a kept take what is its own, and of the window before what it made there.
        """
        take, config = window.take, self.config
        given = torch.zeros(config.n_frames, N_CHANNELS, device=self.device)
        is_given = torch.zeros_like(given)
        known = kept(take, window.times, name)
        if known is not None:
            values, mask = known
            if name != NEUTRAL_PASS[0]:
                mask = mask & (window.scenes[scene][1] > _WHOLE)[:, None]
            given = self._tensor(values[:, :N_CHANNELS] * config.scale)
            is_given = self._tensor(mask[:, :N_CHANNELS].astype(np.float32))
        tail = last_of(take.tails, name, scene)
        if tail is not None:
            given[: config.n_given] = tail
            is_given[: config.n_given] = 1.0
        return given, is_given

    def _closed(self, window: Window, made: dict[PassKey, Tensor]) -> Frames:
        """Return the final frames of a window, and keep what the next is given."""
        take, config = window.take, self.config
        clips = mended(window, self._mixed(window, self._joined(window, made)), self.reach,
                       config.scale)  # fmt: skip
        fresh = take.windows.fresh(window.number)
        low, high = max(fresh.start - _EDGE, 0), min(fresh.stop + _EDGE, config.n_frames)
        near = slice(low, high)
        faces = {name: self._face(window, clip, near, name) for name, clip in clips.items()}
        layers = self._layers(window, faces, near)
        inner = slice(fresh.start - low, fresh.stop - low)
        face = np.clip(sum(layers.values(), np.zeros_like(window.lips[near])), 0.0, 1.0)
        head = take.living.head(window.times[near], config.fps)
        return Frames(
            start_frame=take.windows.start(window.number) + fresh.start,
            layers={name: layer[inner].astype(np.float32) for name, layer in layers.items()},
            head=head[inner].astype(np.float32),
            eyes=eyes_from_face(face)[inner].astype(np.float32),
        )

    def _mixed(self, window: Window, clips: dict[PassKey, Tensor]) -> dict[str, Tensor]:
        """Return each pass as a clip [T, C]: its scenes by how much of each is there."""
        neutral = clips[NEUTRAL_PASS]
        mixed = {NEUTRAL_PASS[0]: neutral}
        for name in PASSES[1:]:
            if any(key[0] == name for key in clips):
                total = torch.zeros_like(neutral)
                for scene, (_, here) in window.scenes.items():
                    total = total + self._tensor(here)[:, None] * clips.get((name, scene), neutral)
                mixed[name] = total
        return mixed

    def _joined(self, window: Window, clips: dict[PassKey, Tensor]) -> dict[PassKey, Tensor]:
        """Fade the frames ahead of the window before into this one; keep what the next needs."""
        take, config = window.take, self.config
        tail = config.n_frames - config.n_ahead
        place = torch.arange(1, config.n_ahead + 1, device=self.device) / (config.n_ahead + 1)
        share = (place * place * (3 - 2 * place))[:, None]
        open_rows = slice(config.n_given, config.n_given + config.n_ahead)
        joined: dict[PassKey, Tensor] = {}
        for key, clip in clips.items():
            joined[key] = clip.clone()
            before = last_of(take.ahead, *key)
            if before is not None:
                joined[key][open_rows] = torch.lerp(before, clip[open_rows], share)
        take.tails = {key: clip[tail - config.n_given : tail] for key, clip in joined.items()}
        take.ahead = {key: clip[tail:] for key, clip in joined.items()}
        return joined

    def _face(self, window: Window, clip: Tensor, near: slice, name: str) -> Array:
        """Return a pass as a face, [n, 52]: clamped, lips travelling to contacts and meeting."""
        lips, times = window.lips[near], window.times[near]
        face = np.zeros_like(lips)
        face[:, :N_CHANNELS] = clip[near].cpu().numpy().astype(np.float64) / self.config.scale
        face[:, _TONGUE] = lips[:, _TONGUE]
        if name == "strips":
            asked = render_strips(window.take.strips, times)[:, _TONGUE]
            face[:, _TONGUE] = np.maximum(face[:, _TONGUE], asked)
        return met(np.clip(face, 0.0, 1.0), lips, times, window)

    def _layers(self, window: Window, faces: dict[str, Array], near: slice) -> dict[str, Array]:
        times = window.times[near]
        directed = faces.get("emotion", faces["lips"])
        if "strips" in faces:
            share = self._near(window.take, times)
            marked = directed + share * (faces["strips"] - directed)
            faces = {**faces, "strips": marked}  # between two closed mouths lies a closed one
        layers = differences(faces)
        nothing = np.zeros_like(directed)
        layers = {name: layers.get(name, nothing) for name in PASSES}
        face = faces.get("strips", directed)
        claim = claim_of(window.take.strips, times)
        layers["life"] = window.take.living.frames(times, self.config.fps, face, claim)
        return layers


def _scales(request: GenerateRequest) -> Scales:
    given = request.guidance
    return Scales(given.get("audio", 1.0), given.get("emotion", 1.0), given.get("strips", 1.0))


def load_generator(device: str, path: Path | None = None) -> CafeTalkGenerator:
    """Return the generator with weights of a file, the shipped ones by default.

    Raises:
        WeightsError: the file is absent or does not fit.
    """
    network, digest = load_weights(path or WEIGHTS)
    return CafeTalkGenerator(network, digest, load_evidence(), device)


def random_generator(config: CafeTalkConfig, seed: int = 0, device: str = "cpu"
                     ) -> CafeTalkGenerator:  # fmt: skip
    """Return a generator with random weights, for tests."""
    network = random_network(config, seed)
    return CafeTalkGenerator(network, f"random-{seed}", load_evidence(), device)
