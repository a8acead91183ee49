"""Any recording to blocks of 16 kHz mono float32, with memory that does not grow with its length.

libsndfile reads wav, flac, mp3, ogg, aiff and others; what it cannot (m4a, video) goes through an
ffmpeg in its own process. Trimming, mixing to mono, repairing and resampling happen block by block.
What was repaired is counted and told in `AudioStream.notes`, never done in silence.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from server.errors import BadAudio, BadRequest, LimitExceeded
from server.wire.messages import AudioInfo

from .decoders import Block, Decoded, decoded_blocks
from .recogniser import SAMPLE_RATE, Samples

AudioSource: TypeAlias = bytes | Path | NDArray[np.float32]
"""A file's bytes or path (encoding "file"), or float32 samples (array, bytes or path, "f32le")."""

MIN_SECONDS: Final = 0.02
_TRIM_TOLERANCE: Final = 0.1  # s; a sound strip may end a frame after its file
_LENGTH_TOLERANCE: Final = 1.0  # s; encoders pad an hour by a little
_CLIP_LEVEL: Final = 0.9995
_CLIPPED_SHARE: Final = 0.001  # of all samples, before it is worth a sentence
_SILENT_PEAK: Final = 1e-4  # -80 dB


class AudioStream:
    """A recording being read.

    Args:
        source: see `AudioSource`.
        info: encoding, rate, trim and name. `playback_rate` is not applied here: the line is heard
            at its natural speed, and the times of what was heard are divided by it afterwards.
        max_seconds: longest audible part.

    Attributes:
        expected_seconds: length of the audible part as the file claims it, once known.
        seconds: that length as it was read, after `blocks` has ended.
        notes: sentences on what was strange or was repaired, after `blocks` has ended.
    """

    def __init__(self, source: AudioSource, info: AudioInfo, max_seconds: float = 3600.0) -> None:
        self.seconds = 0.0
        self.expected_seconds: float | None = None
        self.notes: tuple[str, ...] = ()
        self._source = source
        self._info = info
        self._max_seconds = max_seconds
        self._name = f"'{info.filename}'" if info.filename else "the audio"
        self._n_bad = 0
        self._n_clipped = 0
        self._n_beyond = 0
        self._n_samples = 0
        self._peak = 0.0

    def blocks(self) -> Iterator[Samples]:
        """Yield consecutive float32 samples, 16 kHz mono, -1..1, at most a few seconds each.

        Raises:
            BadAudio: empty, no audio inside, shorter than 20 ms, or the trim leaves nothing.
            BadRequest: the trim or the rate makes no sense.
            LimitExceeded: the audible part is longer than `max_seconds`.
        """
        check_audio_info(self._info)
        with decoded_blocks(self._source, self._info) as decoded:
            self._check_length(decoded)
            yield from _resampled(self._audible(decoded), decoded.sample_rate)
            self._finish(decoded.sample_rate)

    def read(self) -> Samples:
        """Return the whole audible part, [S]; for short lines."""
        blocks = list(self.blocks())
        return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)

    def _check_length(self, decoded: Decoded) -> None:
        """Refuse what is too long before reading an hour of it."""
        if decoded.seconds is None:
            return
        start, end = self._info.trim_start, self._info.trim_end
        if decoded.seconds > 0 and start >= decoded.seconds:
            raise BadAudio(
                f"The trim starts at {start:.3f} s, but {self._name} is {decoded.seconds:.3f} s "
                "long.",
                "Move the start of the trim into the recording.",
            )
        audible = min(decoded.seconds, math.inf if end is None else end) - start
        if audible > self._max_seconds + _LENGTH_TOLERANCE:
            raise self._too_long(audible)
        self.expected_seconds = max(audible, 0.0)

    def _too_long(self, seconds: float) -> LimitExceeded:
        return LimitExceeded(
            f"{self._name} has at least {seconds:.0f} audible seconds; the limit is "
            f"{self._max_seconds:.0f}.",
            "Cut it into shorter recordings.",
        )

    def _audible(self, decoded: Decoded) -> Iterator[Samples]:
        """Cut the trim out of the decoded blocks, mix to mono and repair."""
        rate = decoded.sample_rate
        first = round(self._info.trim_start * rate)
        end = self._info.trim_end
        last = math.inf if end is None else max(round(end * rate), first)
        position = decoded.first_frame
        for block in decoded.blocks:
            begin, stop = max(first - position, 0), min(len(block), last - position)
            position += len(block)
            if stop > begin:
                yield self._mono(block[begin : int(stop)])
                if self._n_samples > (self._max_seconds + _LENGTH_TOLERANCE) * rate:
                    raise self._too_long(self._n_samples / rate)
            if position >= last:
                return
        if end is not None and position < (end - _TRIM_TOLERANCE) * rate and self._n_samples:
            self._note(
                f"The trim ends at {end:.3f} s, but {self._name} ends at {position / rate:.3f} s."
            )

    def _mono(self, block: Block) -> Samples:
        finite = np.isfinite(block)
        n_bad = block.size - int(np.count_nonzero(finite))
        if n_bad:
            block = np.where(finite, block, np.float32(0))
        loud = np.abs(block)
        n_beyond = int(np.count_nonzero(loud > 1.0))
        if n_beyond:
            block = np.clip(block, -1, 1)
        self._n_bad += n_bad
        self._n_beyond += n_beyond
        self._n_clipped += int(np.count_nonzero(loud >= _CLIP_LEVEL)) // block.shape[1]
        self._n_samples += len(block)
        mono = np.ascontiguousarray(block.mean(axis=1, dtype=np.float32))
        if len(mono):
            self._peak = max(self._peak, float(np.abs(mono).max()))
        return mono

    def _note(self, sentence: str) -> None:
        self.notes = (*self.notes, sentence)

    def _finish(self, rate: int) -> None:
        self.seconds = self._n_samples / rate
        if not self._n_samples and self._info.trim_start > 0:
            raise BadAudio(
                f"The trim of {self._name} starts at {self._info.trim_start:.3f} s, after its end.",
                "Move the start of the trim into the recording.",
            )
        if not self._n_samples:
            raise BadAudio(f"{self._name} holds no samples.", "Choose another recording.")
        if self.seconds < MIN_SECONDS - 0.5 / rate:
            raise BadAudio(
                f"{self._name} has {1000 * self.seconds:.1f} ms of sound; "
                f"at least {1000 * MIN_SECONDS:.0f} ms are needed.",
                "Choose a longer recording or widen the trim.",
            )
        if self._n_bad:
            self._note(f"{self._n_bad} samples that are not numbers were replaced by silence.")
        if self._n_beyond:
            self._note(f"{self._n_beyond} samples louder than full scale were clipped.")
        if self._n_clipped > _CLIPPED_SHARE * self._n_samples:
            share = 100 * self._n_clipped / self._n_samples
            self._note(f"{share:.1f} % of the recording is clipped; record it more quietly.")
        if self._peak < _SILENT_PEAK:
            self._note("The recording is silent, so the lips stay still.")


