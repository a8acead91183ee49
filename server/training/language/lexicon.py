"""A lexicon of feeling words beyond the tables: WordNet's relations carry the families on.

A word that no table knows gets shares of the families from the training words that it hangs on in
WordNet (one synset, a relation or two away, or named in its gloss) and from those that the
sentence model finds near to it. A handful of weights says how much each of these tells; they are
fitted on the training words themselves, each read as if it were not in the tables. No word that is
held out lends its family to another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor, nn

from server.language import tables
from server.language.lexicon import KEPT, Lexicon, base_forms
from server.language.spotting import motion_words, part_names
from server.language.words import FUNCTION_WORDS

from . import wording
from .corpora import CorpusError
from .wording import held_out

Encode = Callable[[list[str]], NDArray[Any]]
"""A sentence model: texts -> unit vectors [n, D]."""
Matrix = Any
"""A scipy sparse matrix; its stubs are incomplete."""

_PARTS: Final = ("noun", "verb", "adj", "adv")
_PART_OF: Final = {"n": "noun", "v": "verb", "a": "adj", "s": "adj", "r": "adv"}
_RELATIONS: Final = {
    "&": 1.0, "+": 0.9, "\\": 0.9, "<": 0.9, "^": 0.6, "@": 0.5, "~": 0.6, "$": 0.7, "*": 0.4,
    "=": 0.5, ">": 0.5,
}  # fmt: skip
"""Weights of WordNet's pointers: similar, derived, pertains, participle, see also, up, down, verb
group, entails, attribute, causes. Antonyms are left out."""
_FEELING_FILES: Final = {"12": 3.0, "37": 3.0, "00": 1.5, "44": 1.5, "29": 1.5}
_SENSES: Final = 6
_NAMES_A_FEELING: Final = 3.0
_WORD: Final = re.compile(r"[a-z][a-z'-]*")


@dataclass(frozen=True)
class Graph:
    """WordNet as matrices.

    Attributes:
        words: word or phrase -> its synsets with shares summing to 1.
        glosses: of each synset. relations: [n, n], rows summing to at most 1.
        members: words of each synset. file: lexicographer file of each.
    """

    words: dict[str, dict[int, float]]
    glosses: list[str]
    relations: Matrix
    members: list[tuple[str, ...]]
    files: list[str]


def read_graph(folder: Path) -> Graph:
    """Read `data.*` and `index.*` of a WordNet database folder.

    Raises:
        CorpusError: a file is absent.
    """
    rows: list[tuple[str, list[str], str]] = []
    for part in _PARTS:
        path = folder / f"data.{part}"
        if not path.is_file():
            raise CorpusError(f"no WordNet file at {path}; install the package wordnet-base")
        for line in path.read_text(encoding="latin-1").splitlines():
            if not line.startswith("  "):
                fields, _, gloss = line.partition(" | ")
                rows.append((part, fields.split(), gloss))
    number = {(part, fields[0]): i for i, (part, fields, _) in enumerate(rows)}
    members = [_members(fields) for _, fields, _ in rows]
    links = [_links(fields, number) for _, fields, _ in rows]
    return Graph(
        _word_senses(folder, number, [fields[1] for _, fields, _ in rows]),
        [gloss.split('"')[0].strip(" ;") for *_, gloss in rows],
        _rows_to_one(links, len(rows)),
        members,
        [fields[1] for _, fields, _ in rows],
    )


def _members(fields: Sequence[str]) -> tuple[str, ...]:
    count = int(fields[3], 16)
    names = [re.sub(r"\(\w+\)$", "", fields[4 + 2 * i]) for i in range(count)]
    return tuple(name.replace("_", " ").lower() for name in names)


def _links(fields: Sequence[str], number: dict[tuple[str, str], int]) -> dict[int, float]:
    start = 4 + 2 * int(fields[3], 16)
    found: dict[int, float] = {}
    for i in range(int(fields[start])):
        symbol, offset, part, _ = fields[start + 1 + 4 * i : start + 5 + 4 * i]
        weight = _RELATIONS.get(symbol, 0.0)
        place = number.get((_PART_OF[part], offset))
        if weight and place is not None:
            found[place] = max(found.get(place, 0.0), weight)
    return found


def _rows_to_one(rows: Sequence[dict[int, float]], n: int) -> Matrix:
    """Rows divided by the square root of their sum: a hub says less, a lone link keeps its say."""
    line = [i for i, row in enumerate(rows) for _ in row]
    column = [j for row in rows for j in row]
    data = [v / max(1.0, sum(row.values())) ** 0.5 for row in rows for v in row.values()]
    return sparse.csr_matrix((data, (line, column)), shape=(len(rows), n))


def _word_senses(
    folder: Path, number: dict[tuple[str, str], int], files: Sequence[str]
) -> dict[str, dict[int, float]]:
    """Every word's first synsets: earlier ones and senses of feeling weigh more."""
    found: dict[str, dict[int, float]] = {}
    for part in _PARTS:
        for line in (folder / f"index.{part}").read_text(encoding="latin-1").splitlines():
            if line.startswith("  "):
                continue
            fields = line.split()
            senses = fields[-int(fields[2]) :][:_SENSES]
            own = found.setdefault(fields[0].replace("_", " "), {})
            for rank, offset in enumerate(senses):
                place = number[part, offset]
                own[place] = _FEELING_FILES.get(files[place], 1.0) / (1 + rank) ** 0.7
    return {
        word: {s: v / sum(senses.values()) for s, v in senses.items()}
        for word, senses in found.items()
    }


