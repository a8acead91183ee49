"""From a prompt to a sentence: the likeliest by beam search, or drawn by a seed.

Shapes: P tokens of the prompt, D width, V words.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from .words import PAD, CausalModel

LONGEST: Final = 64
"""Tokens of a sentence."""


def _after(model: CausalModel, prompt: Tensor, said: list[list[int]]) -> Tensor:
    """Log-probabilities of the next token after n beginnings of equal length, [n, V].

    prompt: [n, P, D], or [1, P, D] for all.
    """
    embeddings = prompt.expand(len(said), -1, -1)
    if said[0]:
        words = model.embed(torch.tensor(said, device=prompt.device))
        embeddings = torch.cat([embeddings, words.to(prompt.dtype)], 1)
    logits = model.next_logits(embeddings).float()
    logits[:, [PAD, model.bos] if model.bos != PAD else [PAD]] = float("-inf")
    return torch.log_softmax(logits, -1)


@torch.inference_mode()
def greedy(model: CausalModel, prompts: Tensor) -> list[list[int]]:
    """The likeliest next word each time, for prompts [B, P, D] at once; without end marks."""
    said: list[list[int]] = [[] for _ in prompts]
    going = list(range(len(prompts)))
    for _ in range(LONGEST):
        if not going:
            break
        chances = _after(model, prompts[going], [said[i] for i in going])
        words = chances.argmax(-1).tolist()
        for i, word in zip(going, words, strict=True):
            if word != model.eos:
                said[i].append(word)
        going = [i for i, word in zip(going, words, strict=True) if word != model.eos]
    return said


@torch.inference_mode()
def likeliest(model: CausalModel, prompt: Tensor, n_beams: int = 4) -> list[int]:
    """The likeliest sentence found by a beam of `n_beams`, without its end mark.

    Args:
        prompt: [1, P, D], embeddings before the sentence.
    """
    beams: list[tuple[float, list[int]]] = [(0.0, [])]
    ended: list[tuple[float, list[int]]] = []
    for _ in range(LONGEST):
        chances = _after(model, prompt, [ids for _, ids in beams])
        chances += torch.tensor([score for score, _ in beams], device=chances.device)[:, None]
        top = torch.topk(chances.flatten(), min(2 * n_beams, chances.numel()))
        grown = [
            (score, [*beams[place // chances.shape[1]][1], place % chances.shape[1]])
            for score, place in zip(top.values.tolist(), top.indices.tolist(), strict=True)
        ]
        ended += [(score, ids[:-1]) for score, ids in grown[:n_beams] if ids[-1] == model.eos]
        beams = [(score, ids) for score, ids in grown if ids[-1] != model.eos][:n_beams]
        if len(ended) >= n_beams:
            break
    return max(ended or beams)[1]


@torch.inference_mode()
def drawn(
    model: CausalModel, prompt: Tensor, seed: int, temperature: float = 0.8, n_top: int = 12
) -> list[int]:
    """A sentence drawn word by word among the `n_top` likeliest, the same for the same seed."""
    dice = torch.Generator().manual_seed(seed)
    said: list[int] = []
    for _ in range(LONGEST):
        chances = _after(model, prompt, [said])[0]
        top = torch.topk(chances, min(n_top, len(chances)))
        shares = torch.softmax(top.values / temperature, -1).cpu()
        word = int(top.indices[torch.multinomial(shares, 1, generator=dice)])
        if word == model.eos:
            break
        said.append(word)
    return said
