"""A transcript laid over what was heard: each word's phones with times, and how sure that is.

The graph has every pronunciation of every word, optional pauses between words, a way round each
word (it was not said) and a way to other speech between words (it is not in the text), so a
transcript that does not match still gives phones everywhere, and says where it does not match.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Phone

from .phones import BILABIALS, FRAME_SHARES, PHONE_INDEX, PHONES, SILENCE, VISEME_OF, VISEMES
from .recogniser import FEATURE_RATE, AlignedWord, SpeechError
from .viterbi import Graph, best_states

SHORTEST_PHONE: Final = 3
"""Frames: 30 ms."""
SHORTEST_CLOSURE: Final = 4
"""Frames that closed lips last at least. Chosen on EMO-DB's speakers 03-12."""
SHORTEST_OTHER: Final = 8
"""Frames that speech outside of the text lasts at least."""
OTHER_COST: Final = 2.5
"""Nats a frame of speech outside of the text, against its best phone."""
SKIP_COST: Final = 14.0
SKIP_COST_PER_PHONE: Final = 5.0
"""Nats for a word of the text that was not said."""
LOWEST_SCORE: Final = -7.0
"""Nats: one frame cannot speak louder against a phone than this."""
DOUBTFUL: Final = 0.2
"""Confidence under which a word is reported: so are 1 % of right words and 75 % of wrong ones."""

_SHARES: Final = (np.array([FRAME_SHARES[p] / 1000 for p in PHONES], np.float32) + 0.01) ** 0.6
"""The floor keeps phones that are hardly ever trained from being heard everywhere."""
_OTHER: Final = len(PHONES)
"""Column of the scores for speech outside of the text."""
MOST_DOUBTFUL: Final = 0.5
LEAST_MEAN_CONFIDENCE: Final = 0.25
"""More doubtful words, or less confidence, and the text is of another line. Chosen on prompts in
four languages, EMO-DB's speakers 03-12 and RAVDESS, clean and at 10 dB: so are 0.4 % of right texts
and 81 % of texts of other lines."""


class TranscriptError(SpeechError):
    """A transcript holds no words that can be pronounced, or is longer than the recording."""


@dataclass(frozen=True)
class Word:
    """A word of the transcript and the ways to say it, each a tuple of phones.

    A phone that is written several times in a row is one long phone, of at least so many times the
    shortest length.
    """

    text: str
    pronunciations: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Alignment:
    """Phones from 0 to the end of the frames, the words, and the speech outside of the text."""

    phones: tuple[Phone, ...]
    words: tuple[AlignedWord, ...]
    other: tuple[tuple[float, float], ...]

    @property
    def doubtful(self) -> tuple[AlignedWord, ...]:
        """Words that were probably not said where they had to be."""
        return tuple(w for w in self.words if w.confidence < DOUBTFUL)

    @property
    def mismatches(self) -> bool:
        """Whether a third of the words, or of the time, is not what the transcript says."""
        spoken = sum(p.end - p.start for p in self.phones if p.phone != SILENCE)
        outside = sum(end - start for start, end in self.other)
        return len(self.doubtful) > len(self.words) / 3 or outside > spoken / 3

    @property
    def is_of_another_line(self) -> bool:
        """Whether so few of the words were heard that obeying them would mouth another line."""
        confidence = sum(w.confidence for w in self.words) / max(len(self.words), 1)
        is_doubtful = len(self.doubtful) > MOST_DOUBTFUL * len(self.words)
        return is_doubtful or confidence < LEAST_MEAN_CONFIDENCE

    def note(self) -> str:
        """Return a sentence on where transcript and recording differ, or an empty string."""
        if self.is_of_another_line:
            return (
                f"The transcript was not used: hardly any of its {len(self.words)} words was "
                "heard; check that it belongs to this recording."
            )
        parts = []
        if self.doubtful:
            listed = ", ".join(f"'{w.text}' ({w.start:.1f} s)" for w in self.doubtful[:8])
            more = len(self.doubtful) - 8
            parts.append(f"not heard: {listed}" + (f" and {more} more" if more > 0 else ""))
        if self.other:
            listed = ", ".join(f"{a:.1f}-{b:.1f} s" for a, b in self.other[:8])
            parts.append(f"speech that is not in it: {listed}")
        return f"The transcript differs from the recording: {'; '.join(parts)}." if parts else ""


