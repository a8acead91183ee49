"""Corrected phones on the command line: read from a file, and obeyed by every generator."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from arkit.clip import ArkitClip, Phone
from arkit.names import INDEX
from server.cli import main
from server.speech.phones_input import read_phones
from server.speech.phones_output import phones_textgrid

NOBODY = "tcp://127.0.0.1:9"
_SAID = (
    ("sil", 0.0, 0.2), ("a", 0.2, 0.35), ("p", 0.35, 0.45), ("a", 0.45, 0.6), ("k", 0.6, 0.7),
    ("a", 0.7, 0.9), ("sil", 0.9, 1.2),
)  # fmt: skip
_P, _K = (0.35, 0.45), (0.6, 0.7)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vowel-like buzz of .7 s between silences, 1.2 s long."""
    times = np.arange(19_200) / 16_000
    buzz = sum(np.sin(2 * np.pi * 120 * k * times) / k for k in range(1, 20))
    path = tmp_path_factory.mktemp("line") / "line.wav"
    loud = (times > 0.2) & (times < 0.9)
    soundfile.write(path, (0.2 * buzz * loud).astype(np.float32), 16_000)
    return path


def _file(path: Path, **changed: str) -> Path:
    """Write the phones with some of them changed, as JSON or TextGrid."""
    phones = [Phone(changed.get(p, p), start, end) for p, start, end in _SAID]
    if path.suffix == ".json":
        listed = [{"phone": p.phone, "start": p.start, "end": p.end} for p in phones]
        path.write_text(json.dumps({"phones": listed}), encoding="utf-8")
    else:
        path.write_text(phones_textgrid(phones, 1.2), encoding="utf-16")
    return path


def _animated(line: Path, phones: Path, generator: str) -> ArkitClip:
    out = phones.with_suffix(".npz")
    arguments = ["animate", str(line), "--out", str(out), "--phones", str(phones)]
    assert main([*arguments, "--generator", generator, "--address", NOBODY]) == 0
    return ArkitClip.load(out)


def _closes(clip: ArkitClip, span: tuple[float, float]) -> bool:
    return any(c.kind == "lips" and c.start < span[1] and c.end > span[0] for c in clip.contacts)


def _value(clip: ArkitClip, name: str, span: tuple[float, float]) -> float:
    return float(clip.coefficients[round(sum(span) / 2 * clip.fps), INDEX[name]])


@pytest.mark.parametrize(
    "generator",
    [
        "articulate",
        "cafe_talk",
        "expclip",
        pytest.param("avi_talking", marks=pytest.mark.slow),
    ],
)
def test_every_generator_obeys_corrected_phones(generator: str, line: Path, tmp_path: Path):
    heard = _animated(line, _file(tmp_path / "heard.json"), generator)
    edited = _animated(line, _file(tmp_path / "edited.TextGrid", p="a", k="m"), generator)
    assert _closes(heard, _P)
    assert not _closes(edited, _P)
    assert not _closes(heard, _K)
    assert _closes(edited, _K)
    assert _value(edited, "jawOpen", _P) > _value(heard, "jawOpen", _P) + 0.03
    assert _value(heard, "mouthClose", _P) > _value(edited, "mouthClose", _P) + 0.05
    assert _value(edited, "mouthClose", _K) > _value(heard, "mouthClose", _K) + 0.05
    assert [p.phone for p in edited.phones] == ["sil", "a", "a", "a", "m", "a", "sil"]


def test_phones_that_end_after_the_line_are_refused(
    line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    phones = tmp_path / "late.json"
    phones.write_text('{"phones": [{"phone": "m", "start": 1.1, "end": 2.5}]}')
    out = str(tmp_path / "t.npz")
    assert main(["animate", str(line), "--out", out, "--phones", str(phones)]) == 2
    said = "'m' in 'late.json' ends at 2.5 s, but the line ends at 1.200 s."
    assert said in capsys.readouterr().err


def test_an_instruction_takes_corrected_phones_too(
    line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    bad = tmp_path / "bad.json"
    bad.write_text('{"phones": 3}')
    good = ["instruct", str(line), "--address", NOBODY, "--phones"]
    assert main([*good, str(_file(tmp_path / "good.json"))]) == 0
    assert main([*good, str(bad)]) == 2
    assert "no list named 'phones'" in capsys.readouterr().err


def test_what_is_heard_can_be_edited_and_given_back(line: Path, tmp_path: Path):
    names = [tmp_path / "heard.json", tmp_path / "heard.TextGrid"]
    outs = [part for name in names for part in ("--out", str(name))]
    assert main(["phones", str(line), *outs]) == 0
    from_json, from_grid = (read_phones(name, seconds=1.2) for name in names)
    assert from_json == from_grid
    assert from_json[-1].end == pytest.approx(1.2)


def test_a_transcript_of_another_line_is_not_mouthed_and_the_file_says_so(
    line: Path, tmp_path: Path
):
    plain, wrong = tmp_path / "plain.json", tmp_path / "wrong.json"
    assert main(["phones", str(line), "--out", str(plain)]) == 0
    text = ["--transcript", "fish swim past me"]
    assert main(["phones", str(line), *text, "--out", str(wrong)]) == 0
    heard, refused = (json.loads(p.read_text(encoding="utf-8")) for p in (plain, wrong))
    assert "The transcript was not used" in refused["notes"][0]
    assert "words" not in refused
    assert [p["phone"] for p in refused["phones"]] == [p["phone"] for p in heard["phones"]]


def test_curves_come_when_they_are_asked_for(line: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["phones", str(line), "--curves"]) == 0
    curves = json.loads(capsys.readouterr().out)["curves"]
    assert {len(curves[c]) for c in ("loudness_db", "pitch_hz", "voice", "stress")} == {121}
    assert np.median([hz for hz in curves["pitch_hz"] if hz]) == pytest.approx(120, abs=2)
