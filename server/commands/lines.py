"""Finding a recorded line to demonstrate on, when the user names none.

The order is: the recordings named by SOLILOQUY_DATA, the voices that distributions install among
their sounds, and at last a synthetic voice. What was found is always said.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import soundfile

from server.errors import SoliloquyError
from server.speech import espeak

_SOUND_FOLDERS: Final = (
    Path("/usr/share/asterisk/sounds"),
    Path("/usr/share/sounds/alsa"),
    Path("/usr/share/sounds"),
)
_AUDIO_SUFFIXES: Final = (".wav", ".flac", ".ogg", ".oga", ".mp3")
_SPEECH_WORDS: Final = ("speech", "speak", "vm-", "front_", "jfk", "voice", "hello", "welcome")
_MIN_SECONDS, _MAX_SECONDS = 1.0, 20.0
_SPOKEN: Final = (
    "My mother bought five purple umbrellas before the big move. "
    "Maybe we should have told Bob, but who would believe us?"
)


class NoLineError(SoliloquyError):
    """No recording was found and no synthetic voice can be made."""


@dataclass(frozen=True)
class DemoLine:
    """A recording, what it is in one sentence, and its words when they are known."""

    path: Path
    about: str
    transcript: str = ""


def find_line(named: str | None, scratch: Path) -> DemoLine:
    """Return the line to perform.

    Args:
        named: the user's recording, or None.
        scratch: folder for a synthetic line.

    Raises:
        NoLineError: the named file does not exist, or nothing at all can be found.
    """
    if named is not None:
        path = Path(named)
        if not path.is_file():
            raise NoLineError(f"there is no file '{named}'; give the path of a recording")
        return DemoLine(path, f"your recording {path.name}")
    for folder, about in _recording_folders():
        found = _first_speech(folder)
        if found is not None:
            return DemoLine(found, f"a real recording from {about}: {found.name}")
    return _synthetic_line(scratch)


def _recording_folders() -> list[tuple[Path, str]]:
    data = os.environ.get("SOLILOQUY_DATA")
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    root = Path(data) if data else beside
    folders = [(root / "speech", "the recordings folder"), (root / "a2f_samples", "the samples")]
    return folders + [(folder, "the system's sounds") for folder in _SOUND_FOLDERS]


def _first_speech(folder: Path) -> Path | None:
    """The longest recording of 1 to 20 s whose name speaks of speech; else the longest at all."""
    if not folder.is_dir():
        return None
    files = [p for p in sorted(folder.rglob("*")) if p.suffix.lower() in _AUDIO_SUFFIXES]
    lasting = [(seconds, p) for p in files[:400] if (seconds := _seconds(p)) is not None]
    named = [x for x in lasting if any(word in x[1].name.lower() for word in _SPEECH_WORDS)]
    return max(named or lasting, default=(0.0, None), key=lambda x: x[0])[1]


def _seconds(path: Path) -> float | None:
    try:
        seconds = soundfile.info(path).duration
    except (soundfile.LibsndfileError, OSError):
        return None
    return seconds if _MIN_SECONDS <= seconds <= _MAX_SECONDS else None


def _synthetic_line(scratch: Path) -> DemoLine:
    if not espeak.available():
        raise NoLineError(
            "no recording was found on this machine and no synthetic voice is installed; "
            "say which recording to use: make demo LINE=recording.wav"
        )
    scratch.mkdir(parents=True, exist_ok=True)
    path = scratch / "synthetic_line.wav"
    spoken = espeak.synthesise(_SPOKEN, rate=150)
    soundfile.write(path, spoken.samples, spoken.sample_rate)
    return DemoLine(path, "a synthetic voice (no recording was found here)", _SPOKEN)
