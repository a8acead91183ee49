"""Log-mel frames and their running normalisation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from server.speech.features import (
    HOP,
    N_MELS,
    MelStream,
    NoiseFloor,
    RunningNorm,
    log_mel,
    mel_centres,
    mel_filters,
)
from server.speech.pitch import pitch_hz, pitch_track
from server.speech.recogniser import SAMPLE_RATE, Samples, n_feature_frames


def _tone(hz: float, seconds: float = 1.0, amplitude: float = 0.3) -> np.ndarray:
    times = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (amplitude * np.sin(2 * np.pi * hz * times)).astype(np.float32)


def test_every_band_hears_something():
    assert (mel_filters().sum(1) > 0).all()


@pytest.mark.parametrize("hz", [250.0, 1000.0, 5000.0])
def test_a_tone_is_loudest_in_its_own_band(hz: float):
    band = int(log_mel(_tone(hz))[50].argmax())
    assert abs(band - int(np.abs(mel_centres() - hz).argmin())) <= 1


def test_a_click_is_centred_on_its_own_frame():
    samples = np.zeros(SAMPLE_RATE, np.float32)
    samples[50 * HOP] = 1.0
    assert int(log_mel(samples).sum(1).argmax()) == 50


@pytest.mark.parametrize("n", [1, HOP - 1, HOP, 16_001])
def test_frames_are_as_many_as_loudness_has(n: int):
    assert len(log_mel(np.zeros(n, np.float32))) == n_feature_frames(n)


def test_no_samples_give_no_frames():
    assert log_mel(np.zeros(0, np.float32)).shape == (0, N_MELS)


def test_frames_of_a_stream_are_those_of_the_whole_line():
    rng = np.random.default_rng(0)
    samples = rng.standard_normal(20_000).astype(np.float32) * 0.1
    stream, parts = MelStream(), []
    for first, last in ((0, 7), (7, 500), (500, 500), (500, 9_999), (9_999, 20_000)):
        parts.append(stream.push(samples[first:last]))
    parts.append(stream.finish())
    np.testing.assert_allclose(np.concatenate(parts), log_mel(samples), atol=1e-5)


def test_steady_noise_goes_and_speech_over_it_stays():
    rng = np.random.default_rng(4)
    noise = 1e-3 * rng.gamma(8.0, 1 / 8.0, (400, N_MELS))
    speech = np.zeros((400, N_MELS))
    for first in (100, 160, 220, 280):  # syllables, with pauses in which the noise is heard
        speech[first : first + 30, 10:40] = 0.1
    left = NoiseFloor().push(np.log(noise + speech).astype(np.float32))
    before = np.log(noise + speech)
    assert np.mean(left[300:400] - before[300:400]) < np.log(0.3)
    spoken = left[220:250, 10:40] - before[220:250, 10:40]
    assert float(np.abs(spoken).max()) < 0.1


def test_digital_silence_before_a_line_takes_nothing_off():
    frames = np.full((60, N_MELS), np.log(1e-8), np.float32)
    frames[20:] = -3.0
    np.testing.assert_allclose(NoiseFloor().push(frames)[20:], frames[20:], atol=1e-3)


@pytest.mark.parametrize("noise_floor", [False, True])
def test_normalisation_of_pieces_is_that_of_the_whole(noise_floor: bool):
    rng = np.random.default_rng(1)
    frames = rng.normal(-4, 3, (300, N_MELS)).astype(np.float32)
    prior = np.full(N_MELS, -8.0, np.float32)
    whole = RunningNorm(prior, noise_floor=noise_floor).push(frames)
    pieces = RunningNorm(prior, noise_floor=noise_floor)
    parts = [pieces.push(frames[a:b]) for a, b in ((0, 1), (1, 40), (40, 40), (40, 300))]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-5)


@pytest.mark.parametrize("noise_floor", [False, True])
def test_normalisation_never_looks_ahead(noise_floor: bool):
    rng = np.random.default_rng(2)
    frames = rng.normal(-4, 3, (200, N_MELS)).astype(np.float32)
    prior = np.zeros(N_MELS, np.float32)
    changed = frames.copy()
    changed[120:] += 20
    before, after = (RunningNorm(prior, noise_floor=noise_floor).push(f) for f in (frames, changed))
    np.testing.assert_array_equal(before[:120], after[:120])


def test_normalisation_forgets_the_gain_of_a_recording():
    rng = np.random.default_rng(3)
    frames = rng.normal(-2, 2, (600, N_MELS)).astype(np.float32)
    prior = np.full(N_MELS, -8.0, np.float32)
    loud, quiet = (RunningNorm(prior).push(frames + gain)[-1] for gain in (3.0, 0.5))
    np.testing.assert_allclose(loud, quiet, atol=0.05)


@pytest.mark.parametrize("pitch_of", [pitch_hz, pitch_track])
@pytest.mark.parametrize("hz", [90.0, 210.0, 380.0])
def test_pitch_of_a_buzz_is_found(hz: float, pitch_of: Callable[[Samples], NDArray[np.float32]]):
    buzz = sum(_tone(hz * k, amplitude=0.2 / k) for k in range(1, 8))
    pitch = pitch_of(np.asarray(buzz, np.float32))
    assert len(pitch) == n_feature_frames(SAMPLE_RATE)
    assert abs(float(np.median(pitch[10:90])) - hz) < 2


def test_a_track_keeps_its_octave_and_passes_over_bursts():
    """A voice that glides from 200 to 260 Hz and creaks in its middle, and a burst after it."""
    rng = np.random.default_rng(7)
    times = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    hertz = 200 + 60 * times
    phase = 2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE
    creak = 0.3 * (np.abs(times - 0.4) < 0.02) * np.sin(phase / 2)
    voice = (sum(np.sin(k * phase) / k for k in range(1, 8)) + creak) * (times < 0.7)
    burst = np.convolve(rng.standard_normal(SAMPLE_RATE), np.ones(17) / 4, "same")
    samples = 0.1 * voice + 0.05 * burst * (np.abs(times - 0.85) < 0.03)
    raw, track = (p(np.asarray(samples, np.float32)) for p in (pitch_hz, pitch_track))
    true = 200 + 0.6 * np.arange(len(track))
    voiced = track > 0
    assert voiced[3:66].all()
    assert not voiced[74:].any()
    assert np.abs(np.log2(track[voiced] / true[voiced])).max() < 1 / 12
    assert np.abs(np.log2(raw[raw > 0] / true[raw > 0])).max() > 1 / 2, "the trap is none"


def test_noise_and_silence_have_no_pitch():
    noise = np.random.default_rng(4).standard_normal(SAMPLE_RATE).astype(np.float32) * 0.1
    assert (pitch_hz(noise) > 0).mean() < 0.1
    assert not pitch_hz(np.zeros(SAMPLE_RATE, np.float32)).any()
    assert len(pitch_hz(np.zeros(0, np.float32))) == 0
    assert (pitch_track(noise) > 0).mean() < 0.02
    assert not pitch_track(np.zeros(SAMPLE_RATE, np.float32)).any()
    assert len(pitch_track(np.zeros(0, np.float32))) == 0
