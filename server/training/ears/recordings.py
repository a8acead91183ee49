"""Recorded speakers: where their lines and texts are, read as 16 kHz mono.

Sources are the recordings of `SOLILOQUY_DATA` and the distribution's spoken prompts, unpacked by
`packages`. Licences are with each source; nothing of them is shipped.
"""

from __future__ import annotations

import gzip
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from server.speech.recogniser import SAMPLE_RATE
from server.training.ears.errors import CorpusError


@dataclass(frozen=True)
class Line:
    """A recorded line: file, speaker, what is said ("" = unknown), language."""

    path: Path
    speaker: str
    text: str
    language: str


@dataclass(frozen=True)
class Prompts:
    """A distribution package of spoken prompts by one speaker, with their texts."""

    folder: str
    texts: str
    language: str
    licence: str


PROMPTS: Final[dict[str, Prompts]] = {
    "en_allison": Prompts("en_US_f_Allison", "en", "en", "CC BY-SA 3.0, Allison Smith, Digium"),
    "es_allison": Prompts("es_MX_f_Allison", "es", "es", "CC BY-SA 3.0, Allison Smith, Digium"),
    "fr_june": Prompts("fr_CA_f_June", "fr", "fr", "CC BY-SA 3.0, June Wallack"),
    "it_carlo": Prompts("it_IT_m_Carlo", "it", "it", "CC BY 3.0, Carlo Flora"),
    "ru_maxim": Prompts("ru_RU_f_IvrvoiceRU", "ru", "ru", "CC BY 3.0, Maxim Topal"),
}


def read_audio(path: Path) -> NDArray[np.float32]:
    """Return a recording as float32 [S], 16 kHz mono.

    Raises:
        CorpusError: it cannot be read.
    """
    if path.suffix in {".g722", ".gsm"}:
        return _by_ffmpeg(path)
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise CorpusError(f"{path} cannot be read: {error}") from error
    mono = samples.mean(1)
    if rate != SAMPLE_RATE:
        divisor = int(np.gcd(rate, SAMPLE_RATE))
        mono = resample_poly(mono, SAMPLE_RATE // divisor, rate // divisor)
    return np.asarray(mono, np.float32)


def _by_ffmpeg(path: Path) -> NDArray[np.float32]:
    import imageio_ffmpeg

    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", path.suffix[1:], "-i"]
    command += [str(path), "-f", "f32le", "-ac", "1", "-ar", str(SAMPLE_RATE), "-"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        raise CorpusError(f"{path} cannot be read: {done.stderr.decode(errors='replace').strip()}")
    return np.frombuffer(done.stdout, "<f4")


def prompt_texts(texts: str, root: Path) -> dict[str, str]:
    """Return prompt name -> what can be read aloud of its text, of one language's package.

    Raises:
        CorpusError: the package was not unpacked under `root`.
    """
    listed = root / f"usr/share/doc/asterisk-core-sounds-{texts}/core-sounds-{texts}.txt.gz"
    if not listed.exists():
        raise CorpusError(f"no texts of prompts at {listed}: run server.training.ears.packages")
    said = {}
    for row in gzip.decompress(listed.read_bytes()).decode("utf-8", "replace").splitlines():
        key, _, text = row.partition(":")
        text = re.sub(r"\([^)]*\)", " ", text).strip()
        if text and not row.startswith(";") and "[" not in text:
            said[key.strip()] = text
    return said


def prompt_lines(name: str, root: Path) -> list[Line]:
    """Return the prompts of one speaker that have a text which can be read aloud.

    Raises:
        CorpusError: the package was not unpacked under `root`.
    """
    prompts = PROMPTS[name]
    folder = root / "usr/share/asterisk/sounds" / prompts.folder
    if not folder.exists():
        raise CorpusError(f"no prompts of '{name}' under {root}: run server.training.ears.packages")
    found = (
        (folder / f"{key}.g722", text) for key, text in prompt_texts(prompts.texts, root).items()
    )
    return [Line(path, name, text, prompts.language) for path, text in found if path.exists()]


DIGITS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def digit_lines(data: Path) -> list[Line]:
    """Return the spoken digits: CC BY-SA 4.0, six speakers, 8 kHz."""
    lines = []
    for path in sorted((data / "spoken_digits").glob("*.flac")):
        digit, speaker, _ = path.stem.split("_")
        lines.append(Line(path, f"digits_{speaker}", DIGITS[int(digit)], "en"))
    return lines


def untranscribed_lines(name: str, data: Path) -> list[Line]:
    """Return recordings without text: "a2f" (Apache-2.0) or "facegood" (MIT, without take 2_05)."""
    if name == "a2f":
        files = sorted((data / "a2f_samples").glob("*.flac"))
    else:
        files = [p for p in sorted((data / "facegood").glob("*.flac")) if "2_05" not in p.stem]
    return [Line(path, f"{name}_{path.stem.split('_')[0]}", "", "") for path in files]


def pieces(
    samples: NDArray[np.float32], seconds: float = 12.0
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield (first sample, samples) of a long recording cut into pieces."""
    step = int(seconds * SAMPLE_RATE)
    for first in range(0, len(samples), step):
        yield first, samples[first : first + step]
