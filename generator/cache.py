"""Key-value cache of the decoder's self-attention: keys and values of past steps, so a step costs one position.

Space is taken once for `max_steps`; a step writes in place. Without it step t would recompute t positions.
"""

from __future__ import annotations

import torch


class KVCache:
    """Keys and values of one layer: [B, G, max_steps, D] each, filled from the left."""

    def __init__(
        self, batch: int, groups: int, max_steps: int, head_width: int, like: torch.Tensor
    ) -> None:
        self.keys = like.new_zeros(batch, groups, max_steps, head_width)
        self.values = like.new_zeros(batch, groups, max_steps, head_width)
        self.length = 0

    def append(self, keys: torch.Tensor, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Add [B, G, T, D]; returns all keys and values so far, [B, G, length, D]. Raises ValueError when full."""
        end = self.length + keys.shape[2]
        if end > self.keys.shape[2]:
            raise ValueError(f"the cache holds {self.keys.shape[2]} steps, {end} were asked for")
        self.keys[:, :, self.length : end] = keys
        self.values[:, :, self.length : end] = values
        self.length = end
        return self.keys[:, :, :end], self.values[:, :, :end]
