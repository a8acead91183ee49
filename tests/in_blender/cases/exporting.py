"""Takes out of Blender and into it: panel, files, and the exporters of Blender itself."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
from acting import formula

from arkit.clip import ArkitClip, Contact, Phone
from arkit.export.files import read_clip
from arkit.names import ARKIT_NAMES, INDEX

from . import tools


def formula_clip(fps: float, seconds: float = 2.0) -> ArkitClip:
    """The formula of `acting` as a clip, with a head that turns."""
    n_frames = round(seconds * fps)
    times = np.arange(n_frames) / fps
    return ArkitClip(
        formula(times, seed=0).astype(np.float32),
        fps,
        head=np.stack([0.3 * np.sin(times), 0.2 * times, -0.1 * times], axis=1),
        contacts=(Contact("lips", 0.2, 0.3),),
        phones=(Phone("m", 0.2, 0.3), Phone("a", 0.3, seconds)),
    )


def take_on(item: Any, clip: ArkitClip, folder: str, start: int = 1) -> Any:
    """A character of these meshes with the clip as the take that plays."""
    character = tools.character_of(item)
    path = Path(folder) / "line.npz"
    clip.save(path)
    bpy.context.scene.frame_set(start)
    assert bpy.ops.soliloquy.import_take(filepath=str(path)) == {"FINISHED"}
    return character


def _settings(folder: str, **values: Any) -> Any:
    settings = bpy.context.scene.soliloquy.export
    settings.folder = folder
    for name, value in values.items():
        setattr(settings, name, value)
    return settings


def an_imported_take_is_a_take(folder: str) -> None:
    clip = formula_clip(60.0)
    face = tools.arkit_face()
    assert not bpy.ops.soliloquy.import_take.poll()
    character = take_on(face, clip, folder, start=11)
    keys = tools.keys_of(face, "jawOpen")
    assert np.allclose(keys[:, 0], 11 + np.arange(120) * 24 / 60, atol=1e-4)
    assert np.allclose(keys[:, 1], clip.curve("jawOpen"))
    assert character.takes[0].name.startswith("line")
    assert bpy.ops.soliloquy.import_take(filepath=f"{folder}/line.npz", head_empty=True)
    assert len(character.takes) == 2, "the earlier one stays"
    empty = bpy.data.objects["line Head Turn"]
    bpy.context.scene.frame_set(35)
    assert np.allclose(empty.rotation_euler, (0.2, 0.1, -0.3 * np.sin(1.0)), atol=1e-4)
    bpy.context.scene.frame_set(11)
    Path(folder, "broken.csv").write_text("Timecode,BlendShapeCount\n")
    message = tools.error_of(bpy.ops.soliloquy.import_take, filepath=f"{folder}/broken.csv")
    assert "broken.csv" in message and message.count("\n") <= 2, message
    assert len(character.takes) == 2


def a_phones_take_goes_in_and_out(take: str, folder: str) -> None:
    from arkit.export.live_link_csv import read_live_link_csv

    face = tools.arkit_face()
    tools.character_of(face)
    assert bpy.ops.soliloquy.import_take(filepath=take) == {"FINISHED"}
    settings = _settings(folder, preset="raw", rows="TAKE")
    settings.formats = {"live_link_csv"}
    assert bpy.ops.soliloquy.export_take() == {"FINISHED"}
    before, after = read_live_link_csv(Path(take)), read_live_link_csv(*Path(folder).glob("*.csv"))
    assert after.n_frames == before.n_frames and abs(after.fps - before.fps) < 1e-3
    for one, other in ((before.coefficients, after.coefficients), (before.head, after.head),
                       (before.eyes, after.eyes)):  # fmt: skip
        assert np.abs(np.asarray(one) - np.asarray(other)).max() < 1e-6
    assert before.coefficients.max() > 1.0 or "range" not in take, "extreme gaze is kept"


def the_panel_writes_and_reports(folder: str, wav: str) -> None:
    face = tools.arkit_face()
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 24, 1.001
    character = take_on(face, formula_clip(24 / 1.001), folder, start=25)
    tools.file_line(character, wav, start=25.0)
    character.name = "Frau Ä."
    settings = bpy.context.scene.soliloquy.export
    settings.preset = "raw"
    assert settings.formats == {"json", "npz"}
    assert not bpy.ops.soliloquy.export_take.poll(), "an unsaved file has no folder //"
    out = f"{folder}/out"
    _settings(out, preset="metahuman", rows="TAKE", slate="Shot12", start="SCENE")
    assert bpy.ops.soliloquy.export_take() == {"FINISHED"}
    names = {path.name for path in Path(out).iterdir()}
    table = "Shot12_1_Frau_cal.csv"
    assert {"soliloquy_line_1.py", "soliloquy_line_1.json", table} <= names
    said = settings.said
    for part in ("48 rows", "23.976 fps: rows of the CSV are placed by time", "'Frau'",
                 "Timecode runs from 00:00:01:02.5", table):  # fmt: skip
        assert part in said, (part, said)
    data = json.loads(Path(out, "soliloquy_line_1.json").read_text())
    assert abs(data["settings"]["start_seconds"] - 25 * 1.001 / 24) < 1e-6
    from blender_addon import compat

    assert ("soliloquy_line_1.wav" in names) == compat.HAS_AUDIO
    character.subject = "Hero"
    settings.slate = "Shot_12"
    assert "number between underscores" in tools.error_of(bpy.ops.soliloquy.export_take)
    settings.slate = "Shot12"
    settings.formats = {"live_link_csv", "json", "npz", "viseme_vtt", "viseme_tsv"}
    settings.start, settings.rows = "ZERO", "SIXTY"
    assert bpy.ops.soliloquy.export_take() == {"FINISHED"}
    assert Path(out, "Shot12_1_Hero_cal.csv").read_text().splitlines()[1].startswith("00:00:00:00.")
    for suffix in ("json", "npz"):
        back = read_clip(Path(out, f"line_1.{suffix}"))
        assert np.abs(back.coefficients - formula_clip(24 / 1.001).coefficients).max() < 1e-5
        assert back.phones[0].phone == "m" and abs(float(back.head[24, 1]) - 0.2) < 1e-2
    assert "WEBVTT" in Path(out, "line_1.vtt").read_text()
    assert "\tA\n" in Path(out, "line_1.tsv").read_text()
    settings.formats = set()
    assert not bpy.ops.soliloquy.export_take.poll()


def _expected(clip: ArkitClip, rate: float, n_frames: int) -> np.ndarray:
    """Coefficients at scene frames, [T, 52], from straight lines between the keys."""
    at = np.minimum(np.arange(n_frames) / rate, clip.times[-1])
    columns = [np.interp(at, clip.times, clip.coefficients[:, c]) for c in range(52)]
    return np.stack(columns, axis=1)


def gltf_comes_back(folder: str, rate: list[float], built_in: bool) -> None:
    item, clip, fps = _line_at(folder, rate, built_in)
    _settings(folder, preset="web").formats = {"gltf"}
    before = bpy.context.scene.frame_current, bpy.context.scene.frame_end
    assert bpy.ops.soliloquy.export_take() == {"FINISHED"}
    assert (bpy.context.scene.frame_current, bpy.context.scene.frame_end) == before
    assert item.select_get(), "the selection is as it was"
    meshes = _read_glb(Path(folder, "line_1.glb"))
    face = next(mesh for mesh in meshes.values() if "jawOpen" in mesh["names"])
    assert set(face["names"]) >= set(ARKIT_NAMES) - {"tongueOut"}
    n_frames = len(face["times"])
    assert np.abs(face["times"] - np.arange(n_frames) / fps).max() < 1e-5, face["times"][:3]
    assert n_frames == clip.n_frames
    wanted = _expected(clip, fps, n_frames)
    worst = max(
        np.abs(face["weights"][:, i] - wanted[:, INDEX[name]]).max()
        for i, name in enumerate(face["names"])
    )
    print("glTF: worst difference", worst, "over", len(face["names"]), "morphs")
    assert worst < 1e-4


def _line_at(folder: str, rate: list[float], built_in: bool) -> tuple[Any, ArkitClip, float]:
    render = bpy.context.scene.render
    render.fps, render.fps_base = int(rate[0]), rate[1]
    fps = render.fps / render.fps_base
    clip = formula_clip(fps)
    if not built_in:
        face = tools.arkit_face()
        take_on(face, clip, folder)
        return face, clip, fps
    bpy.ops.soliloquy.add_head()
    clip.save(Path(folder, "line.npz"))
    bpy.context.scene.frame_set(1)
    bpy.ops.soliloquy.import_take(filepath=f"{folder}/line.npz")
    item = tools.active().meshes[0].object
    tools.select(item)
    return item, clip, fps


def _read_glb(path: Path) -> dict[str, dict[str, Any]]:
    """A reader of its own: mesh -> morph names, times [T], weights [T, M]."""
    data = path.read_bytes()
    magic, version, length = struct.unpack_from("<III", data)
    assert (magic, version, length) == (0x46546C67, 2, len(data))
    size, _ = struct.unpack_from("<II", data, 12)
    about, binary = json.loads(data[20 : 20 + size]), data[28 + size :]

    def floats(index: int) -> np.ndarray:
        accessor = about["accessors"][index]
        assert accessor["componentType"] == 5126 and accessor["type"] == "SCALAR"
        view = about["bufferViews"][accessor["bufferView"]]
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        return np.frombuffer(binary, "<f4", accessor["count"], start)

    assert len(about["animations"]) == 1, [a["name"] for a in about["animations"]]
    found = {}
    for channel in about["animations"][0]["channels"]:
        if channel["target"]["path"] != "weights":
            continue
        node = about["nodes"][channel["target"]["node"]]
        mesh = about["meshes"][node["mesh"]]
        sampler = about["animations"][0]["samplers"][channel["sampler"]]
        times = floats(sampler["input"])
        names = mesh["extras"]["targetNames"]
        assert len(names) == len(mesh["primitives"][0]["targets"])
        weights = floats(sampler["output"]).reshape(len(times), -1)
        if sampler.get("interpolation") == "CUBICSPLINE":
            weights = weights.reshape(len(times), 3, -1)[:, 1]
        found[node["name"]] = {"names": names, "times": times, "weights": weights}
    return found


def fbx_comes_back(folder: str, rate: list[float]) -> None:
    _, clip, fps = _line_at(folder, rate, built_in=False)
    _settings(folder).formats = {"fbx"}
    assert bpy.ops.soliloquy.export_take() == {"FINISHED"}
    bpy.ops.wm.read_factory_settings(use_empty=True)
    render = bpy.context.scene.render
    render.fps, render.fps_base = int(rate[0]), rate[1]
    bpy.ops.import_scene.fbx(filepath=f"{folder}/line_1.fbx", anim_offset=0.0)
    # The importer places keys at seconds * fps and forgets fps_base.
    _compare_scene(clip, fps, "FBX", 1e-4, step=rate[1])


def _compare_scene(
    clip: ArkitClip, fps: float, what: str, tolerance: float, step: float = 1.0
) -> None:
    mesh = next(m for m in bpy.data.meshes if m.shape_keys is not None)
    blocks = mesh.shape_keys.key_blocks
    assert set(blocks.keys()) >= set(ARKIT_NAMES), blocks.keys()
    wanted = _expected(clip, fps, clip.n_frames)
    first = _first_frame(mesh.shape_keys)
    worst = 0.0
    for number in range(clip.n_frames):
        frame = first + number * step
        bpy.context.scene.frame_set(int(frame), subframe=frame % 1)
        values = np.array([blocks[name].value for name in ARKIT_NAMES])
        worst = max(worst, np.abs(values - wanted[number]).max())
    print(f"{what}: worst difference {worst}, first frame {first}")
    assert worst < tolerance


def _first_frame(key: Any) -> float:
    from blender_addon import compat

    curves = compat.curves_of(key.animation_data.action, compat.slot_of(key))
    return min(curve.keyframe_points[0].co.x for curve in curves)


def usd_comes_back(folder: str, rate: list[float]) -> None:
    _, clip, fps = _line_at(folder, rate, built_in=False)
    _settings(folder).formats = {"usd"}
    assert bpy.ops.soliloquy.export_take() == {"FINISHED"}
    np.save(Path(folder, "wanted.npy"), _expected(clip, fps, clip.n_frames))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    render = bpy.context.scene.render
    render.fps, render.fps_base = int(rate[0]), rate[1]
    bpy.ops.wm.usd_import(filepath=f"{folder}/line_1.usdc")
    _compare_scene(clip, fps, "USD", 1e-4)


def hidden_parts_are_told(folder: str) -> None:
    face = tools.arkit_face()
    take_on(face, formula_clip(24.0), folder)
    lashes = tools.face("Lashes", ["eyeBlinkLeft"])
    lashes.parent = face
    lashes.hide_set(True)
    settings = _settings(folder)
    settings.formats = {"gltf"}
    assert bpy.ops.soliloquy.export_take() == {"FINISHED"}
    assert "Hidden, so left out: Lashes." in settings.said
    lashes.hide_set(False)
    bpy.ops.soliloquy.export_take()
    assert "Hidden" not in settings.said
    assert {"Face", "Lashes"} <= _node_names(Path(folder, "line_1.glb"))


def _node_names(path: Path) -> set[str]:
    data = path.read_bytes()
    about = json.loads(data[20 : 20 + struct.unpack_from("<I", data, 12)[0]])
    return {node["name"] for node in about["nodes"]}


def the_blend_of_the_command_line(path: str) -> None:
    from blender_addon import compat

    bpy.ops.wm.open_mainfile(filepath=path)
    scene = bpy.context.scene
    character = tools.active()
    assert character.takes[0].name.startswith("take") and scene.render.fps == 30
    face = character.meshes[0].object
    keys = tools.keys_of(face, "jawOpen")
    assert len(keys) == 60 and np.allclose(keys[:, 0], 1 + np.arange(60))
    assert np.allclose(keys[:, 1], formula(np.arange(60) / 30, 0)[:, INDEX["jawOpen"]], atol=1e-4)
    sounds = [s for s in compat.strips_of(scene.sequence_editor) if s.type == "SOUND"]
    assert len(sounds) == 1 and sounds[0].sound.filepath.endswith("hello line.wav")


class Layout:
    """Stands in for a layout: every property, operator and argument must exist."""

    def __init__(self) -> None:
        self.drawn: list[str] = []

    def __getattr__(self, name: str) -> Any:
        function = bpy.types.UILayout.bl_rna.functions.get(name)
        if function is None:
            return self if name == "properties" else bpy.types.UILayout.bl_rna.properties[name]

        def call(*arguments: Any, **options: Any) -> Any:
            unknown = set(options) - set(function.parameters.keys())
            assert not unknown, (name, unknown)
            if name == "prop":
                assert arguments[1] in arguments[0].bl_rna.properties, arguments[1]
                self.drawn.append(arguments[1])
            if name.startswith("operator"):
                group, _, operator = arguments[0].partition(".")
                getattr(getattr(bpy.ops, group), operator).get_rna_type()
                self.drawn.append(arguments[0])
            if name == "label":
                self.drawn.append(options.get("text", ""))
            return (self, self) if name == "panel" else self

        return call


def the_panels_draw(folder: str) -> None:
    from blender_addon.character.transfer_panel import SOLILOQUY_PT_transfer
    from blender_addon.export.panels import SOLILOQUY_PT_export, SOLILOQUY_PT_live_link

    take_on(tools.arkit_face(), formula_clip(24.0), folder)
    settings = _settings(folder, rows="CUSTOM")
    settings.said = "one\ntwo"
    drawn = []
    for sending in (False, True):
        if sending:
            bpy.ops.soliloquy.live_link()
        for panel in (SOLILOQUY_PT_export, SOLILOQUY_PT_live_link, SOLILOQUY_PT_transfer):
            drawn += draw_panel(panel).drawn
    bpy.ops.soliloquy.live_link()
    assert {
        "preset",
        "folder",
        "formats",
        "slate",
        "subject",
        "start",
        "rows_per_second",
        "live_host",
        "live_rate",
        "is_streamed",
        "soliloquy.export_take",
        "one",
        "soliloquy.import_take",
        "soliloquy.live_link",
        "soliloquy.preview_transfer",
    } <= set(drawn)
    assert any(text.startswith("Sending Face") for text in drawn), drawn


def draw_panel(panel: Any) -> Layout:
    """Draw a panel without a window; what it showed."""
    layout = Layout()
    panel.draw(_Drawing(panel, layout), SimpleNamespace(
        scene=bpy.context.scene, region=None,
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0)),
        window_manager=bpy.context.window_manager,
    ))  # fmt: skip
    return layout


class _Drawing:
    """A panel that is drawn: its own methods, and a layout."""

    def __init__(self, panel: Any, layout: Layout) -> None:
        self._panel, self.layout = panel, layout

    def __getattr__(self, name: str) -> Any:
        return getattr(self._panel, name).__get__(self)
