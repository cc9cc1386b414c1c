"""AdamW on a float32 master copy for networks whose weights may be bfloat16.

Plain bfloat16 products with a float32 master copy trained several times faster on two cores than autocast, because
nothing is cast at every operation. AdamW: Loshchilov & Hutter 2019, arXiv 1711.05101.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn


class MasterAdamW:
    """AdamW over float32 copies of `groups`' parameters; `step` writes the result back in the parameters' dtype.

    groups: dictionaries with "params" and "lr" (and optionally "weight_decay"), as torch.optim takes them.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], *, betas: tuple[float, float] = (0.9, 0.98)) -> None:
        self._pairs: list[tuple[nn.Parameter, torch.Tensor]] = []
        master_groups: list[dict[str, Any]] = []
        for group in groups:
            masters = []
            for parameter in group["params"]:
                master = parameter.detach().float().clone()
                self._pairs.append((parameter, master))
                masters.append(master)
            master_groups.append({**group, "params": masters})
        self.optimizer = torch.optim.AdamW(master_groups, betas=betas, eps=1e-8, weight_decay=0.0)
        self._base_rates = [group["lr"] for group in self.optimizer.param_groups]

    def step(self, rate_factor: float, clip_norm: float = 1.0) -> float:
        """One update with every group's rate times `rate_factor`; returns the gradient's norm before clipping."""
        for parameter, master in self._pairs:
            master.grad = None if parameter.grad is None else parameter.grad.float()
            parameter.grad = None
        norm = torch.nn.utils.clip_grad_norm_([master for _, master in self._pairs], clip_norm)
        for group, rate in zip(self.optimizer.param_groups, self._base_rates, strict=True):
            group["lr"] = rate * rate_factor
        self.optimizer.step()
        with torch.no_grad():
            for parameter, master in self._pairs:
                if master.grad is not None:
                    parameter.copy_(master)
        return float(norm)

    def state_dict(self) -> dict[str, Any]:
        """Everything that resuming needs: the masters and AdamW's moments."""
        return {
            "masters": [master for _, master in self._pairs],
            "optimizer": self.optimizer.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave; the network's parameters follow the masters."""
        with torch.no_grad():
            for (parameter, master), saved in zip(self._pairs, state["masters"], strict=True):
                master.copy_(saved)
                parameter.copy_(master)
        self.optimizer.load_state_dict(state["optimizer"])


def cosine_rate(step: int, total_steps: int, warmup_steps: int) -> float:
    """Rate factor in 0..1: linear warm-up, then a cosine down to a twentieth."""
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    progress = (step - warmup_steps) / max(1, total_steps - warmup_steps)
    return 0.05 + 0.95 * 0.5 * (1.0 + float(torch.cos(torch.tensor(progress * torch.pi))))
