"""Which generator performs when none is named, and what is said when one cannot be used."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from test_service import REQUEST, events_of, failure_of
from toy_generator import ToyGenerator, toy_listen

from server.errors import Unavailable
from server.registry import GENERATORS, Offer, Registry
from server.service import Service
from server.settings import Settings
from server.wire.messages import GeneratorFacts, Result


def _toy(_device: str) -> ToyGenerator:
    return ToyGenerator()


def describe() -> GeneratorFacts:
    return GeneratorFacts(styles=("Ada",), emotions=("happy",))


def _service(first: Offer, folder: Path) -> Service:
    registry = Registry("cpu", {"first": first, "toy": _toy}, folder)
    return Service(Settings(), registry, toy_listen)


def test_without_a_name_the_first_that_can_be_used_performs(tmp_path: Path) -> None:
    events = events_of(replace(REQUEST, generator=""), _service(Offer(_toy), tmp_path))
    assert isinstance(events[-1], Result)
    assert events[-1].notes == ("A toy.",)
    request = events[-1].provenance["request"]
    assert request["generator"] == "first", "so that it can be made again"


@pytest.mark.parametrize(
    ("offer", "says"),
    [
        (Offer(_toy, weights=("absent.safetensors",)), "'absent.safetensors' are not installed"),
        (Offer(_toy, packages=("no_such_package",)), "needs the package 'no_such_package'"),
    ],
)
def test_what_is_missing_is_one_sentence_and_the_default_gives_way_with_a_note(
    offer: Offer, says: str, tmp_path: Path
) -> None:
    service = _service(offer, tmp_path)
    failed = failure_of(replace(REQUEST, generator="first"), service)
    assert failed.code == "unavailable"
    assert "The generator 'first' cannot be used" in failed.message and says in failed.message
    assert failed.hint
    events = events_of(replace(REQUEST, generator=""), service)
    assert isinstance(events[-1], Result)
    assert events[-1].notes[0].startswith("Performed by 'toy': 'first' cannot be used, because ")
    assert says in events[-1].notes[0]
    welcome = service.welcome()
    assert says in welcome.facts["first"].problem and not welcome.facts["toy"].problem


def test_with_nothing_to_use_it_says_so(tmp_path: Path) -> None:
    registry = Registry("cpu", {"first": Offer(_toy, weights=("absent",))}, tmp_path)
    with pytest.raises(Unavailable, match="no generator to use: 'first' cannot be used"):
        registry.default()


def test_weights_that_are_there_make_it_usable_and_facts_are_told(tmp_path: Path) -> None:
    (tmp_path / "some.safetensors").touch()
    offer = Offer(_toy, weights=("some.safetensors",), facts=f"{__name__}:describe")
    registry = Registry("cpu", {"first": offer}, tmp_path)
    assert registry.default() == ("first", "")
    assert registry.facts() == {"first": describe()}


def test_a_style_that_the_generator_does_not_have_is_refused_with_those_that_it_has(
    tmp_path: Path,
) -> None:
    service = _service(Offer(_toy, facts=f"{__name__}:describe"), tmp_path)
    failed = failure_of(replace(REQUEST, generator="first", style="Zoe"), service)
    assert (failed.message, failed.hint) == ("'first' has no style 'Zoe'.", "Use one of Ada.")
    events = events_of(replace(REQUEST, generator="first", style="Ada"), service)
    assert isinstance(events[-1], Result)


def test_the_shipped_default_needs_torch_and_the_last_one_nothing() -> None:
    names = tuple(GENERATORS)
    assert names[0] == "cafe_talk" and names[-1] == "articulate"
    assert GENERATORS["articulate"].problem() == ("", "")


def test_without_torch_the_shipped_default_is_articulate(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "torch" else found(name)
    )
    name, note = Registry().default()
    assert name == "articulate"
    assert "'cafe_talk' cannot be used, because it needs the package 'torch'" in note


def test_telling_facts_imports_nothing_heavy() -> None:
    program = (
        "import sys; from server.registry import Registry; Registry('cpu').facts();"
        "print([name for name in ('torch', 'scipy.signal', 'librosa') if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"
