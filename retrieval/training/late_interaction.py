"""Late interaction of a batch of questions with a batch of texts, for training: the slow path that the reranker walks
one question at a time is in `retrieval.rerank`, without gradients and with its own weights of words.

Every piece of the question looks for the piece of the text that is nearest to it; the mean of these cosines is the
score (MaxSim of ColBERT: Khattab & Zaharia 2020, arXiv 2004.12832).
"""

from __future__ import annotations

import torch


def max_similarity(
    questions: torch.Tensor, question_mask: torch.Tensor, texts: torch.Tensor, text_mask: torch.Tensor
) -> torch.Tensor:
    """Scores [Q, N], -1..1, of N texts for Q questions.

    questions [Q, T, E], texts [N, S, E]: states of pieces, each of length 1; question_mask [Q, T], text_mask [N, S]:
    1 where a piece counts. A question or text of which nothing counts scores 0.
    """
    Q, T, E = questions.shape
    N, S, _ = texts.shape
    cosines = questions.reshape(Q * T, E) @ texts.reshape(N * S, E).T
    cosines = cosines.view(Q * T, N, S).masked_fill(text_mask[None] == 0, -1.0)
    best = cosines.amax(-1).view(Q, T, N) * question_mask[:, :, None]
    known = (text_mask.sum(-1) > 0).to(best.dtype)
    return best.sum(1) / question_mask.sum(1).clamp_min(1)[:, None] * known


def inner(mask: torch.Tensor) -> torch.Tensor:
    """mask [N, S] of texts framed by [CLS] and [SEP] -> the mask without these two."""
    last = mask.sum(-1) - 1
    within = mask.clone()
    within[:, 0] = 0
    within[torch.arange(len(mask), device=mask.device), last.clamp_min(0)] = 0
    return within
