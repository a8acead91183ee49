"""Takes between takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from arkit.clip import ArkitClip, Contact, Phone
from arkit.names import INDEX
from blender_addon.core.blending import blend, check_blendable
from blender_addon.core.errors import TakeError

RANDOM = np.random.default_rng(0)


def take(seed: int, n: int = 30, contacts: tuple[Contact, ...] = ()) -> ArkitClip:
    random = np.random.default_rng(seed)
    layers = {name: (0.4 * random.random((n, 52))).astype(np.float32) for name in ("lips", "life")}
    total = np.clip(sum(layers.values()), 0, 1).astype(np.float32)
    return ArkitClip(
        total, 24.0, random.random((n, 3)).astype(np.float32), layers=layers, contacts=contacts,
        phones=(Phone(f"p{seed}", 0, 1),), provenance={"seed": seed}, notes=("old",),
    )  # fmt: skip


def test_the_ends_of_the_slider_are_the_takes_themselves() -> None:
    a, b = take(1), take(2)
    for factor, same in ((0.0, a), (1.0, b)):
        mixed = blend(a, b, factor)
        assert np.array_equal(mixed.coefficients, same.coefficients)
        assert mixed.phones == same.phones and mixed.notes == ()


def test_every_layer_lies_between_and_they_still_sum_to_the_clip() -> None:
    a, b = take(1), take(2)
    mixed = blend(a, b, 0.25)
    for name in a.layers:
        assert np.allclose(mixed.layers[name], 0.75 * a.layers[name] + 0.25 * b.layers[name])
    assert np.allclose(mixed.coefficients, sum(mixed.layers.values()), atol=1e-6)
    assert np.allclose(mixed.head, 0.75 * a.head + 0.25 * b.head)
    assert mixed.provenance["blended"] == {"factor": 0.25, "with": {"seed": 2}}


def test_blending_is_the_same_from_the_other_side() -> None:
    a, b = take(1), take(2)
    assert np.allclose(blend(a, b, 0.3).coefficients, blend(b, a, 0.7).coefficients, atol=1e-6)


def test_lips_close_as_in_the_nearer_take() -> None:
    contact = Contact("lips", 0.5, 0.58)
    a, b = take(1, contacts=(contact,)), take(2)
    a = replace(a, layers={}, coefficients=a.coefficients.copy())
    assert blend(a, b, 0.4).contacts == (contact,) and blend(a, b, 0.6).contacts == ()
    mixed = blend(a, b, 0.4)
    assert not mixed.layers, "one take has none"
    row = round(0.54 * 24)
    assert (
        mixed.coefficients[row, INDEX["mouthClose"]]
        >= 0.9 * mixed.coefficients[row, INDEX["jawOpen"]]
    )


def test_takes_of_other_lengths_are_refused_in_a_sentence() -> None:
    with pytest.raises(TakeError, match="30 frames at 24 fps, 31 at 24"):
        check_blendable(take(1), take(2, n=31))
