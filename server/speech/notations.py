"""Other people's phone symbols -> ours: ARPABET, EMO-DB's SAMPA, TextGrid and festival labels.

A symbol may stand for several of our phones (a diphthong, a vowel with r): they share its time.
Sources: the CMU pronouncing dictionary's phone set, the label files of the Berlin database of
emotional speech, festival's and flite's `radio` phone set.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from arkit.clip import Phone
from server.wire.messages import TimedPhone

from .phones import PHONE_INDEX, SILENCE
from .recogniser import SpeechError, without_gaps
from .textgrid import read_textgrid_tiers


class NotationError(SpeechError):
    """A label file or a symbol cannot be read."""


ARPABET: Final[dict[str, tuple[str, ...]]] = {
    "AA": ("ɑ",), "AE": ("æ",), "AH": ("ʌ",), "AO": ("ɔ",), "AW": ("a", "ʊ"), "AX": ("ə",),
    "AXR": ("ɜ",), "AY": ("a", "ɪ"), "B": ("b",), "CH": ("tʃ",), "D": ("d",), "DH": ("ð",),
    "DX": ("d",), "EH": ("ɛ",), "EL": ("ə", "l"), "EM": ("m",), "EN": ("n",), "ER": ("ɜ",),
    "EY": ("e", "ɪ"), "F": ("f",), "G": ("g",), "HH": ("h",), "HV": ("h",), "IH": ("ɪ",),
    "IX": ("ɨ",), "IY": ("i",), "JH": ("dʒ",), "K": ("k",), "L": ("l",), "M": ("m",),
    "N": ("n",), "NG": ("ŋ",), "NX": ("n",), "OW": ("o", "ʊ"), "OY": ("ɔ", "ɪ"), "P": ("p",),
    "R": ("ɹ",), "S": ("s",), "SH": ("ʃ",), "T": ("t",), "TH": ("θ",), "UH": ("ʊ",),
    "UW": ("u",), "UX": ("u",), "V": ("v",), "W": ("w",), "WH": ("w",), "Y": ("j",),
    "Z": ("z",), "ZH": ("ʒ",), "Q": ("ʔ",),
    "SIL": (SILENCE,), "SP": (SILENCE,), "SPN": (SILENCE,), "NSN": (SILENCE,), "": (SILENCE,),
    "+SPN+": (SILENCE,), "+NSN+": (SILENCE,), "+BREATH+": (SILENCE,), "(NULL)": (SILENCE,),
    "PAU": (SILENCE,), "SSIL": (SILENCE,), "H#": (SILENCE,), "BRTH": (SILENCE,),
}  # fmt: skip
"""CMU/TIMIT symbols, without stress digits; festival and flite use the same in lower case."""

EMODB: Final[dict[str, tuple[str, ...]]] = {
    "a": ("a",), "a6": ("a", "ɐ"), "aI": ("a", "ɪ"), "aU": ("a", "ʊ"), "aO": ("a", "ɔ"),
    "AO": ("a", "ɔ"), "AU": ("a", "ʊ"), "A": ("ɑ",),
    "b": ("b",), "B": ("b",), "C": ("ç",), "d": ("d",), "D": ("ð",),
    "e": ("e",), "e@": ("e", "ə"), "E": ("ɛ",), "E6": ("ɛ", "ɐ"), "f": ("f",),
    "g": ("g",), "G": ("g",), "h": ("h",), "H": ("h",), "i": ("i",), "i6": ("i", "ɐ"),
    "i@": ("i", "ə"), "ia": ("i", "a"), "I": ("ɪ",), "I6": ("ɪ", "ɐ"), "I@": ("ɪ", "ə"),
    "j": ("j",), "J": ("ɲ",), "k": ("k",), "l": ("l",), "L": ("l",), "m": ("m",), "mm": ("m",),
    "n": ("n",), "NN": ("ŋ",), "N": ("ŋ",), "o": ("o",), "O": ("ɔ",), "OY": ("ɔ", "ʏ"),
    "OU": ("o", "ʊ"), "p": ("p",), "R": ("ʁ",), "r": ("ʁ",), "s": ("s",), "ss": ("s",),
    "S": ("ʃ",), "t": ("t",), "u": ("u",), "U": ("ʊ",), "v": ("v",), "V": ("v",), "x": ("x",),
    "X": ("x",), "y": ("y",), "Y": ("ʏ",), "Y6": ("ʏ", "ɐ"), "z": ("z",), "Z": ("ʒ",),
    "2": ("ø",), "9": ("œ",), "6": ("ɐ",), "4": ("r",), "@": ("ə",), "@6": ("ɐ",), "@E": ("ə",),
    "@O": ("ə",), "?": ("ʔ",), "!t": ("t",), "!d": ("d",), "!k": ("k",), "!g": ("g",),
    "!p": ("h",), "!b": ("h",), "pasp": ("h",), "basp": ("h",), "tasp": ("h",), "dasp": ("h",),
    "kasp": ("h",), "gasp": ("h",), "dsap": ("h",), "_t": ("t",), "_d": ("d",), "_k": ("k",),
    "_g": ("g",), "_p": ("p",), "_b": ("b",), "(": (SILENCE,), "(gef": (SILENCE,), "!": ("ʔ",),
}  # fmt: skip
"""The Berlin database's symbols: `p` is the closure, `!p` its burst, `pasp` its breath, `_p` a
closure after a pause. Lips part at the burst, so it counts as a breath and not as a /p/."""


def arpabet(symbol: str) -> tuple[str, ...]:
    """Return our phones for a CMU, TIMIT, festival or flite symbol; stress digits are ignored.

    Raises:
        NotationError: the symbol is not of that set.
    """
    plain = re.sub(r"\d+$", "", symbol.strip()).upper()
    return _looked_up(plain, symbol, ARPABET, "an ARPABET")


def _looked_up(
    key: str, symbol: str, table: Mapping[str, tuple[str, ...]], kind: str
) -> tuple[str, ...]:
    if key not in table:
        raise NotationError(f"'{symbol}' is not {kind} symbol; see server.speech.notations")
    return table[key]


def spread(symbols: Sequence[str], start: float, end: float) -> list[Phone]:
    """Give each of `symbols` an equal share of the time from `start` to `end` (seconds)."""
    share = (end - start) / len(symbols)
    return [Phone(s, start + i * share, start + (i + 1) * share) for i, s in enumerate(symbols)]


def own_phones(phones: Iterable[Phone | TimedPhone]) -> tuple[Phone, ...]:
    """Return phones given by a user as ours: our own symbols pass, ARPABET ones are mapped.

    Raises:
        NotationError: a symbol is neither, or a phone ends before it starts.
    """
    checked: list[Phone] = []
    for given in phones:
        symbol, start, end = given.phone, float(given.start), float(given.end)
        if not 0 <= start <= end:
            raise NotationError(f"phone '{symbol}' runs from {start} s to {end} s; check its times")
        symbols = (symbol,) if symbol in PHONE_INDEX else arpabet(symbol)
        checked += spread(symbols, start, end)
    return tuple(checked)


def read_emodb(path: Path) -> tuple[Phone, ...]:
    """Read a `.lablaut` file of the Berlin database: each line is the START of a phone.

    Lines that hold only modifiers (`+lar`, `-sth`) lengthen the phone before them.

    Raises:
        NotationError: the file holds no phones, or a symbol that is not in `EMODB`.
    """
    starts: list[tuple[str, float]] = []
    for line in path.read_text(encoding="latin-1").splitlines():
        match = re.match(r"\s*([\d.]+)\s+-1\s?(\S*)", line)
        if match and match[2] and match[2][0] not in "+-":
            starts.append((match[2], float(match[1])))
    phones: list[Phone] = []
    for (symbol, start), (_, end) in itertools.pairwise(starts):
        if symbol != ".":
            plain = re.sub(r"[+-].*$", "", symbol)
            phones += spread(_looked_up(plain, symbol, EMODB, "an EMO-DB"), start, end)
    if not phones:
        raise NotationError(f"{path} holds no phone labels")
    return without_gaps(phones, phones[-1].end)


def read_textgrid(path: Path, tier: str = "phones") -> tuple[Phone, ...]:
    """Read one interval tier of ARPABET labels from a Praat TextGrid, long or short form.

    Raises:
        NotationError: the file has no such tier, or a symbol is not ARPABET.
        TextGridError: it cannot be read.
    """
    phones: list[Phone] = []
    for read in read_textgrid_tiers(path.read_bytes()):
        if read.name == tier:
            for start, end, label in read.intervals:
                phones += spread(arpabet(label), start, end)
    if not phones:
        raise NotationError(f"{path} has no interval tier named '{tier}'")
    return without_gaps(phones, phones[-1].end)


def read_festival_segments(text: str) -> tuple[Phone, ...]:
    """Read festival's `utt.save.segs`: the END of each segment in seconds, a number, its name.

    Raises:
        NotationError: a symbol is not of the radio phone set.
    """
    rows = [line.split() for line in text.splitlines()]
    return _from_ends([(row[2], float(row[0])) for row in rows if len(row) == 3])


def read_flite_durations(text: str) -> tuple[Phone, ...]:
    """Read what `flite -psdur` prints: `phone:END` in seconds, separated by blanks.

    Raises:
        NotationError: a symbol is not of the radio phone set.
    """
    pairs = re.findall(r"(\S+?):([\d.]+)(?=\s|$)", text)
    return _from_ends([(symbol, float(end)) for symbol, end in pairs])


def _from_ends(ends: Sequence[tuple[str, float]]) -> tuple[Phone, ...]:
    phones: list[Phone] = []
    start = 0.0
    for symbol, end in ends:
        phones += spread(arpabet(symbol), start, end)
        start = end
    return without_gaps(phones, start)
