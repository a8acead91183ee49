"""Synthetic voices with exact phone times: espeak-ng, flite, festival. Corpus building only.

espeak-ng is loaded into the corpus builder's own process (never into the server); flite and
festival run as programs. Each speaks a batch of requests and gives samples, phones and, where its
front end knows it, which vowels are stressed.
"""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from arkit.clip import Phone
from server.speech.notations import ARPABET
from server.speech.notations_espeak import ipa_to_phones
from server.speech.phones import SILENCE, VOWELS
from server.training.ears.errors import CorpusError
from server.training.ears.festival_phones import FESTIVAL_PHONES


@dataclass(frozen=True)
class Say:
    """One sentence for one voice.

    Attributes:
        text: what to say.
        rate: speaking rate, 1 = the voice's own. pitch: mean pitch, 1 = the voice's own.
        pitch_spread_hz: standard deviation of the pitch (flite only); None = the voice's own.
    """

    text: str
    rate: float = 1.0
    pitch: float = 1.0
    pitch_spread_hz: float | None = None


@dataclass(frozen=True)
class Spoken:
    """float32 samples [S], their rate, phones in order; stress is one bool a phone or None."""

    samples: NDArray[np.float32]
    sample_rate: int
    phones: tuple[Phone, ...]
    stressed: tuple[bool | None, ...]


_EVENT_PHONEME: Final = 7
_RATE, _PITCH, _RANGE = 1, 3, 4


class _Event(ctypes.Structure):
    class _Id(ctypes.Union):
        _fields_ = (("number", ctypes.c_int), ("text", ctypes.c_char * 8))

    _fields_ = (
        ("type", ctypes.c_int), ("uid", ctypes.c_uint), ("text_position", ctypes.c_int),
        ("length", ctypes.c_int), ("audio_position", ctypes.c_int), ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p), ("id", _Id),
    )  # fmt: skip


class Espeak:
    """espeak-ng's library, one instance a process."""

    def __init__(self) -> None:
        try:
            self._library: Any = ctypes.CDLL("libespeak-ng.so.1")
        except OSError as error:
            raise CorpusError("espeak-ng is not installed: install libespeak-ng1") from error
        self.sample_rate = int(self._library.espeak_Initialize(2, 0, None, 1 | 2))
        self._pieces: list[bytes] = []
        self._events: list[tuple[int, str]] = []
        kind = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
        )
        self._callback = kind(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)

    def _receive(self, wave: Any, n_samples: int, event: Any) -> int:
        if wave:
            self._pieces.append(ctypes.string_at(wave, 2 * n_samples))
        i = 0
        while event[i].type != 0:
            if event[i].type == _EVENT_PHONEME:
                self._events.append((event[i].sample, event[i].id.text.decode("utf-8", "ignore")))
            i += 1
        return 0

    def say(self, voice: str, request: Say, pitch_range: int = 50) -> Spoken | None:
        """Speak; None when the voice is unknown or nothing was said.

        `request.rate` is relative to 165 words a minute, `pitch` to the middle of the scale.
        """
        self._pieces, self._events = [], []
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            return None
        self._library.espeak_SetParameter(_RATE, int(165 * request.rate), 0)
        self._library.espeak_SetParameter(_PITCH, int(np.clip(50 * request.pitch, 0, 99)), 0)
        self._library.espeak_SetParameter(_RANGE, pitch_range, 0)
        text = request.text.encode() + b"\0"
        size = ctypes.c_size_t(len(text))
        self._library.espeak_Synth(text, size, 0, 1, 0, 1, None, None)
        self._library.espeak_Synchronize()
        samples = np.frombuffer(b"".join(self._pieces), "<i2").astype(np.float32) / 32768
        if not len(samples) or any("(" in s for _, s in self._events):
            return None  # nothing said, or it switched to another language inside
        starts = [(s / self.sample_rate, symbol) for s, symbol in self._events]
        phones = tuple(_spread(starts, len(samples) / self.sample_rate))
        return Spoken(samples, self.sample_rate, phones, (None,) * len(phones))


def _spread(starts: Sequence[tuple[float, str]], seconds: float) -> Iterator[Phone]:
    ends = [s for s, _ in starts[1:]] + [seconds]
    for (start, symbol), end in zip(starts, ends, strict=True):
        phones = ipa_to_phones(symbol)
        if end - start < 1e-4 or not phones:
            continue
        edges = np.linspace(start, end, len(phones) + 1)
        for phone, a, b in zip(phones, edges[:-1], edges[1:], strict=True):
            yield Phone(phone, float(a), float(b))


