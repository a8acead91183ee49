"""Words of a line that the server guesses: asked for, greyed with a reason, and taken over."""

from __future__ import annotations

import time
from types import SimpleNamespace

import bpy

from . import tools

_OLD = "This server is too old to guess words. Update it."


def _line(address: str, wav: str):
    character = tools.character_of(tools.arkit_face())
    tools.use_server(address)
    tools.file_line(character, wav)
    return character


def _why(character) -> str:
    from blender_addon.line.guessing import why_not_guessed

    return why_not_guessed(character.line)


def words_are_asked_for(address: str, wav: str) -> None:
    character = _line(address, wav)
    assert character.line.guess_words, "on unless switched off"
    tools.generate()
    character.line.guess_words = False
    tools.generate()
    character.line.guess_words = True
    character.line.language = "de"
    tools.generate()
    character.line.language, character.line.transcript = "en-GB", " hello "
    tools.generate()
    character.line.transcript = " "
    tools.generate()
    assert [take.words for take in character.takes] == ["old hat", "", "", "", "old hat"]


def an_old_server_is_not_asked(address: str, wav: str) -> None:
    character = _line(address, wav)
    assert _why(character) == "", "nothing is known of a server that was not asked"
    tools.generate()
    assert _why(character) == _OLD
    assert character.takes[0].words == ""


def cancelled_before_the_greeting_nothing_is_sent(address: str, wav: str) -> None:
    from blender_addon.generate.request import build_order
    from blender_addon.generate.session import session

    _line(address, wav)
    running = session()
    running.start(address, build_order(bpy.context))
    running.cancel()
    assert running.greet(5.0)
    running.wait()
    assert running.job is not None and running.job.state.name == "CANCELLED"
    time.sleep(0.5)  # for what would have been sent to arrive


def the_reason_is_the_nearest(address: str, wav: str) -> None:
    character = _line(address, wav)
    assert bpy.ops.soliloquy.check_server() == {"FINISHED"}
    line = character.line
    assert _why(character) == ""
    line.language = "de"
    assert _why(character) == "Only the words of English lines are guessed."
    line.transcript = "Hut"
    assert _why(character) == "The transcript is obeyed instead."
    line.transcript, line.language = "", " EN-us "
    assert _why(character) == ""


def a_server_without_pocketsphinx(address: str, wav: str) -> None:
    character = _line(address, wav)
    assert bpy.ops.soliloquy.check_server() == {"FINISHED"}
    assert _why(character) == "This server cannot guess words: install pocketsphinx there."
    tools.generate()


def guessed_words_become_the_transcript(address: str, wav: str, path: str) -> None:
    operator = bpy.ops.soliloquy.use_guessed_words
    assert "There is no character yet." in tools.error_of(operator)
    _line(address, wav)
    assert "No take of this line has guessed words." in tools.error_of(operator)
    tools.generate()
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    bpy.ops.ed.undo_push(message="opened")
    assert operator() == {"FINISHED"}
    assert tools.active().line.transcript == "old hat"
    assert "There is a transcript already." in tools.error_of(operator)
    bpy.ops.ed.undo_push(message="used")
    bpy.ops.ed.undo()
    assert tools.active().line.transcript == "" and operator.poll()
    bpy.ops.ed.redo()
    assert tools.active().line.transcript == "old hat"
    tools.generate()
    assert [take.words for take in tools.active().takes] == ["old hat", ""]
    tools.active().line.transcript = ""
    assert operator.poll(), "the last take that guessed, not the last one"


def words_of_another_line_are_not_used(address: str, wav: str, other: str) -> None:
    operator = bpy.ops.soliloquy.use_guessed_words
    character = _line(address, wav)
    tools.generate()
    tools.file_line(character, other)
    assert "No take of this line has guessed words." in tools.error_of(operator)
    tools.file_line(character, wav, start=50.0)
    assert operator.poll(), "a moved line says the same"
    tools.file_line(character, "/nowhere.wav")
    assert "does not exist" in tools.error_of(operator)


def a_trimmed_strip_says_other_words(address: str, wav: str) -> None:
    operator = bpy.ops.soliloquy.use_guessed_words
    character = tools.character_of(tools.arkit_face())
    tools.use_server(address)
    strip = tools.sound_strip(wav)
    tools.strip_line(character, strip)
    tools.generate()
    strip.frame_start += 10
    assert operator.poll(), "a moved strip says the same"
    strip.frame_final_end -= 12
    assert "No take of this line has guessed words." in tools.error_of(operator)


def a_part_made_anew_keeps_the_words(address: str, wav: str) -> None:
    character = _line(address, wav)
    tools.generate()
    character.generation.regions = {"brow"}
    assert bpy.ops.soliloquy.regenerate() == {"FINISHED"}
    assert [take.words for take in character.takes] == ["old hat", "old hat"]


class _Layout:
    """What `wrapped` needs of a layout; keeps the labels."""

    scale_y = 1.0

    def __init__(self) -> None:
        self.lines: list[str] = []

    def column(self, align: bool) -> _Layout:
        del align
        return self

    def label(self, text: str, **_: object) -> None:
        self.lines.append(text)


def a_long_note_keeps_both_ends() -> None:
    from blender_addon.ui import LONG_NOTE, wrapped

    note = f"Words guessed: {'hat ' * 400}. Give the transcript where they are wrong."
    whole, short, brief = _Layout(), _Layout(), _Layout()
    system = SimpleNamespace(ui_scale=1.0)  # without a window Blender has none
    sidebar = SimpleNamespace(region=None, preferences=SimpleNamespace(system=system))
    wrapped(whole, sidebar, note)
    wrapped(short, sidebar, note, most=LONG_NOTE)
    assert len(whole.lines) > 30 and len(short.lines) == LONG_NOTE
    assert short.lines[0].startswith("Words guessed: hat") and "..." in short.lines
    assert " ".join(short.lines[-4:]).endswith("Give the transcript where they are wrong.")
    wrapped(brief, sidebar, "One word.", most=LONG_NOTE)
    assert brief.lines == ["One word."]
