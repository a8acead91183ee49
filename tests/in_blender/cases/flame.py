"""FLAME heads: what Blender evaluates is what the model says, and clips come and go."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import bpy
import numpy as np


def small_model(folder: Path) -> Path:
    """Write a FLAME file of 60 vertices as a plain pickle; returns it."""
    rng = np.random.default_rng(3)
    n_vertices = 60
    weights = rng.random((n_vertices, 5)) ** 4
    regressor = rng.random((5, n_vertices))
    arrays = {
        "v_template": rng.normal(0, 0.1, (n_vertices, 3)),
        "shapedirs": rng.normal(0, 0.004, (n_vertices, 3, 20)),
        "posedirs": rng.normal(0, 0.002, (n_vertices, 3, 36)),
        "J_regressor": regressor / regressor.sum(1, keepdims=True),
        "weights": weights / weights.sum(1, keepdims=True),
        "kintree_table": np.array([[-1, 0, 1, 1, 1], range(5)]),
        "f": np.array([(i, i + 1, i + 2) for i in range(n_vertices - 2)]),
    }
    path = folder / "generic_model.pkl"
    path.write_bytes(pickle.dumps(arrays, 2))
    return path


def moving_clip(model: Any, n_frames: int = 6) -> Any:
    """A clip in which everything moves."""
    from flame.clip import FlameClip

    rng = np.random.default_rng(1)

    def some(size: float, *shape: int) -> Any:
        return rng.normal(0, size, (n_frames, *shape)).astype(np.float32)

    return FlameClip(
        expression=some(1.0, model.n_expressions), fps=25.0, basis_id=model.basis_id,
        jaw=some(0.2, 3), neck=some(0.2, 3), eyes=some(0.3, 2, 3), root=some(0.3, 3),
        translation=some(0.02, 3),
    )  # fmt: skip


def evaluated(item: Any) -> Any:
    """Vertices [V, 3] as Blender shows them, in FLAME's axes."""
    from blender_addon.core.flame_rig import y_up

    shown = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
    out = np.empty(3 * len(shown.data.vertices), np.float32)
    shown.data.vertices.foreach_get("co", out)
    return y_up(out.reshape(-1, 3))


def _clip_comes_and_goes(file: Path | None, folder: Path) -> None:
    from blender_addon.core.flame_rig import read_model
    from flame.clip import FlameClip

    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 25, 1.0
    scene.frame_set(10)
    arguments = {"built_in": True} if file is None else {"filepath": str(file)}
    assert bpy.ops.soliloquy.add_flame_head(**arguments) == {"FINISHED"}
    item, model = bpy.context.active_object, read_model(file)
    rest = evaluated(item)
    assert np.abs(rest - model.template).max() < 1e-5
    clip = moving_clip(model)
    clip.save(folder / "in.npz")
    assert bpy.ops.soliloquy.import_flame_clip(filepath=str(folder / "in.npz")) == {"FINISHED"}
    wanted = model.vertices(clip.expression, **clip.pose)
    for frame in (0, 2, clip.n_frames - 1):
        scene.frame_set(10 + frame)
        assert np.abs(evaluated(item) - wanted[frame]).max() < 5e-5, frame
    assert bpy.ops.soliloquy.export_flame_clip(filepath=str(folder / "out.npz")) == {"FINISHED"}
    back = FlameClip.load(folder / "out.npz")
    assert back.fps == 25.0 and back.basis_id == model.basis_id
    for name in ("expression", "jaw", "neck", "eyes", "root"):
        assert np.abs(getattr(back, name) - getattr(clip, name)).max() < 2e-5, name


def the_built_in_head_moves_as_its_model_says(folder: str) -> None:
    """Blender's vertices are the model's own skinning, and a clip comes back."""
    _clip_comes_and_goes(None, Path(folder))


def a_users_file_moves_as_its_model_says(folder: str) -> None:
    """The same for a pickle of the user's."""
    _clip_comes_and_goes(small_model(Path(folder)), Path(folder))


def earlier_animation_stays(folder: str) -> None:
    """A second clip leaves the first one's actions in the file."""
    from blender_addon.core.flame_rig import read_model

    file = small_model(Path(folder))
    bpy.ops.soliloquy.add_flame_head(filepath=str(file))
    clip = moving_clip(read_model(file))
    for name in ("first", "second"):
        clip.save(Path(folder) / f"{name}.npz")
        bpy.ops.soliloquy.import_flame_clip(filepath=str(Path(folder) / f"{name}.npz"))
    names = {action.name for action in bpy.data.actions}
    assert {"FLAME first", "FLAME first joints", "FLAME second", "FLAME second joints"} <= names
    assert all(action.use_fake_user for action in bpy.data.actions)
    key = bpy.context.active_object.data.shape_keys
    assert key.animation_data.action.name == "FLAME second"


def _said(call: Any, **arguments: str) -> str:
    try:
        call(**arguments)
    except RuntimeError as error:  # what operators report
        return str(error)
    return ""


def wrong_files_get_a_sentence(folder: str) -> None:
    """Another basis, a clip that is none, and a pickle that wants to run something."""
    from flame.clip import FlameClip

    trap = Path(folder) / "trap"
    evil = Path(folder) / "evil.pkl"
    evil.write_bytes(f"cos\nsystem\n(S'touch {trap}'\ntR.".encode())
    said = _said(bpy.ops.soliloquy.add_flame_head, filepath=str(evil))
    assert "os.system" in said and not trap.exists()
    bpy.ops.soliloquy.add_flame_head(filepath=str(small_model(Path(folder))))
    other = FlameClip(np.zeros((2, 10), np.float32), 25.0, "flame-of-another")
    other.save(Path(folder) / "other.npz")
    said = _said(bpy.ops.soliloquy.import_flame_clip, filepath=str(Path(folder) / "other.npz"))
    assert "flame-of-another" in said and "soliloquy convert" in said
    np.savez(Path(folder) / "none.npz", x=np.zeros(3))
    said = _said(bpy.ops.soliloquy.import_flame_clip, filepath=str(Path(folder) / "none.npz"))
    assert "none.npz" in said
