"""Sound strips as people leave them: trimmed, moved, muted, packed, retimed, lost."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np

from . import tools


def _face_and_strip(address: str, wav: str, frame: int = 10):
    face = tools.arkit_face()
    character = tools.character_of(face)
    tools.use_server(address)
    strip = tools.sound_strip(wav, frame)
    tools.strip_line(character, strip)
    return face, character, strip


def a_trimmed_strip_starts_where_it_is_heard(address: str, wav: str) -> None:
    bpy.context.scene.render.fps, bpy.context.scene.render.fps_base = 24, 1.001
    face, _, strip = _face_and_strip(address, wav)
    strip.frame_offset_start, strip.frame_offset_end = 12, 6
    tools.generate()
    keys = tools.keys_of(face, "jawOpen")
    rate = 24 / 1.001
    seconds = (strip.frame_final_end - strip.frame_final_start) / rate
    assert len(keys) == round(seconds * rate)
    assert np.allclose(keys[:, 0], strip.frame_final_start + np.arange(len(keys)), atol=2e-3)


def a_moved_strip_takes_its_keys_along(address: str, wav: str) -> None:
    face, _, strip = _face_and_strip(address, wav)
    strip.frame_start = 101
    tools.generate()
    assert tools.keys_of(face, "jawOpen")[0, 0] == 101


def keys_fall_between_frames_at_an_own_rate(address: str, wav: str) -> None:
    face, character, _ = _face_and_strip(address, wav)
    character.generation.curve_rate = "CUSTOM"
    character.generation.curve_fps = 60
    tools.generate()
    keys = tools.keys_of(face, "jawOpen")
    assert len(keys) == 120
    assert np.allclose(keys[:, 0], 10 + np.arange(120) * 24 / 60, atol=1e-3)


def a_strip_at_double_speed_is_half_as_long(address: str, wav: str) -> None:
    face, _, strip = _face_and_strip(address, wav)
    _double_speed(strip)
    tools.generate()
    keys = tools.keys_of(face, "jawOpen")
    assert len(keys) in (24, 25) and keys[0, 0] == 10


def _double_speed(strip) -> None:
    with _retiming(strip):
        bpy.ops.sequencer.retiming_segment_speed_set(speed=200)


def retiming_keys_that_change_nothing(address: str, wav: str) -> None:
    _, _, strip = _face_and_strip(address, wav)
    with _retiming(strip):
        bpy.ops.sequencer.retiming_segment_speed_set(speed=100)
    assert len(strip.retiming_keys) == 2
    tools.generate()


def an_uneven_speed_is_rendered_to_a_file(address: str, folder: str) -> None:
    import aud

    from blender_addon.line.reading import read_line

    clicks = [0.125 + 0.25 * i for i in range(8)]
    path = Path(folder) / "clicks.wav"
    _write_clicks(path, clicks)
    face, character, strip = _face_and_strip(address, str(path))
    strip.name = "clicks.wav"
    character.line.strip = strip.name
    with _retiming(strip):
        bpy.ops.sequencer.retiming_key_add(timeline_frame=30)
        strip.retiming_keys[1].timeline_frame = 22
    message = tools.error_of(bpy.ops.soliloquy.generate)
    assert "changes along the way" in message and "Render Sound" in message, message
    noise = tools.sound_strip(str(path), 1, name="noise")
    noise.channel = 4
    scene = bpy.context.scene
    scene.frame_end = 20
    bpy.ops.wm.save_as_mainfile(filepath=str(Path(folder) / "scene.blend"))
    assert bpy.ops.soliloquy.render_line() == {"FINISHED"}
    assert (scene.frame_start, scene.frame_end, noise.mute) == (1, 20, False)
    line = character.line
    assert line.source == "FILE" and Path(line.filepath).parent.parent == Path(folder)
    assert line.start_frame == 10 and abs(read_line(line, bpy.context).seconds - 2.0) < 0.05
    sound = np.abs(aud.Sound(line.filepath).data()[:, 0])
    loud = np.flatnonzero(sound > 0.1)
    heard = loud[np.concatenate([[True], np.diff(loud) > 3000])] / 48000
    fast, slow = 12 / 20 * 0.25, 35 / 27 * 0.25
    assert np.allclose(np.diff(heard)[:3], fast, atol=0.01), heard
    assert np.allclose(np.diff(heard)[-2:], slow, atol=0.02), heard
    tools.generate()
    assert len(tools.keys_of(face, "jawOpen")) == 48


def _write_clicks(path: Path, seconds: list[float]) -> None:
    import wave

    samples = np.zeros(32000, "<i2")
    for second in seconds:
        start = round(second * 16000)
        samples[start : start + 40] = 20000
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(samples.tobytes())


@contextmanager
def _retiming(strip):
    """The Sequencer as the user sees it, with the retiming keys of a strip shown."""
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    area.type = "SEQUENCE_EDITOR"
    if hasattr(window.workspace, "sequencer_scene"):
        window.workspace.sequencer_scene = bpy.context.scene
    strip.select = True
    bpy.context.scene.sequence_editor.active_strip = strip
    region = next(r for r in area.regions if r.type == "WINDOW")
    with bpy.context.temp_override(window=window, screen=window.screen, area=area, region=region):
        bpy.ops.sequencer.retiming_show()
        yield


def a_packed_sound_is_sent_from_the_file(address: str, wav: str) -> None:
    face, _, strip = _face_and_strip(address, wav)
    strip.sound.pack()
    Path(wav).unlink()
    tools.generate()
    assert len(tools.keys_of(face, "jawOpen")) == 48


def every_unusable_line_is_one_sentence(address: str, wav: str) -> None:
    _, character, strip = _face_and_strip(address, wav)
    strip.mute = True
    assert "'line.wav' is muted" in tools.error_of(bpy.ops.soliloquy.generate)
    strip.mute = False
    bpy.context.scene.sequence_editor.channels[1].mute = True
    assert "Channel 'Channel 1' is muted" in tools.error_of(bpy.ops.soliloquy.generate)
    bpy.context.scene.sequence_editor.channels[1].mute = False
    strip.sound.filepath = "//gone.wav"
    assert "gone.wav' does not exist" in tools.error_of(bpy.ops.soliloquy.generate)
    character.line.strip = "nothing"
    assert "'nothing' is not in the Sequencer" in _greyed()
    character.line.strip = ""
    assert "No sound strip is chosen" in _greyed()
    character.line.source = "FILE"
    assert "No sound file is chosen" in _greyed()


def _greyed() -> str:
    from blender_addon.generate.request import why_not

    assert not bpy.ops.soliloquy.generate.poll()
    return why_not(bpy.context)


def a_recording_is_added_to_the_sequencer(address: str, wav: str) -> None:
    face = tools.arkit_face()
    tools.character_of(face)
    tools.use_server(address)
    bpy.context.scene.frame_set(7)
    bpy.context.scene.frame_end = 20
    assert bpy.ops.soliloquy.add_line(filepath=wav) == {"FINISHED"}
    tools.generate()
    assert tools.keys_of(face, "jawOpen")[0, 0] == 7
    from blender_addon import compat

    if compat.HAS_AUDIO:
        assert tools.active().line.source == "STRIP"
        assert bpy.context.scene.frame_end == 54


def a_strip_in_a_trimmed_meta_strip(address: str, wav: str) -> None:
    from blender_addon import compat

    face, _, strip = _face_and_strip(address, wav, 10)
    editor = bpy.context.scene.sequence_editor
    meta = compat.strips_of(editor).new_meta(name="scene 4", channel=2, frame_start=10)
    strip.move_to_meta(meta)
    meta.frame_final_end = 34
    tools.generate()
    keys = tools.keys_of(face, "jawOpen")
    assert len(keys) == 24 and keys[0, 0] == 10
    meta.mute = True
    assert "meta strip 'scene 4' is muted" in tools.error_of(bpy.ops.soliloquy.generate)
