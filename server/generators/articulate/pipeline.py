"""The generator `articulate`: phones and loudness to a face, without any network.

It is the floor that every learned generator must beat. Frames come at the rate asked for; windows
only bound memory, for any cut of a line gives the same frames.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Contact
from arkit.closure import impose_closure
from arkit.strips import AUStrip, render_strips
from server.generators.base import CheckCancel, Frames, Plan, Speech
from server.wire.messages import GenerateRequest

from .coarticulation import mouth, with_closures, with_evidence
from .config import ArticulateConfig
from .evidence import EvidenceNet, Hearing, load_evidence
from .life import Life, life_layer, live
from .poses import DOMINANCE, POSES
from .track import PhoneTrack, contacts_of, track_of

_MARGIN = 2  # frames beside a window, so that a contact between two windows is nobody's loss

_CONTACT_REACH = 0.5  # seconds; more than lips travel for a contact


class ArticulateGenerator:
    """See the module's first lines and `server.generators.base.Generator`."""

    name = "articulate"

    def __init__(
        self, config: ArticulateConfig | None = None, evidence: EvidenceNet | None = None
    ) -> None:
        """Take the shipped evidence regression where none is given.

        Raises:
            EvidenceError: its weights are missing.
        """
        self.config = config or ArticulateConfig()
        self.evidence = evidence or load_evidence()

    def provenance(self) -> dict[str, Any]:
        """Return a hash over all poses and options: the same hash, seed and request, same clip."""
        digest = hashlib.sha256(POSES.tobytes() + DOMINANCE.tobytes())
        digest.update(repr(sorted(asdict(self.config).items())).encode())
        digest.update(self.evidence.digest.encode())
        return {"generator": self.name, "weights": digest.hexdigest()[:16]}

    def plan(self, request: GenerateRequest, speech: Speech, seed: int) -> Plan:
        """Lay out one take: phones, contacts and the events of its life.

        Raises:
            ActionUnitError, StripError: a strip of the request makes no sense.
        """
        seconds = speech.seconds or request.seconds
        n_frames = max(1, int(np.ceil(seconds * request.fps - 1e-6)))
        per_window = self._frames_per_window(request.fps)
        if not speech.seconds:
            speech = replace(speech, seconds=seconds)
        return Plan(
            request=request,
            speech=speech,
            seed=seed,
            fps=request.fps,
            n_frames=n_frames,
            n_windows=-(-n_frames // per_window),
            contacts=contacts_of(speech.phones),
            notes=_notes(request),
            state={
                "track": track_of(speech, self.config),
                "hearing": Hearing(speech, self.evidence) if len(speech.samples) else None,
                "life": live(speech, seed, self.config.life),
                "strips": tuple(_strip(spec) for spec in request.strips),
            },
        )

    def denoise(self, plans: Sequence[Plan], check_cancel: CheckCancel) -> list[Frames]:
        """Make the next window of every plan."""
        frames: list[Frames] = []
        for plan in plans:
            check_cancel()
            frames.append(self._window(plan))
            plan.next_window += 1
        return frames

    def _frames_per_window(self, fps: float) -> int:
        return max(1, round(self.config.window_seconds * fps))

    def _window(self, plan: Plan) -> Frames:
        per_window = self._frames_per_window(plan.fps)
        first = plan.next_window * per_window
        last = min(first + per_window, plan.n_frames)
        from_frame, to_frame = max(first - _MARGIN, 0), min(last + _MARGIN, plan.n_frames)
        times = np.arange(from_frame, to_frame) / plan.fps
        layers, head, eyes = self._faces(times, plan)
        inner = slice(first - from_frame, last - from_frame)
        return Frames(
            start_frame=first,
            layers={name: layer[inner].astype(np.float32) for name, layer in layers.items()},
            head=head[inner].astype(np.float32),
            eyes=eyes[inner].astype(np.float32),
        )

    def _faces(
        self, times: NDArray[np.float64], plan: Plan
    ) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64], NDArray[np.float64]]:
        track: PhoneTrack = plan.state["track"]
        life: Life = plan.state["life"]
        strips: tuple[AUStrip, ...] = plan.state["strips"]
        hearing: Hearing | None = plan.state["hearing"]
        lips, spoken = mouth(times, track, self.config)
        if hearing is not None and spoken.any():
            said = hearing.curves(times)
            lips = with_evidence(lips, spoken, said, self.evidence.names, self.config)
        contacts = _near(plan.contacts, times)
        lips = with_closures(lips, times, contacts, self.config)
        lips = impose_closure(lips, times, contacts).astype(np.float64)
        living, head, eyes = life_layer(times, life, plan.fps)
        shown = render_strips(strips, times).astype(np.float64)
        if strips:
            shown = _yielding(shown, lips + living, times, contacts)
        layers = {"lips": lips, "emotion": np.zeros_like(lips), "strips": shown, "life": living}
        return layers, head, eyes


def _near(contacts: Sequence[Contact], times: NDArray[np.float64]) -> tuple[Contact, ...]:
    """Return the contacts in reach of a window; an hour has thousands, a window a few."""
    start, end = times[0] - _CONTACT_REACH, times[-1] + _CONTACT_REACH
    first = bisect_left(contacts, start, key=lambda c: c.end)
    last = bisect_right(contacts, end, key=lambda c: c.start)
    return tuple(contacts[first:last])


def _yielding(
    shown: NDArray[np.float64],
    others: NDArray[np.float64],
    times: NDArray[np.float64],
    contacts: Sequence[Contact],
) -> NDArray[np.float64]:
    """Return the strips with whatever would open a contact taken back."""
    clamped = np.clip(others + shown, 0.0, 1.0)
    closed = impose_closure(clamped, times, contacts)
    changed = np.abs(closed - clamped) > 1e-6
    return np.where(changed, closed - others, shown)


def _strip(spec: Any) -> AUStrip:
    return AUStrip(spec.au, spec.start, spec.end, spec.keys, spec.mode, spec.ease_in, spec.ease_out)


def _notes(request: GenerateRequest) -> tuple[str, ...]:
    """Say which controls of the request this generator has no notion of."""
    ignored = [
        word
        for word, used in (
            ("direction", bool(request.direction or request.direction_strips)),
            ("emotion", request.emotion not in ("", "neutral")),
            ("style", bool(request.style)),
            ("pose", bool(request.pose)),
            ("guidance scales", any(value != 1.0 for value in request.guidance.values())),
        )
        if used
    ]
    if not ignored:
        return ()
    return (
        f"'articulate' moves lips, eyes and AU strips only; it left out: {', '.join(ignored)}. "
        "Choose another generator for them.",
    )