def check_audio_info(info: AudioInfo) -> None:
    """Refuse an `AudioInfo` that cannot be obeyed.

    Raises:
        BadRequest: unknown encoding, impossible rate, or a trim that is empty or negative.
    """
    if info.encoding not in ("file", "f32le"):
        raise BadRequest(f"Audio encoding '{info.encoding}' is unknown.", "Use 'file' or 'f32le'.")
    if info.encoding == "f32le" and not 1000 <= info.sample_rate <= 768_000:
        raise BadRequest(
            f"A sample rate of {info.sample_rate} Hz is not possible.", "Use 8000 to 192000 Hz."
        )
    if info.trim_start < 0:
        raise BadRequest(f"The trim starts at {info.trim_start} s.", "It must be 0 or later.")
    if info.trim_end is not None and info.trim_end <= info.trim_start:
        raise BadRequest(
            f"The trim ends at {info.trim_end} s and starts at {info.trim_start} s.",
            "Let it end after its start.",
        )
    if not 0.05 <= info.playback_rate <= 20:
        raise BadRequest(
            f"A playback rate of {info.playback_rate} is not possible.", "Use 0.05 to 20."
        )


def _resampled(blocks: Iterator[Samples], rate: int) -> Iterator[Samples]:
    """Resample a stream to 16 kHz; the filter's delay is taken out, so times stay true."""
    if rate == SAMPLE_RATE:
        yield from blocks
        return
    import soxr

    stream = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")
    n_in = n_out = 0
    for block in blocks:
        n_in += len(block)
        out = stream.resample_chunk(block)
        n_out += len(out)
        if len(out):
            yield out
    tail = stream.resample_chunk(np.zeros(0, np.float32), last=True)
    wanted = round(n_in * SAMPLE_RATE / rate) - n_out
    tail = np.pad(tail[: max(wanted, 0)], (0, max(wanted - len(tail), 0)))
    if len(tail):
        yield np.clip(tail, -1, 1)
