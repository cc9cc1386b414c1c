"""The decoder's parts: RMSNorm, rotary positions, grouped-query attention, cross-attention, SwiGLU.

Shapes: B batch, T query positions, S key positions, M memory positions, C model width, E memory width, H heads,
G key/value heads, D head width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from generator.cache import KVCache


class RMSNorm(nn.Module):
    """x / rms(x) * weight (Zhang & Sennrich 2019, arXiv 1910.07467). [..., C] -> [..., C]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalised in float32, returned in x's dtype."""
        scale = x.float().pow(2).mean(-1, keepdim=True).add(1e-6).rsqrt()
        return (x.float() * scale).to(x.dtype) * self.weight


def rotary_angles(positions: torch.Tensor, head_width: int, base: float) -> tuple[torch.Tensor, torch.Tensor]:
    """cos and sin [T, D/2] of RoPE (Su et al. 2021, arXiv 2104.09864) for integer `positions` [T]."""
    frequencies = base ** (-torch.arange(0, head_width, 2, device=positions.device).float() / head_width)
    angles = positions.float().unsqueeze(-1) * frequencies
    return angles.cos(), angles.sin()


def rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Turn the pairs (first half, second half) of x [B, H, T, D] by the angles of `rotary_angles`."""
    first, second = x.float().chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1).to(x.dtype)


def attend(
    queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor | None
) -> torch.Tensor:
    """softmax(q k / sqrt(D)) v with grouped key/value heads (Ainslie et al. 2023, arXiv 2305.13245).

    queries [B, H, T, D], keys and values [B, G, S, D], mask broadcastable to [B, G, H/G, T, S] (True: may be seen).
    Returns [B, T, H * D].
    """
    B, H, T, D = queries.shape
    G = keys.shape[1]
    grouped = queries.view(B, G, H // G, T, D)
    scores = torch.einsum("bghtd,bgsd->bghts", grouped, keys) * D**-0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e4)
    weights = F.softmax(scores.float(), dim=-1).to(values.dtype)
    mixed = torch.einsum("bghts,bgsd->bghtd", weights, values)
    return mixed.reshape(B, H, T, D).transpose(1, 2).reshape(B, T, H * D)


class SelfAttention(nn.Module):
    """Causal grouped-query attention with rotary positions and an optional cache."""

    def __init__(self, width: int, heads: int, groups: int, head_width: int, rope_base: float) -> None:
        super().__init__()
        self.heads, self.groups, self.head_width, self.rope_base = heads, groups, head_width, rope_base
        self.query = nn.Linear(width, heads * head_width, bias=False)
        self.key = nn.Linear(width, groups * head_width, bias=False)
        self.value = nn.Linear(width, groups * head_width, bias=False)
        self.out = nn.Linear(heads * head_width, width, bias=False)

    def forward(self, x: torch.Tensor, cache: KVCache | None) -> torch.Tensor:
        """x [B, T, C] -> [B, T, C]; with a cache, x are the positions after those it holds."""
        B, T, _ = x.shape
        past = 0 if cache is None else cache.length
        cos, sin = rotary_angles(torch.arange(past, past + T, device=x.device), self.head_width, self.rope_base)
        queries = rotate(self.query(x).view(B, T, self.heads, self.head_width).transpose(1, 2), cos, sin)
        keys = rotate(self.key(x).view(B, T, self.groups, self.head_width).transpose(1, 2), cos, sin)
        values = self.value(x).view(B, T, self.groups, self.head_width).transpose(1, 2)
        if cache is not None:
            keys, values = cache.append(keys, values)
        causal = torch.ones(T, past + T, dtype=torch.bool, device=x.device).tril(past)
        out: torch.Tensor = self.out(attend(queries, keys, values, causal if T > 1 else None))
        return out


class CrossAttention(nn.Module):
    """Attention from the decoder to the memory. Keys and values of the memory are computed once per question."""

    def __init__(self, width: int, memory_width: int, heads: int, groups: int, head_width: int) -> None:
        super().__init__()
        self.heads, self.groups, self.head_width = heads, groups, head_width
        self.query = nn.Linear(width, heads * head_width, bias=False)
        self.key = nn.Linear(memory_width, groups * head_width, bias=False)
        self.value = nn.Linear(memory_width, groups * head_width, bias=False)
        self.out = nn.Linear(heads * head_width, width, bias=False)

    def prepare(self, memory: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys and values [B, G, M, D] of the memory states [B, M, E]."""
        B, M, _ = memory.shape
        shape = (B, M, self.groups, self.head_width)
        return self.key(memory).view(shape).transpose(1, 2), self.value(memory).view(shape).transpose(1, 2)

    def forward(
        self, x: torch.Tensor, prepared: tuple[torch.Tensor, torch.Tensor], mask: torch.Tensor
    ) -> torch.Tensor:
        """x [B, T, C], mask [B, M] (True: a real memory position) -> [B, T, C]."""
        B, T, _ = x.shape
        queries = self.query(x).view(B, T, self.heads, self.head_width).transpose(1, 2)
        out: torch.Tensor = self.out(attend(queries, *prepared, mask[:, None, None, None, :]))
        return out


class SwiGLU(nn.Module):
    """(silu(x W1) * x W3) W2 (Shazeer 2020, arXiv 2002.05202)."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.gate = nn.Linear(width, hidden, bias=False)
        self.up = nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[..., C] -> [..., C]."""
        out: torch.Tensor = self.down(F.silu(self.gate(x)) * self.up(x))
        return out


class Block(nn.Module):
    """Pre-norm block: self-attention, cross-attention to the memory, feed-forward, each added to the stream."""

    def __init__(
        self, width: int, memory_width: int, heads: int, groups: int, head_width: int, hidden: int,
        rope_base: float,
    ) -> None:
        super().__init__()
        self.self_norm, self.cross_norm, self.feed_norm = RMSNorm(width), RMSNorm(width), RMSNorm(width)
        self.self_attention = SelfAttention(width, heads, groups, head_width, rope_base)
        self.cross_attention = CrossAttention(width, memory_width, heads, heads // 2, head_width)
        self.feed = SwiGLU(width, hidden)

    def forward(
        self,
        x: torch.Tensor,
        prepared: tuple[torch.Tensor, torch.Tensor],
        mask: torch.Tensor,
        cache: KVCache | None,
    ) -> torch.Tensor:
        """x [B, T, C] -> [B, T, C]."""
        x = x + self.self_attention(self.self_norm(x), cache)
        x = x + self.cross_attention(self.cross_norm(x), prepared, mask)
        out: torch.Tensor = x + self.feed(self.feed_norm(x))
        return out
