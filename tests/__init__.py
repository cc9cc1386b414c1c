"""Tests mirror the tree; fakes.py and reference/ are shared."""
