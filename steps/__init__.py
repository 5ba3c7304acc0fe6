"""Thin ZenML steps: open the Twin, call one application function, log what came of it."""

# Registers how artifacts are stored, whichever step module is imported.
from steps import materializers

__all__ = ["materializers"]
