"""BLEU, ROUGE-L and CIDEr against values worked out by hand; F1, baselines, the voices' map."""

from __future__ import annotations

import math

import pytest

from server.evaluation.instruction import Said, confusion, figures, shuffled
from server.evaluation.instruction_metrics import bleu, cider, meteor, rouge_l
from server.training.instruction.truth import Cell


def test_a_sentence_equal_to_its_reference_has_full_marks() -> None:
    said = ["the brows are raised and the eyes wide", "the lips are pressed tight together"]
    right = [[text] for text in said]

    assert bleu(said, right, 4) == pytest.approx(100)
    assert rouge_l(said, right) == pytest.approx(100)
    assert cider(said, right) == pytest.approx(1000)
    assert meteor(said, right) == pytest.approx(100 * (1 - 0.5 * (1 / 8**3 + 1 / 6**3) / 2))


def test_bleu_clips_repeated_words_and_punishes_short_sentences() -> None:
    # "the" occurs twice in the reference, so 2 of 4 count; length 4 against 6: exp(1 - 6 / 4)
    said, right = ["the the the the"], [["the brow over the left eye"]]

    assert bleu(said, right, 1) == pytest.approx(100 * 2 / 4 * math.exp(1 - 6 / 4))
    assert bleu(said, right, 2) == 0


def test_bleu_takes_the_most_of_each_word_over_all_references() -> None:
    assert bleu(["a sad face"], [["a glad face", "one sad man"]], 1) == pytest.approx(100)


def test_rouge_is_the_f_of_the_longest_common_subsequence() -> None:
    # common: "brows raised" = 2 of 3 said and of 4 in the reference, beta = 1.2
    precision, recall, beta = 2 / 3, 2 / 4, 1.2
    expected = (1 + beta**2) * precision * recall / (recall + beta**2 * precision)

    assert rouge_l(["brows are raised"], [["the brows raised high"]]) == pytest.approx(
        100 * expected
    )


def test_meteor_counts_recall_most_and_punishes_words_in_another_order() -> None:
    # all 3 said are among the 4 of the reference: F = 10 P R / (R + 9 P)
    in_order, turned = ["brows raised high"], ["high brows raised"]
    right = [["the brows raised high"]]
    f = 10 * 0.75 / (0.75 + 9)

    assert meteor(in_order, right) == pytest.approx(100 * f * (1 - 0.5 * (1 / 3) ** 3))
    assert meteor(turned, right) == pytest.approx(100 * f * (1 - 0.5 * (2 / 3) ** 3))
    assert meteor(["x y"], right) == 0


def test_meteor_uses_each_word_of_the_reference_once() -> None:
    score = meteor(["sad sad"], [["sad face"]])

    assert score == pytest.approx(100 * 10 * 0.25 / (0.5 + 4.5) * 0.5)


def test_cider_counts_rare_words_more_than_words_of_every_reference() -> None:
    references = [["the face is sad"], ["the face is glad"], ["the face is cross"]]

    rare = cider(["sad", "x", "y"], references)
    common = cider(["the face is", "x", "y"], references)

    assert rare > common == pytest.approx(0, abs=1e-9)


def _said() -> Said:
    texts = ["The face looks happy.", "The face looks sad.", "The face looks neutral."]
    right = [Cell("happy", "clearly"), Cell("angry", "clearly"), Cell("neutral")]
    return Said(texts, right, ["a", "b", "c"])


def test_f1_emotion_and_strength_are_counted_over_lines() -> None:
    found = figures(_said())

    # happy 2 of 2 AUs; sad {1, 4, 15, 17} for anger {4, 5, 7, 23}: 1 common; neutral none
    assert found["au_f1"].value == pytest.approx(2 * (2 + 1) / (2 + 2 + 4 + 4))
    assert found["emotion"].value == pytest.approx(2 / 3)
    assert found["word"].value == 1.0  # neutral has no strength and does not count
    assert found["au_f1_described"].value == 0.0


def test_lines_of_one_speaker_are_drawn_together_where_there_are_speakers_enough() -> None:
    # of each speaker all four lines are right or all are wrong
    speakers = [f"{i // 4}" for i in range(48)]
    right = [Cell(("sad", "happy")[i // 4 % 2], "clearly") for i in range(48)]
    text = "The face looks sad."
    together = figures(Said([text] * 48, right, speakers))["emotion"]
    apart = figures(Said([text] * 48, right, ["a", "b"] * 24))["emotion"]

    assert together.value == apart.value == 0.5
    assert together.high - together.low > 1.5 * (apart.high - apart.low)


def test_confusion_has_labels_in_rows_and_sentences_in_columns() -> None:
    table = confusion(_said())

    assert table.sum() == 3
    assert table[4, 3] == 1  # angry, said to be sad


def test_shuffled_audio_keeps_the_sentences_and_moves_them() -> None:
    texts = [f"The face looks {word}." for word in ("sad", "happy", "angry", "neutral", "calm")]
    said = Said(texts, [Cell("neutral")] * 5, ["a"] * 5)

    assert sorted(shuffled(said).texts) == sorted(texts)
    assert shuffled(said).texts != texts
