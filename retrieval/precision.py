"""The number format that a device multiplies fast, and the attention that suits it, for training and for serving.

bfloat16 is several times faster than float32 where the processor has products of it (AVX-512 BF16, AMX), and a hundred
times slower where it has none: most laptops. In float32 fused attention takes a tenth to a third off reading; with
bfloat16 it stays the plain one, with which all was measured.
"""

from __future__ import annotations

import torch

from retrieval.bert import Bert


def fast_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where it is fast, else float32."""
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if fast else torch.float32
    capability = torch.backends.cpu.get_cpu_capability()
    flags = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    fast = bool(flags.get("avx512_bf16") or flags.get("amx_bf16") or flags.get("bf16"))
    return torch.bfloat16 if fast and capability != "DEFAULT" else torch.float32


def made_fast(network: Bert, device: torch.device) -> Bert:
    """The network on `device` in its fast format, with the attention that suits it; in place."""
    dtype = fast_dtype(device)
    network.fuse(dtype != torch.bfloat16)
    return network.to(device, dtype)
