"""Take data, the head's file, addresses."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from arkit.clip import ArkitClip, Contact
from blender_addon.core.address import is_local, is_valid
from blender_addon.core.errors import CharacterError, TakeError
from blender_addon.core.head_file import head_of, load_head, save_head
from blender_addon.core.take_data import pack, unpack
from blender_addon.core.target import take_name


def test_a_clip_comes_back_from_its_bytes_bit_for_bit() -> None:
    lips = np.random.default_rng(1).random((30, 52)).astype(np.float32)
    clip = ArkitClip(lips, 24.0, layers={"lips": lips}, contacts=(Contact("lips", 0.1, 0.2),))
    again = unpack(pack(clip))
    assert np.array_equal(again.layers["lips"], lips) and again.contacts == clip.contacts


def test_damaged_take_data_is_refused_in_one_sentence() -> None:
    with pytest.raises(TakeError, match="damaged"):
        unpack(b"not a clip")


def model() -> SimpleNamespace:
    """Two parts of one quad each; only the first moves."""
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)
    moved = np.zeros((8, 3), np.float32)
    moved[:4, 2] = 0.5
    return SimpleNamespace(
        vertices=np.concatenate([square, square + 2]),
        faces=np.array([[0, 1, 2, 3], [4, 5, 6, 7]], np.int32),
        materials=("skin", "teeth"),
        face_material=np.array([0, 1], np.int32),
        colours={"skin": (0.8, 0.6, 0.5), "teeth": (0.9, 0.9, 0.8)},
        vertex_colours=np.full((8, 3), 0.5, np.float32),
        shapes={"jawOpen": moved, "tongueOut": np.zeros((8, 3), np.float32)},
        parts={"head": range(4), "teeth_upper": range(4, 8)},
    )


def test_the_head_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "head.npz"
    save_head(head_of(model()), path)
    face, teeth = load_head(path).parts
    assert (face.name, teeth.name) == ("Head", "Teeth Upper")
    assert (face.materials, teeth.materials) == (("skin",), ("teeth",))
    assert list(face.shapes) == ["jawOpen"] and not teeth.shapes
    assert teeth.quads.tolist() == [[0, 1, 2, 3]]


def test_the_head_is_turned_from_y_up_to_z_up() -> None:
    face = head_of(model()).parts[0]
    assert face.vertices[2].tolist() == [1, 0, 1]
    assert face.shapes["jawOpen"][0].tolist() == [0, -0.5, 0]


def test_another_file_is_not_taken_for_a_head(tmp_path: Path) -> None:
    path = tmp_path / "head.npz"
    np.savez(path, about=np.frombuffer(b"{}", np.uint8))
    with pytest.raises(CharacterError, match="not a Soliloquy head"):
        load_head(path)


@pytest.mark.parametrize(
    ("address", "valid", "local"),
    [
        ("tcp://127.0.0.1:5557", True, True),
        ("tcp://localhost:5557", True, True),
        ("tcp://[::1]:5557", True, True),
        ("tcp://192.168.1.4:5557", True, False),
        ("tcp://127.evil.example:1", True, False),
        ("127.0.0.1:5557", False, False),
        ("tcp://127.0.0.1", False, False),
        ("tcp://127.0.0.1:99999", False, True),
    ],
)
def test_addresses(address: str, valid: bool, local: bool) -> None:
    assert (is_valid(address), is_local(address)) == (valid, local)


def test_the_name_of_a_take_leaves_room_for_a_mesh_in_63_bytes() -> None:
    assert len(take_name("x" * 100, 123)) <= 45
