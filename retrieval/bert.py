"""The transformer encoder under embedder and reader: BERT (Devlin et al. 2019, arXiv 1810.04805), post-norm layers.

    ids --(word + position + type rows, LayerNorm)--> states --(layers)--> states
    a layer: states + attention(states), LayerNorm; + feed-forward, LayerNorm

Modules have the names of the published weights, which load as they are. transformers' BertModel is the slow twin in the
tests: importing it takes longer than an answer (5 of the 10 seconds of `lectern ask` on two cores).

Shapes: B texts, S tokens, C width, H heads, D = C / H.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

# Added to the scores of what must not be seen: small enough for bfloat16, and its exponential is 0.
UNSEEN = -1e4
_EPSILON = 1e-12


@dataclass(frozen=True, slots=True)
class BertShape:
    """Sizes; the defaults are those of all-MiniLM-L6-v2. hidden: of the feed-forward part; positions: most tokens."""

    words: int = 30522
    width: int = 384
    layers: int = 6
    heads: int = 12
    hidden: int = 1536
    positions: int = 512


class Embeddings(nn.Module):
    """Rows of words and positions, summed and normalised; every token is of the first of BERT's two types."""

    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        # Zeros, as they are read from a file or set: to draw twelve million random numbers takes a quarter of a second.
        rows = torch.zeros(shape.words, shape.width)
        self.word_embeddings: nn.Module = nn.Embedding(shape.words, shape.width, padding_idx=0, _weight=rows)
        self.position_embeddings = nn.Embedding(shape.positions, shape.width)
        self.token_type_embeddings = nn.Embedding(2, shape.width)
        self.LayerNorm = nn.LayerNorm(shape.width, _EPSILON)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """States [B, S, C] of token ids [B, S]."""
        words = self.word_embeddings(ids) + self.token_type_embeddings.weight[0]
        states: torch.Tensor = self.LayerNorm(words + self.position_embeddings.weight[: ids.shape[1]])
        return states


class SelfAttention(nn.Module):
    """softmax(q k / sqrt(D)) v over H heads. fused: by one kernel, which keeps no scores."""

    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        self.heads, self.fused = shape.heads, False
        self.query = nn.Linear(shape.width, shape.width)
        self.key = nn.Linear(shape.width, shape.width)
        self.value = nn.Linear(shape.width, shape.width)

    def forward(self, states: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """states [B, S, C], bias [B, 1, 1, S] added to the scores. Returns [B, S, C]."""
        B, S, C = states.shape
        query, key, value = (
            part(states).view(B, S, self.heads, C // self.heads).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        if self.fused:
            seen = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        else:
            scores = query @ key.transpose(2, 3) * (C // self.heads) ** -0.5
            seen = (scores + bias).softmax(-1) @ value
        return seen.transpose(1, 2).reshape(B, S, C)


class AddAndNorm(nn.Module):
    """LayerNorm(residual + linear(x)): [B, S, width of x] -> [B, S, C]."""

    def __init__(self, width: int, shape: BertShape) -> None:
        super().__init__()
        self.dense = nn.Linear(width, shape.width)
        self.LayerNorm = nn.LayerNorm(shape.width, _EPSILON)

    def forward(self, x: torch.Tensor, residual: torch.Tensor) -> torch.Tensor:
        """The sum, normalised."""
        states: torch.Tensor = self.LayerNorm(residual + self.dense(x))
        return states


class Attention(nn.Module):
    """Self-attention and what follows it."""

    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        self.self = SelfAttention(shape)
        self.output = AddAndNorm(shape.width, shape)

    def forward(self, states: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """[B, S, C] -> [B, S, C]."""
        found: torch.Tensor = self.output(self.self(states, bias), states)
        return found


class FeedForward(nn.Module):
    """gelu(linear(states)): [B, S, C] -> [B, S, hidden]."""

    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        self.dense = nn.Linear(shape.width, shape.hidden)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """The exact gelu (Hendrycks & Gimpel 2016, arXiv 1606.08415)."""
        return F.gelu(self.dense(states))


class Layer(nn.Module):
    """One layer."""

    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        self.attention = Attention(shape)
        self.intermediate = FeedForward(shape)
        self.output = AddAndNorm(shape.hidden, shape)

    def forward(self, states: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """states [B, S, C], bias [B, 1, 1, S] (0 or `UNSEEN`) -> [B, S, C]."""
        states = self.attention(states, bias)
        found: torch.Tensor = self.output(self.intermediate(states), states)
        return found


class Encoder(nn.Module):
    """The layers, under their published name."""

    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Layer(shape) for _ in range(shape.layers))


class Bert(nn.Module):
    """The whole encoder, without dropout and pooler."""

    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        self.shape = shape
        self.embeddings = Embeddings(shape)
        self.encoder = Encoder(shape)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """States [B, S, C] of token ids [B, S]; mask [B, S]: 1 at tokens, 0 at padding."""
        states: torch.Tensor = self.embeddings(ids)
        bias = hidden_by(mask, states.dtype)
        for layer in self.encoder.layer:
            states = layer(states, bias)
        return states

    def fuse(self, fused: bool) -> None:
        """Whether attention is computed by one kernel."""
        for module in self.modules():
            if isinstance(module, SelfAttention):
                module.fused = fused


def hidden_by(mask: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """What a mask [B, S] adds to scores: [B, 1, 1, S]."""
    return (1.0 - mask[:, None, None, :].to(dtype)) * UNSEEN


def pool(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """A vector of each text: the mean of its states [B, S, C] where mask [B, S] is 1, of norm 1: [B, C] float32."""
    weights = mask.unsqueeze(-1).float()
    mean = (states.float() * weights).sum(1) / weights.sum(1).clamp_min(1.0)
    return F.normalize(mean, dim=-1)
