"""Any recording becomes 16 kHz mono with its times kept, or one clear sentence."""

from __future__ import annotations

import io
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from server.errors import BadAudio, BadRequest, LimitExceeded
from server.speech.audio import AudioStream
from server.speech.mapped import forget_pages
from server.speech.tempo import at_rate
from server.wire.messages import AudioInfo

ffmpeg = pytest.importorskip("imageio_ffmpeg")
BEEP_AT, SECONDS = 1.0, 2.0


def beep(rate: int, channels: int = 1) -> np.ndarray:
    """A 50 ms beep one second into two seconds of silence, [S, channels]."""
    t = np.arange(int(rate * SECONDS)) / rate
    inside = (t >= BEEP_AT) & (t < BEEP_AT + 0.05)
    wave = np.where(inside, 0.5 * np.sin(2 * np.pi * 440 * (t - BEEP_AT)), 0.0)
    return np.tile(wave[:, None], (1, channels))


def encoded(rate: int, channels: int, extension: str, folder: Path) -> Path:
    path = folder / f"beep.{extension}"
    if extension in ("m4a", "g722"):
        sf.write(folder / "source.wav", beep(rate, channels), rate)
        convert = [ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", folder / "source.wav"]
        subprocess.run([*convert, *(["-ac", "1"] if extension == "g722" else []), path], check=True)
    else:
        sf.write(path, beep(rate, channels), rate)
    return path


def onset(samples: np.ndarray) -> float:
    return float(np.argmax(np.abs(samples) > 0.05)) / 16000


def float_wav(samples: np.ndarray, rate: int = 16000) -> bytes:
    stream = io.BytesIO()
    sf.write(stream, samples, rate, format="WAV", subtype="FLOAT")
    return stream.getvalue()


FORMATS = [
    (rate, channels, extension)
    for rate in (8000, 16000, 44100, 48000, 96000)
    for channels in (1, 2)
    for extension in ("wav", "flac", "mp3", "ogg", "m4a")
    if (rate, extension) != (96000, "mp3")  # mp3 knows no such rate
]


@pytest.mark.parametrize(("rate", "channels", "extension"), FORMATS)
def test_every_format_rate_and_channel_count_keeps_length_and_time(
    rate: int, channels: int, extension: str, tmp_path: Path
) -> None:
    path = encoded(rate, channels, extension, tmp_path)
    stream = AudioStream(path.read_bytes(), AudioInfo(filename=path.name))
    samples = stream.read()
    assert samples.dtype == np.float32
    assert len(samples) == pytest.approx(SECONDS * 16000, abs=160)
    assert onset(samples) == pytest.approx(BEEP_AT, abs=0.003)
    assert stream.seconds == pytest.approx(SECONDS, abs=0.01)
    assert stream.notes == ()


def test_a_raw_g722_prompt_is_known_by_its_name(tmp_path: Path) -> None:
    path = encoded(16000, 1, "g722", tmp_path)
    samples = AudioStream(path, AudioInfo(filename=path.name)).read()
    assert onset(samples) == pytest.approx(BEEP_AT, abs=0.003)


@pytest.mark.parametrize("extension", ["wav", "flac", "mp3", "ogg", "m4a"])
def test_a_trim_is_exact_in_every_format(extension: str, tmp_path: Path) -> None:
    path = encoded(44100, 2, extension, tmp_path)
    info = AudioInfo(trim_start=0.9, trim_end=1.2)
    samples = AudioStream(path, info).read()
    assert len(samples) == pytest.approx(0.3 * 16000, abs=1)
    assert onset(samples) == pytest.approx(0.1, abs=0.003)


def test_samples_given_as_an_array_as_bytes_or_as_a_file_are_the_same(tmp_path: Path) -> None:
    samples = beep(22050)[:, 0].astype("<f4")
    (tmp_path / "raw").write_bytes(samples.tobytes())
    info = AudioInfo("f32le", 22050)
    sources = (samples, samples.tobytes(), tmp_path / "raw")
    first, *others = (AudioStream(source, info).read() for source in sources)
    assert all(np.array_equal(first, other) for other in others)


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 96000])
def test_blocks_resampled_one_by_one_are_as_if_resampled_at_once(rate: int) -> None:
    import soxr

    t = np.arange(rate * 20) / rate
    wave = (0.5 * np.sin(2 * np.pi * 300 * t)).astype(np.float32)
    blocks = list(AudioStream(wave, AudioInfo("f32le", rate)).blocks())
    assert len(blocks) > 1
    whole = soxr.resample(wave, rate, 16000, quality="HQ")
    joined = np.concatenate(blocks)
    assert len(joined) == 20 * 16000
    assert np.abs(joined - whole[: len(joined)]).max() < 1e-4


