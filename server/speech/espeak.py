"""espeak-ng as a separate process: a synthetic voice with phone events, for any machine.

espeak-ng is under the GPL, so it is never loaded into this process: a child Python loads the shared
library that the optional `espeakng-loader` package carries, reads one JSON request from standard
input, and writes samples and events to standard output. Nothing of it stays in the server.
"""

from __future__ import annotations

import base64
import ctypes
import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_SYNCHRONOUS = 2
_PHONEME_EVENTS, _PHONEME_IPA = 1, 2
_EVENT_PHONEME = 7
_UTF8 = 1
_PARAMETERS = {"rate": 1, "pitch": 3, "pitch_range": 4}


class EspeakError(RuntimeError):
    """The synthetic voice could not be made; the sentence says why and what to do."""


class PhoneEvent(NamedTuple):
    """espeak-ng's symbol (IPA, or its own mnemonic) and where it starts, in seconds."""

    symbol: str
    start: float


@dataclass(frozen=True)
class Utterance:
    """Samples float32 [S] at `sample_rate` Hz, and the phones that were spoken."""

    samples: NDArray[np.float32]
    sample_rate: int
    events: tuple[PhoneEvent, ...]


def available() -> bool:
    """Whether a synthetic voice can be made here."""
    return importlib.util.find_spec("espeakng_loader") is not None


def synthesise(
    text: str,
    voice: str = "en-us",
    *,
    rate: int = 165,
    pitch: int = 50,
    pitch_range: int = 50,
    ipa: bool = True,
) -> Utterance:
    """Speak `text` in another process.

    Args:
        text: what to say.
        voice: espeak-ng voice name, for instance "en-us", "de", "en-us+f2", or a language code
            that one of its voices speaks ("zh", "pt-pt").
        rate: words a minute. pitch, pitch_range: 0..100.
        ipa: events in IPA, else in espeak-ng's mnemonics.

    Raises:
        EspeakError: the package is missing, or the voice is unknown.
    """
    answer = _asked([text], voice, rate=rate, pitch=pitch, pitch_range=pitch_range, ipa=ipa)
    samples = np.frombuffer(base64.b64decode(answer["samples"]), "<i2").astype(np.float32) / 32768
    events = tuple(PhoneEvent(symbol, start) for symbol, start in answer["events"][0])
    return Utterance(samples, answer["sample_rate"], events)


def pronounce(texts: Sequence[str], voice: str, rate: int = 300) -> list[tuple[str, ...]]:
    """Return the IPA symbols of each of `texts`, spoken on its own, by one process for all.

    Args:
        texts: words. voice: as in `synthesise`. rate: words a minute.

    Raises:
        EspeakError: the package is missing, or the voice is unknown.
    """
    answer = _asked(texts, voice, rate=rate, pitch=50, pitch_range=50, ipa=True)
    return [tuple(symbol for symbol, _ in events) for events in answer["events"]]


def _asked(texts: Sequence[str], voice: str, **options: int) -> dict[str, Any]:
    """Have `texts` spoken by a child: `samples` of all of them, `events` of each, `sample_rate`."""
    if not available():
        raise EspeakError("no synthetic voice here: install the package espeakng-loader")
    done = subprocess.run(
        [sys.executable, "-P", "-m", __name__],
        input=json.dumps({"texts": list(texts), "voice": voice, **options}), text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["it ended without a message"])[-1]
        reason = reason.removeprefix(f"{EspeakError.__name__}: ")
        raise EspeakError(f"espeak-ng could not speak with voice '{voice}': {reason}")
    return json.loads(done.stdout)


class _Identifier(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identifier),
    )


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


def _choose_voice(library: ctypes.CDLL, wanted: str) -> None:
    """Runs in the child only: take the voice of this name, else the best one for this language.

    Releases differ in whether French is 'fr' or 'fr-fr', so what is installed decides.
    """
    if library.espeak_SetVoiceByName(wanted.encode()) == 0:
        return
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
    listed = library.espeak_ListVoices(None)
    found: list[tuple[int, int, str]] = []
    known: set[str] = set()
    place = 0
    while listed[place]:
        voice = listed[place].contents
        identifier = (voice.identifier or b"").decode()
        for priority, language in _languages(voice.languages):
            known.add(language.split("-")[0])
            found += [(priority, len(identifier), identifier)] * (language == wanted.lower())
        place += 1
    plain = wanted.split("-", maxsplit=1)[0]
    if found and library.espeak_SetVoiceByName(min(found)[2].encode()) == 0:
        return
    if plain != wanted and plain in known:
        return _choose_voice(library, plain)
    raise EspeakError(
        f"none of its {len(known)} languages is that; write a code such as 'de' or 'fr'"
    )


def _languages(packed: int) -> list[tuple[int, str]]:
    """Read (priority, language) pairs: a byte and a string each, until a zero byte."""
    found: list[tuple[int, str]] = []
    while packed and (priority := ctypes.string_at(packed, 1)[0]):
        language = ctypes.string_at(packed + 1)
        found.append((priority, language.decode("ascii", "replace")))
        packed += len(language) + 2
    return found


def _speak(request: dict[str, Any]) -> dict[str, Any]:
    """Runs in the child only: load the library, speak, collect samples and events."""
    loader = importlib.import_module("espeakng_loader")
    library = ctypes.CDLL(loader.get_library_path())
    options = _PHONEME_EVENTS | (_PHONEME_IPA if request["ipa"] else 0)
    data_path = loader.get_data_path().encode()
    sample_rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data_path, options)
    _choose_voice(library, request["voice"])
    pieces: list[bytes] = []
    events: list[list[tuple[str, float]]] = []

    @ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
    )
    def receive(wave: Any, n_samples: int, event: Any) -> int:
        if wave:
            pieces.append(ctypes.string_at(wave, 2 * n_samples))
        i = 0
        while event[i].type != 0:
            if event[i].type == _EVENT_PHONEME:
                symbol = event[i].id.string.decode("utf-8", "replace")
                events[-1].append((symbol, event[i].sample / sample_rate))
            i += 1
        return 0

    library.espeak_SetSynthCallback(receive)
    for name, number in _PARAMETERS.items():
        library.espeak_SetParameter(number, request[name], 0)
    for text in request["texts"]:
        events.append([])
        data = text.encode()
        library.espeak_Synth(data, len(data) + 1, 0, 1, 0, _UTF8, None, None)
        library.espeak_Synchronize()
    samples = base64.b64encode(b"".join(pieces)).decode()
    return {"samples": samples, "sample_rate": sample_rate, "events": events}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_speak(json.loads(sys.stdin.read()))))
