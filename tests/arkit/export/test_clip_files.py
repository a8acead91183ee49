"""Clips in JSON and npz come back as they were, and strangers can read them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from arkit.clip import ArkitClip, Contact, Phone
from arkit.errors import ClipReadError, ExportError
from arkit.export.clip_json import clip_from_json, clip_to_json, read_clip_json
from arkit.export.files import READERS, WRITERS, read_clip, write_clip
from arkit.names import ALPHABETICAL_NAMES, ARKIT_NAMES, INDEX


def make_clip() -> ArkitClip:
    rng = np.random.default_rng(3)
    lips = rng.uniform(0, 1, (12, 52)).astype(np.float32)
    emotion = rng.uniform(-0.2, 0.2, (12, 52)).astype(np.float32)
    return ArkitClip(
        coefficients=np.clip(lips + emotion, 0, 1),
        fps=23.976,
        head=rng.normal(0, 0.1, (12, 3)).astype(np.float32),
        eyes=rng.normal(0, 0.1, (12, 2, 3)).astype(np.float32),
        layers={"lips": lips, "emotion": emotion},
        contacts=(Contact("lips", 0.1, 0.16),),
        phones=(Phone("m", 0.1, 0.16), Phone("ɑ", 0.16, 0.3)),
        notes=("Played soft.",),
        provenance={"generator": "articulate", "seed": 7},
    )


def assert_same(one: ArkitClip, two: ArkitClip, precision: float) -> None:
    assert one.fps == two.fps
    for name in ("coefficients", "head", "eyes"):
        assert getattr(one, name) == pytest.approx(getattr(two, name), abs=precision)
    assert set(one.layers) == set(two.layers)
    for name, layer in one.layers.items():
        assert layer == pytest.approx(two.layers[name], abs=precision)
    assert (one.contacts, one.phones, one.notes) == (two.contacts, two.phones, two.notes)
    assert dict(one.provenance) == dict(two.provenance)


@pytest.mark.parametrize(("suffix", "precision"), [(".json", 1e-6), (".npz", 0.0)])
def test_a_clip_comes_back_whole(tmp_path: Path, suffix: str, precision: float) -> None:
    clip = make_clip()
    report = write_clip(clip, tmp_path / f"take{suffix}")
    assert report.n_rows == 12 and report.sentences()[0].startswith(f"Wrote take{suffix}: 12 rows")
    assert_same(read_clip(tmp_path / f"take{suffix}"), clip, precision)


def test_csv_comes_back_with_its_values(tmp_path: Path) -> None:
    clip = make_clip()
    write_clip(clip, tmp_path / "take.csv")
    again = read_clip(tmp_path / "take.csv")
    assert again.coefficients == pytest.approx(clip.coefficients, abs=1e-6)


def test_json_is_read_by_name_whatever_the_order() -> None:
    clip = make_clip()
    content = json.loads(clip_to_json(clip))
    order = [ARKIT_NAMES.index(name) for name in ALPHABETICAL_NAMES]
    content["names"] = list(ALPHABETICAL_NAMES)
    for table in (content, content["layers"]):
        for key in ("coefficients", "lips", "emotion"):
            if key in table:
                table[key] = [[row[i] for i in order] for row in table[key]]
    assert_same(clip_from_json(json.dumps(content)), clip, 1e-6)


def test_json_without_some_names_leaves_them_at_zero_and_says_so() -> None:
    content = json.loads(clip_to_json(make_clip(), layers=False))
    content["names"] = content["names"][:-1]
    content["coefficients"] = [row[:-1] for row in content["coefficients"]]
    clip = clip_from_json(json.dumps(content))
    assert not clip.curve("tongueOut").any()
    assert "tongueOut" in clip.notes[-1]


def test_npz_holds_plain_arrays_for_strangers(tmp_path: Path) -> None:
    clip = make_clip()
    write_clip(clip, tmp_path / "take.npz")
    with np.load(tmp_path / "take.npz", allow_pickle=False) as data:
        jaw = data["coefficients"][:, data["names"].tolist().index("jawOpen")]
        assert float(data["fps"]) == 23.976
    assert np.array_equal(jaw, clip.coefficients[:, INDEX["jawOpen"]])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "soliloquy-arkit-clip-json/1"}',
        '{"format": "other"}',
        "nonsense",
    ],
)
def test_what_is_no_clip_in_json_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "take.json"
    path.write_text(text)
    with pytest.raises(ClipReadError, match=r"take\.json"):
        read_clip_json(path)


def test_a_name_that_is_no_blendshape_is_refused() -> None:
    content = json.loads(clip_to_json(make_clip()))
    content["names"][0] = "mouthOpen"
    with pytest.raises(ClipReadError, match="mouthOpen"):
        clip_from_json(json.dumps(content))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"text"])
def test_what_is_no_npz_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "take.npz"
    path.write_bytes(content)
    with pytest.raises(ClipReadError, match=r"take\.npz is not a Soliloquy clip"):
        read_clip(path)
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(ClipReadError, match=r"other\.npz is not a Soliloquy clip"):
        read_clip(tmp_path / "other.npz")


def test_unknown_suffixes_name_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"\.csv, \.json, \.npz"):
        write_clip(make_clip(), tmp_path / "take.xyz")
    with pytest.raises(ClipReadError, match=r"\.csv, \.json, \.npz"):
        read_clip(tmp_path / "take.fbx")
    assert set(READERS) <= set(WRITERS)


def test_values_outside_0_to_1_are_counted(tmp_path: Path) -> None:
    face = np.zeros((2, 52))
    face[0, 0], face[1, 1] = 1.25, -0.5
    report = write_clip(ArkitClip(coefficients=face, fps=30), tmp_path / "take.json")
    assert report.notes == (
        "2 values outside 0..1 (from -0.500 to 1.250) were written as they are.",
    )
