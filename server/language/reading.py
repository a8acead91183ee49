"""What a direction says, as data: contents with degree, side and denial, clauses, the reading."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import faces
from .faces import Face
from .spotting import Span


@dataclass(frozen=True)
class Content:
    """One thing that a direction asks for, or denies.

    Attributes:
        kind: "feeling", "named", "au", "action" or "still" (a part that must not move).
        face: one-sided AU codes at plain strength. family: of feelings, else "".
        degree: times the plain strength. number: an intensity given as a number, or None.
        side: "", "L" or "R". lean: the side that does more, or "". negated: whether it is denied.
        alone: whether "only" stands before its side.
        start, end: tokens. clause: index of its clause. text: as written.
    """

    kind: str
    face: Face
    family: str
    text: str
    start: int
    end: int
    clause: int = 0
    degree: float = 1.0
    number: float | None = None
    side: str = ""
    negated: bool = False
    lean: str = ""
    alone: bool = False

    def shown(self) -> Face:
        """The face at its degree and on its side."""
        face = faces.leaning(faces.sided(self.face, self.side), self.lean)
        if self.number is not None:
            return {code: value * self.number for code, value in _peak_one(face).items()}
        return faces.scaled(face, self.degree)


def _peak_one(face: Face) -> Face:
    return faces.set_strength(face, 1.0)


@dataclass(frozen=True)
class Clause:
    """Tokens [start, end), what opened it, and its words that no phrase covers."""

    start: int
    end: int
    opener: str
    unread: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    denied: bool = False
    degree: float = 1.0
    side: str = ""


@dataclass(frozen=True)
class Reading:
    """A direction as read.

    Attributes:
        tokens: as `words.tokens` gives them. contents: in order. clauses: in order.
        coverage: share of the content words that phrases cover.
        notes: sentences for the user.
    """

    tokens: tuple[str, ...]
    contents: tuple[Content, ...]
    clauses: tuple[Clause, ...]
    coverage: float
    notes: tuple[str, ...] = ()

    def text_of(self, clause: Clause) -> str:
        """The words of a clause."""
        return " ".join(self.tokens[clause.start : clause.end])


@dataclass
class Draft:
    """Work in progress: tokens and the spans of each kind."""

    words: list[str]
    spans: list[Span] = field(default_factory=list)
    parts: list[Span] = field(default_factory=list)
    motions: list[Span] = field(default_factory=list)
    sides: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def tagged(self, *tags: str) -> list[Span]:
        return [span for span in self.spans if span.tag in tags]
