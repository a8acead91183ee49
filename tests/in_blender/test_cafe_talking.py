"""Cafe-Talk from the panels and the Sequencer, with a tiny untrained network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from acting import hear_everything
from blender_runner import RunCase

from server.registry import Offer, Registry
from server.service import Service
from server.settings import Settings
from server.wire.messages import GeneratorFacts

pytest.importorskip("torch")


def tiny_facts() -> GeneratorFacts:
    from server.generators.cafe_talk.config import TINY
    from server.generators.cafe_talk.facts import CONTROLS

    return GeneratorFacts(styles=TINY.styles, controls=CONTROLS)


@pytest.fixture(scope="module")
def stage() -> Iterator[str]:
    """A server whose default is the tiny network, with weights large enough to be seen."""
    import torch

    from server.generators.cafe_talk.config import TINY
    from server.generators.cafe_talk.pipeline import random_generator

    transport = pytest.importorskip("server.transport")
    tiny = random_generator(TINY, seed=0)
    torch.manual_seed(1)
    for parameter in tiny.network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    torch.nn.init.constant_(tiny.network.model.out.bias, 2.5)  # away from where faces are clamped
    offers = {"cafe_talk": Offer(lambda _device: tiny, facts=f"{__name__}:tiny_facts")}
    service = Service(Settings(bind="tcp://127.0.0.1:*"), Registry("cpu", offers), hear_everything)
    with transport.ServerThread(service=service) as server:
        yield server.address


@pytest.mark.parametrize(
    "case",
    [
        "a_strip_in_the_sequencer_acts_where_it_lies",
        "a_part_is_made_anew_and_the_rest_stays",
        "a_style_is_chosen_by_name_or_taken_from_the_character",
    ],
)
def test_the_default_generator_is_directed_from_blender(
    blender: RunCase, stage: str, wav: str, case: str
) -> None:
    blender("cafe_talking", case, address=stage, wav=wav)
