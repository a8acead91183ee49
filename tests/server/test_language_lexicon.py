"""Words of feeling beyond the tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from server.language import tables
from server.language.express import Director, default_director
from server.language.lexicon import KEPT, Lexicon, base_forms, packed_words, unpacked_words
from server.training.language import lexicon as building
from server.training.language.corpora import CorpusError
from server.training.language.wording import held_out

FAMILIES = tuple(tables.families())


def entry(*families: str) -> list[int]:
    rest = [i for i, name in enumerate(FAMILIES) if name not in families]
    return [*(FAMILIES.index(name) for name in families), *rest][:KEPT]


LEXICON = Lexicon(
    ("grumpish", "blithesome", "tabular"), FAMILIES,
    np.array([entry("annoyance"), entry("joy", "contentment"), entry("neutral")], np.uint8),
    np.array([[230, *[2] * (KEPT - 1)], [130, 90, *[2] * (KEPT - 2)], [30, *[9] * (KEPT - 1)]],
             np.uint8),
    np.array([60, 200, 3], np.uint8),
)  # fmt: skip


def test_a_word_gives_shares_of_the_families_that_sum_to_one() -> None:
    found = LEXICON.families_of(["grumpish"])
    assert max(found, key=lambda name: found[name]) == "annoyance"
    assert sum(found.values()) == pytest.approx(1.0)
    assert min(found.values()) > 0


def test_words_that_nobody_knows_say_nothing() -> None:
    assert LEXICON.families_of(["xyzzy"]) == {}
    assert Lexicon().families_of(["grumpish"]) == {}


def test_inflections_find_their_base_form() -> None:
    assert LEXICON.find("grumpishly") == 0
    assert LEXICON.find("blithesomeness") == 1
    assert {"worry", "threaten", "stop"} <= {
        form for word in ("worries", "threatens", "stopped") for form in base_forms(word)
    }


def test_a_word_that_hangs_on_one_family_needs_less_to_be_a_feeling() -> None:
    assert LEXICON.is_feeling("blithesome", 0.5)
    assert LEXICON.is_feeling("grumpish", 0.9)
    assert not LEXICON.is_feeling("tabular", 0.2)
    assert not LEXICON.is_feeling("xyzzy", 0.0)


def test_words_survive_packing() -> None:
    assert unpacked_words(packed_words(["one", "two words"])) == ("one", "two words")


@pytest.fixture(scope="module")
def reader() -> Director:
    return default_director()


@pytest.mark.parametrize(
    ("text", "moves"),
    [("she looks pettish", "browDownLeft"), ("utterly horror-stricken", "eyeWideLeft"),
     ("his eyes were ireful", "browDownLeft"), ("ireful but amused", "browDownLeft")],
)  # fmt: skip
def test_words_that_no_table_holds_have_a_face(reader: Director, text: str, moves: str) -> None:
    known = {word.text for word in tables.feeling_words()}
    assert not {"pettish", "horror-stricken", "ireful"} & known
    assert reader.express(text).blendshapes[moves] > 0.12


def test_an_adjective_of_something_else_moves_nothing(reader: Director) -> None:
    face = reader.express("raise the right brow at the funny word")
    assert face.blendshapes["mouthSmileRight"] < 0.05 < face.blendshapes["browOuterUpRight"]


def test_a_denied_word_of_the_lexicon_is_not_shown(reader: Director) -> None:
    assert not any(reader.express("he is not pettish").blendshapes.values())


def wordnet(folder: Path, word: str) -> Path:
    """A dictionary of three synsets: `word` with "gleek", "gleekish" derived from it, "brick"."""
    rows = [
        f'00000001 12 n 02 {word} 0 gleek 0 001 + 00000002 n 0000 | a state of {word}; "so much"  ',
        "00000002 12 n 01 gleekish 0 001 + 00000001 n 0000 | like one who has it  ",
        "00000003 06 n 01 brick 0 000 | a block of clay  ",
    ]
    index = [f"{word} n 1 0 1 0 00000001  ", "gleek n 1 0 1 0 00000001  ",
             "gleekish n 1 0 1 0 00000002  ", "brick n 1 0 1 0 00000003  "]  # fmt: skip
    for part in ("noun", "verb", "adj", "adv"):
        noun = part == "noun"
        (folder / f"data.{part}").write_text("\n".join(rows) + "\n" if noun else "")
        (folder / f"index.{part}").write_text("\n".join(index) + "\n" if noun else "")
    return folder


def test_relations_carry_a_family_on_and_no_word_is_its_own_evidence(tmp_path: Path) -> None:
    graph = building.read_graph(wordnet(tmp_path, "joy"))
    matrices = building.graph_evidence(graph, ["joy", "gleek", "gleekish", "brick"], ["joy"])
    same, one = (np.asarray(m.todense()).ravel() for m in matrices[:2])
    assert same[1] > 0 and one[2] > 0
    assert all(np.asarray(m.todense())[0] == 0 for m in matrices)
    assert all(np.asarray(m.todense())[3] == 0 for m in matrices)


def test_the_seeds_hold_no_word_that_is_held_out() -> None:
    words, labels = building.seed_words(frozenset({"happy"}))
    assert "happy" not in words and not any(held_out(word) for word in words)
    assert labels.shape == (len(words), len(FAMILIES))
    assert np.allclose(labels.sum(1), 1.0)


def test_a_missing_dictionary_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="wordnet-base"):
        building.read_graph(tmp_path)
