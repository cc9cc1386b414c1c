"""How the embedder was made: Russian vocabulary, first rows by word alignment, distillation on parallel text."""
