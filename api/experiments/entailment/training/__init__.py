"""How the scoring verifier was made: its lexicon counted in text, its trees fitted to rule-made and written claims."""
