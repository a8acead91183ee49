"""From a file's bytes to blocks of samples, at the file's own rate and channels.

Three decoders behind one function: libsndfile, ffmpeg as a separate process, and raw float32.
Nothing here knows of trims or of speech.
"""

from __future__ import annotations

import io
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from server.errors import BadAudio, Unavailable
from server.wire.messages import AudioInfo

Block: TypeAlias = NDArray[np.float32]
"""[n, channels]"""

_BLOCK_FRAMES: Final = 1 << 16
_FFMPEG_RATE: Final = 16_000
_FFMPEG_FORMATS: Final = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,asf,flv,mpegts,mpeg,aac,ac3,amr,caf,mp3,ogg,flac,"
    "wav,w64,aiff,au,wv,ape,tta,opus,g722"
)
"""Containers that hold their own sound. Play lists are not among them: they could name any file."""


@dataclass(frozen=True)
class Decoded:
    """A recording opened for reading.

    Attributes:
        sample_rate: Hz of `blocks`.
        seconds: length if the container tells it, else None.
        first_frame: index of the first frame of `blocks`, after a seek.
        blocks: [n, channels], consecutive.
    """

    sample_rate: int
    seconds: float | None
    first_frame: int
    blocks: Iterator[Block]


def decoded_blocks(
    source: bytes | Path | Block, info: AudioInfo
) -> AbstractContextManager[Decoded]:
    """Open a recording by whatever can read it.

    Raises:
        BadAudio: the file is missing, empty, or nothing can read it.
        Unavailable: only ffmpeg could read it, and it is not installed.
    """
    name = f"'{info.filename}'" if info.filename else "the audio"
    if isinstance(source, np.ndarray):
        return _array(source, info.sample_rate)
    _refuse_empty(source, name)
    if info.encoding == "f32le":
        return _raw_floats(source, info.sample_rate, name)
    if Path(info.filename).suffix.lower() == ".g722":  # it has no header that could be recognised
        return _ffmpeg(source, name, ("-f", "g722"))
    reason = _sndfile_refusal(source)
    if reason is None:
        return _sndfile(source, info.trim_start, name)
    return _ffmpeg(source, name, ())


def _refuse_empty(source: bytes | Path, name: str) -> None:
    try:
        size = source.stat().st_size if isinstance(source, Path) else len(source)
    except OSError as error:
        raise BadAudio(f"{name} cannot be opened: {error.strerror}.", "Check the path.") from error
    if isinstance(source, Path) and not source.is_file():
        raise BadAudio(f"{name} is not a file.", "Choose a recording.")
    if size == 0:
        raise BadAudio(f"{name} is empty (0 bytes).", "Export the recording again.")


def _opened(source: bytes | Path) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _sndfile_refusal(source: bytes | Path) -> str | None:
    """Return why libsndfile cannot read this, or None when it can."""
    import soundfile

    with _opened(source) as stream:
        try:
            with soundfile.SoundFile(stream) as sound:
                return None if sound.samplerate > 0 else "it has no sample rate"
        except (soundfile.SoundFileError, TypeError) as error:  # TypeError: headerless by extension
            return str(error)


@contextmanager
def _sndfile(source: bytes | Path, start_seconds: float, name: str) -> Iterator[Decoded]:
    import soundfile

    with _opened(source) as stream, soundfile.SoundFile(stream) as sound:
        rate = int(sound.samplerate)
        exact_seek = sound.seekable() and sound.format != "MP3"  # mp3 seeks are approximate
        first = min(round(start_seconds * rate), sound.frames) if exact_seek else 0
        if first:
            sound.seek(first)

        def blocks() -> Iterator[Block]:
            while True:
                try:
                    block = sound.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)
                except soundfile.SoundFileError as error:
                    raise BadAudio(
                        f"{name} is damaged: {str(error).rstrip('.')}.", "Export it again."
                    ) from error
                if not len(block):
                    return
                yield np.asarray(block, np.float32)

        yield Decoded(rate, sound.frames / rate, first, blocks())


@contextmanager
def _array(samples: Block, rate: int) -> Iterator[Decoded]:
    """Read samples that lie in memory, [S] or [S, channels]."""
    table = np.asarray(samples, np.float32)
    table = table[:, None] if table.ndim == 1 else table
    pieces = (table[i : i + _BLOCK_FRAMES] for i in range(0, len(table), _BLOCK_FRAMES))
    yield Decoded(rate, len(table) / rate, 0, pieces)


@contextmanager
def _raw_floats(source: bytes | Path, rate: int, name: str) -> Iterator[Decoded]:
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size % 4:
        raise BadAudio(
            f"{name} has {size} bytes, which is no whole number of float32 samples.",
            "Send little-endian float32.",
        )
    with _opened(source) as stream:
        yield Decoded(rate, size / 4 / rate, 0, _floats(stream))


def _floats(stream: IO[bytes]) -> Iterator[Block]:
    """Read little-endian mono float32 until the stream ends."""
    while data := stream.read(_BLOCK_FRAMES * 4):
        whole = len(data) // 4 * 4
        yield np.frombuffer(data[:whole], "<f4").astype(np.float32, copy=False)[:, None]


@contextmanager
def _ffmpeg(source: bytes | Path, name: str, input_options: tuple[str, ...]) -> Iterator[Decoded]:
    """Decode by ffmpeg to 16 kHz mono; the process ends with the context."""
    with tempfile.TemporaryDirectory(prefix="soliloquy_") as folder:
        if isinstance(source, bytes):
            path = Path(folder) / "audio"  # mp4 needs a file that can be sought
            path.write_bytes(source)
        else:
            path = source
        command = [
            _ffmpeg_program(name), "-v", "error", "-nostdin",
            "-protocol_whitelist", "file,pipe", "-format_whitelist", _FFMPEG_FORMATS,
            *input_options, "-i", f"file:{path.absolute()}",
            "-map", "0:a:0", "-ac", "1", "-ar", str(_FFMPEG_RATE), "-f", "f32le", "pipe:1",
        ]  # fmt: skip
        errors = Path(folder) / "errors"
        with (
            errors.open("wb") as log,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as process,
        ):
            assert process.stdout is not None
            try:
                yield Decoded(_FFMPEG_RATE, None, 0, _ffmpeg_blocks(process, name, errors))
            finally:
                process.kill()


def _ffmpeg_blocks(process: subprocess.Popen[bytes], name: str, errors: Path) -> Iterator[Block]:
    assert process.stdout is not None
    heard = False
    for block in _floats(process.stdout):
        heard = True
        yield block
    if process.wait() != 0 and not heard:
        said = errors.read_text(errors="replace").strip().splitlines()
        no_stream = any("matches no streams" in line for line in said)
        raise BadAudio(
            f"{name} has no audio in it." if no_stream else f"{name} is not a recording.",
            "Use wav, flac, mp3, ogg or m4a.",
        )


def _ffmpeg_program(name: str) -> str:
    try:
        import imageio_ffmpeg

        return imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError) as error:
        raise Unavailable(
            f"{name} is not wav, flac, mp3 or ogg, and ffmpeg, which could read it, is missing.",
            "Install `imageio-ffmpeg`, or convert the recording to wav.",
        ) from error
