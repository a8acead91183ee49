"""The command line: directions that are no words, FLAME takes, and `instruct`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from flame.built_in import built_in_flame_model
from flame.clip import FlameClip
from server.cli import EXIT_FAILED, EXIT_WRONG_USE, main
from server.commands.animate import add_arguments, request_of
from server.language import instruction

NOBODY = "tcp://127.0.0.1:1"
SENTENCE = "She is furious, with the brows drawn down."


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("line") / "line.wav"
    times = np.arange(16000) / 16000
    # Overtones make it a vowel; the ears hear a pure tone as the voicing of a closed b.
    vowel = sum(np.sin(2 * np.pi * 120 * k * times) / k for k in range(1, 20))
    soundfile.write(path, 0.2 * vowel * (np.sin(2 * np.pi * 3 * times) > 0), 16000)
    return path


def request_from(*arguments: str) -> Any:
    import argparse

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return request_of(parser.parse_args(["line.wav", "--out", "take.csv", *arguments]))


def test_a_pose_a_picture_and_a_mix_go_into_the_request(tmp_path: Path) -> None:
    (tmp_path / "face.json").write_text(json.dumps({"mouthPucker": 0.5}))
    (tmp_path / "face.png").write_bytes(b"png")
    pose, image = str(tmp_path / "face.json"), str(tmp_path / "face.png")
    request = request_from("--pose", pose, "--image", image, "--direction-b", "calm", "--mix", ".3")
    assert request.pose == {"mouthPucker": 0.5} and request.image == b"png"
    assert (request.blend.text, request.blend.share) == ("calm", 0.3)
    plain = request_from()
    assert (plain.pose, plain.image, plain.blend, plain.output) == ({}, b"", None, "arkit52")


def test_a_mix_without_a_second_direction_is_wrong_use(
    line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "take.csv")
    assert main(["animate", str(line), "--mix", ".3", "--out", out]) == EXIT_WRONG_USE
    assert "--direction-b" in capsys.readouterr().err


def test_animate_writes_a_flame_clip(line: Path, tmp_path: Path) -> None:
    out = tmp_path / "take.npz"
    asked = ["animate", str(line), "--generator", "articulate", "--address", NOBODY, "--fps", "25"]
    assert main([*asked, "--output", "flame", "--out", str(out), "--json"]) == 0
    clip = FlameClip.load(out)
    assert (clip.n_frames, clip.fps) == (25, 25.0)
    assert clip.basis_id == built_in_flame_model().basis_id
    assert clip.jaw is not None and clip.jaw[:, 0].max() > 0.01
    assert clip.provenance["generator"] == "articulate"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--output", "flame", "--out", "take.csv"], "cannot hold a FLAME clip"),
        (["--flame", "model.pkl", "--out", "take.npz"], "Add --output flame"),
    ],
)
def test_a_flame_take_that_cannot_be_is_wrong_use(
    line: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["animate", str(line), *arguments]) == EXIT_WRONG_USE
    assert says in capsys.readouterr().err


def test_a_picture_without_clip_is_refused_with_what_to_get(
    line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOLILOQUY_ENCODERS", raising=False)
    (tmp_path / "face.png").write_bytes(b"png")
    asked = ["animate", str(line), "--generator", "expclip", "--address", NOBODY]
    asked += ["--image", str(tmp_path / "face.png"), "--out", str(tmp_path / "take.csv")]
    assert main(asked) == EXIT_FAILED
    said = capsys.readouterr().err
    assert "A picture as the direction cannot be read here" in said and "CLIP" in said


def test_instruct_prints_the_sentence_or_json(
    line: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(_samples: Any, *, weights: str, heard: Any) -> Any:
        assert weights == "instruction" and heard.seconds == 1.0
        return instruction.described(SENTENCE, np.zeros(256, np.float32), 0.5)

    monkeypatch.setattr(instruction, "instruct", told)
    assert main(["instruct", str(line), "--address", NOBODY]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == SENTENCE
    assert main(["instruct", str(line), "--address", NOBODY, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["instruction"] == SENTENCE and found["confidence"] == 0.5
    assert found["emotion"] == "angry" and "AU4" in found["aus"] and 0 < found["intensity"] <= 1


def test_research_weights_that_are_not_there_are_told(
    line: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(instruction.weights.FOLDER) / "instruction-research.safetensors"
    if path.is_file():
        pytest.skip("the research weights are installed")
    asked = ["instruct", str(line), "--weights", "research", "--address", NOBODY]
    assert main(asked) == EXIT_FAILED
    assert "research" in capsys.readouterr().err
