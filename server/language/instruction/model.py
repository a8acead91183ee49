"""The whole instruction stage as one module: Q-Former, projection, language model, anchors.

Shapes: B lines, Q queries, L width of an embedding, P tokens of a prompt, D width of the model.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .config import InstructionConfig
from .qformer import QFormer
from .words import CausalModel, Vocabulary, WordModel


class InstructionModel(nn.Module):
    """What is trained and shipped.

    Args:
        config: sizes. words: the language model; a checkpoint's (`CausalCheckpoint`) stays outside
            the module, so that it is neither tuned nor stored.
        requests: phrasings of the request; the first is used outside training.
        anchors: names of the cells whose mean text embeddings are kept, "angry/strongly".
    """

    anchors: Tensor
    anchor_scale: Tensor

    def __init__(
        self,
        config: InstructionConfig,
        words: WordModel | CausalModel,
        requests: Sequence[str],
        anchors: Sequence[str],
    ) -> None:
        super().__init__()
        self.config, self.requests = config, tuple(requests)
        self.anchor_names = tuple(anchors)
        self.qformer = QFormer(config)
        self.words = words
        self.projection = nn.Linear(config.n_embedding, words.width)
        self.register_buffer("anchors", torch.zeros(len(self.anchor_names), config.n_embedding))
        self.register_buffer("anchor_scale", torch.ones(()))

    def prompt(self, queries: Tensor, request: str | None = None) -> Tensor:
        """The request's words and the projected queries [B, Q, L], as embeddings [B, P, D]."""
        return prompt_of(self.words, self.projection(queries), request or self.requests[0])

    def shares(self, embedding: Tensor) -> Tensor:
        """How likely each anchor's cell is for unit vectors [B, L], rows summing to one."""
        return torch.softmax(embedding @ self.anchors.T * self.anchor_scale, -1)


def prompt_of(words: CausalModel, projected: Tensor, request: str) -> Tensor:
    """BOS, the request and the audio [B, Q, D] as one prompt [B, P, D] (Sec. III-C, Fig. 2)."""
    ids = torch.tensor([[words.bos, *words.encode(request)]], device=projected.device)
    asked = words.embed(ids).to(projected.dtype).expand(len(projected), -1, -1)
    return torch.cat([asked, projected], 1)


def sentence_loss(model: CausalModel, prompt: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """Mean cross-entropy of sentences after their prompts.

    Args:
        prompt: [B, P, D]. ids: [B, N], each sentence with its end mark, padded.
        mask: [B, N], true where a token counts.
    """
    logits = model(torch.cat([prompt, model.embed(ids[:, :-1])], 1))
    spoken = logits[:, prompt.shape[1] - 1 :]
    losses = nn.functional.cross_entropy(spoken.transpose(1, 2), ids, reduction="none")
    return losses[mask].mean()


def random_model(
    config: InstructionConfig, texts: Sequence[str], requests: Sequence[str], seed: int = 0
) -> InstructionModel:
    """A model with random weights and the vocabulary of `texts`, for tests."""
    torch.manual_seed(seed)
    vocabulary = Vocabulary.of([*texts, *requests])
    words = WordModel(config.words, vocabulary)
    model = InstructionModel(config, words, requests, ("neutral/", "happy/clearly"))
    model.anchors.copy_(nn.functional.normalize(torch.randn_like(model.anchors), dim=-1))
    return model.eval()


__all__ = ["InstructionModel", "prompt_of", "random_model", "sentence_loss"]
