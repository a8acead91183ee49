"""Generator, style, guidance and steps, from the panels to the server."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from acting import Formula, hear_everything
from blender_runner import RunCase

from arkit.names import INDEX
from server.registry import Offer, Registry
from server.service import Service
from server.settings import Settings
from server.wire.messages import GeneratorFacts


def formula_facts() -> GeneratorFacts:
    return GeneratorFacts(styles=("Ada", "Bruno"), controls=("style",))


@pytest.fixture
def directed(actor: Formula) -> Iterator[str]:
    """A server whose first generator cannot be used, and whose second has styles."""
    transport = pytest.importorskip("server.transport")
    offers = {
        "cafe_talk": Offer(lambda _device: actor, weights=("no such file",)),
        "articulate": Offer(lambda _device: actor, facts=f"{__name__}:formula_facts"),
    }
    service = Service(Settings(bind="tcp://127.0.0.1:*"), Registry("cpu", offers), hear_everything)
    with transport.ServerThread(service=service) as server:
        yield server.address


def test_the_default_is_the_servers_best(blender: RunCase, directed: str, wav: str) -> None:
    blender("styling", "the_default_is_the_servers_best", address=directed, wav=wav)


def test_advanced_settings_go_into_the_request(
    every_blender: RunCase, directed: str, wav: str, actor: Formula
) -> None:
    every_blender("styling", "advanced_settings_go_into_the_request", address=directed, wav=wav)
    (request,) = actor.requests
    assert request.guidance == {"audio": 1.0, "emotion": 1.0, "strips": 2.5}
    assert (request.guidance_mode, request.steps, request.style) == ("paper", 6, "")


def test_a_style_by_name_is_offered_and_sent(
    blender: RunCase, directed: str, wav: str, actor: Formula
) -> None:
    blender("styling", "a_style_by_name_is_offered_and_sent", address=directed, wav=wav)
    (request,) = actor.requests
    assert request.style == "Bruno"


def test_the_style_of_what_is_animated_is_sent(
    every_blender: RunCase, directed: str, wav: str, actor: Formula
) -> None:
    every_blender("styling", "the_style_of_what_is_animated_is_sent", address=directed, wav=wav)
    (request,) = actor.requests
    clip = request.style_clip
    assert clip is not None and clip.fps == 24.0 and clip.coefficients.shape == (25, 52)
    jaw = clip.coefficients[:, INDEX["jawOpen"]]
    assert jaw[0] < 1e-6 and np.isclose(jaw[-1], 0.6) and np.all(np.diff(jaw) >= 0)
    assert not clip.coefficients[:, INDEX["mouthSmileLeft"]].any()
