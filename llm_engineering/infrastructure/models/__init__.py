"""Models that embed, rank and write, and the files that they need."""
