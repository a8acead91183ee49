"""Laws of retiming: identity, no overshoot, mirrors, error bounds, speed."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from arkit.clip import ArkitClip, Contact
from arkit.errors import RetimeError
from arkit.names import ARKIT_NAMES, INDEX, REGIONS
from arkit.retime import (
    gain,
    mirror,
    monotone_interpolate,
    reduce_curves,
    reduce_keys,
    resample,
    sample_at,
    smooth,
)

RATES = (15.0, 23.976, 24.0, 25.0, 29.97, 30.0, 60.0, 120.0)


def speech_like_clip(
    n_frames: int = 50, fps: float = 25.0, seed: int = 0, contacts: tuple[Contact, ...] = ()
) -> ArkitClip:
    """A clip of smooth random curves with two layers that sum past 1 here and there."""
    rng = np.random.default_rng(seed)
    knots = rng.uniform(0, 1.2, (n_frames // 4 + 2, 52))
    base = monotone_interpolate(np.arange(len(knots)) * 4.0, knots, np.arange(n_frames))
    emotion = 0.3 * rng.uniform(-1, 1, 52) * np.ones((n_frames, 1))
    return ArkitClip(
        coefficients=np.clip(base + emotion, 0, 1),
        fps=fps,
        head=rng.normal(0, 0.1, (n_frames, 3)),
        eyes=rng.normal(0, 0.1, (n_frames, 2, 3)),
        layers={"lips": base.astype(np.float32), "emotion": emotion.astype(np.float32)},
        contacts=contacts,
    )


def assert_layers_sum_to_the_clip(clip: ArkitClip) -> None:
    total = np.sum(list(clip.layers.values()), axis=0)
    assert np.clip(total, 0, 1) == pytest.approx(clip.coefficients, abs=2e-6)


@given(st.sampled_from(RATES), st.integers(0, 5))
def test_resampling_to_the_same_rate_changes_nothing(fps: float, seed: int) -> None:
    clip = speech_like_clip(fps=fps, seed=seed)
    again = resample(clip, fps)
    assert np.array_equal(again.coefficients, clip.coefficients)
    assert np.array_equal(sample_at(clip, clip.times), clip.coefficients)


@given(st.sampled_from(RATES), st.sampled_from(RATES), st.integers(0, 5))
def test_resampling_never_overshoots_its_neighbours(old: float, new: float, seed: int) -> None:
    clip = speech_like_clip(fps=old, seed=seed)
    result = resample(clip, new)
    left = np.clip(np.floor(result.times * old + 1e-9).astype(int), 0, clip.n_frames - 1)
    right = np.clip(left + 1, 0, clip.n_frames - 1)
    low = np.minimum(clip.coefficients[left], clip.coefficients[right]) - 1e-6
    high = np.maximum(clip.coefficients[left], clip.coefficients[right]) + 1e-6
    assert (result.coefficients >= low).all() and (result.coefficients <= high).all()
    assert_layers_sum_to_the_clip(result)


@given(st.sampled_from(RATES), st.sampled_from(RATES), st.integers(1, 200))
def test_resampling_keeps_the_length_to_a_frame(old: float, new: float, n_frames: int) -> None:
    clip = ArkitClip(coefficients=np.zeros((n_frames, 52)), fps=old)
    result = resample(clip, new)
    assert result.fps == new
    assert 0 <= result.seconds - clip.seconds + 1e-6 < 1 / new + 1e-6


def test_up_and_down_again_gives_the_clip_back() -> None:
    clip = speech_like_clip(fps=30)
    assert resample(resample(clip, 120), 30).coefficients == pytest.approx(
        clip.coefficients, abs=1e-6
    )


def test_a_line_stays_a_line_between_frames() -> None:
    values = np.linspace(0, 1, 11)[:, None]
    at = np.linspace(0, 10, 101)
    assert monotone_interpolate(np.arange(11), values, at)[:, 0] == pytest.approx(at / 10)


@given(st.integers(0, 50), st.integers(2, 30))
def test_interpolation_agrees_with_scipys_pchip(seed: int, n_knots: int) -> None:
    interpolate = pytest.importorskip("scipy.interpolate")
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.01, 1, n_knots))
    values = rng.normal(size=(n_knots, 3))
    at = np.linspace(times[0], times[-1], 97)
    expected = interpolate.PchipInterpolator(times, values)(at)
    assert monotone_interpolate(times, values, at) == pytest.approx(expected, abs=1e-9)


def test_one_frame_holds_and_no_frame_is_refused() -> None:
    assert monotone_interpolate([3.0], [[0.5]], [0.0, 9.0]).tolist() == [[0.5], [0.5]]
    with pytest.raises(RetimeError):
        monotone_interpolate([], np.zeros((0, 1)), [0.0])
    with pytest.raises(RetimeError, match="same time"):
        monotone_interpolate([0, 1, 1], np.zeros((3, 1)), [0.0])


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(fps: float) -> None:
    with pytest.raises(RetimeError, match="positive"):
        resample(speech_like_clip(), fps)


@given(st.integers(0, 20))
def test_mirroring_twice_is_the_identity(seed: int) -> None:
    clip = speech_like_clip(seed=seed)
    twice = mirror(mirror(clip))
    assert np.array_equal(twice.coefficients, clip.coefficients)
    assert np.array_equal(twice.head, clip.head)
    assert np.array_equal(twice.eyes, clip.eyes)
    assert all(np.array_equal(twice.layers[k], clip.layers[k]) for k in clip.layers)


def test_mirroring_exchanges_sides_and_turns_the_head_the_other_way() -> None:
    clip = speech_like_clip()
    other = mirror(clip)
    assert np.array_equal(other.curve("mouthSmileLeft"), clip.curve("mouthSmileRight"))
    assert np.array_equal(other.curve("jawRight"), clip.curve("jawLeft"))
    assert np.array_equal(other.curve("jawOpen"), clip.curve("jawOpen"))
    assert clip.head is not None and other.head is not None
    assert clip.eyes is not None and other.eyes is not None
    assert other.head == pytest.approx(clip.head * [-1, 1, -1])
    assert other.eyes[:, 0] == pytest.approx(clip.eyes[:, 1] * [-1, 1, -1])


def test_smoothing_calms_without_moving_the_mean_and_spares_what_is_not_named() -> None:
    rng = np.random.default_rng(1)
    noisy = np.clip(0.5 + 0.1 * rng.normal(size=(200, 52)), 0, 1)
    clip = ArkitClip(coefficients=noisy, fps=60)
    names = [name for name in ARKIT_NAMES if not name.startswith("eyeBlink")]
    calm = smooth(clip, 0.05, names)
    jaw, calm_jaw = clip.curve("jawOpen"), calm.curve("jawOpen")
    assert np.diff(calm_jaw).std() < 0.2 * np.diff(jaw).std()
    assert calm_jaw.mean() == pytest.approx(jaw.mean(), abs=0.01)
    assert np.array_equal(calm.curve("eyeBlinkLeft"), clip.curve("eyeBlinkLeft"))
    assert_layers_sum_to_the_clip(smooth(speech_like_clip(), 0.05))


def test_smoothing_by_nothing_changes_nothing() -> None:
    clip = speech_like_clip()
    assert smooth(clip, 0.0) is clip


def test_gain_scales_a_region_and_a_named_blendshape_by_its_own_factor() -> None:
    clip = speech_like_clip()
    result = gain(clip, {"brow": 0.5, "browInnerUp": 2.0})
    assert clip.layers["lips"][:, INDEX["browInnerUp"]].max() > 0.5
    down = clip.layers["lips"] + clip.layers["emotion"]
    assert result.curve("browDownLeft") == pytest.approx(
        np.clip(0.5 * down[:, INDEX["browDownLeft"]], 0, 1), abs=1e-6
    )
    assert result.curve("browInnerUp") == pytest.approx(
        np.clip(2 * down[:, INDEX["browInnerUp"]], 0, 1), abs=1e-6
    )
    untouched = [INDEX[n] for region in REGIONS if region != "brow" for n in REGIONS[region]]
    assert np.array_equal(result.coefficients[:, untouched], clip.coefficients[:, untouched])
    assert_layers_sum_to_the_clip(result)


@pytest.mark.parametrize("factors", [{"ear": 1.0}, {"jaw": -1.0}, {"jaw": float("nan")}])
def test_a_gain_without_meaning_is_refused(factors: dict[str, float]) -> None:
    with pytest.raises(RetimeError):
        gain(speech_like_clip(), factors)


def rebuilt(kept: NDArray[np.intp], values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.interp(np.arange(len(values)), kept, values[kept])


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=80),
    st.floats(0, 0.3),
    st.lists(st.integers(0, 79), max_size=3),
)
def test_reduced_keys_miss_no_frame_by_more_than_the_tolerance(
    values: list[float], tolerance: float, keep: list[int]
) -> None:
    array = np.array(values)
    keep = [i for i in keep if i < len(array)]
    kept = reduce_keys(array, tolerance, keep)
    assert kept[0] == 0 and kept[-1] == len(array) - 1
    assert (np.diff(kept) > 0).all()
    assert set(keep) <= set(kept.tolist())
    assert np.abs(rebuilt(kept, array) - array).max() <= tolerance + 1e-9


def test_reduction_keeps_corners_only() -> None:
    corners = [0, 10, 30, 50]
    values = np.interp(np.arange(51), corners, [0, 1, 1, 0.2])
    assert reduce_keys(values, 1e-6).tolist() == corners
    assert reduce_keys(np.full(100, 0.3), 0.0).tolist() == [0, 99]
    assert reduce_keys([0.4], 0.1).tolist() == [0]
    assert reduce_keys([], 0.1).tolist() == []


def test_52_curves_of_15000_frames_reduce_in_under_a_second() -> None:
    rng = np.random.default_rng(0)
    knots = rng.uniform(0, 1, (1502, 52))
    values = monotone_interpolate(np.arange(1502) * 10.0, knots, np.arange(15000))
    started = time.process_time()
    kept = reduce_curves(values, 0.01)
    assert time.process_time() - started < 1.0
    assert sum(map(len, kept)) < 0.6 * values.size
