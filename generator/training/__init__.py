"""How the decoder was made: examples, targets, loss, and one resumable loop for every stage."""
