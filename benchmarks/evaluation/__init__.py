"""Whether the evaluation can be believed: its verifier on real authors, its sanity, and its cost."""