def senses_of(graph: Graph, word: str) -> dict[int, float]:
    """Synsets of a word or, where WordNet has none, of its base form."""
    plain = re.sub(r"^(an?|the|is|feels) ", "", word)
    for form in (plain, plain.replace("-", " "), plain.replace(" ", "-"), *base_forms(plain)):
        if form in graph.words:
            return graph.words[form]
    return {}


def graph_evidence(graph: Graph, words: Sequence[str], seeds: Sequence[str]) -> list[Matrix]:
    """Same synset, one relation, two relations, words of the gloss, as [n words, n seeds]."""
    n = len(graph.members)
    glossed = _gloss_seeds(graph, seeds)
    felt = feeling_senses(glossed)
    of_word = _incidence([_reweighed(senses_of(graph, w), felt) for w in words], n)
    seed_at = _incidence([senses_of(graph, s) for s in seeds], n).T.tocsr()
    one = of_word @ graph.relations
    near = [of_word @ seed_at, one @ seed_at, (one @ graph.relations) @ seed_at, of_word @ glossed,
            one @ glossed]  # fmt: skip
    place = {seed: i for i, seed in enumerate(seeds)}
    own = [(i, place[w]) for i, w in enumerate(words) if w in place]
    return [_without(matrix, own) for matrix in near]


def feeling_senses(glossed: Matrix) -> NDArray[np.float64]:
    """How much each synset's weight grows: those whose gloss names a feeling are meant here."""
    return 1.0 + _NAMES_A_FEELING * (np.asarray(glossed.sum(1)).ravel() > 0)


def _reweighed(senses: dict[int, float], felt: NDArray[np.float64]) -> dict[int, float]:
    """Shares of the senses where a gloss that names a feeling counts more."""
    weighed = {s: v * float(felt[s]) for s, v in senses.items()}
    total = sum(weighed.values())
    return {s: v / total for s, v in weighed.items()}


def _incidence(rows: Sequence[dict[int, float]], n: int) -> Matrix:
    line = [i for i, row in enumerate(rows) for _ in row]
    column = [j for row in rows for j in row]
    data = [v for row in rows for v in row.values()]
    return sparse.csr_matrix((data, (line, column)), shape=(len(rows), n))


def _gloss_seeds(graph: Graph, seeds: Sequence[str]) -> Matrix:
    """Which seeds stand in which gloss, [n synsets, n seeds]; one after "not" does not count."""
    place = {seed: i for i, seed in enumerate(seeds)}
    rows: list[dict[int, float]] = []
    for gloss in graph.glosses:
        said = _WORD.findall(gloss.lower())
        row: dict[int, float] = {}
        for before, word in zip(["", *said], said, strict=False):
            if before in ("not", "no", "without", "lacking"):
                continue
            for form in (word, *base_forms(word)) if len(word) > 3 else ():
                if form in place:
                    row[place[form]] = 1.0
                    break
        rows.append({j: v / len(row) for j, v in row.items()})
    return _incidence(rows, len(seeds))


def _without(matrix: Matrix, places: Sequence[tuple[int, int]]) -> Matrix:
    """The matrix with the given entries gone: no word may be its own evidence."""
    kept = matrix.tolil()
    for i, j in places:
        kept[i, j] = 0.0
    return kept.tocsr()


_LIKENESS: Final = 0.06
"""Temperature of the sentence model's cosines."""
_FLOORS: Final = (1e-3, 2e-3, 2e-3, 1e-2, 5e-3, 5e-4, 5e-4, 5e-3, 5e-3)
_GRAPH: Final = 5
"""Kinds of evidence that come from WordNet; four more come from the sentence model."""
_CORE: Final = frozenset({"12", "37", "00", "44"})
_WIDER: Final = _CORE | {"29", "26", "07", "32", "31", "02", "10", "04", "19", "41"}
_HIDDEN: Final = 24
_TELLING: Final = 0.35
_LIKELY: Final = 0.15
"""A word is kept if one family has this share of it, or with this chance of being a feeling."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Seeds:
    """The training words: texts, labels [n, families], sentence vectors of them and of glosses."""

    words: list[str]
    labels: Floats
    vectors: Floats
    glosses: Floats


@dataclass(frozen=True)
class Gathered:
    """What is known of words: shares [n, 9, families], and signs of being a feeling [n, k]."""

    shares: Floats
    signs: Floats


def main_gloss(graph: Graph, word: str, felt: NDArray[np.float64]) -> str:
    """The gloss of a word's weightiest sense; the word itself where WordNet has none."""
    senses = _reweighed(senses_of(graph, word), felt)
    return graph.glosses[max(senses, key=lambda s: senses[s])] if senses else word


