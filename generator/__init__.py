"""The decoder, its tokenizer, training and KV-cached inference; and grounding: answers with citations, or abstention."""
