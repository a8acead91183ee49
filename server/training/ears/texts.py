"""Sentences for the synthetic voices to speak, one list a language.

Prose comes from the translated manual pages of the distribution, word salads from its word lists
(and, in English, from the pronouncing dictionary), everyday English from GoEmotions. Mandarin and
Hindi are salads of well-formed syllables, so that no dictionary is needed. No text is shipped.
"""

from __future__ import annotations

import csv
import gzip
import random
import re
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from server.speech import g2p
from server.training.ears.errors import CorpusError

MANUAL_FOLDERS: Final[dict[str, str]] = {
    "cs": "cs", "da": "da", "de": "de", "es": "es", "fi": "fi", "fr": "fr",
    "hu": "hu", "it": "it", "nl": "nl", "pl": "pl", "pt": "pt_BR",
    "ru": "ru", "sv": "sv", "tr": "tr", "uk": "uk",
}  # fmt: skip
WORD_LISTS: Final[dict[str, str]] = {
    "de": "ngerman", "es": "spanish", "fr": "french", "it": "italian", "nl": "dutch",
    "pl": "polish", "pt": "portuguese", "sv": "swedish", "en": "american-english",
}  # fmt: skip
_ROFF: Final = re.compile(r"\\f[A-Z(\[]\w*\]?|\\[&%|^/]|\\\([a-z]{2}|\\-|\\")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?:;])\s+")
_PLAIN: Final = re.compile(r"^[^\W\d_][^\W\d_ ,.'’-]*(?:[ ,.'’-]+[^\W\d_]+)*[ .!?,:;]*$")
_MAX_WORDS: Final = 14
_FIRST_TEST_BUCKET: Final = 90  # of 100

PINYIN_INITIALS: Final = (
    "", "b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x", "zh", "ch", "sh",
    "r", "z", "c", "s",
)  # fmt: skip
PINYIN_FINALS: Final[dict[str, str]] = {
    # final -> initials it goes with; "" stands for the spelling without an initial
    "a": "b p m f d t n l g k h zh ch sh z c s", "ai": "b p m d t n l g k h zh ch sh z c s",
    "an": "b p m f d t n l g k h zh ch sh r z c s", "ang": "b p m f d t n l g k h zh ch sh r z c s",
    "ao": "b p m d t n l g k h zh ch sh r z c s", "e": "d t n l g k h zh ch sh r z c s",
    "ei": "b p m f n l g h", "en": "b p m f n g k h zh ch sh r z c s",
    "eng": "b p m f d t n l g k h zh ch sh r z c s", "i": "b p m d t n l j q x zh ch sh r z c s",
    "ia": "l j q x", "ian": "b p m d t n l j q x", "iang": "n l j q x",
    "iao": "b p m d t n l j q x",
    "ie": "b p m d t n l j q x", "in": "b p m n l j q x", "ing": "b p m d t n l j q x",
    "iong": "j q x", "iu": "m d n l j q x", "o": "b p m f", "ong": "d t n l g k h zh ch r z c s",
    "ou": "p m f d t n l g k h zh ch sh r z c s",
    "u": "b p m f d t n l g k h zh ch sh r z c s j q x", "ua": "g k h zh sh",
    "uai": "g k h zh ch sh", "uan": "d t n l g k h zh ch sh r z c s j q x",
    "uang": "g k h zh ch sh", "ui": "d t g k h zh ch sh r z c s",
    "un": "d t l g k h zh ch sh r z c s j q x", "uo": "d t n l g k h zh ch sh r z c s",
    "ue": "j q x", "wo": "", "wu": "", "wan": "", "wang": "", "wei": "", "wen": "", "yi": "",
    "ya": "", "yan": "", "yang": "", "yao": "", "ye": "", "yin": "", "ying": "", "yong": "",
    "you": "", "yu": "", "yuan": "", "yue": "", "yun": "", "er": "", "an ": "",
}  # fmt: skip
_DEVANAGARI_CONSONANTS: Final = "कखगघचछजझटठडढतथदधनपफबभमयरलवशसह"
_DEVANAGARI_VOWELS: Final = ("", "ा", "ि", "ी", "ु", "ू", "े", "ै", "ो", "ौ")


def pinyin_syllables() -> list[str]:
    """Return the Mandarin syllables in pinyin, without tone."""
    syllables = []
    for final, initials in PINYIN_FINALS.items():
        syllables += [i + final for i in initials.split()] or [final.strip()]
    return sorted(set(syllables))