def gather(
    graph: Graph, seeds: Seeds, words: Sequence[str], vectors: Floats, glosses: Floats
) -> Gathered:
    """All evidence about `words`; a word that is a seed is read as if it were none."""
    place = {seed: i for i, seed in enumerate(seeds.words)}
    own = [(i, place[w]) for i, w in enumerate(words) if w in place]
    matrices = graph_evidence(graph, words, seeds.words)
    found = [np.asarray(m @ seeds.labels, np.float32) for m in matrices]
    nearest: list[Floats] = []
    for asked, keys in ((vectors, seeds.vectors), (glosses, seeds.vectors),
                        (glosses, seeds.glosses), (vectors, seeds.glosses)):  # fmt: skip
        cosines = asked @ keys.T
        for i, j in own:
            cosines[i, j] = -1.0
        near = np.exp((cosines - 1.0) / _LIKENESS) @ seeds.labels
        found.append(near / near.sum(1, keepdims=True).clip(1e-12))
        ranked = np.partition(cosines, -5, axis=1)[:, -5:]
        nearest += [ranked.max(1), ranked.mean(1)]
    masses = [np.log(np.asarray(m.sum(1), np.float32).ravel() + 0.01) for m in matrices]
    in_core = _share_in(graph, words, _CORE)
    return Gathered(np.stack(found, 1), np.stack([*masses, in_core, *nearest[:6]], 1))


def _share_in(graph: Graph, words: Sequence[str], files: frozenset[str]) -> Floats:
    """Share of each word's senses that stand in some lexicographer files."""
    return np.array(
        [sum(v for s, v in senses_of(graph, w).items() if graph.files[s] in files) for w in words],
        np.float32,
    )


class Scorer(nn.Module):
    """Log-odds of each family from the evidence for it, for its coarse emotion, and their mass."""

    mean: Tensor
    deviation: Tensor
    emotions: Tensor

    def __init__(self, shares: Floats) -> None:
        super().__init__()
        coarse = [family.emotion for family in tables.families().values()]
        same = np.array([[a == b for b in coarse] for a in coarse], np.float32)
        self.register_buffer("emotions", torch.from_numpy(same))
        seen = self._logs(torch.from_numpy(shares))
        self.register_buffer("mean", seen.mean((0, 1)))
        self.register_buffer("deviation", seen.std((0, 1)).clamp_min(1e-3))
        width = seen.shape[-1]
        self.plain = nn.Linear(width, 1)
        self.deep = nn.Sequential(
            nn.Linear(width, _HIDDEN), nn.GELU(), nn.Dropout(0.1), nn.Linear(_HIDDEN, 1)
        )

    def _logs(self, shares: Tensor) -> Tensor:
        floors = torch.tensor(_FLOORS)[:, None]
        mass = torch.log(shares[:, :_GRAPH].sum(2, keepdim=True) + 1e-2)
        parts = [torch.log(shares + floors), torch.log(shares @ self.emotions + floors),
                 mass.expand(-1, -1, shares.shape[-1])]  # fmt: skip
        return torch.cat(parts, 1).transpose(1, 2)

    def forward(self, shares: Tensor) -> Tensor:
        """Shares [n, 9, families] -> log-odds [n, families]."""
        seen = (self._logs(shares) - self.mean) / self.deviation
        return (self.plain(seen) + self.deep(seen)).squeeze(-1)


