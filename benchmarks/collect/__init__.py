"""How well, how robustly and how fast pages are collected."""
