"""TEAD is composed by rule, and every training stage runs on tiny sizes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from server.evaluation import language as evaluation
from server.language import expclip as clips
from server.language import tables
from server.language.encoder import TINY, BuiltinTextEncoder, EncoderNetwork
from server.language.errors import LanguageError
from server.training.language import corpora, detector_loss, distil, projector, tune, wording
from server.training.language.recipe import read_recipe
from server.training.language.sources import development_words
from server.training.language.tead import Composer, Quadruple
from server.training.language.wording import held_out, ing, participle, third

RECIPE = Path(__file__).parents[2] / "server" / "training" / "recipes" / "language.toml"


@pytest.fixture(scope="module")
def quadruples() -> list[Quadruple]:
    return Composer(3, frozenset({"crestfallen"})).compose(900)


def test_the_same_seed_composes_the_same_texts() -> None:
    first = [q.text for q in Composer(5).compose(200)]
    assert first == [q.text for q in Composer(5).compose(200)]
    assert first != [q.text for q in Composer(6).compose(200)]


def test_texts_are_distinct_and_of_every_kind(quadruples: list[Quadruple]) -> None:
    assert len({q.text for q in quadruples}) == len(quadruples)
    kinds = {q.kind for q in quadruples}
    assert kinds >= {"feeling", "denied", "mixed", "situation", "joint", "action", "named", "code"}


def test_every_quadruple_has_a_face_in_range(quadruples: list[Quadruple]) -> None:
    for q in quadruples:
        assert all(0.0 < value <= 1.0 for value in q.aus.values()), q.text
    shapes = tune.pose_matrix(quadruples[:50])
    assert shapes.min() >= 0.0 and shapes.max() <= 1.0


def test_held_out_words_and_situations_never_reach_training(quadruples: list[Quadruple]) -> None:
    training = [q for q in quadruples if q.split == "train"]
    assert not any("crestfallen" in q.text.lower() for q in training)
    hidden = [s.text for s in tables.situations() if held_out(s.text)]
    assert not any(text in q.text.lower() for q in training for text in hidden)
    assert {q.split for q in quadruples} == {"train", "word", "situation", "phrasing"}


def test_feelings_carry_tags_and_a_situation(quadruples: list[Quadruple]) -> None:
    felt = [q for q in quadruples if q.kind == "feeling"]
    assert all(q.tags and q.situation for q in felt)


def test_every_action_unit_is_said_somewhere() -> None:
    said = {code.rstrip("LR") for q in Composer(0).compose(2500) for code in q.aus}
    from arkit.action_units import ACTION_UNITS, AU_CODES

    assert {ACTION_UNITS[code].family for code in AU_CODES} <= {
        ACTION_UNITS[code].family if code in ACTION_UNITS else code for code in said
    } | {"AU30", "AU46", "AUM"}


@pytest.mark.parametrize(
    ("verb", "forms"),
    [
        ("press together", ("presses together", "pressing together", "pressed together")),
        ("draw up", ("draws up", "drawing up", "drawn up")),
        ("drop", ("drops", "dropping", "dropped")),
        ("raise", ("raises", "raising", "raised")),
        ("widen", ("widens", "widening", "widened")),
        ("bite", ("bites", "biting", "bitten")),
    ],
)
def test_verbs_are_inflected(verb: str, forms: tuple[str, str, str]) -> None:
    assert (third(verb), ing(verb), participle(verb)) == forms


def test_templates_are_many_and_some_are_held_out() -> None:
    assert len(wording.ADJECTIVE) >= 35
    assert any(held_out(template) for template in wording.ADJECTIVE)


def test_augmentation_keeps_denials() -> None:
    import random

    for seed in range(30):
        text = tune.augmented("she is not at all happy with the result", random.Random(seed), 1.0)
        assert re.search(r"\bnot\b", text) and "happy" in text


def test_every_stage_trains_and_resumes_on_tiny_sizes(
    quadruples: list[Quadruple], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    encoder = BuiltinTextEncoder(EncoderNetwork(TINY), ["happy", "sad", "not"])
    bank = distil.Bank("words", ("happy", "sad"), np.eye(2, TINY.n_out).astype(np.float16), 1.0)
    said: list[str] = []
    options = distil.DistilOptions(steps=3, schedule=4, batch=4)
    distil.distil(encoder, [bank], options, tmp_path, said.append)
    examples = detector_loss.examples_of(quadruples[:200])
    plan = tune.TuneOptions(steps=3, batch=16, distil_batch=4)
    detector = tune.tune(encoder, examples, [bank], plan, tmp_path, report=said.append)
    tune.tune(encoder, examples, [bank], plan, tmp_path, report=said.append)
    model = clips.ExpClip(clips.AutoencoderConfig(1, 16, 2, 32, 32, 32))
    texts = encoder.encode(examples.texts)
    poses = tune.pose_matrix(quadruples[:200])
    tune.train_expclip(
        model, texts, poses, tune.ExpClipOptions(steps=3, batch=16, unpaired=8), tmp_path,
        unpaired=tune.random_poses(30, 0), report=said.append,
    )  # fmt: skip
    assert len(said) == 3
    assert all(torch.isfinite(p).all() for m in (detector, model) for p in m.parameters())


def test_the_autoencoder_learns_to_rebuild_what_it_sees(quadruples: list[Quadruple]) -> None:
    torch.manual_seed(0)
    model = clips.ExpClip(clips.AutoencoderConfig(1, 32, 2, 32, 32, 64))
    poses = torch.from_numpy(tune.pose_matrix(quadruples[:64]))
    text = torch.nn.functional.normalize(torch.randn(64, 32), dim=-1)
    optimiser = torch.optim.Adam(model.parameters(), 3e-3)
    losses = []
    for _ in range(40):
        loss = tune.expclip_loss(model, text, poses, torch.zeros_like(poses), tune.ExpClipOptions())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_the_projector_learns_alone_and_leaves_the_autoencoder_as_it_is(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = clips.ExpClip(clips.TINY)
    kept = {k: v.clone() for k, v in model.state_dict().items() if not k.startswith("projector")}
    rng = np.random.default_rng(0)
    texts = rng.normal(size=(24, 32)).astype(np.float32)
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    poses = tune.random_poses(24, seed=3)
    options = projector.ProjectorOptions(steps=60, batch=24, rate=1e-2, decoded=8)
    projector.train_projector(model, texts, poses, options, tmp_path, report=lambda _: None)
    with torch.inference_mode():
        codes = model.encoder(torch.from_numpy(poses)).numpy()
    assert evaluation.recall_at(model.embed_text(texts), codes, poses, k=3, among=24) > 0.8
    for name, value in model.state_dict().items():
        assert name.startswith("projector") or torch.equal(value, kept[name])


def test_the_shipped_recipe_reads_and_a_misspelt_field_is_named(tmp_path: Path) -> None:
    recipe = read_recipe(RECIPE)
    assert recipe.quadruples >= 50_000
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[tune]\nstepps = 3\n")
    with pytest.raises(LanguageError, match="stepps"):
        read_recipe(wrong)


def test_development_words_are_held_out() -> None:
    assert {"crestfallen", "trepidation"} <= development_words()


def test_absent_corpora_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(corpora.CorpusError, match="SOLILOQUY_DATA"):
        corpora.goemotions_sentences(tmp_path)
    with pytest.raises(corpora.CorpusError, match="wordnet-base"):
        corpora.wordnet_senses(tmp_path)


def test_a_wordnet_line_is_read(tmp_path: Path) -> None:
    line = (
        "00001740 00 a 02 able 0 capable(p) 0 001 = 05200169 n 0000 | (usually followed by `to') "
        'having the necessary means; "able to swim"; "was able to program"  \n'
    )
    for part in ("noun", "verb", "adv"):
        (tmp_path / f"data.{part}").write_text("  licence\n")
    (tmp_path / "data.adj").write_text("  licence\n" + line)
    (sense,) = corpora.wordnet_senses(tmp_path)
    assert sense.words == ("able", "capable")
    assert sense.examples == ("able to swim", "was able to program")
    assert "necessary means" in sense.gloss and '"' not in sense.gloss


def test_f1_error_and_recall_are_what_they_say() -> None:
    faces_found = [{"AU12": 0.7}, {}]
    assert evaluation.au_f1(faces_found, faces_found) == {"micro": 1.0, "mean": 1.0}
    assert evaluation.au_f1([{"AU4": 0.7}], [{"AU12": 0.7}])["micro"] == 0.0
    wanted = np.eye(4, 52, dtype=np.float32)
    mean = wanted.mean(0)
    assert evaluation.blendshape_error(wanted, wanted, mean)["ratio"] == 0.0
    assert evaluation.blendshape_error(np.tile(mean, (4, 1)), wanted, mean)["ratio"] == 1.0
    units = np.eye(4, 8, dtype=np.float32)
    assert evaluation.recall_at(units, units, wanted, k=1) == 1.0
    assert evaluation.recall_at(units, units[::-1], wanted, k=1) == 0.0


def test_development_directions_name_real_groups_and_cover_the_kinds() -> None:
    directions = evaluation.read_directions()
    kinds = {d.kind for d in directions}
    assert kinds >= {"word", "situation", "action", "negation", "side", "mixed", "order"}
    assert len(directions) >= 100
    for direction in directions:
        for group in (*direction.must, *direction.must_not):
            assert evaluation.group_names(group)
