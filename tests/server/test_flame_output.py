"""`output = flame`: FLAME frames beside the blendshapes, native ones and converted ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from toy_generator import ToyGenerator, toy_service

from arkit.clip import ArkitClip
from arkit.names import ARKIT_NAMES, INDEX
from flame.built_in import built_in_flame_model
from flame.convert import arkit_to_flame
from server.generators.base import CheckCancel, FlameFrames, Frames, Plan
from server.performance import CHUNK_FRAMES
from server.wire.assemble import Take, TakeAssembler
from server.wire.client import Client
from server.wire.messages import AudioInfo, Chunk, ClipData, Failed, GenerateRequest, Result

SAMPLES = np.full(16000 * 3, 0.1, np.float32)
REQUEST = GenerateRequest(
    "r1", generator="toy", audio=AudioInfo("f32le", 16000), output="flame", fps=30.0
)


class NativeToy(ToyGenerator):
    """As the toy, with FLAME frames of its own: expression i at t seconds is t + i, jaw is t."""

    def denoise(self, plans: Sequence[Plan], check_cancel: CheckCancel) -> list[Frames]:
        made = super().denoise(plans, check_cancel)
        return [_with_flame(f, p.fps) for f, p in zip(made, plans, strict=True)]


def _with_flame(frames: Frames, fps: float) -> Frames:
    times = (frames.start_frame + np.arange(len(frames.head))) / fps
    expression = (times[:, None] + np.arange(4)).astype(np.float32)
    jaw = np.stack([times, 0 * times, 0 * times], axis=1).astype(np.float32)
    return replace(frames, flame=FlameFrames(expression, jaw))


def take_of(request: GenerateRequest, generator: ToyGenerator | None = None) -> Take:
    events: list[Any] = []
    toy_service(generator).perform(request, SAMPLES, events.append)
    assembler = TakeAssembler()
    for event in events:
        assert not isinstance(event, Failed), event
        if isinstance(event, Chunk):
            assert len(event.coefficients) <= CHUNK_FRAMES
            assembler.add(event)
        elif isinstance(event, Result):
            return assembler.finish(event)
    raise AssertionError("there was no result")


def test_blendshapes_are_converted_to_the_built_in_head() -> None:
    take = take_of(REQUEST)
    whole = arkit_to_flame(ArkitClip(take.coefficients, 30.0, take.head, take.eyes))
    assert take.flame is not None
    assert take.flame.basis_id == built_in_flame_model().basis_id
    assert np.allclose(take.flame.expression, whole.expression, atol=1e-5)
    assert np.allclose(take.flame.jaw, whole.jaw, atol=1e-6)
    open_jaw = take.coefficients[:, INDEX["jawOpen"]]
    assert np.corrcoef(take.flame.jaw[:, 0], open_jaw)[0, 1] > 0.99


def test_without_being_asked_for_there_are_no_flame_frames() -> None:
    assert take_of(replace(REQUEST, output="arkit52")).flame is None


def test_a_generators_own_frames_are_kept_at_its_rate() -> None:
    take = take_of(REQUEST, NativeToy())
    assert take.flame is not None
    times = np.arange(90) / 30.0
    assert np.allclose(take.flame.expression[:, :4], times[:, None] + np.arange(4), atol=1e-5)
    assert not take.flame.expression[:, 4:].any()
    assert take.flame.expression.shape[1] == built_in_flame_model().n_expressions


@pytest.mark.parametrize("fps", [23.976, 60.0])
def test_a_generators_own_frames_are_resampled_with_the_others(fps: float) -> None:
    take = take_of(replace(REQUEST, fps=fps), NativeToy(fps=25.0))
    assert take.flame is not None
    times = np.arange(len(take.flame.jaw)) / fps
    inside = times < 2.9
    assert np.allclose(take.flame.jaw[inside, 0], times[inside], atol=1e-4)
    assert np.allclose(take.flame.expression[inside, 3], times[inside] + 3, atol=1e-4)


def test_a_part_made_anew_is_on_the_flame_head_what_the_blendshapes_say() -> None:
    first = take_of(replace(REQUEST, output="arkit52"))
    base = ClipData(ARKIT_NAMES, 30.0, first.coefficients, first.head, first.eyes, first.layers)
    part = replace(REQUEST, seed=60, base=base, regenerate_start=1.0, regenerate_end=2.0)
    take = take_of(part)
    whole = arkit_to_flame(ArkitClip(take.coefficients, 30.0, take.head, take.eyes))
    assert take.flame is not None
    assert np.allclose(take.flame.expression, whole.expression, atol=1e-5)


def test_flame_frames_travel_over_the_wire() -> None:
    transport = pytest.importorskip("server.transport")
    expected = take_of(REQUEST)
    with transport.ServerThread(service=toy_service()) as server, Client(server.address) as client:
        assembler = TakeAssembler()
        for event in client.perform(REQUEST, SAMPLES):
            assert not isinstance(event, Failed), event
            if isinstance(event, Chunk):
                assembler.add(event)
            if isinstance(event, Result):
                take = assembler.finish(event)
    assert take.flame is not None and expected.flame is not None
    assert np.array_equal(take.flame.expression, expected.flame.expression)
    assert np.array_equal(take.flame.neck, expected.flame.neck)


def test_provenance_of_a_plan_is_kept_in_the_take() -> None:
    class Hearing(ToyGenerator):
        def plan(self, request: Any, speech: Any, seed: int) -> Plan:
            return replace(super().plan(request, speech, seed), provenance={"instruction": "calm"})

    assert take_of(REQUEST, Hearing()).result.provenance["instruction"] == "calm"
