"""Generated speech: lips that close stay closed on a MetaHuman and at every other frame rate."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from arkit.clip import ArkitClip, Phone
from arkit.export.metahuman import raw_curves
from arkit.names import INDEX
from arkit.retime import resample
from server.evaluation.lips import BuiltInLips, load_built_in_lips
from server.generators.articulate.pipeline import ArticulateGenerator
from server.generators.base import Speech
from server.wire.messages import GenerateRequest

WORDS = ("sil a m a b a p o m u m i b ɛ p a m ɔ b a m sil").split()  # noqa: SIM905


@cache
def speak(fps: float) -> ArkitClip:
    """A loud nonsense line full of closures."""
    length = {"sil": 0.3, "m": 0.07, "b": 0.06, "p": 0.08}
    ends = np.cumsum([length.get(symbol, 0.16) for symbol in WORDS]).tolist()
    begins = [0.0, *ends[:-1]]
    phones = tuple(Phone(*row) for row in zip(WORDS, begins, ends, strict=True))
    loudness = np.full(round(ends[-1] * 100), -12.0, np.float32)
    speech = Speech(np.zeros(0, np.float32), ends[-1], phones, loudness)
    generator = ArticulateGenerator()
    plan = generator.plan(GenerateRequest("m", fps=fps), speech, seed=0)
    parts = []
    while plan.next_window < plan.n_windows:
        parts += [sum(frames.layers.values()) for frames in generator.denoise([plan], lambda: None)]
    faces = np.clip(np.concatenate(parts), 0, 1).astype(np.float32)
    return ArkitClip(coefficients=faces, fps=fps, contacts=plan.contacts, phones=phones)


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
def test_lips_are_together_at_every_m_b_p_with_the_jaw_open(fps: float) -> None:
    clip = speak(fps)
    together = raw_curves(clip.coefficients)["CTRL_expressions_mouthLipsTogetherUL"]
    jaw = clip.coefficients[:, INDEX["jawOpen"]]
    closures = [contact for contact in clip.contacts if contact.kind == "lips"]
    assert len(closures) >= 9
    n_open = 0
    for contact in closures:
        inside = (clip.times >= contact.start) & (clip.times <= contact.end) & (jaw > 0.01)
        n_open += int(inside.sum())
        assert (together[inside] >= 0.9).all()
    assert n_open > 0


@pytest.fixture(scope="module")
def gap() -> BuiltInLips:
    """The lip gap of the built-in head in mm."""
    return load_built_in_lips()


@pytest.mark.parametrize("fps", [12.0, 15.0, 23.976, 24.0, 25.0, 29.97, 30.0, 120.0])
def test_every_closure_of_60_to_80_ms_survives_resampling(fps: float, gap: BuiltInLips) -> None:
    clip = resample(speak(60.0), fps)
    for contact in clip.contacts:
        if contact.kind == "lips":
            nearest = int(np.abs(clip.times - (contact.start + contact.end) / 2).argmin())
            assert gap(clip.coefficients[[nearest]])[0] < 1.0, contact
    open_vowels = [p for p in clip.phones if p.phone == "a"]
    middles = [int(np.abs(clip.times - (p.start + p.end) / 2).argmin()) for p in open_vowels]
    assert np.median(gap(clip.coefficients[middles])) > 2.0, "vowels stay open"