def flite_say(voice: str, request: Say, mean_pitch_hz: float) -> Spoken | None:
    """Speak with one of flite's built-in voices; None when it gave no usable labels."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as wave:
        settings = [f"duration_stretch={1 / request.rate:.3f}"]
        settings.append(f"int_f0_target_mean={mean_pitch_hz * request.pitch:.0f}")
        if request.pitch_spread_hz is not None:
            settings.append(f"int_f0_target_stddev={request.pitch_spread_hz:.0f}")
        command = ["flite", "-voice", voice, "-psdur", "-o", wave.name, "-t", request.text]
        for setting in settings:
            command += ["--setf", setting]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        labels = re.findall(r"(\S+):([\d.]+)(?:\s|$)", done.stdout)
        if done.returncode != 0 or not labels:
            return None
        samples, rate = _read(Path(wave.name))
    segments = [(symbol, float(end), None) for symbol, end in labels]
    return _from_segments(samples, rate, segments, None)


_SCHEME: Final = """
(define (speak_to text name stretch)
  (Parameter.set 'Duration_Stretch stretch)
  (let ((u (eval (list 'Utterance 'Text text))))
    (utt.synth u)
    (utt.save.wave u (string-append name ".wav"))
    (let ((out (fopen (string-append name ".seg") "w")))
      (mapcar (lambda (s) (format out "%s\\t%s\\t%s\\n" (item.feat s "end") (item.name s)
                            (item.feat s "R:SylStructure.parent.stress")))
              (utt.relation.items u 'Segment))
      (fclose out))))
"""


def festival_say(
    voice: str, language: str, encoding: str, requests: Sequence[Say]
) -> Iterator[tuple[Say, Spoken]]:
    """Speak all requests in one run of festival; yields (request, what was said).

    Those that it cannot say are left out.
    """
    with tempfile.TemporaryDirectory() as folder:
        lines = [_SCHEME.encode(), f"({voice})\n".encode()]
        for i, request in enumerate(requests):
            try:
                text = re.sub(r'["\\]', "", request.text).encode(encoding)
            except UnicodeEncodeError:
                continue
            lines.append(b'(speak_to "' + text + f'" "{i}" {1 / request.rate:.3f})\n'.encode())
        script = Path(folder) / "all.scm"
        script.write_bytes(b"".join(lines))
        subprocess.run(
            ["festival", "-b", script.name], cwd=folder, capture_output=True, check=False,
            timeout=600, env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
        for i, request in enumerate(requests):
            wave, segments = Path(folder) / f"{i}.wav", Path(folder) / f"{i}.seg"
            if not (wave.exists() and segments.exists()):
                continue
            samples, rate = _read(wave)
            rows = [r.split("\t") for r in segments.read_text(errors="replace").splitlines()]
            parsed = [(r[1], float(r[0]), r[2]) for r in rows if len(r) == 3]
            spoken = _from_segments(samples, rate, parsed, language)
            if spoken is not None:
                yield request, spoken


def _read(path: Path) -> tuple[NDArray[np.float32], int]:
    samples, rate = soundfile.read(path, dtype="float32")
    return np.asarray(samples, np.float32), int(rate)


_STRESS_KNOWN: Final = frozenset({"en", "it", "ca", "ru", "fi"})


def _from_segments(
    samples: NDArray[np.float32],
    rate: int,
    segments: Sequence[tuple[str, float, str | None]],
    language: str | None,
) -> Spoken | None:
    """Turn (symbol, end, stress) into phones; None when a symbol is not in the tables."""
    table = FESTIVAL_PHONES.get(language or "en", {})
    phones: list[Phone] = []
    stressed: list[bool | None] = []
    clock = 0.0
    for symbol, end, stress in segments:
        known = table.get(symbol) or (ARPABET.get(symbol.upper()) if not table else None)
        if known is None:
            return None
        edges = np.linspace(clock, max(end, clock + 1e-4), len(known) + 1)
        for phone, a, b in zip(known, edges[:-1], edges[1:], strict=True):
            phones.append(Phone(phone, float(a), float(b)))
            is_known = stress is not None and language in _STRESS_KNOWN and phone in VOWELS
            stressed.append(_is_stressed(symbol, stress, language) if is_known else None)
        clock = max(end, clock)
    if sum(p.phone != SILENCE for p in phones) < 3:
        return None
    return Spoken(samples, rate, tuple(phones), tuple(stressed))


def _is_stressed(symbol: str, stress: str | None, language: str | None) -> bool:
    if language == "ru":  # its stressed vowels are written twice
        return symbol in {"aa", "oo", "ee", "ii", "uu", "yy"}
    if language == "fi":  # 2 is the first syllable of a content word, 1 a secondary one
        return stress == "2"
    return stress == "1"
