"""Long takes, in which keys are left out; these here count as long with very few."""

from __future__ import annotations

import bpy
import numpy as np
from acting import formula

from arkit.names import INDEX

from . import tools

_RATE = 120.0  # keys a second; in a scene of 24 frames they are 0.2 frames apart
_N = 240
_FRAMES = 1 + np.arange(_N) * 24 / _RATE
_TOLERANCE = 0.005


def _long_take(address: str, wav: str, **settings):
    from blender_addon.core import keyframes

    face = tools.arkit_face()
    keyframes.LONG_TAKE_KEYS = 1000
    character = tools.character_of(face)
    tools.use_server(address)
    tools.file_line(character, wav)
    character.line.transcript = "hello"  # the formula hears a contact in it
    settings = {"curve_rate": "CUSTOM", "curve_fps": _RATE, **settings}
    for name, value in settings.items():
        setattr(character.generation, name, value)
    tools.generate()
    return face, character


def _expected(shape_key: str, seed: int = 0) -> np.ndarray:
    return formula(np.arange(_N) / _RATE, seed)[:, INDEX[shape_key]]


def _missed(face, shape_key: str, expected: np.ndarray) -> np.ndarray:
    return np.abs(np.interp(_FRAMES, *tools.keys_of(face, shape_key).T) - expected)


def _curve(face, shape_key: str):
    from blender_addon import compat
    from blender_addon.takes.animation import current_action, key_path

    playing = current_action(face.data.shape_keys)
    return compat.curves_of(playing.action, playing.slot).find(key_path(shape_key))


def keys_are_left_out_where_nobody_sees_it(address: str, wav: str) -> None:
    from blender_addon.takes.storage import load_clip

    face, character = _long_take(address, wav)
    take = character.takes[0]
    assert abs(take.tolerance - _TOLERANCE) < 1e-6 and "This take is long" in take.notes
    (contact,) = load_clip(take).contacts
    closed = np.arange(round(contact.start * _RATE), round(contact.end * _RATE) + 1)
    for name in ("jawOpen", "mouthClose", "tongueOut"):
        missed = _missed(face, name, load_clip(take).curve(name))
        assert len(tools.keys_of(face, name)) < _N / 2 and missed.max() < _TOLERANCE + 1e-5
        assert missed[closed].max() < 1e-6, "what touches touches exactly"


def every_frame_has_its_key_when_that_is_asked_for(address: str, wav: str) -> None:
    face, character = _long_take(address, wav, reduction="NEVER")
    take = character.takes[0]
    assert len(tools.keys_of(face, "jawOpen")) == _N
    assert take.tolerance == 0.0 and "long" not in take.notes


def layers_bend_it_where_it_was_straight(address: str, wav: str) -> None:
    face, character = _long_take(address, wav)
    take = character.takes[0]
    curve = _curve(face, "jawOpen")
    edited = len(curve.keyframe_points) // 2
    at = curve.keyframe_points[edited].co.x
    curve.keyframe_points[edited].co.y += 0.2
    for point in reversed([p for p in curve.keyframe_points if 30.0 < p.co.x < 40.0]):
        curve.keyframe_points.remove(point)
    curve.update()
    n_before = {name: len(tools.keys_of(face, name)) for name in ("browInnerUp", "mouthSmileLeft")}
    take.life = 2.0
    assert bpy.ops.soliloquy.apply_layers() == {"FINISHED"}
    for name, n_keys in n_before.items():
        mixed = np.clip(1.25 * _expected(name), 0.0, 1.0)
        assert len(tools.keys_of(face, name)) > n_keys, "it is clamped now, so it bends elsewhere"
        assert _missed(face, name, mixed).max() < _TOLERANCE + 1e-4
    keys = tools.keys_of(face, "jawOpen")
    mixed = np.interp(at, _FRAMES, np.clip(1.25 * _expected("jawOpen"), 0.0, 1.0))
    assert abs(dict(keys.tolist())[at] - mixed - 0.2) < 2e-3, "the edit stays on top"
    assert not ((keys[:, 0] > 30.0) & (keys[:, 0] < 40.0)).any(), "deleted keys stay deleted"


def a_part_made_anew_leaves_the_rest_as_it_is(address: str, wav: str) -> None:
    from blender_addon.takes.splicing import values_at

    face, character = _long_take(address, wav)
    outside = np.concatenate([np.arange(1.0, 16.9, 0.1), np.arange(31.2, 48.7, 0.1)])
    before = {n: values_at(_curve(face, n), outside) for n in ("jawOpen", "browInnerUp")}
    keys = {n: {tuple(key) for key in tools.keys_of(face, n).tolist()} for n in before}
    scene = bpy.context.scene
    scene.use_preview_range = True
    scene.frame_preview_start, scene.frame_preview_end = 17, 30
    assert bpy.ops.soliloquy.regenerate() == {"FINISHED"}
    assert abs(character.takes[1].tolerance - _TOLERANCE) < 1e-6
    for name, old in before.items():
        assert np.abs(values_at(_curve(face, name), outside) - old).max() < 1e-6, name
        now = {tuple(key) for key in tools.keys_of(face, name).tolist()}
        kept = {key for key in keys[name] if key[0] < 16.9 or key[0] > 31.1}
        assert kept <= now and len(now) < _N / 2, name
        middle = np.abs(_FRAMES - 24).argmin()
        assert _missed(face, name, _expected(name, seed=1))[middle] < _TOLERANCE + 1e-5


def what_is_read_at_once_is_what_blender_shows() -> None:
    from blender_addon.core.keyframes import KeyPlan
    from blender_addon.takes.animation import assign, write_action
    from blender_addon.takes.splicing import values_at

    face = tools.arkit_face()
    random = np.random.default_rng(0)
    frames = np.cumsum(random.uniform(0.2, 3.0, 300)).astype(np.float32)
    plan = KeyPlan(frames, {"jawOpen": random.random(300).astype(np.float32)})
    assign(face.data.shape_keys, write_action(face.data.shape_keys, plan, "Straight"))
    curve = _curve(face, "jawOpen")
    between = random.uniform(-10.0, frames[-1] + 10.0, 2000)
    wanted = np.concatenate([frames, between]).astype(np.float32)  # as Blender rounds them

    def off() -> float:
        shown = np.array([curve.evaluate(float(frame)) for frame in wanted])
        return float(np.abs(values_at(curve, wanted) - shown).max())

    assert off() < 1e-5, off()
    curve.keyframe_points[100].interpolation = "BEZIER"
    curve.keyframe_points[200].interpolation = "CONSTANT"
    curve.update()
    assert off() == 0.0
    curve.keyframe_points.foreach_set("interpolation", np.ones(300, np.int32))
    curve.modifiers.new("CYCLES")
    assert off() == 0.0
