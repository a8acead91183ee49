"""Phones to files and back: what is written is read again, and a bad file is refused clearly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arkit.clip import Phone
from server.speech.notations import read_textgrid
from server.speech.phones import PHONES
from server.speech.phones_input import PhonesFileError, read_phones
from server.speech.phones_output import (
    curves_of,
    phones_textgrid,
    recognition_json,
    write_phones,
)
from server.speech.recogniser import AlignedWord, Recognition, loudness_db

_PHONES = (Phone("sil", 0.0, 0.2), Phone("m", 0.2, 0.3), Phone("ɪ", 0.3, 0.5))
_SHORT = (
    'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n1\n<exists>\n2\n'
    '"TextTier"\n"events"\n0\n1\n1\n0.5\n"x"\n'
    '"IntervalTier"\n"anna - phones"\n0\n1\n3\n0\n0.4\n"M"\n0.4\n0.9\n"AA1"\n0.9\n1\n""\n'
)


def _heard(phones: tuple[Phone, ...] = _PHONES, **more: Any) -> Recognition:
    seconds = phones[-1].end
    return Recognition(
        phones, seconds, np.full(round(seconds * 100) + 1, -20.0, np.float32), **more
    )


def _all_phones() -> tuple[Phone, ...]:
    """Every phone of the inventory, with times of single samples at 16 kHz."""
    edges = np.arange(len(PHONES) + 1) * 1237 / 16_000
    return tuple(Phone(p, edges[i], edges[i + 1]) for i, p in enumerate(PHONES))


@pytest.mark.parametrize("name", ["a.json", "a.TextGrid"])
def test_phones_come_back_exactly_as_they_were_written(tmp_path: Path, name: str):
    phones = _all_phones()
    write_phones(tmp_path / name, _heard(phones))
    read = read_phones(tmp_path / name, seconds=phones[-1].end)
    assert read == phones
    write_phones(tmp_path / f"again_{name}", _heard(read))
    assert (tmp_path / f"again_{name}").read_bytes() == (tmp_path / name).read_bytes()


def test_json_holds_phones_words_stress_and_notes():
    told = recognition_json(
        _heard(
            words=(AlignedWord("mi", 0.2, 0.5, 0.9),),
            stress=np.full(51, 0.75, np.float32),
            notes=("The transcript differs.",),
        )
    )
    assert told["phones"][1] == {"phone": "m", "start": 0.2, "end": 0.3}
    assert told["phones"][2]["stress"] == 0.75
    assert told["words"] == [{"word": "mi", "start": 0.2, "end": 0.5, "confidence": 0.9}]
    assert told["notes"] == ["The transcript differs."]
    assert "curves" not in told


def test_curves_are_as_long_as_the_line_and_name_their_visemes():
    samples = np.random.default_rng(0).standard_normal(8000).astype(np.float32) * 0.1
    posteriors = np.full((51, len(PHONES)), 1 / len(PHONES), np.float32)
    heard = Recognition(
        _PHONES, 0.5, loudness_db(samples), posteriors, stress=np.zeros(51, np.float32)
    )
    curves = curves_of(samples, heard)
    for name in ("loudness_db", "pitch_hz", "voice", "stress", "visemes"):
        assert len(curves[name]) == 51
    assert all(abs(sum(row) - 1) < 0.01 for row in curves["visemes"])
    assert len(curves["visemes"][0]) == len(curves["viseme_names"])
    json.dumps(curves)


def test_a_textgrid_has_no_gaps_and_empty_silences():
    text = phones_textgrid(_PHONES, 0.6, [AlignedWord('m"i', 0.2, 0.5, 0.9)])
    assert text.count('class = "IntervalTier"') == 2
    assert 'text = "m""i"' in text
    assert "intervals: size = 4" in text


def test_the_ending_chooses_the_format(tmp_path: Path):
    write_phones(tmp_path / "a.TextGrid", _heard())
    assert (tmp_path / "a.TextGrid").read_text(encoding="utf-8").startswith("File type")
    write_phones(tmp_path / "a.json", _heard())
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["phones"]


def test_arpabet_textgrids_are_read_back(tmp_path: Path):
    path = tmp_path / "b.TextGrid"
    path.write_text(phones_textgrid((Phone("m", 0.0, 0.25), Phone("sil", 0.25, 0.5)), 0.5))
    assert [p.phone for p in read_textgrid(path)][:1] == ["m"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_encoding_that_praat_saves_is_read(tmp_path: Path, encoding: str):
    path = tmp_path / "a.TextGrid"
    path.write_bytes(phones_textgrid(_PHONES, 0.5).encode(encoding))
    assert read_phones(path) == _PHONES


def test_the_short_form_with_another_aligners_tier_name_is_read(tmp_path: Path):
    path = tmp_path / "a.TextGrid"
    path.write_text(_SHORT)
    assert read_phones(path) == (
        Phone("m", 0.0, 0.4), Phone("ɑ", 0.4, 0.9), Phone("sil", 0.9, 1.0),
    )  # fmt: skip


def test_comments_and_names_in_a_textgrid_change_nothing(tmp_path: Path):
    text = phones_textgrid(_PHONES, 0.5).replace("item []:", 'item []: ! 3 "old" tiers')
    path = tmp_path / "a.TextGrid"
    path.write_text(text.replace("\n", "\r\n"), newline="")
    assert read_phones(path) == _PHONES


def _json(*entries: object) -> str:
    return json.dumps({"phones": list(entries)})


def _entry(phone: object = "m", start: object = 0.1, end: object = 0.2) -> dict[str, object]:
    return {"phone": phone, "start": start, "end": end}


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.json", "{", "'a.json' is no JSON: .* in line 1"),
        ("a.json", "[1]", "no list named 'phones'"),
        ("a.json", _json(), "no phone that is heard"),
        ("a.json", _json(_entry("sil")), "no phone that is heard"),
        ("a.json", _json("m"), 'Entry 1 .* is "m", not an object'),
        ("a.json", _json(_entry(), {"phone": "p", "start": 0.3}), "Entry 2 .* has no 'end'"),
        ("a.json", _json(_entry(start="0.1")), 'has "0.1" as its start, no number'),
        ("a.json", _json(_entry(phone=3)), "has 3 as its phone, not a text"),
        ("a.json", _json(_entry(end=float("nan"))), "runs from 0.1 s to nan s"),
        ("a.json", _json(_entry(start=0.3)), "'m' in 'a.json' runs from 0.3 s to 0.2 s"),
        ("a.json", _json(_entry(start=-0.3)), "runs from -0.3 s"),
        ("a.json", _json(_entry(), _entry("p", 0.15, 0.3)), "'p' .* before 'm' ends at 0.2 s"),
        ("a.json", _json(_entry(end=1.2)), "ends at 1.2 s, but the line ends at 1.000 s"),
        ("a.json", _json(_entry("ɸ")), "'ɸ' at 0.1 s .* no phone known here. The nearest is 'f'"),
        ("a.json", _json(_entry("mː")), "The nearest is 'm'"),
        ("a.json", _json(_entry("QX9")), "'QX9' .* no phone known here. The nearest is 'Q'"),
        ("a.json", _json(_entry("§")), "'§' .* Known are sil p b m"),
        ("a.TextGrid", "hello", "'a.TextGrid' cannot be read: "),
        ("a.TextGrid", "ooBinaryFile\x08TextGrid", "choose 'Save as text file'"),
        ("a.TextGrid", _SHORT[:150], "breaks off before its end"),
        ("a.TextGrid", _SHORT.replace("0.4", '"0.4"', 1), "a number is missing where '0.4' stands"),
        ("a.TextGrid", _SHORT.replace('"M"', "7"), "a text in quotes is missing where 7 stands"),
        ("a.TextGrid", _SHORT.replace('"TextTier"', '"Pitch"'), "of the class 'Pitch'"),
        ("a.txt", "", "'a.txt' holds no phones. Give a .json or .TextGrid file"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_in_one_sentence(
    tmp_path: Path, name: str, content: str, sentence: str
):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(PhonesFileError, match=sentence):
        read_phones(path, seconds=1.0)


def test_a_grid_without_a_tier_of_phones_names_those_it_has(tmp_path: Path):
    path = tmp_path / "a.TextGrid"
    two = _SHORT.replace("anna - phones", "words").replace("<exists>\n2", "<exists>\n3")
    path.write_text(two + '"IntervalTier"\n"notes"\n0\n1\n1\n0\n1\n"x"\n')
    with pytest.raises(PhonesFileError, match="no tier named 'phones', only 'words', 'notes'"):
        read_phones(path)


def test_damaged_text_and_a_file_that_is_not_there_are_named(tmp_path: Path):
    (tmp_path / "a.json").write_bytes(b"\xff\xfa\x80")
    with pytest.raises(PhonesFileError, match="it is no text"):
        read_phones(tmp_path / "a.json")
    (tmp_path / "a.TextGrid").write_bytes(b"\xff\xfea\x00\x00\xd8")
    with pytest.raises(PhonesFileError, match="UTF-16 text is damaged"):
        read_phones(tmp_path / "a.TextGrid")
    with pytest.raises(PhonesFileError, match="cannot be read: No such file"):
        read_phones(tmp_path / "b.json")
