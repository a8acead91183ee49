"""Guessing words in a child process: what it says, and every way in which that can end."""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from server.speech import dictation, words
from server.speech.recogniser import SAMPLE_RATE, Samples
from server.speech.words import WordsError, guess_words, pcm16

CHILD = """
import json, os, struct, sys, time
me = os.path.dirname(os.path.abspath(__file__))
open(os.path.join(me, f"started-{os.getpid()}"), "w").close()
def piece():
    head = sys.stdin.buffer.read(4)
    return sys.stdin.buffer.read(struct.unpack("<I", head)[0]) if len(head) == 4 else None
def say(what):
    sys.stdout.buffer.write(what)
    sys.stdout.flush()
"""
ANSWERS = """
while (heard := piece()) is not None:
    say(json.dumps([f"w{len(heard) // 32}", f"{max(heard)}"]).encode() + b"\\n")
"""
HANGS = "time.sleep(600)"

Child = Callable[[str], None]


class StoppedError(Exception):
    """What a caller raises to cancel."""


def ignore(_seconds: float) -> None:
    """Report to nobody."""


def noise(seconds: float, seed: int = 0) -> Samples:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal(int(seconds * SAMPLE_RATE)) * 0.1).astype(np.float32)


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    words._recent.clear()
    yield
    words._recent.clear()


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Child:
    """Let another program stand in for pocketsphinx."""
    monkeypatch.setattr(words, "available", lambda: True)
    monkeypatch.setattr(words, "_PROGRAM", tmp_path / "child.py")

    def write(program: str) -> None:
        (tmp_path / "child.py").write_text(CHILD + program)

    return write


@pytest.fixture
def nothing_left(tmp_path: Path) -> Iterator[None]:
    """After the test no child lives or waits to be buried, and no thread and no pipe is left."""

    def pipes() -> int:
        listed = Path("/proc/self/fd")
        return len(list(listed.iterdir())) if listed.exists() else 0

    before = pipes(), threading.active_count()
    yield
    assert (pipes(), threading.active_count()) == before
    if hasattr(os, "fork"):  # elsewhere signal 0 is no question
        for pid in started(tmp_path):
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)


def started(folder: Path) -> list[int]:
    return [int(path.name.partition("-")[2]) for path in folder.glob("started-*")]


def test_every_piece_is_answered_in_order_and_progress_never_goes_back(
    child: Child, tmp_path: Path, nothing_left: None
) -> None:
    child(ANSWERS)
    reported: list[float] = []
    said = guess_words(noise(45.0), reported.append)
    lengths = [int(word[1:]) for word in said[::2]]
    assert len(lengths) >= 3 and sum(lengths) == 45_000
    assert reported == sorted(reported) and 0 <= reported[0] < reported[-1] < 45
    assert any(lengths[0] / 1000 <= seconds for seconds in reported)
    assert len(started(tmp_path)) == 1


def test_a_line_that_was_guessed_before_is_remembered_and_the_oldest_is_not(
    child: Child, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child(ANSWERS)
    monkeypatch.setattr(words, "_REMEMBERED", 2)
    line, second, third = (noise(0.1, seed) for seed in range(3))
    said = guess_words(line, ignore)
    guess_words(second, ignore)
    assert guess_words(line, ignore) == said and len(started(tmp_path)) == 2
    guess_words(third, ignore)  # the second is now the oldest
    guess_words(line, ignore)
    assert len(started(tmp_path)) == 3
    guess_words(second, ignore)
    assert len(started(tmp_path)) == 4


def test_lines_at_once_get_their_own_words(child: Child, nothing_left: None) -> None:
    child(ANSWERS)
    lines = [noise(0.1 * n) for n in range(1, 7)]
    said: dict[int, tuple[str, ...]] = {}

    def guess(n: int) -> None:
        said[n] = guess_words(lines[n], ignore)

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(len(lines))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [said[n][0] for n in range(len(lines))] == [f"w{100 * n}" for n in range(1, 7)]


@pytest.mark.parametrize(
    "program",
    [HANGS, "os.close(0); " + HANGS, "piece(); " + HANGS],
    ids=["never reads", "breaks its input", "works on"],
)
def test_cancelling_ends_the_child_and_leaves_nothing(
    program: str, child: Child, tmp_path: Path, nothing_left: None
) -> None:
    child(program)

    def cancel(_seconds: float) -> None:
        if started(tmp_path):
            raise StoppedError

    with pytest.raises(StoppedError):
        guess_words(noise(8.0), cancel)  # more than a pipe holds
    assert not words._recent


def test_cancelling_after_the_first_piece_is_heard_too(
    child: Child, tmp_path: Path, nothing_left: None
) -> None:
    child("piece(); say(b'[\"one\"]\\n'); " + HANGS)

    def cancel(seconds: float) -> None:
        if seconds >= 6:  # no piece is shorter
            raise StoppedError

    with pytest.raises(StoppedError):
        guess_words(noise(30.0), cancel)


@pytest.mark.parametrize(
    "program",
    [
        "sys.exit(1)",
        "os.abort()",
        "piece(); sys.exit()",
        "say(b'\\n'); " + HANGS,
        "say(b'Loading ...\\n'); " + HANGS,
        "say(b'\\xff\\xfe\\xfa\\n'); " + HANGS,
        "say(b'{}\\n'); " + HANGS,
        "say(b'[1]\\n'); " + HANGS,
        "say(b'[\"half'); sys.exit()",
    ],
)
def test_a_child_that_crashes_or_babbles_is_one_sentence_and_not_remembered(
    program: str, child: Child, nothing_left: None
) -> None:
    child(program)
    with pytest.raises(WordsError, match="Pocketsphinx ended without an answer"):
        guess_words(noise(8.0), ignore)
    child(ANSWERS)
    assert guess_words(noise(8.0), ignore)[0] == "w8000"


def test_a_python_that_cannot_be_started_is_one_sentence(
    child: Child, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, nothing_left: None
) -> None:
    child(ANSWERS)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(WordsError, match="Pocketsphinx cannot be started"):
        guess_words(noise(0.1), ignore)


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "available", lambda: False)
    with pytest.raises(WordsError, match="Pocketsphinx is not installed; run pip install"):
        guess_words(noise(0.1), ignore)


