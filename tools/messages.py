"""Lists what the add-on says in Blender's interface, for its translations.

Labels, descriptions and enum items come from the classes as Blender has registered them; sentences
come from the source: `tr("...")`, `text="..."`, `poll_message_set("...")`, `report(..., "...")` and
those of our errors, `LineError("...")`, in `core` too.
Needs the bpy package. `python tools/messages.py LANGUAGE` prints what that language lacks.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ADDON = ROOT / "blender_addon"
_SAID_BY_KEYWORD = {"text", "heading"}
_SAID_BY_CALL = {"tr": 0, "poll_message_set": 0, "report": 1, "wrapped": 2, "reason": 2}
_ERRORS = {
    "LineError", "CharacterError", "ServerError", "EngineError", "StripError", "TakeError",
    "ExportError",
}  # fmt: skip
_NOT_WORDS = {"soliloquy", "Unique name used in the code and scripting"}  # the latter is Blender's


def source_messages(folder: Path = ADDON) -> dict[str, str]:
    """Sentence -> file, of everything said in the source."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.py")):
        if "_vendor" in path.parts or "translations" in path.parts:
            continue
        is_core = path.parent.name == "core"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                for text in (*_of_error(node), *(() if is_core else _said(node))):
                    found.setdefault(text, str(path.relative_to(folder)))
    return found


def _said(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    place = _SAID_BY_CALL.get(name)
    if place is not None and len(call.args) > place:
        yield from _words(call.args[place])
    shown = name in {"label", "operator", "operator_menu_enum", "prop", "popover", "menu", "panel"}
    for keyword in call.keywords:
        if shown and keyword.arg in _SAID_BY_KEYWORD:
            yield from _words(keyword.value)


def _of_error(call: ast.Call) -> Iterator[str]:
    """The sentence of one of our errors."""
    if getattr(call.func, "id", "") in _ERRORS and call.args:
        yield from _words(call.args[0])


def _words(node: ast.expr) -> Iterator[str]:
    """The literal strings of an expression; what is put together at run time is not translated."""
    if isinstance(node, ast.IfExp):
        yield from _words(node.body)
        yield from _words(node.orelse)
    elif isinstance(text := getattr(node, "value", None), str) and re.search(r"[^\W\d_]", text):
        yield text


def class_messages() -> dict[str, str]:
    """Label, description or name of an item -> where it stands; the add-on must be registered."""
    registration = import_module("blender_addon.registration")
    found: dict[str, str] = {}
    for cls in registration.CLASSES:
        rna = cls.bl_rna
        for attribute in ("bl_label", "bl_description"):
            text = getattr(cls, attribute, "")
            if isinstance(text, str) and text:
                found.setdefault(text, cls.__name__)
        for name in getattr(cls, "__annotations__", {}):
            prop = rna.properties.get(name)
            if prop is None and hasattr(cls, "bl_idname") and "." in cls.bl_idname:
                prop = _operator_property(cls.bl_idname, name)
            if prop is not None and not prop.is_hidden:
                found.update((text, f"{cls.__name__}.{name}") for text in _of_property(prop))
    from blender_addon import compat
    from blender_addon.strips.properties import NAMES

    for name in NAMES:
        prop = compat.strip_class().bl_rna.properties[name]
        found.update((text, f"Strip.{name}") for text in _of_property(prop))
    return found


def _operator_property(idname: str, name: str) -> Any:
    import bpy

    module, function = idname.split(".")
    return getattr(getattr(bpy.ops, module), function).get_rna_type().properties.get(name)


def _of_property(prop: Any) -> Iterator[str]:
    shown = prop.name if prop.name != prop.identifier else ""  # else it was never named
    yield from filter(None, (shown, prop.description))
    for item in getattr(prop, "enum_items_static", ()):
        yield from filter(None, (item.name, item.description))


def is_word(text: str) -> bool:
    """Whether a text needs translation: codes, blendshapes and symbols are the same everywhere."""
    from arkit import action_units, names

    codes = {*action_units.ACTION_UNITS, *names.ARKIT_NAMES, *_NOT_WORDS}
    plays = text.startswith("Plays ") and text[6:] in codes
    unit = text.replace(",", "").split(" ")[0] in codes  # "AU12 lip corner puller", "AU1, AU4"
    return not (text in codes or plays or unit or re.search(r"[^\W\d_]{2}", text) is None)


def all_messages() -> dict[str, str]:
    """Everything that needs translation; the add-on must be registered."""
    found = source_messages() | class_messages()
    return {text: place for text, place in sorted(found.items()) if is_word(text)}


def main() -> int:
    """Print what a language lacks, and what it has in vain."""
    import bpy  # noqa: F401  # puts addon_utils on the path

    sys.path.insert(0, str(ROOT))
    import addon_utils

    addon_utils.enable("blender_addon", default_set=True)
    messages = all_messages()
    language = import_module(f"blender_addon.translations.{sys.argv[1]}").MESSAGES
    for text, place in messages.items():
        if text not in language:
            sys.stdout.write(f"{place}\t{text!r}\n")
    for text in language:
        if text not in messages:
            sys.stdout.write(f"unused\t{text!r}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
