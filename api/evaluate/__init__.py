"""`lectern evaluate`: the one place where quality is measured, per language and kind, with intervals."""
