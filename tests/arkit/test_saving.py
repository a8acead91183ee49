"""A write that fails half way leaves what was there: real files, a limit of the system's own."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from arkit.clip import ArkitClip, Phone
from arkit.errors import ExportError
from arkit.export.files import WRITERS, write_clip
from arkit.export.metahuman import write_rig_mapper_csv
from arkit.export.unreal_script import AudioSamples, write_unreal_script, write_wav
from arkit.saving import replacing

FullDisk = Callable[[], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def clip() -> ArkitClip:
    random = np.random.default_rng(1)
    phones = tuple(Phone("a" if n % 2 else "m", 0.1 * n, 0.1 * n + 0.1) for n in range(20))
    return ArkitClip(random.random((60, 52), np.float32), 30.0, phones=phones)


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_full_disk_leaves_the_old_take_and_nothing_beside_it(
    suffix: str, clip: ArkitClip, tmp_path: Path, full_disk: FullDisk
) -> None:
    path = tmp_path / f"take{suffix}"
    path.write_text("the old take")
    with full_disk(), pytest.raises(ExportError, match=f"take{suffix} cannot be written: File"):
        write_clip(clip, path)
    assert path.read_text() == "the old take"
    assert [*tmp_path.iterdir()] == [path]
    write_clip(clip, path)
    assert path.stat().st_size > 64
    assert [*tmp_path.iterdir()] == [path]


def test_a_full_disk_leaves_what_was_exported_for_unreal(
    clip: ArkitClip, tmp_path: Path, full_disk: FullDisk
) -> None:
    sound = AudioSamples(np.zeros(16_000, np.float32), 16_000)
    write_unreal_script(clip, tmp_path, "line", sound)
    write_rig_mapper_csv(clip, tmp_path / "line.csv")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert len(before) == 4
    with full_disk():
        with pytest.raises(ExportError, match="cannot be written"):
            write_unreal_script(clip, tmp_path, "line", sound)
        with pytest.raises(ExportError, match="cannot be written"):
            write_unreal_script(clip, tmp_path, "line")
        with pytest.raises(ExportError, match="cannot be written"):
            write_rig_mapper_csv(clip, tmp_path / "line.csv")
        with pytest.raises(OSError):
            write_wav(tmp_path / "soliloquy_line.wav", sound)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_an_archive_on_a_full_disk_is_one_error_and_no_second_one_when_forgotten(
    clip: ArkitClip, tmp_path: Path, full_disk: FullDisk
) -> None:
    said = ""
    with full_disk():
        try:
            clip.save(tmp_path / "take.npz")
        except OSError as error:
            said = str(error)  # the error itself is let go, and with it what was open
        gc.collect()
    assert said == f"[Errno 27] File too large: '{tmp_path / 'take.npz'}'"
    assert [*tmp_path.iterdir()] == []


def test_an_interruption_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "take.json"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as part:
        part.write_text("half")
        assert part.suffix == ".json" and path.read_text() == "old"
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.skipif(os.name == "nt", reason="links and modes as POSIX has them")
def test_a_link_is_followed_and_the_old_mode_is_kept(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "real.json").chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to("real.json")
    with replacing(link) as part:
        part.write_text("new")
    assert link.is_symlink() and link.read_text() == "new"
    assert (tmp_path / "real.json").stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "take.json"
    path.write_text("kept")
    path.chmod(0o400)
    with pytest.raises(PermissionError, match=r"take\.json"), replacing(path) as part:
        part.write_text("new")
    assert path.read_text() == "kept"


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="there are no device files here")
def test_a_device_is_written_and_not_replaced() -> None:
    with replacing("/dev/null") as part:
        assert part == Path("/dev/null")