def fit(gathered: Gathered, labels: Floats, steps: int = 250, seed: int = 0) -> Scorer:
    """Fit the few weights on training words [n], each read as if it were not in the tables."""
    torch.manual_seed(seed)
    scorer = Scorer(gathered.shares)
    optimiser = torch.optim.AdamW(scorer.parameters(), 0.02, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.02, steps)
    shares, target = torch.from_numpy(gathered.shares), torch.from_numpy(labels)
    for _ in range(steps):
        rows = torch.randint(len(shares), (256,))
        found = torch.log_softmax(scorer(shares[rows]), 1)
        loss = -(target[rows] * found).sum(1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return scorer.eval()


@torch.inference_mode()
def families_of(scorer: Scorer, gathered: Gathered) -> Floats:
    """Probabilities of the families, [n, families]."""
    return torch.softmax(scorer(torch.from_numpy(gathered.shares)), 1).numpy()


def feeling_chances(signs: Floats, is_feeling: NDArray[np.bool_]) -> Floats:
    """How surely each word is one of feeling [n]: logistic regression of known ones against all.

    The rest hold words of feeling too, so the chances are low ones; they serve to rank.
    """
    spread = signs.std(0).clip(1e-3)
    design = np.c_[(signs - signs.mean(0)) / spread, np.ones(len(signs))].astype(np.float64)
    weights = np.zeros(design.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-design @ weights))
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + np.eye(len(weights))
        weights += np.linalg.solve(curve, design.T @ (is_feeling - chance) - weights)
    return (1 / (1 + np.exp(-design @ weights))).astype(np.float32)


def candidates(graph: Graph, seeds: Sequence[str], most: int) -> list[str]:
    """Words of WordNet that hang on the seeds the most, those with a feeling sense before others.

    Words that are seeds are left out, and words that are held out are in: they hang on seeds like
    any other.
    """
    known = set(seeds) | FUNCTION_WORDS | _said_of_directions()
    known |= motion_words().words | part_names().words
    words = [w for w in graph.words if w not in known and _is_plain(w)]
    own = [np.asarray(m.sum(1)).ravel() for m in graph_evidence(graph, words, seeds)]
    mass = own[0] + 0.7 * own[1] + 0.4 * own[2] + 0.5 * own[3]
    mass *= 0.3 * _share_in(graph, words, _WIDER) + 0.7 * _share_in(graph, words, _CORE | {"01"})
    return [words[i] for i in np.argsort(-mass)[:most]]


def _said_of_directions() -> set[str]:
    """Words of the templates, which speak of any feeling: "mood", "want"."""
    lists = (wording.ADJECTIVE, wording.NOUN, wording.VERB, wording.MIXED, wording.GERUND,
             wording.SENTENCE, wording.NAMED, wording.SAYING, wording.SUBJECTS)  # fmt: skip
    templates = [text for texts in lists for text in texts if not held_out(text)]
    return {word for text in templates for word in _WORD.findall(text.lower())} | {"dare"}


def _is_plain(word: str) -> bool:
    letters = word.replace(" ", "").replace("-", "").replace("'", "")
    return letters.isalpha() and len(word.split()) <= 3 and len(word) > 2


def seed_words(hidden: frozenset[str]) -> tuple[list[str], Floats]:
    """The tables' words of feeling that training may know, and their labels [n, families]."""
    names = list(tables.families())
    labels: dict[str, Floats] = {}
    for word in tables.feeling_words():
        if not held_out(word.text) and word.text not in hidden:
            row = labels.setdefault(word.text, np.zeros(len(names), np.float32))
            row[names.index(word.family)] += 1.0
    found = np.stack(list(labels.values()))
    return list(labels), found / found.sum(1, keepdims=True)


def build(folder: Path, encode: Encode, hidden: frozenset[str], most: int = 24_000) -> Lexicon:
    """The lexicon: WordNet's folder, the sentence model, words held out beside the drawn tenth."""
    graph = read_graph(folder)
    words, labels = seed_words(hidden)
    felt = feeling_senses(_gloss_seeds(graph, words))

    def vectors(texts: Sequence[str]) -> tuple[Floats, Floats]:
        glosses = [main_gloss(graph, text, felt) for text in texts]
        return encode(list(texts)).astype(np.float32), encode(glosses).astype(np.float32)

    seeds = Seeds(words, labels, *vectors(words))
    known = gather(graph, seeds, words, seeds.vectors, seeds.glosses)
    new = candidates(graph, words, most)
    found = gather(graph, seeds, new, *vectors(new))
    scorer = fit(known, labels)
    shares, own = families_of(scorer, found), families_of(scorer, known)
    surest = np.concatenate([own.max(1), shares.max(1)])[:, None]
    signs = np.concatenate([np.concatenate([known.signs, found.signs]), surest], 1)
    chances = feeling_chances(signs, np.arange(len(signs)) < len(words))[len(words) :]
    telling = (shares.max(1) >= _TELLING) | (chances >= _LIKELY)
    new, shares, chances = (
        [w for w, t in zip(new, telling, strict=True) if t],
        shares[telling],
        chances[telling],
    )
    columns = np.argsort(-shares, 1)[:, :KEPT]
    kept = np.take_along_axis(shares, columns, 1)
    return Lexicon(
        tuple(new), tuple(tables.families()), columns.astype(np.uint8),
        np.round(kept * 255).astype(np.uint8), np.round(chances * 255).astype(np.uint8),
    )  # fmt: skip