def manual_sentences(folder: Path) -> Iterator[str]:
    """Yield plain sentences of the manual pages under `folder`, roff commands removed."""
    for page in sorted(folder.rglob("*.gz")):
        try:
            lines = gzip.decompress(page.read_bytes()).decode("utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        prose = " ".join(line for line in lines if line[:1] not in {".", "'"})
        prose = re.sub(r"\s+", " ", _ROFF.sub("", prose))
        for sentence in _SENTENCE_END.split(prose):
            words = sentence.split()
            if 3 <= len(words) <= _MAX_WORDS and _PLAIN.match(sentence):
                yield sentence


def salads(words: list[str], n: int, rng: random.Random) -> list[str]:
    """Return `n` sentences of random words: every phone beside every other."""
    made = []
    for _ in range(n):
        picked = [rng.choice(words) for _ in range(rng.randint(4, 10))]
        if len(picked) > 6 and rng.random() < 0.4:
            picked[rng.randint(2, len(picked) - 3)] += ","
        made.append(" ".join(picked) + ".")
    return made


def everyday_sentences(table: Path) -> list[str]:
    """Return the texts of a GoEmotions table that can be read aloud (first column of text)."""
    with table.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    column = next((c for c in ("text", "Text", "sentence") if rows and c in rows[0]), None)
    if column is None:
        raise CorpusError(f"{table} has no column of texts; expected one named 'text'")
    ok = re.compile(r"^[A-Za-z][A-Za-z ,.'!?-]{12,110}$")
    return [row[column].strip() for row in rows if ok.match(row[column].strip())]


def letters_of(text: str) -> str:
    """Return the small letters and digits of a sentence: what makes two sentences the same."""
    return "".join(c for c in text.casefold() if c.isalnum())


def sentence_bucket(text: str) -> int:
    """Return the bucket 0..99 that decides a sentence's split, the same for the same letters."""
    return zlib.crc32(letters_of(text).encode()) % 100


def split_sentences(
    language: str, root: Path, data: Path, *, test: bool, without: Collection[str] = frozenset()
) -> list[str]:
    """Return the sentences for tests, or those for training.

    A tenth is for tests, told by the letters of each sentence: the place in a list would shift with
    the packages that are installed. (Shards of seed 0 were told by place, so what they name has
    to be left out of a test: `without`.)

    Args:
        language: as for `sentences`. root, data: likewise.
        test: whether those for tests are wanted.
        without: letters (`letters_of`) of sentences to leave out.

    Raises:
        CorpusError: no text of the language is installed, or all of it is left out.
    """
    found = [
        text
        for text in sentences(language, root, data)
        if (sentence_bucket(text) >= _FIRST_TEST_BUCKET) == test and letters_of(text) not in without
    ]
    if not found:
        raise CorpusError(f"every sentence in '{language}' is in training: install more texts")
    return found


def draws(texts: list[str], rng: random.Random, *, once: bool) -> Iterator[str]:
    """Yield sentences at random without end; `once`: none again before each was drawn.

    Everyday sentences are in their table several times; of those, one is drawn then.
    """
    different = list({letters_of(text): text for text in texts}.values())
    while True:
        if once:
            yield from rng.sample(different, len(different))
        else:
            yield rng.choice(texts)


def sentences(language: str, root: Path, data: Path, seed: int = 0) -> list[str]:
    """Return shuffled sentences of a language.

    Args:
        language: key of `MANUAL_FOLDERS`, or "en", "cmn", "hi".
        root: folder that distribution packages were unpacked into (see `packages`).
        data: the recordings and tables of `SOLILOQUY_DATA`.
        seed: same seed, same list.

    Raises:
        CorpusError: no text was found for this language.
    """
    rng = random.Random(f"{language}-{seed}")
    found: list[str] = []
    if language == "cmn":
        toned = [s + t for s in pinyin_syllables() for t in "1234"]
        found = salads(toned, 6000, rng)
    elif language == "hi":
        syllables = [c + v for c in _DEVANAGARI_CONSONANTS for v in _DEVANAGARI_VOWELS]
        words = ["".join(rng.choices(syllables, k=rng.randint(2, 4))) for _ in range(4000)]
        found = salads(words, 2000, rng)
    else:
        if language in MANUAL_FOLDERS:
            folder = root / "usr/share/man" / MANUAL_FOLDERS[language]
            found += sorted(set(manual_sentences(folder)))[:20000]
        found += _salads_of_language(language, root, rng, max(2000, len(found) // 2))
        if language == "en":
            found += everyday_sentences(data / "emotion_texts" / "52k_goemotions_filtered.csv")
    if not found:
        raise CorpusError(
            f"no text in '{language}': fetch the distribution's texts first "
            "(python -m server.training.ears.packages)"
        )
    rng.shuffle(found)
    return found


def _salads_of_language(language: str, root: Path, rng: random.Random, n: int) -> list[str]:
    words: list[str] = []
    if language in WORD_LISTS:
        listed = root / "usr/share/dict" / WORD_LISTS[language]
        if listed.exists():
            raw = listed.read_bytes()
            try:
                lines = raw.decode("utf-8").splitlines()
            except UnicodeDecodeError:
                lines = raw.decode("latin-1").splitlines()
            words = [w for w in lines if w.isalpha() and 2 < len(w) < 15]
    if language == "en":
        words = [w for w in g2p.dictionary() if w.isalpha() and 1 < len(w) < 14]
    return salads(words, n, rng) if words else []
