"""The decoder and its grounding: answers with citations, or abstention.

Read in this order: pieces, vocabulary, memory, layers, cache, model, sampling, wording, patience, constraints, row,
engine (this half imports nothing of ours but the embedder's files and sentence splitting); then evidence, grounding,
verifier, proposals, request, answerer. `training/` is how the weights were made.
"""