@pytest.mark.parametrize(
    "samples", [noise(0), np.zeros(SAMPLE_RATE, np.float32), np.full(99, np.nan, np.float32)]
)
def test_where_nothing_sounds_no_process_is_started(
    samples: Samples, child: Child, tmp_path: Path
) -> None:
    child(ANSWERS)
    assert guess_words(samples, ignore) == ()
    assert started(tmp_path) == []


def test_a_quiet_line_is_raised_and_a_loud_one_lowered_to_the_same_samples() -> None:
    line = noise(0.2)
    usual, quiet, loud = (
        np.frombuffer(pcm16(line * gain), "<i2").astype(int) for gain in (1, 0.01, 9)
    )
    assert np.abs(usual).max() == pytest.approx(0.5 * 32767, abs=2)
    assert np.abs(usual - quiet).max() <= 1 and np.abs(usual - loud).max() <= 1


def test_samples_that_are_no_numbers_are_silence_or_full_scale() -> None:
    strange = np.array([np.nan, np.inf, -np.inf, 0.0], np.float32)
    assert np.frombuffer(pcm16(strange), "<i2").tolist() == [0, 16383, -16383, 0]


class Decoder:
    """Says what a decoder may say: pauses, noises, variants of words."""

    def __init__(self, *heard: str) -> None:
        self.heard = heard

    def start_utt(self) -> None: ...
    def end_utt(self) -> None: ...
    def process_raw(self, pcm: bytes, *, full_utt: bool) -> None: ...
    def hyp(self) -> str | None:
        return "something" if self.heard else None

    def seg(self) -> list[SimpleNamespace] | None:
        return [SimpleNamespace(word=word) for word in self.heard] if self.heard else None


def test_only_words_are_written_down() -> None:
    decoder = Decoder("<s>", "the(2)", "[NOISE]", "cat's", "<sil>", "++BREATH++", "a", "</s>")
    assert dictation.words_of(decoder, b"") == ["the", "cat's", "a"]
    assert dictation.words_of(Decoder(), b"") == []


needs_pocketsphinx = pytest.mark.skipif(
    importlib.util.find_spec("pocketsphinx") is None, reason="pocketsphinx is not installed"
)


@needs_pocketsphinx
def test_pocketsphinx_starts_from_a_folder_whose_files_have_the_names_of_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nothing_left: None
) -> None:
    for name in ("json", "struct", "server", "pocketsphinx"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong file')")
    monkeypatch.chdir(tmp_path)
    assert isinstance(guess_words(noise(0.3), ignore), tuple)


@needs_pocketsphinx
def test_pocketsphinx_hears_a_line_of_almost_nothing() -> None:
    assert guess_words(noise(1.0)[:10], ignore) == ()


@pytest.fixture(scope="module")
def spoken() -> Samples:
    """A sentence by a synthetic voice, 16 kHz."""
    espeak = pytest.importorskip("server.speech.espeak")
    soxr = pytest.importorskip("soxr")
    if not espeak.available():
        pytest.skip("espeakng-loader is not installed: no voice to be heard")
    said = espeak.synthesise("What can you do for your country?", "en-us", rate=140)
    return soxr.resample(said.samples, said.sample_rate, SAMPLE_RATE).astype(np.float32)


@needs_pocketsphinx
def test_a_sentence_is_guessed_and_a_fresh_child_guesses_the_same(spoken: Samples) -> None:
    said = guess_words(spoken, ignore)
    assert len({"what", "can", "you", "do", "for", "your", "country"} & set(said)) >= 4
    words._recent.clear()
    assert guess_words(spoken, ignore) == said
