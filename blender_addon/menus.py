"""A menu with everything: in Object and in the Sequencer's Strip menu, so that F3 finds it too."""

from __future__ import annotations

from typing import Final

import bpy

_ENTRIES: Final = (
    "add_head", "use_selected", "add_character", "remove_character", "remove_mesh",
    "save_match", "apply_match", "delete_match",
    "place_landmarks", "preview_transfer", "accept_transfer", "cancel_transfer", "play_faces",
    "carry_over", "preview_pose", "add_flame_head", None,
    "add_line", "play_line", "render_line", "use_guessed_words", None,
    "add_strip", "add_expression", "add_from_text", "add_direction", "copy_strips",
    "paste_strips", "assign_strips", "show_phones", "remove_phones", None,
    "take_pose", "clear_pose", "hear_direction", "lay_direction", "cancel_question", None,
    "generate", "regenerate", "cancel", "new_seed", None,
    "blend_takes", "apply_layers", "delete_take", None,
    "export_take", "export_live_link_csv", "import_take", "live_link",
    "import_flame_clip", "export_flame_clip", None,
    "set_up_engine", "cancel_set_up", "show_log", "start_server", "stop_server", "check_server",
    "make_keys", "take_keys", "save_public_key",
)  # fmt: skip
"""None is a separator. Operators that only work on a row of a list are left out."""

_MENUS: Final = ("VIEW3D_MT_object", "SEQUENCER_MT_strip")
_CHOICES: Final = {"add_expression": "expression", "assign_strips": "whom", "apply_match": "preset"}


class SOLILOQUY_MT_main(bpy.types.Menu):
    """All of Soliloquy."""

    bl_idname = "SOLILOQUY_MT_main"
    bl_label = "Soliloquy"
    bl_description = "Direct a talking face"

    def draw(self, _context):
        """The operators, in the order of work."""
        layout = self.layout
        for name in _ENTRIES:
            if name is None:
                layout.separator()
            elif name in _CHOICES:
                layout.operator_menu_enum(f"soliloquy.{name}", _CHOICES[name])
            else:
                layout.operator(f"soliloquy.{name}")


def _draw(menu, _context):
    menu.layout.separator()
    menu.layout.menu("SOLILOQUY_MT_main")


def register() -> None:
    """Append to Blender's menus."""
    for name in _MENUS:
        getattr(bpy.types, name).append(_draw)


def unregister() -> None:
    """Take it out of them."""
    for name in _MENUS:
        getattr(bpy.types, name).remove(_draw)


CLASSES = (SOLILOQUY_MT_main,)