def phone_scores(posteriors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return log scores [F, P + 1] for aligning: phones, softened by their viseme, then other.

    Posteriors are divided by a power of each phone's share of the training frames, towards the
    likelihoods that a path is made of (Bourlard and Morgan 1994). A transcript's phones and an
    accent's differ mostly inside one mouth shape, so half of a phone's score is its mouth shape's.
    """
    scaled = posteriors / _SHARES
    scaled = scaled / scaled.sum(1, keepdims=True)
    visemes = viseme_posteriors(scaled)
    own = [VISEMES.index(VISEME_OF[p]) for p in PHONES]
    mixed = np.log(0.5 * scaled + 0.5 * visemes[:, own] * 0.5 + 1e-8)
    mixed = np.maximum(mixed, LOWEST_SCORE)
    other = mixed[:, 1:].max(1, keepdims=True) - OTHER_COST
    return np.concatenate([mixed, other], 1).astype(np.float32)


def viseme_posteriors(posteriors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return soft visemes [F, len(VISEMES)]: the sums of their phones' posteriors."""
    table = np.zeros((len(PHONES), len(VISEMES)), np.float32)
    for phone, i in PHONE_INDEX.items():
        table[i, VISEMES.index(VISEME_OF[phone])] = 1.0
    return posteriors @ table


def voice_activity(posteriors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probability of speech, [F], of phone posteriors [F, P]."""
    return 1 - posteriors[:, PHONE_INDEX[SILENCE]]


def shortest_of(phone: str) -> int:
    """Return how many frames a phone of a word lasts at least."""
    return SHORTEST_CLOSURE if phone in BILABIALS else SHORTEST_PHONE


class _GraphBuilder:
    """Collects states; a junction is a set of (state, cost) from which the next part is entered."""

    def __init__(self) -> None:
        self.emission: list[int] = []
        self.sources: list[list[tuple[int, float]]] = []
        self.may_stay: list[bool] = []
        self.word: list[int] = []
        self.unit: list[int] = []
        self.starts: list[tuple[int, float]] = []
        self._units = 0

    def unit_of(
        self, column: int, word: int, shortest: int, entry: Sequence[tuple[int, float]]
    ) -> int:
        """Add a phone of at least `shortest` frames and return its last state."""
        for k in range(shortest):
            state = len(self.emission)
            self.emission.append(column)
            self.word.append(word)
            self.unit.append(self._units)
            self.may_stay.append(k == shortest - 1)
            if k:
                self.sources.append([(state - 1, 0.0)])
            else:
                self.sources.append([(s, c) for s, c in entry if s >= 0])
                self.starts += [(state, c) for s, c in entry if s < 0]
        self._units += 1
        return len(self.emission) - 1

    def between_words(self, entry: list[tuple[int, float]]) -> list[tuple[int, float]]:
        """Add an optional pause and optional other speech; returns the new junction."""
        pause = self.unit_of(0, -1, SHORTEST_PHONE, entry)
        other = self.unit_of(_OTHER, -2, SHORTEST_OTHER, [*entry, (pause, 0.0)])
        after = self.unit_of(0, -1, SHORTEST_PHONE, [(other, 0.0)])
        return [*entry, (pause, 0.0), (other, 0.0), (after, 0.0)]

    def graph(self, ends: list[tuple[int, float]]) -> Graph:
        """Return the graph that ends at a junction."""
        widest = max(len(s) for s in self.sources)
        sources = np.full((len(self.sources), widest), -1, np.int32)
        costs = np.zeros((len(self.sources), widest), np.float32)
        for state, listed in enumerate(self.sources):
            for k, (source, cost) in enumerate(listed):
                sources[state, k], costs[state, k] = source, cost
        return Graph(
            np.array(self.emission, np.int32), sources, costs, self.starts,
            [(s, c) for s, c in ends if s >= 0], np.array(self.may_stay),
        )  # fmt: skip


def _cheapest(junction: list[tuple[int, float]]) -> list[tuple[int, float]]:
    best: dict[int, float] = {}
    for state, cost in junction:
        best[state] = min(cost, best.get(state, np.inf))
    return sorted(best.items(), key=lambda item: item[1])[:24]


def align(posteriors: NDArray[np.float32], words: Sequence[Word]) -> Alignment:
    """Lay `words` over phone posteriors [F, P] at 100 Hz.

    Raises:
        TranscriptError: no word can be pronounced, or they cannot fit into so little sound.
    """
    spoken = [w for w in words if w.pronunciations]
    if not spoken or not len(posteriors):
        raise TranscriptError("the transcript holds no words that can be pronounced")
    scores = phone_scores(posteriors)
    builder = _GraphBuilder()
    junction: list[tuple[int, float]] = builder.between_words([(-1, 0.0)])
    for i, word in enumerate(spoken):
        ends: list[tuple[int, float]] = []
        for phones in dict.fromkeys(word.pronunciations):
            entry = junction
            for phone, same in groupby(phones):
                frames = len(tuple(same)) * shortest_of(phone)
                entry = [(builder.unit_of(PHONE_INDEX[phone], i, frames, entry), 0.0)]
            ends += entry
        shortest = min(len(p) for p in word.pronunciations)
        skip = SKIP_COST + SKIP_COST_PER_PHONE * shortest
        junction = _cheapest([*ends, *((s, c + skip) for s, c in junction)])
        junction = _cheapest(builder.between_words(junction))
    path = best_states(builder.graph(junction), scores)
    if path is None:
        raise TranscriptError(
            f"the transcript's {len(spoken)} words do not fit into {len(scores) / 100:.1f} s"
        )
    aligned = _read_path(path, builder, spoken, posteriors, scores)
    if not any(w.confidence for w in aligned.words):
        raise TranscriptError(f"none of the transcript's {len(spoken)} words was heard")
    return aligned


def _read_path(
    path: NDArray[np.int32],
    builder: _GraphBuilder,
    words: Sequence[Word],
    posteriors: NDArray[np.float32],
    scores: NDArray[np.float32],
) -> Alignment:
    emission, unit = np.array(builder.emission)[path], np.array(builder.unit)[path]
    word = np.array(builder.word)[path]
    free = posteriors[:, 1:].argmax(1) + 1
    labels = np.where(emission == _OTHER, free, emission)
    key = np.where(emission == _OTHER, -1 - free, unit)
    phones = [Phone(PHONES[labels[a]], a / FEATURE_RATE, b / FEATURE_RATE) for a, b in runs(key)]
    other = [
        (a / FEATURE_RATE, b / FEATURE_RATE) for a, b in runs(word == -2) if word[a] == -2
    ]  # fmt: skip
    # Against the best phone of the frame: an unclear voice lowers both, a wrong word only one.
    certainty = np.exp(scores[np.arange(len(path)), emission] - scores[:, :_OTHER].max(1))
    aligned = []
    clock = 0.0
    for i, w in enumerate(words):
        at = np.flatnonzero(word == i)
        if not len(at):
            aligned.append(AlignedWord(w.text, clock, clock, 0.0))
            continue
        start, end = at[0] / FEATURE_RATE, (at[-1] + 1) / FEATURE_RATE
        confidence = float(np.exp(np.log(certainty[at]).mean()))
        aligned.append(AlignedWord(w.text, start, end, confidence))
        clock = end
    return Alignment(_joined_silences(phones), tuple(aligned), tuple(other))


def _joined_silences(phones: Sequence[Phone]) -> tuple[Phone, ...]:
    joined: list[Phone] = []
    for p in phones:
        if joined and joined[-1].phone == p.phone == SILENCE:
            joined[-1] = Phone(SILENCE, joined[-1].start, p.end)
        else:
            joined.append(p)
    return tuple(joined)


def runs(values: NDArray[np.generic]) -> list[tuple[int, int]]:
    """Return (first, after last) of every run of equal values."""
    if not len(values):
        return []
    edges = np.flatnonzero(np.diff(values.astype(np.int64))) + 1
    bounds = [0, *edges.tolist(), len(values)]
    return list(pairwise(bounds))
