"""Slow twins: the plainest correct version of each fast path, for comparison in tests only."""
