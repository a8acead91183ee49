"""The contract of every class that the add-on registers."""

from __future__ import annotations

import importlib.util
import string
from pathlib import Path
from typing import Any

import bpy

from . import tools

_ON_A_ROW = {"fix_match", "repair_mesh", "select_strip", "use_take"}
_EDITS_NOTHING = {
    "generate", "regenerate", "cancel",  # takes are undo steps of their own
    "hear_direction", "lay_direction", "cancel_question",  # and so are answers of the server
    "check_server", "start_server", "stop_server", "set_up_engine", "cancel_set_up", "show_log",
    "make_keys", "take_keys", "save_public_key", "export_take", "export_live_link_csv",
    "export_flame_clip", "live_link", "copy_strips", "play_line", "save_match", "delete_match",
    "play_faces",  # on a copy that goes again
}  # fmt: skip


def _operators() -> dict[str, type]:
    from blender_addon.registration import CLASSES

    found = [cls for cls in CLASSES if issubclass(cls, bpy.types.Operator)]
    return {cls.bl_idname.split(".")[1]: cls for cls in found}


def everything_has_a_label_and_a_description() -> None:
    for name, cls in _operators().items():
        assert cls.bl_label and cls.bl_label[0].isupper(), name
        assert len(getattr(cls, "bl_description", "")) > 10, name
        assert not cls.bl_description.endswith("."), f"{name}: Blender adds the full stop"
        properties = getattr(bpy.ops.soliloquy, name).get_rna_type().properties
        for key in getattr(cls, "__annotations__", {}):
            prop = properties.get(key)
            if prop is not None and not prop.is_hidden:
                assert prop.description and prop.name != key, f"{name}.{key}"


def every_refusal_says_why() -> None:
    face = tools.face("Bare", ())
    for stage in ("empty", "character", "line"):
        if stage == "character":
            tools.character_of(face)
        if stage == "line":
            tools.character_of(tools.arkit_face())
            tools.file_line(tools.active(), "/nowhere.wav")
        for name in _operators():
            operator = getattr(bpy.ops.soliloquy, name)
            if operator.poll():
                continue
            said = tools.error_of(operator)
            why = said.partition(".poll()")[2].strip()
            assert "context is incorrect" not in why, (stage, name)
            assert len(why) > 8 and why[0].isupper() and why.rstrip()[-1] in ".:", (name, why)


def what_edits_the_scene_can_be_undone() -> None:
    for name, cls in _operators().items():
        undoable = {"REGISTER", "UNDO"} <= set(getattr(cls, "bl_options", ()))
        assert undoable == (name not in _EDITS_NOTHING), name


def every_operator_is_found_by_search() -> None:
    from blender_addon import menus

    listed = {name for name in menus._ENTRIES if name}
    assert listed == set(_operators()) - _ON_A_ROW
    for name in menus._MENUS:
        drawn = getattr(bpy.types, name)._dyn_ui_initialize()
        assert menus._draw in drawn, name


def every_message_is_translated() -> None:
    from blender_addon.translations import LANGUAGES

    messages = _messages_tool().all_messages()
    assert len(messages) > 300
    for code, language in LANGUAGES.items():
        missing = {text: place for text, place in messages.items() if text not in language}
        assert not missing, f"{code} lacks {len(missing)}: {missing}"
        for said, how in language.items():
            assert how.strip() == how and how, said
            assert _places(said) == _places(how), (said, how)
            assert said.endswith(".") == how.endswith("."), (said, how)


def _places(text: str) -> set[tuple[str, str]]:
    """Names to fill in, with their formats."""
    parts = string.Formatter().parse(text)
    return {(name, form or "") for _, name, form, _ in parts if name is not None}


def _messages_tool() -> Any:
    path = Path(__file__).resolve().parents[3] / "tools" / "messages.py"
    spec = importlib.util.spec_from_file_location("messages_tool", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
