"""How much a text reads like one author: a verifier that proves itself, intervals, and habits a person can read."""

from llm_engineering.application.style.deltas import burrows_delta, cosine_delta
from llm_engineering.application.style.favourites import favourite_openings, favourite_words
from llm_engineering.application.style.intervals import difference_of, score_of
from llm_engineering.application.style.pieces import PIECE_WORDS, pieces
from llm_engineering.application.style.pool import sample_impostors
from llm_engineering.application.style.profiles import candidates_profile, profile, sentence_lengths
from llm_engineering.application.style.verifying import Scale, Sides, Verifier, fitted, prove, unproved

__all__ = [
    "PIECE_WORDS",
    "Scale",
    "Sides",
    "Verifier",
    "burrows_delta",
    "candidates_profile",
    "cosine_delta",
    "difference_of",
    "favourite_openings",
    "favourite_words",
    "fitted",
    "pieces",
    "profile",
    "prove",
    "sample_impostors",
    "score_of",
    "sentence_lengths",
    "unproved",
]
