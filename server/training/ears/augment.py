"""Rooms, microphones, noises and levels, all on batches of log-mel frames: cheap and endless.

Power spectra add, so everything but the warp works on exp(log mel). Random numbers come from one
`torch.Generator`; noise texture is drawn once and cut from at random places.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
import torch.nn.functional as nnf
from scipy.fft import dct
from scipy.signal import lfilter
from torch import Tensor

from server.speech import features as f

_TEXTURE_FRAMES: Final = 60_000
_ENVELOPE_ORDER: Final = 20


@dataclass(frozen=True)
class AugmentConfig:
    """How far the ears' training sounds stray.

    Attributes:
        warp: largest log factor of the frequency warp (vocal tract length).
        reverb: share of windows with a room. eq: standard deviation of the microphone in nats.
        snr_db: lowest and highest noise ratio. quiet: share with hardly any noise instead.
        pitch: largest log factor by which the harmonics move while the formants stay.
        effort: standard deviation, in nats, of a loudness that wanders within a line and takes the
            spectrum's tilt along, as it does in emotional speech.
        band_limited: share with a telephone's band.
        gain_db: mean and standard deviation of the gain. masks: frequency masks a window.
        cold: share whose normalisation starts from the prior, as a line's does: of the windows
        that begin a line, and of the others.
    """

    warp: float = 0.12
    reverb: float = 0.5
    eq: float = 1.0
    snr_db: tuple[float, float] = (3.0, 50.0)
    quiet: float = 0.35
    pitch: float = 0.0
    effort: float = 0.0
    babble: float = 0.2
    band_limited: float = 0.3
    gain_db: tuple[float, float] = (-5.0, 8.0)
    masks: int = 2
    cold: tuple[float, float] = (0.9, 0.15)


class Augmenter:
    """Draws one room, microphone, noise and level for every window of a batch."""

    def __init__(
        self, config: AugmentConfig, prior_mean: Tensor, seed: int, *, noise_floor: bool = False
    ) -> None:
        self.config, self.noise_floor = config, noise_floor
        self.prior_mean = prior_mean
        self.random = torch.Generator().manual_seed(seed)
        rng = np.random.default_rng(seed)
        texture = rng.gamma(3.0, 1 / 3.0, (_TEXTURE_FRAMES, f.N_MELS)).astype(np.float32)
        self._texture = torch.from_numpy(texture)
        self._centres = torch.from_numpy(f.mel_centres()).float()
        self._envelope = envelope_filter()

    def _uniform(self, n: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        return torch.rand(n, generator=self.random) * (high - low) + low

    def _smooth(self, n: int, deviation: float) -> Tensor:
        """Random smooth curves over the bands, [n, N_MELS]."""
        knots = torch.randn(n, 1, 6, generator=self.random) * deviation
        return nnf.interpolate(knots, f.N_MELS, mode="linear", align_corners=True)[:, 0]

    def __call__(self, log_mels: Tensor, begins: Tensor) -> Tensor:
        """Return normalised, augmented frames for log mels [B, F, N_MELS].

        `begins` bool [B] says which windows start where a line does.
        """
        power = torch.exp(self._with_effort(self._warped(log_mels)))
        power = self._in_a_room(power)
        power = power * torch.exp(self._smooth(len(power), self.config.eq))[:, None]
        power = self._with_noise(power)
        power = power * self._band(len(power))[:, None]
        mean, deviation = self.config.gain_db
        drawn = torch.randn(len(power), generator=self.random) * deviation + mean
        gain = 10 ** (drawn.clamp(-38.0, 10.0) / 10)
        heard = torch.log(power * gain[:, None, None] + f.POWER_FLOOR)
        if self.noise_floor:
            heard = without_noise(heard)
        return self._masked(self._normalised(heard, begins))

    def _warped(self, x: Tensor) -> Tensor:
        """Warp the formants and, on their own, the harmonics."""
        formants = self._factor(len(x), self.config.warp, 0.6)
        if self.config.pitch == 0.0:
            return _moved(x, formants)
        smooth = x @ self._envelope
        harmonics = self._factor(len(x), self.config.pitch, 0.6) * formants
        strength = torch.where(self._uniform(len(x)) < 0.4, self._uniform(len(x), 0.4, 1.3), 1.0)
        fine = _moved(x - smooth, harmonics) * strength[:, None, None]
        return _moved(smooth, formants) + fine

    def _factor(self, n: int, largest: float, share: float) -> Tensor:
        factor = torch.exp(self._uniform(n, -1, 1) * largest)
        return torch.where(self._uniform(n) < share, factor, torch.ones(n))

    def _with_effort(self, x: Tensor) -> Tensor:
        """Let the loudness and the tilt of half of the windows wander."""
        n, frames, bands = x.shape
        if self.config.effort == 0.0:
            return x
        knots = torch.randn(n, 2, 8, generator=self.random) * self.config.effort
        knots = knots * (self._uniform(n) < 0.5)[:, None, None]
        loud, tilt = nnf.interpolate(knots, frames, mode="linear", align_corners=True).unbind(1)
        slope = torch.linspace(-1.0, 1.0, bands)
        return x + loud[..., None] + (0.5 * loud + 0.5 * tilt)[..., None] * slope

    def _in_a_room(self, power: Tensor) -> Tensor:
        """Add an exponential tail: a one-pole filter on the power of every band."""
        out = power.clone()
        chosen = self._uniform(len(power)) < self.config.reverb
        seconds, wet = self._uniform(len(power), 0.1, 0.8), self._uniform(len(power), 0.02, 0.35)
        for i in torch.nonzero(chosen)[:, 0].tolist():
            pole = float(10 ** (-6 * 0.01 / seconds[i]))
            tail = lfilter([0.0, pole], [1.0, -pole], power[i].numpy(), axis=0)
            out[i] += wet[i] * torch.from_numpy(np.asarray(tail, np.float32))
        return out

    def _with_noise(self, power: Tensor) -> Tensor:
        n, frames, bands = power.shape
        mean = power.sum(2).mean(1)
        tilt = torch.randn(n, 1, generator=self.random) * torch.linspace(1.2, -1.2, bands)
        shape = torch.softmax(self._smooth(n, 1.2) + tilt, 1)
        at = int(torch.randint(0, _TEXTURE_FRAMES - n * frames, (1,), generator=self.random))
        texture = self._texture[at : at + n * frames].view(n, frames, bands)
        swell = nnf.interpolate(
            torch.randn(n, 1, 8, generator=self.random) * 0.7, frames, mode="linear"
        )[:, 0]
        noise = shape[:, None] * texture * torch.exp(swell)[..., None]
        crowd = sum((power.roll(k, 0).roll(37 * k, 1) for k in range(1, min(4, n))), power.flip(1))
        crowd = crowd / (crowd.sum(2).mean(1)[:, None, None] + 1e-12)
        is_crowd = (self._uniform(n) < self.config.babble)[:, None, None]
        snr = self._uniform(n, *self.config.snr_db)
        snr = torch.where(is_crowd[:, 0, 0], snr.clamp(min=8.0), snr)
        snr = torch.where(self._uniform(n) < self.config.quiet, self._uniform(n, 35.0, 60.0), snr)
        level = (mean * 10 ** (-snr / 10))[:, None, None]
        return power + torch.where(is_crowd, crowd, noise) * level

    def _band(self, n: int) -> Tensor:
        """Gains of a telephone's or a small microphone's band, [n, N_MELS]."""
        never = torch.full((n,), 1e5)
        is_limited = self._uniform(n) < self.config.band_limited
        highest = torch.where(is_limited, self._uniform(n, 3000.0, 4300.0), never)
        lowest = torch.where(self._uniform(n) < 0.2, self._uniform(n, 60.0, 330.0), -never)
        centres = self._centres[None]
        below = torch.sigmoid((highest[:, None] - centres) / 80)
        return below * torch.sigmoid((centres - lowest[:, None]) / 30) + 1e-7

    def _normalised(self, x: Tensor, begins: Tensor) -> Tensor:
        """Run the recursions of `features.RunningNorm`; warm windows start from their own mean."""
        n = len(x)
        at_start, inside = (torch.tensor(share) for share in self.config.cold)
        is_cold = self._uniform(n) < torch.where(begins, at_start, inside)
        energy = torch.logsumexp(x, 2)
        own_level = energy.amax(1)
        speech = (energy > own_level[:, None] - f.SPEECH_RANGE).float()[..., None]
        own_mean = ((x - own_level[:, None, None]) * speech).sum(1) / speech.sum(1)
        peak = torch.where(is_cold, torch.full((n,), f.PEAK_PRIOR), own_level)
        mean = torch.where(is_cold[:, None], self.prior_mean[None], own_mean)
        weight = torch.where(is_cold, torch.full((n,), f.PRIOR_FRAMES), torch.full((n,), 400.0))
        return running_norm(x, peak, mean, weight)

    def _masked(self, x: Tensor) -> Tensor:
        n, frames, bands = x.shape
        x = x.clone()
        for _ in range(self.config.masks):
            width, at = self._uniform(n, 0, 13), self._uniform(n)
            for i in range(n):
                first = int(at[i] * (bands - width[i]))
                x[i, :, first : first + int(width[i])] = 0
        hidden, at = self._uniform(n, -12, 14), self._uniform(n)
        for i in range(n):
            first = int(at[i] * (frames - 14))
            x[i, first : first + max(0, int(hidden[i]))] = 0
        return x


def _moved(x: Tensor, factor: Tensor) -> Tensor:
    """Stretch the bands of [B, F, N_MELS] by a factor each, [B]."""
    n, frames, bands = x.shape
    place = (torch.arange(bands)[None] * factor[:, None]).clamp(0, bands - 1.001)
    lower = place.long()
    part = (place - lower)[:, None]
    index = lower[:, None].expand(n, frames, bands)
    return x.gather(2, index) * (1 - part) + x.gather(2, index + 1) * part


def envelope_filter() -> Tensor:
    """Return [N_MELS, N_MELS]: log mel frames times it keep formants and lose harmonics.

    A liftering of the cepstrum with a soft edge, at a ripple of eight bands.
    """
    basis = torch.from_numpy(np.asarray(dct(np.eye(f.N_MELS), axis=0, norm="ortho"))).float()
    keep = 1 / (1 + (torch.arange(f.N_MELS) / _ENVELOPE_ORDER) ** 8)
    return basis.T @ (keep[:, None] * basis)


def without_noise(x: Tensor) -> Tensor:
    """Take steady noise off log mels [B, F, N_MELS] as `features.NoiseFloor` does."""
    power = torch.exp(x)
    noise = torch.cat([power[:, :1].expand(-1, f.NOISE_HISTORY, -1), power], 1)
    for shift in (2**k for k in range(f.NOISE_SMOOTHING)):
        noise = (noise[:, shift:] + noise[:, :-shift]) / 2
    for shift in (2**k for k in range(f.NOISE_WINDOW)):
        noise = torch.minimum(noise[:, shift:], noise[:, :-shift])
    left = torch.maximum(power - f.NOISE_BIAS * noise, f.NOISE_LEFT * power)
    return torch.log(left + f.POWER_FLOOR)


def running_norm(x: Tensor, peak: Tensor, mean: Tensor, weight: Tensor) -> Tensor:
    """Normalise log mels [B, F, N_MELS] as `features.RunningNorm` does, for a batch at once.

    Args:
        x: log mel frames. peak: level before the first frame, [B].
        mean: of (x - level), [B, N_MELS].
        weight: of that mean, in frames, [B].
    """
    steps = torch.arange(1, x.shape[1] + 1)
    energy = torch.logsumexp(x, 2)
    fall = f.PEAK_DECAY * steps
    level = torch.maximum(torch.cummax(energy + fall, 1).values, peak[:, None]) - fall
    relative = x - level[..., None]
    speech = (energy > level - f.SPEECH_RANGE).float()[..., None]
    grow = (f.MEAN_FORGETTING ** -steps.float())[None, :, None]
    sums = torch.cumsum(relative * speech * grow, 1) + (mean * weight[:, None])[:, None]
    weights = torch.cumsum(speech * grow, 1) + weight[:, None, None]
    return (relative - sums / weights) / f.SCALE
