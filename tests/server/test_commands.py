"""The command line as a user types it."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from arkit.clip import ArkitClip
from arkit.names import INDEX
from server.cli import COMMANDS, build_parser, main
from server.commands import animate, doctor
from server.commands.lines import NoLineError, find_line
from server.commands.ports import is_taken
from server.language.tables import EMOTIONS
from server.speech import ears_recogniser, ears_weights, words

NOBODY = "tcp://127.0.0.1:9"
RULES = ("--generator", "articulate")


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds: a vowel-like buzz between silences."""
    times = np.arange(32_000) / 16_000
    buzz = sum(np.sin(2 * np.pi * 120 * k * times) / k for k in range(1, 20))
    loud = (times > 0.5) & (times < 1.5)
    path = tmp_path_factory.mktemp("line") / "line.wav"
    soundfile.write(path, (0.2 * buzz * loud).astype(np.float32), 16_000)
    return path


@pytest.fixture(scope="module")
def take(line: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("take") / "take.npz"
    arguments = [
        "animate",
        str(line),
        "--out",
        str(path),
        "--fps",
        "30",
        "--address",
        NOBODY,
        *RULES,
    ]
    assert main([*arguments, "--au", "AU12@0.5-1.5:0.8"]) == 0
    return path


def test_every_command_is_in_the_help_and_explains_itself() -> None:
    text = build_parser().format_help()
    assert all(f"    {name}" in text for name in COMMANDS)


def test_animate_writes_a_take_that_loads_and_obeys_the_strip(take: Path) -> None:
    clip = ArkitClip.load(take)
    assert clip.n_frames == 60
    smile = clip.coefficients[:, INDEX["mouthSmileLeft"]]
    assert smile[24:36].min() > 0.6
    assert smile[:10].max() < 0.2


def test_a_part_of_a_take_is_made_anew_and_every_other_bit_stays(
    line: Path, take: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again.npz"
    part = ["--change", str(take), "--span", "0.8-1.4", "--regions", "mouth,eye"]
    arguments = ["animate", str(line), "--out", str(again), "--address", NOBODY, *part]
    assert main([*arguments, "--au", "AU15@0.5-1.5", "--generator", "articulate"]) == 0
    old, new = ArkitClip.load(take), ArkitClip.load(again)
    assert (new.fps, new.n_frames) == (30.0, 60)
    assert old.coefficients[:24].tobytes() == new.coefficients[:24].tobytes()
    assert old.coefficients[42:].tobytes() == new.coefficients[42:].tobytes()
    frown, brow = INDEX["mouthFrownLeft"], INDEX["browInnerUp"]
    assert old.coefficients[33, frown] < 0.2 and new.coefficients[33, frown] > 0.6
    assert old.coefficients[:, brow].tobytes() == new.coefficients[:, brow].tobytes()


def test_a_span_that_cannot_be_read_is_refused(
    line: Path, take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["animate", str(line), "--out", str(tmp_path / "x.npz"), "--change", str(take)]
    assert main([*arguments, "--span", "soon"]) == 2
    assert "The span is 'soon'. Write 1.2-2.0, in seconds." in capsys.readouterr().err


def test_the_generator_that_performed_is_named_in_the_result(
    line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "take.npz"
    named = ["--generator", "articulate", "--guidance-strips", "2", "--guidance-mode", "paper"]
    arguments = ["animate", str(line), "--out", str(out), "--address", NOBODY, "--json", *named]
    assert main([*arguments, "--steps", "4", "--fps", "30"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["generator"] == "articulate" and told["fps"] == 30.0
    assert any("Guidance" in note and "steps" in note.lower() for note in told["notes"])


def test_the_same_command_makes_the_same_take(line: Path, take: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.npz"
    arguments = [
        "animate",
        str(line),
        "--out",
        str(again),
        "--fps",
        "30",
        "--address",
        NOBODY,
        *RULES,
    ]
    assert main([*arguments, "--au", "AU12@0.5-1.5:0.8"]) == 0
    np.testing.assert_array_equal(
        ArkitClip.load(take).coefficients, ArkitClip.load(again).coefficients
    )


def test_several_takes_are_numbered_and_differ(line: Path, tmp_path: Path) -> None:
    arguments = ["animate", str(line), "--out", str(tmp_path / "t.npz"), "--address", NOBODY]
    assert main([*arguments, "--takes", "2", "--fps", "25"]) == 0
    first, second = (ArkitClip.load(tmp_path / f"t_{n}.npz") for n in (1, 2))
    assert np.abs(first.coefficients - second.coefficients).max() > 0.05


def test_convert_changes_format_and_rate(take: Path, tmp_path: Path) -> None:
    table = tmp_path / "take.csv"
    assert main(["convert", str(take), str(table), "--fps", "60"]) == 0
    rows = table.read_text(encoding="utf-8").splitlines()
    assert len(rows) == 1 + 120
    assert rows[0].startswith("Timecode,BlendShapeCount,EyeBlinkLeft")


def test_export_for_a_metahuman_writes_a_script_with_its_sound(
    take: Path, line: Path, tmp_path: Path
) -> None:
    out = tmp_path / "unreal"
    arguments = ["export", str(take), "--to", "metahuman", "--out", str(out)]
    assert main([*arguments, "--audio", str(line)]) == 0
    suffixes = {path.suffix for path in out.iterdir()}
    assert {".py", ".wav", ".csv"} <= suffixes


def test_phones_are_printed_as_json(line: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["phones", str(line)]) == 0
    phones = json.loads(capsys.readouterr().out)["phones"]
    assert phones[0]["phone"] == "sil"
    assert phones[-1]["end"] == pytest.approx(2.0, abs=0.02)


@pytest.mark.parametrize("option", [[], ["--ears", "research"]], ids=["shipped", "research"])
def test_research_ears_hear_only_when_named_and_say_what_they_are_for(
    option: list[str],
    line: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The research weights need not be installed here: the shipped ones stand in for them.
    monkeypatch.setattr(ears_recogniser, "load_ears", lambda _path: ears_weights.load_ears())
    assert main(["phones", str(line), *option]) == 0
    printed = capsys.readouterr().out
    assert ("not for commercial use" in printed) == bool(option)
    out = tmp_path / "t.npz"
    assert (
        main(["animate", str(line), "--out", str(out), "--address", NOBODY, *RULES, *option]) == 0
    )
    noted = [note for note in ArkitClip.load(out).notes if "not for commercial use" in note]
    assert len(noted) == len(option) // 2


def test_research_ears_that_are_not_installed_are_said_to_be_missing(
    line: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    absent = (tmp_path / "ears-research.safetensors",)
    monkeypatch.setattr(ears_recogniser.ResearchEars.__init__, "__defaults__", absent)
    assert main(["phones", str(line), "--ears", "research"]) == 1
    assert "No ears at" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["animate", "missing.wav", "--out", "t.npz"], "no file 'missing.wav'"),
        (["animate", "missing.wav", "--out", "t.doc"], "ends in '.doc'"),
        (["convert", "missing.npz", "t.csv"], "missing.npz"),
    ],
)
def test_a_wrong_call_ends_with_one_clear_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) in (1, 2)
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_a_bad_strip_says_how_to_write_one(
    line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "t.npz")
    assert main(["animate", str(line), "--out", out, "--au", "AU99@0-1:1"]) == 1
    assert "AU99" in capsys.readouterr().err


def test_the_demo_takes_the_line_that_is_named(line: Path, tmp_path: Path) -> None:
    assert find_line(str(line), tmp_path).path == line
    with pytest.raises(NoLineError, match="no file"):
        find_line("missing.wav", tmp_path)


def test_a_command_gives_openblas_one_thread_unless_told_otherwise() -> None:
    program = (
        "import sys; from server.cli import main\n"
        "assert 'numpy' not in sys.modules\n"
        "try: main(['--version'])\n"
        "except SystemExit: pass\n"
        "import os; print(os.environ['OPENBLAS_NUM_THREADS'], 'numpy' in sys.modules)"
    )
    bare = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    for told, expected in (({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3")):
        said = subprocess.run(
            [sys.executable, "-c", program], env=bare | told, capture_output=True, text=True,
            check=True,
        ).stdout  # fmt: skip
        assert said.splitlines()[-1] == f"{expected} True"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_address_is_taken_while_somebody_listens_there(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"tcp://{host}:{listening.getsockname()[1]}"
        assert is_taken(address)
    assert not is_taken(address) and not is_taken("tcp://127.0.0.1:*")
    assert is_taken("ipc:///tmp/somewhere")  # only asking can tell


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "FOLDER"], "is a folder. Name a file in it"),
        (["--out", "FOLDER/take"], "'take' has no ending. Use one of .csv"),
        (["--out", "LINE/take.csv"], "is no folder. 'take.csv' cannot be written into it."),
        (["--out", "t.npz", "--span", "0-1"], "Add --change TAKE.npz."),
        (["--out", "t.npz", "--regions", "brow"], "Add --change TAKE.npz."),
        (["--out", "t.npz", "--change", "none.npz"], "there is no file 'none.npz'"),
        (["--out", "t.npz", "--pose", "none.json"], "'none.json' cannot be read: No such file"),
        (["--out", "t.npz", "--pose", "LINE"], "cannot be read: it is no text."),
        (["--out", "t.npz", "--fps", "0"], "Fps is 0."),
    ],
)
def test_animate_refuses_before_it_performs(
    arguments: list[str], said: str, line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"FOLDER": str(tmp_path), "LINE": str(line)}
    named = [next((a.replace(k, v) for k, v in places.items() if k in a), a) for a in arguments]
    assert main(["animate", str(line), *named, "--address", NOBODY, *RULES]) in (1, 2)
    assert said in capsys.readouterr().err
    assert not Path("t.npz").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [("smirk.bmp", "'smirk.bmp' ends in '.bmp'. Use one of .png."), ("", "is a folder.")],
)
def test_express_draws_png_only(
    name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["express", "a smirk", "--png", str(tmp_path / name)]) == 2
    assert said in capsys.readouterr().err


def test_phones_name_the_file_that_is_no_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.wav").write_text("no sound")
    assert main(["phones", str(tmp_path / "notes.wav")]) == 1
    assert "'notes.wav' is not a recording." in capsys.readouterr().err


def test_strips_say_what_was_not_understood(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["strips", "asdf qwer", "--seconds", "3"]) == 0
    assert "note: Nothing in the direction was understood" in capsys.readouterr().out


def test_a_disk_that_refuses_is_one_sentence(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device", "take.npz")

    monkeypatch.setattr("server.commands.convert._arkit", full)
    assert main(["convert", str(take), str(tmp_path / "again.npz")]) == 1
    said = capsys.readouterr().err
    assert said == "soliloquy: 'take.npz' cannot be read or written: No space left on device.\n"


def test_a_strip_after_the_end_of_the_line_is_told(
    line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["animate", str(line), "--out", str(tmp_path / "t.npz"), "--address", NOBODY]
    strips = ["--au", "AU4@40-50", "--au", "AU12@1-50"]
    assert main([*arguments, *RULES, "--fps", "30", *strips]) == 0
    printed = capsys.readouterr().out
    assert "note: AU4@40-50 lies after the end of the line (2.0 s) and was not used.\n" in printed
    assert "AU12" not in printed
    assert printed.splitlines()[-2].endswith("60 frames at 30 fps, 2.00 s")


def test_a_span_after_the_end_of_the_take_is_refused(
    line: Path, take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = tmp_path / "again.npz"
    arguments = ["animate", str(line), "--out", str(again), "--change", str(take), *RULES]
    assert main([*arguments, "--span", "20-30", "--address", NOBODY]) == 1
    said = "starts at 20 s, and the take ends at 2.00 s. Name seconds of the take."
    assert said in capsys.readouterr().err
    assert not again.exists()


def test_the_help_of_animate_explains_every_option_and_names_the_emotions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parser = argparse.ArgumentParser()
    animate.add_arguments(parser)
    assert [action.dest for action in parser._actions if not action.help] == []
    parser.print_help()
    text = " ".join(capsys.readouterr().out.split())
    assert ", ".join(EMOTIONS) in text and len(EMOTIONS) == 8


def test_a_negative_take_number_is_refused_for_every_format(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["export", str(take), "--to", "raw", "--out", str(tmp_path / "raw")]
    assert main([*arguments, "--take-number", "-4"]) == 1
    assert "the take number must be 0 or more, got -4" in capsys.readouterr().err
    assert not (tmp_path / "raw").exists()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nonsense", "'nonsense' is no address. It looks like tcp://127.0.0.1:5557."),
        ("tcp://0.0.0.0:5557", "The address tcp://0.0.0.0:5557 can be reached from other machines"),
        ("tcp://127.0.0.1:x", "The address tcp://127.0.0.1:x cannot be used: "),
    ],
)
def test_a_server_writes_an_address_that_it_refuses_as_it_was_given(
    address: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--bind", address]) == 2
    assert capsys.readouterr().err.startswith(f"soliloquy: {said}")


def test_a_server_says_where_it_is_ready_and_ends_on_ctrl_c() -> None:
    command = [sys.executable, "-m", "server.cli", "serve", "--bind", "tcp://127.0.0.1:*"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None and process.stderr is not None
            said = re.fullmatch(
                r"Ready at (tcp://127\.0\.0\.1:\d+) \(Ctrl-C ends it\)\.\n",
                process.stdout.readline(),
            )
            assert said is not None and is_taken(said[1])
            process.send_signal(signal.SIGINT)
            assert process.wait(60.0) == 0
            assert process.stdout.read() == "" and process.stderr.read() == ""
        finally:
            process.kill()


def test_a_gpu_that_is_not_there_is_refused_in_one_sentence(
    line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.registry._has_cuda_driver", lambda: False)
    out = str(tmp_path / "t.npz")
    assert main(["animate", str(line), "--out", out, "--device", "cuda", "--address", NOBODY]) == 1
    assert "no NVIDIA GPU can be used here. Say --device cpu" in capsys.readouterr().err


@pytest.mark.parametrize(
    "option", [[], ["--guess-words"], ["--no-guess-words"]], ids=["default", "asked", "forbidden"]
)
def test_words_are_guessed_unless_it_is_forbidden(
    option: list[str],
    line: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    guessed = option != ["--no-guess-words"]
    monkeypatch.setattr(words, "available", lambda: False)  # who guesses has to say so
    assert main(["phones", str(line), *option]) == 0
    assert ("were not guessed" in capsys.readouterr().out) == guessed
    out = tmp_path / "t.npz"
    arguments = ["animate", str(line), "--out", str(out), "--address", NOBODY, *RULES, *option]
    assert main(arguments) == 0
    made = ArkitClip.load(out)
    assert [note for note in made.notes if "were not guessed" in note] == (
        [f"The words were not guessed: Pocketsphinx is not installed; {words.HOW_TO_INSTALL}."]
        * guessed
    )
    request = made.provenance["request"]
    assert isinstance(request, dict)
    assert request.get("guess_words", False) is guessed


def _says(there: bool, error: str, monkeypatch: pytest.MonkeyPatch) -> doctor.Finding:
    def guess(_samples: object, _on_heard: object) -> tuple[str, ...]:
        if error:
            raise words.WordsError(error)
        return ()

    monkeypatch.setattr(words, "available", lambda: there)
    monkeypatch.setattr(words, "guess_words", guess)
    return doctor._words()  # all that is examined takes half a minute


def test_the_doctor_says_whether_words_can_be_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    works = _says(True, "", monkeypatch)
    assert works.ok and "without a transcript" in works.seen
    broken = _says(True, "pocketsphinx ended without an answer", monkeypatch)
    assert not broken.ok and not broken.needed
    assert broken.seen == "Pocketsphinx ended without an answer" and "reinstall" in broken.advice
    absent = _says(False, "", monkeypatch)
    assert not absent.ok and not absent.needed
    assert absent.advice == words.HOW_TO_INSTALL
