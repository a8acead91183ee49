"""Random sequences of what people do, with the promises checked after every step."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import tools

_LIKELY = {"do_generate": 4, "do_generate_and_wait": 3, "do_wait": 4, "do_undo": 2}
OWN = np.array([[3.0, 0.25], [9.0, 0.75]], np.float32)


class Wild:
    """One sequence. Every method that begins with `do_` is something a person may do."""

    def __init__(self, seed: int, address: str, wav: str, folder: str) -> None:
        self.random = random.Random(seed)
        self.address = address
        self.wav = wav
        self.path = str(Path(folder) / f"wild{seed}.blend")
        self.story: list[str] = []

    def begin(self) -> None:
        bpy.ops.wm.read_homefile(use_empty=True)
        tools.use_server(self.address)
        head, teeth = tools.arkit_face("Head"), tools.face("Teeth", ("jawOpen", "jawLeft"))
        block = head.data.shape_keys.key_blocks["jawOpen"]
        for frame, value in OWN:
            block.value = value
            block.keyframe_insert("value", frame=frame)
        action = head.data.shape_keys.animation_data.action
        action.name = "My own"
        action.use_fake_user = True
        character = tools.character_of(head, teeth)
        tools.file_line(character, self.wav)
        bpy.ops.ed.undo_push(message="begin")
        bpy.ops.wm.save_as_mainfile(filepath=self.path)

    def step(self) -> None:
        actions: list[Callable[[], Any]] = [
            getattr(self, name) for name in sorted(dir(self)) if name.startswith("do_")
        ]
        weights = [_LIKELY.get(action.__name__, 1) for action in actions]
        (action,) = self.random.choices(actions, weights)
        self.story.append(action.__name__)
        try:
            action()
        except RuntimeError as error:  # operators refuse with a sentence
            said = str(error)
            assert "Traceback" not in said, said
            self.story[-1] += f" ({said.strip()[:60]})"
        self.pump(self.random.randrange(4))
        self.check()

    def pump(self, times: int) -> None:
        from blender_addon.generate.session import session

        for _ in range(times):
            session().pump(seconds=0.0)
            time.sleep(0.003)

    def check(self) -> None:
        from blender_addon import compat
        from blender_addon.generate.preview import RESTING
        from blender_addon.generate.request import why_not
        from blender_addon.generate.session import session
        from blender_addon.takes.animation import key_path
        from blender_addon.takes.storage import load_clip, playing_take

        why_not(bpy.context)
        self.check_panels()
        if not session().is_busy:
            left = [key.name for key in bpy.data.shape_keys if RESTING in key]
            assert not left, f"the preview has left something on {left}"
        own = bpy.data.actions.get("My own")
        assert own is not None, "the user's action is gone"
        slot = own.slots[0].identifier if compat.HAS_SLOTS else ""
        curve = compat.curves_of(own, slot).find(key_path("jawOpen"))
        flat = np.empty(4, np.float32)
        curve.keyframe_points.foreach_get("co", flat)
        assert np.allclose(flat.reshape(-1, 2), OWN), "the user's keys have changed"
        for character in bpy.context.scene.soliloquy.characters:
            playing_take(character)
            for take in character.takes:
                assert any(track.action is not None for track in take.tracks), "a lost take"
                if not take.is_original:
                    assert load_clip(take).n_frames == 48

    def check_panels(self) -> None:
        """What panels ask at every redraw."""
        from blender_addon.character.repairs import repairs
        from blender_addon.strips.panels import count_sentence
        from blender_addon.takes.panels import take_icon

        assert count_sentence(bpy.context)
        for character in bpy.context.scene.soliloquy.characters:
            repairs(character)
            for take in character.takes:
                take_icon(take)

    def character(self) -> Any:
        settings = bpy.context.scene.soliloquy
        return settings.characters[0] if settings.characters else None

    def push(self) -> None:
        bpy.ops.ed.undo_push(message=self.story[-1])

    def do_generate(self) -> None:
        from blender_addon.generate.request import build_order
        from blender_addon.generate.session import session

        if not bpy.ops.soliloquy.generate.poll():
            return
        session().start(self.address, build_order(bpy.context), on_written=self.push)

    def do_generate_and_wait(self) -> None:
        bpy.ops.soliloquy.generate()
        self.push()

    def do_wait(self) -> None:
        from blender_addon.generate.session import session

        end = time.monotonic() + 5
        while session().pump() and time.monotonic() < end:
            time.sleep(0.003)

    def do_cancel(self) -> None:
        bpy.ops.soliloquy.cancel()

    def do_undo(self) -> None:
        bpy.ops.ed.undo()

    def do_redo(self) -> None:
        bpy.ops.ed.redo()

    def do_add_strips(self) -> None:
        bpy.context.scene.frame_set(self.random.randrange(1, 40))
        bpy.ops.soliloquy.add_expression(expression=self.random.choice(["Smile", "Angry"]))
        self.push()

    def do_scrub(self) -> None:
        bpy.context.scene.frame_set(self.random.randrange(1, 60))

    def do_pose(self) -> None:
        head = next((o for o in bpy.data.objects if o.type == "MESH" and o.data.shape_keys), None)
        if head is not None:
            block = self.random.choice(head.data.shape_keys.key_blocks[1:])
            block.value = self.random.random()
            self.push()

    def do_add_direction(self) -> None:
        bpy.context.scene.frame_set(self.random.randrange(1, 40))
        bpy.ops.soliloquy.add_direction(text=self.random.choice(["furious", "calm", "ä" * 90]))
        self.push()

    def do_show_phones(self) -> None:
        if bpy.ops.soliloquy.show_phones.poll():
            bpy.ops.soliloquy.show_phones()
            self.push()

    def do_correct_phone(self) -> None:
        from blender_addon import compat
        from blender_addon.strips.reading import our_strips

        phones = our_strips(bpy.context, "phone")
        if not phones:
            return
        strip = self.random.choice(phones)
        how = self.random.randrange(4)
        if how == 0:
            strip.name = self.random.choice(["b", "m 7", "sil"])
        elif how == 1:
            strip.soliloquy_phone = self.random.choice(["o", "f", "AH"])
        elif how == 2:
            middle = sum(compat.strip_span(strip)) / 2
            strip.split(frame=int(middle), split_method="SOFT")
        else:
            compat.strips_of(bpy.context.scene.sequence_editor).remove(strip)
        self.push()

    def do_copy_and_paste_strips(self) -> None:
        if bpy.ops.soliloquy.copy_strips.poll() and self.random.random() < 0.7:
            bpy.ops.soliloquy.copy_strips()
        else:
            bpy.ops.soliloquy.paste_strips(only_here=self.random.random() < 0.5)
            self.push()

    def do_blend_takes(self) -> None:
        character = self.character()
        if bpy.ops.soliloquy.blend_takes.poll():
            from blender_addon.takes.operators import other_takes

            other = self.random.choice(other_takes(character)).uid
            bpy.ops.soliloquy.blend_takes(other=other, factor=self.random.random())
            self.push()

    def do_regenerate(self) -> None:
        scene, character = bpy.context.scene, self.character()
        scene.use_preview_range = True
        scene.frame_preview_start = self.random.randrange(1, 20)
        scene.frame_preview_end = scene.frame_preview_start + 20
        if character is not None and bpy.ops.soliloquy.regenerate.poll():
            bpy.ops.soliloquy.regenerate()
            self.push()

    def do_keep_the_match(self) -> None:
        if bpy.ops.soliloquy.save_match.poll() and self.random.random() < 0.5:
            bpy.ops.soliloquy.save_match(name="Wild")
        elif self.character() is not None:
            bpy.ops.soliloquy.fix_match(shape_key="jawLeft", blendshape="jawRight")
            self.push()

    def do_look_at_pictures(self) -> None:
        from blender_addon.pictures import pictures

        pictures().collect()

    def do_move_strip(self) -> None:
        from blender_addon import compat

        editor = bpy.context.scene.sequence_editor
        if editor is not None and len(compat.strips_of(editor)):
            self.random.choice(list(compat.strips_of(editor))).frame_start += 5
            self.push()

    def do_rename(self) -> None:
        item = self.random.choice(list(bpy.data.objects) or [None])
        if item is not None:
            item.name = f"Renamed {self.random.randrange(99)}"
            self.push()

    def do_delete_mesh(self) -> None:
        if self.random.random() < 0.3 and len(bpy.data.objects) > 1:
            bpy.data.objects.remove(bpy.data.objects[-1])
            self.push()

    def do_switch_scene(self) -> None:
        scenes = list(bpy.data.scenes)
        scene = bpy.data.scenes.new("Other") if len(scenes) == 1 else self.random.choice(scenes)
        bpy.context.window_manager.windows[0].scene = scene

    def do_save(self) -> None:
        bpy.ops.wm.save_mainfile()

    def do_reload(self) -> None:
        if self.random.random() < 0.4:
            bpy.ops.wm.open_mainfile(filepath=self.path)

    def do_use_take(self) -> None:
        character = self.character()
        if character is not None and character.takes:
            bpy.ops.soliloquy.use_take(index=self.random.randrange(len(character.takes)))
            self.push()

    def do_delete_take(self) -> None:
        if bpy.ops.soliloquy.delete_take.poll():
            bpy.ops.soliloquy.delete_take()
            self.push()

    def do_layers(self) -> None:
        character = self.character()
        if character is not None and character.takes:
            character.takes[character.take_index].life = self.random.random()
            if bpy.ops.soliloquy.apply_layers.poll():
                bpy.ops.soliloquy.apply_layers()
                self.push()

    def do_lose_the_server(self) -> None:
        if self.random.random() < 0.3:
            tools.use_server("tcp://127.0.0.1:9")
            try:
                bpy.ops.soliloquy.generate()
            finally:
                tools.use_server(self.address)


def random_sequences(
    *, first: int, count: int, steps: int, address: str, wav: str, folder: str
) -> None:
    n_takes = 0
    for seed in range(first, first + count):
        wild = Wild(seed, address, wav, folder)
        wild.begin()
        try:
            for _ in range(steps):
                wild.step()
        except BaseException:
            print(f"seed {seed}:", *wild.story, sep="\n  ", flush=True)
            raise
        n_takes += sum(len(c.takes) for s in bpy.data.scenes for c in s.soliloquy.characters)
    assert n_takes > count / 2, "the sequences must get somewhere"
