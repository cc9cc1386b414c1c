"""Techniques of the reading list and trials of what is read, each as small as Lectern's own parts allow.

    question -> queries -> search -> corrective -> again -> distractors -> contradiction | injection -> order -> reader

Each file names its paper and says where it is simpler than that. What is drawn depends on the seed and the question's
id alone, so a resumed run draws the same.
"""