def test_exactly_twenty_milliseconds_are_enough() -> None:
    for rate in (8000, 16000, 44100, 48000, 96000):
        samples = np.full(rate // 50, 0.1, np.float32)
        assert len(AudioStream(samples, AudioInfo("f32le", rate)).read()) == 320


@pytest.mark.parametrize(
    ("source", "info", "says"),
    [
        (b"", AudioInfo(filename="x.wav"), "'x.wav' is empty"),
        (b"not a sound\n" * 50, AudioInfo(filename="x.wav"), "'x.wav' is not a recording"),
        (b"#EXTM3U\n/etc/hostname\n", AudioInfo(filename="x.wav"), "is not a recording"),
        (b"RIFF\x00\x00", AudioInfo(filename="x.wav"), "is not a recording"),
        (float_wav(np.zeros(0)), AudioInfo(filename="x.wav"), "holds no samples"),
        (float_wav(np.zeros(99)), AudioInfo(filename="x.wav"), "6.2 ms of sound"),
        (Path("/nowhere/x.wav"), AudioInfo(filename="x.wav"), "cannot be opened"),
        (Path("/"), AudioInfo(filename="x.wav"), "is not a file"),
        (b"12345", AudioInfo("f32le", 16000), "no whole number of float32"),
        (float_wav(np.zeros(16000)), AudioInfo(trim_start=3.0), "trim starts at 3.000 s"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # WAV bytes hold their second
)
def test_what_is_no_recording_is_one_clear_sentence(
    source: bytes | Path, info: AudioInfo, says: str
) -> None:
    with pytest.raises(BadAudio) as caught:
        AudioStream(source, info).read()
    assert says in caught.value.message
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_a_film_without_sound_says_so(tmp_path: Path) -> None:
    command = [ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "color=d=0.2"]
    subprocess.run([*command, tmp_path / "film.mp4"], check=True)
    with pytest.raises(BadAudio, match=r"'film\.mp4' has no audio in it"):
        AudioStream(tmp_path / "film.mp4", AudioInfo(filename="film.mp4")).read()


def test_a_recording_that_was_cut_off_gives_what_is_there_or_says_it_is_damaged(
    tmp_path: Path,
) -> None:
    for extension in ("wav", "flac", "mp3", "ogg", "m4a"):
        data = encoded(44100, 1, extension, tmp_path).read_bytes()
        stream = AudioStream(data[: len(data) // 2], AudioInfo(filename=f"cut.{extension}"))
        try:
            assert 0 < len(stream.read()) <= SECONDS * 16000
        except BadAudio as error:
            assert "cut." in error.message


@pytest.mark.parametrize(
    "info",
    [
        AudioInfo("pcm"),
        AudioInfo("f32le", 0),
        AudioInfo(trim_start=-1.0),
        AudioInfo(trim_start=1.0, trim_end=1.0),
        AudioInfo(playback_rate=0.0),
    ],
)
def test_an_impossible_description_is_refused(info: AudioInfo) -> None:
    with pytest.raises(BadRequest):
        AudioStream(np.zeros(16000, np.float32), info).read()


def test_values_that_are_no_numbers_become_silence_and_are_counted() -> None:
    samples = np.full(16000, 0.1, np.float32)
    samples[100:103] = np.nan, np.inf, -np.inf
    stream = AudioStream(float_wav(samples), AudioInfo())
    heard = stream.read()
    assert np.isfinite(heard).all()
    assert heard[100:103].tolist() == [0, 0, 0]
    assert stream.notes == ("3 samples that are not numbers were replaced by silence.",)


def test_clipping_overload_and_silence_are_told() -> None:
    def notes_of(samples: np.ndarray) -> str:
        stream = AudioStream(samples.astype(np.float32), AudioInfo("f32le", 16000))
        assert np.abs(stream.read()).max() <= 1
        return " ".join(stream.notes)

    wave = np.sin(np.arange(16000) * 0.1)
    assert "clipped" in notes_of(np.clip(3 * wave, -1, 1))
    assert "louder than full scale" in notes_of(3 * wave)
    assert "silent" in notes_of(np.zeros(16000))
    assert notes_of(0.5 * wave) == ""


def test_a_trim_that_reaches_past_the_end_is_told() -> None:
    stream = AudioStream(np.full(16000, 0.1, np.float32), AudioInfo("f32le", 16000, trim_end=3.0))
    assert len(stream.read()) == 16000
    assert stream.notes == ("The trim ends at 3.000 s, but the audio ends at 1.000 s.",)


def test_a_line_over_the_limit_is_refused_before_it_is_read() -> None:
    samples = np.zeros(16000 * 5, np.float32)
    with pytest.raises(LimitExceeded, match=r"limit is 3\. Cut it into shorter recordings\."):
        next(AudioStream(samples, AudioInfo("f32le", 16000), max_seconds=3.0).blocks())
    trimmed = AudioInfo("f32le", 16000, trim_end=3.0)
    assert len(AudioStream(samples, trimmed, max_seconds=3.0).read()) == 3 * 16000


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with sf.SoundFile(path, "w", 48000, 2) as sound:
        for _ in range(4):
            sound.write(np.zeros((48000 * 60, 2), np.int16))
    tracemalloc.start()
    n = sum(len(block) for block in AudioStream(path, AudioInfo()).blocks())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert n == 240 * 16000
    assert peak < 8 << 20


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_pages_of_mapped_samples_are_let_go_and_come_back_the_same(tmp_path: Path) -> None:
    def resident_file_mb() -> float:
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("RssFile")).split()[1]) / 1024

    (tmp_path / "samples").write_bytes(np.arange(16 << 20, dtype="<f4").tobytes())
    samples = np.memmap(tmp_path / "samples", np.dtype("<f4"), mode="r")
    total = float(samples.sum(dtype=np.float64))
    looked = resident_file_mb()
    forget_pages(samples)
    assert resident_file_mb() < looked - 50
    assert float(samples.sum(dtype=np.float64)) == total
    forget_pages(np.zeros(10, np.float32))  # nothing is mapped, nothing happens


def test_a_faster_strip_divides_all_times() -> None:
    from arkit.clip import Phone
    from server.generators.base import Speech

    loudness = np.linspace(-60, 0, 201).astype(np.float32)
    speech = Speech(np.zeros(32000, np.float32), 2.0, (Phone("a", 0.5, 1.0),), loudness)
    fast = at_rate(speech, 2.0)
    assert fast.seconds == 1.0
    assert fast.phones == (Phone("a", 0.25, 0.5),)
    assert len(fast.samples) == 16000
    assert len(fast.loudness) == 101
    assert fast.loudness[50] == pytest.approx(loudness[100], abs=1e-4)
    assert at_rate(speech, 1.0) is speech
