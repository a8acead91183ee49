"""Forced alignment of a transcript through pocketsphinx: the words are known, their times are not.

Words that its dictionary lacks are spelled by letters, roughly, so that one rare name does not
spoil a whole line.
"""

from __future__ import annotations

import importlib
import re
import unicodedata
from typing import Any, Final

from server.speech.recogniser import FEATURE_RATE, SpeechError


class AlignmentError(SpeechError):
    """The transcript does not fit the recording, or holds no words."""


_LETTERS: Final[tuple[tuple[str, str], ...]] = (
    ("tch", "CH"), ("sch", "SH"), ("igh", "AY"), ("ch", "CH"), ("sh", "SH"), ("th", "TH"),
    ("ph", "F"), ("ck", "K"), ("ng", "NG"), ("qu", "K W"), ("wh", "W"), ("ee", "IY"),
    ("ea", "IY"), ("oo", "UW"), ("ou", "AW"), ("ow", "OW"), ("ai", "EY"), ("ay", "EY"),
    ("oi", "OY"), ("oy", "OY"), ("au", "AO"), ("aw", "AO"), ("er", "ER"), ("ar", "AA R"),
    ("or", "AO R"), ("a", "AE"), ("b", "B"), ("c", "K"), ("d", "D"), ("e", "EH"), ("f", "F"),
    ("g", "G"), ("h", "HH"), ("i", "IH"), ("j", "JH"), ("k", "K"), ("l", "L"), ("m", "M"),
    ("n", "N"), ("o", "AA"), ("p", "P"), ("q", "K"), ("r", "R"), ("s", "S"), ("t", "T"),
    ("u", "AH"), ("v", "V"), ("w", "W"), ("x", "K S"), ("y", "IY"), ("z", "Z"),
)  # fmt: skip
"""English letters -> ARPABET, longest first."""

_BEAM: Final = 1e-64
"""Wider ones cost time and save no line that fails at this one (measured on 260 prompts)."""


def words_of(transcript: str) -> list[str]:
    """Return the words of a transcript in lower case, without marks, brackets and accents."""
    plain = unicodedata.normalize("NFKD", transcript.replace("’", "'")).lower()
    plain = re.sub(r"<[^>]*>|\[[^\]]*\]|\([^)]*\)", " ", plain)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return [w.strip("'") or w for w in re.findall(r"[a-z']+", plain) if w.strip("'")]


def spelled(word: str) -> str:
    """Return a rough ARPABET reading of an English word, by its letters."""
    sounds: list[str] = []
    place = 0
    while place < len(word):
        letters, sound = next(
            ((k, s) for k, s in _LETTERS if word.startswith(k, place)), (word[place], "")
        )
        sounds += sound.split()
        place += len(letters)
    return " ".join(sounds)


def align_words(
    pcm: bytes, transcript: str
) -> tuple[list[tuple[str, float, float]], tuple[str, ...]]:
    """Align a transcript to 16-bit, 16 kHz mono PCM.

    Returns:
        (ARPABET label, start, end) in seconds, and notes for the user.

    Raises:
        AlignmentError: no words, or no path through the recording.
    """
    words = words_of(transcript)
    if not words:
        raise AlignmentError("The transcript holds no English words, so it was not used.")
    labels, unknown = _aligned(pcm, words) if pcm else ([], [])
    if labels:
        return labels, _notes(unknown)
    raise AlignmentError(
        "The transcript does not fit the recording, so it was not used; check its words."
    )


def _notes(unknown: list[str]) -> tuple[str, ...]:
    if not unknown:
        return ()
    return (f"Not in the dictionary, read by their letters: {', '.join(sorted(set(unknown)))}.",)


def _aligned(pcm: bytes, words: list[str]) -> tuple[list[tuple[str, float, float]], list[str]]:
    pocketsphinx: Any = importlib.import_module("pocketsphinx")

    decoder = pocketsphinx.Decoder(lm=None, loglevel="FATAL", beam=_BEAM, pbeam=_BEAM, wbeam=_BEAM)
    unknown = [word for word in dict.fromkeys(words) if decoder.lookup_word(word) is None]
    for word in unknown:
        decoder.add_word(word, spelled(word), True)
    try:
        decoder.set_align_text(" ".join(words))
        _decode(decoder, pcm)
        if decoder.hyp() is None:
            return [], unknown
        decoder.set_alignment()
        _decode(decoder, pcm)
        alignment = decoder.get_alignment()
    except RuntimeError:  # pocketsphinx's way to say that no path reached the end
        return [], unknown
    return [
        (phone.name, phone.start / FEATURE_RATE, (phone.start + phone.duration) / FEATURE_RATE)
        for word in alignment
        for phone in word
    ], unknown


def _decode(decoder: Any, pcm: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
