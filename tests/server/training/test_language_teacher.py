"""The teacher of the text encoder is the one that was pinned, or is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from server.language.errors import EncoderError
from server.training.language import teacher


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / teacher.PACKAGE
    (folder / "model").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "model" / "model.safetensors").write_bytes(b"weights")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_other_weights_of_the_teacher_are_refused(package: Path) -> None:
    with pytest.raises(EncoderError, match=r"have the hash .*install version 0\.1\.0"):
        teacher.teacher_folder()


def test_the_pinned_weights_are_taken(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teacher, "MODEL_SHA256", hashlib.sha256(b"weights").hexdigest())
    assert teacher.teacher_folder() == package / "model"
