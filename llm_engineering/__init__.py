"""LLM Twin: learn to write like one person from what they published, and answer in that voice."""

__version__ = "0.1.0"
