"""What is set right in the passes of a window after the network has made them.

Passes are clips [T, C] in the network's scale, by name ("lips", "emotion", "strips").
"""

from __future__ import annotations

import torch
from torch import Tensor

from .config import N_CHANNELS
from .ease import opening_shares
from .fine import Array, claim_of, untouched_half
from .takes import Window

Clips = dict[str, Tensor]


def mended(window: Window, clips: Clips, reach: Array, scale: float) -> Clips:
    """Return the passes without the network's error, resting in pauses, sides kept apart.

    Args:
        reach: how far strips reach, [N, C]. scale: of the network, per coefficient.
    """
    return _halved(window, _eased(window, _corrected(window, clips, scale), reach))


def _corrected(window: Window, clips: Clips, scale: float) -> Clips:
    """Take the network's error off every pass where no style was asked for.

    The plain style is the articulated mouth itself, so whatever the neutral pass adds to it is
    error, and the other passes, which share its noise, have the same.
    """
    if not window.take.is_plain:
        return clips
    error = clips["lips"] - clips["lips"].new_tensor(window.lips[:, :N_CHANNELS] * scale)
    return {name: clip - error for name, clip in clips.items()}


def _eased(window: Window, clips: Clips, reach: Array) -> Clips:
    """Let the mouth rest in pauses from what a feeling opens (`ease`), but where strips act."""
    if "emotion" not in clips:
        return clips
    take, times = window.take, window.times
    added = (clips["emotion"] - clips["lips"]).clamp_min(0.0)
    rest = added.new_tensor(1.0 - opening_shares(take.line, times)) * added
    eased = {**clips, "emotion": clips["emotion"] - rest}
    if "strips" in clips:
        claim = added.new_tensor(claim_of(take.strips, times, reach))
        eased["strips"] = clips["strips"] - (1.0 - claim) * rest
    return eased


def _halved(window: Window, clips: Clips) -> Clips:
    """Let the half of the face that one-sided strips do not name stay as it was.

    Not in `paper` mode: the paper knows no sides.
    """
    take = window.take
    if "strips" not in clips or take.mode == "paper":
        return clips
    keeps = clips["strips"].new_tensor(untouched_half(take.strips, window.times))
    before = clips.get("emotion", clips["lips"])
    return {**clips, "strips": torch.lerp(clips["strips"], before, keeps)}
