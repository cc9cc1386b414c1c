"""Entailment for experiments: does a text say what a sentence claims? A verifier of its own, never used to answer.

What filters answers is the reader's evidence and the decoder's own check (generator/); what scores them must not share
its labels or its start, or an arm is praised for agreeing with itself. So this one starts from counts of words, is
trained on examples of its own, and how far it agrees with people is measured before its figures are believed
(`lectern experiment agreement`).
"""
