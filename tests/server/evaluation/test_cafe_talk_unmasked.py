"""The ablation without a mask differs from Cafe-Talk outside of strips, and only with strips; what
Table 3 is measured with in the paper's setting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from server.evaluation.cafe_talk_speed import babble, batch_speed  # noqa: E402
from server.evaluation.cafe_talk_stage import strip  # noqa: E402
from server.evaluation.cafe_talk_table3 import excited, fallen  # noqa: E402
from server.evaluation.cafe_talk_unmasked import unmasked  # noqa: E402
from server.evaluation.perform import Order, perform_all  # noqa: E402
from server.generators.cafe_talk.config import TINY  # noqa: E402
from server.generators.cafe_talk.pipeline import CafeTalkGenerator, random_generator  # noqa: E402
from server.wire.messages import GenerateRequest, StripSpec  # noqa: E402


@pytest.fixture(scope="module")
def generator() -> CafeTalkGenerator:
    made = random_generator(TINY, seed=0)
    torch.manual_seed(1)
    for parameter in made.network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    torch.nn.init.constant_(made.network.model.out.bias, 2.5)
    return made


def test_without_its_mask_a_strip_reaches_the_whole_line(generator: CafeTalkGenerator) -> None:
    speech = babble(2.4)
    cut = strip("AU12", 1.0, 1.5)

    def performed(by: CafeTalkGenerator, *strips: object) -> np.ndarray:
        request = GenerateRequest("a", seconds=2.4, emotion="happy", strips=strips)  # type: ignore[arg-type]
        return perform_all(by, [Order(request, speech)])[0].coefficients

    plain, masked = performed(generator), performed(generator, cut)
    other = unmasked(generator)
    assert np.array_equal(plain, performed(other)), "without strips both are the same"
    spilled = performed(other, cut)
    outside = np.r_[0:18, 45:60]
    assert np.array_equal(plain[outside], masked[outside])
    assert not np.array_equal(plain[30:36], masked[30:36])
    assert np.abs(spilled[outside] - plain[outside]).max() > 1e-3
    assert np.array_equal(masked, performed(generator, cut)), "and the original is untouched"


def test_a_batch_of_lines_is_timed(generator: CafeTalkGenerator) -> None:
    ticks = iter([10.0, 40.0])
    found = batch_speed(generator, n_lines=3, seconds=1.0, clock=lambda: next(ticks))
    assert found["seconds"] == 30.0 and found["lines_per_minute"] == 6.0


def test_networks_of_the_papers_setting_are_asked_for_excited_muscles(
    generator: CafeTalkGenerator,
) -> None:
    held = strip("AU12", 1.0, 1.5)

    def strips_layer(by: CafeTalkGenerator, cut: StripSpec) -> np.ndarray:
        request = GenerateRequest("a", seconds=2.4, strips=(cut,), guidance_mode="paper")
        return perform_all(by, [Order(request, babble(2.4))])[0].layers["strips"]

    asked = strips_layer(excited(generator), held)
    assert np.array_equal(asked, strips_layer(generator, replace(held, mode="accent")))
    assert not np.array_equal(asked, strips_layer(generator, held))


def test_a_variant_is_compared_with_the_full_model_strip_by_strip() -> None:
    full = [{"line": n, "net": 0.5, "raw": 0.6, "lve_none": 4.0} for n in range(6)]
    weaker = [{**row, "net": 0.4, "lve_none": 4.0 + row["line"]} for row in full]
    found = fallen({"each": full}, {"each": weaker})
    assert found["net"]["value"] == pytest.approx(-0.1) == found["net"]["high"]
    assert found["raw"]["value"] == 0.0 and found["lve_none"]["value"] == pytest.approx(2.5)
