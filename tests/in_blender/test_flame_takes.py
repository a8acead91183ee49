"""Takes of a FLAME head."""

from __future__ import annotations

import socket
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from acting import Formula, formula
from blender_runner import RunCase

from arkit.clip import ArkitClip
from flame.built_in import built_in_flame_model
from flame.convert import arkit_to_flame
from flame.model_files import write_flame_model

FRAMES = [0, 9, 49]  # those that the cases look at


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the vertices [seed, frame, V, 3] of the formula on the built-in head are kept."""
    model, found = built_in_flame_model(), []
    for seed in (0, 1):
        faces = np.clip(formula(np.arange(50) / 25, seed), 0, 1).astype(np.float32)
        clip = arkit_to_flame(ArkitClip(faces, 25.0))
        pose = {name: values[FRAMES] for name, values in clip.pose.items()}
        found.append(model.vertices(clip.expression[FRAMES], **pose))
    path = tmp_path_factory.mktemp("shown") / "vertices.npy"
    np.save(path, np.stack(found))
    return str(path)


def test_a_flame_head_gets_takes_that_switch(
    every_blender: RunCase, address: str, wav: str, actor: Formula, shown: str
) -> None:
    case = "a_flame_head_gets_takes"
    every_blender("flame_takes", case, address=address, wav=wav, shown=shown)
    (request,) = actor.requests[:1]
    assert (request.output, request.flame_basis) == ("flame", "")


def test_earlier_flame_animation_is_kept_as_a_take(
    every_blender: RunCase, address: str, wav: str, tmp_path: Path
) -> None:
    case = "earlier_flame_animation_is_kept"
    every_blender("flame_takes", case, address=address, wav=wav, folder=str(tmp_path))


def test_takes_of_a_flame_head_survive_the_file(
    blender: RunCase, address: str, wav: str, tmp_path: Path, shown: str
) -> None:
    case, folder = "takes_of_a_flame_head_survive_the_file", str(tmp_path)
    blender("flame_takes", case, address=address, wav=wav, folder=folder, shown=shown)


def test_fewer_keys_move_a_flame_head_as_well(blender: RunCase, address: str, wav: str) -> None:
    blender("flame_takes", "fewer_keys_move_a_flame_head_as_well", address=address, wav=wav)


def test_a_head_of_another_file_asks_for_its_model(
    blender: RunCase, address: str, wav: str, tmp_path: Path
) -> None:
    case = "a_head_of_another_file_asks_for_its_model"
    blender("flame_takes", case, address=address, wav=wav, folder=str(tmp_path))


def test_the_server_that_blender_starts_knows_the_flame_heads_of_the_file(
    blender: RunCase, wav: str, tmp_path: Path
) -> None:
    built_in = built_in_flame_model()
    another = np.ascontiguousarray(built_in.expression_directions[:, :, ::-1])
    mine = replace(built_in, name="mine", expression_directions=another, basis_id="")
    file = write_flame_model(mine, tmp_path / "mine.npz")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    case = "the_own_server_knows_the_heads_of_the_file"
    blender("flame_takes", case, python=sys.executable, port=port, wav=wav, file=str(file))


def test_a_part_of_a_flame_take_is_made_anew_and_the_rest_stays(
    every_blender: RunCase, address: str, wav: str
) -> None:
    every_blender("flame_takes", "a_part_of_a_flame_take_is_made_anew", address=address, wav=wav)
