"""How the predictions under fewer and more conditions make one: classifier-free guidance.

G_0, G_A, G_AC and G_ACF are the network's x0 without conditions, with audio, with audio and coarse
conditions, and with the AU sequence too, all [..., T, C] in the same scale.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Scales:
    """Guidance scales: `audio` and `emotion` are alpha (one in the paper), `strips` is beta."""

    audio: float = 1.0
    emotion: float = 1.0
    strips: float = 1.0


@dataclass(frozen=True)
class Predictions:
    """x0 under each set of conditions; None where the scales make it needless."""

    coarse: Tensor
    nothing: Tensor | None = None
    audio: Tensor | None = None
    fine: Tensor | None = None


def guided(
    found: Predictions, scales: Scales, claim: Tensor | None = None, mode: str = "default"
) -> Tensor:
    """Return the guided x0.

        paper     G_0 + alpha (G_AC - G_0) + beta Z (G_ACF - G_0)                       (Eq. 7)
        default   G_0 + alpha (G_AC - G_0) + B (G_ACF - G_AC)

    With different alphas for audio and emotion, alpha (G_AC - G_0) is
    alpha_audio (G_A - G_0) + alpha_emotion (G_AC - G_A).

    Args:
        claim: without beta: Z [T, 1], 1 inside strips, or B's shape [T, C], strips' intensity on
            each AU's channels; None when there are no strips.
    """
    made = _directed(found, scales)
    if claim is None or found.fine is None:
        return made
    origin = found.coarse
    if mode == "paper":
        assert found.nothing is not None
        origin = found.nothing
    return made + scales.strips * claim * (found.fine - origin)


def _directed(found: Predictions, scales: Scales) -> Tensor:
    made = found.coarse
    if scales.audio == scales.emotion:
        if scales.audio != 1.0:
            assert found.nothing is not None
            made = found.nothing + scales.audio * (found.coarse - found.nothing)
        return made
    assert found.audio is not None
    made = found.audio + scales.emotion * (found.coarse - found.audio)
    if scales.audio != 1.0:
        assert found.nothing is not None
        made = made + (scales.audio - 1.0) * (found.audio - found.nothing)
    return made


def needs(scales: Scales, mode: str, with_strips: bool) -> tuple[bool, bool]:
    """Return whether G_0 and whether G_A have to be computed."""
    nothing = scales.audio != 1.0 or (mode == "paper" and with_strips)
    return nothing, scales.audio != scales.emotion
