"""Delta: distances of function-word frequencies, the oldest measures of style that still hold."""

from collections.abc import Sequence

import numpy as np

from llm_engineering.application.style.features import function_word_rates


def burrows_delta(text: Sequence[str], author: Sequence[str], background: Sequence[str]) -> float:
    """Burrows's Delta (2002): mean absolute difference of z-scored function-word frequencies.

    `text` and `author` are joined before counting; means and deviations come from `background`
    pieces. Smaller is nearer.
    """
    z_text, z_author = _z(text, author, background)
    return float(np.abs(z_text - z_author).mean()) if len(z_text) else 0.0


def cosine_delta(text: Sequence[str], author: Sequence[str], background: Sequence[str]) -> float:
    """Cosine Delta (Smith & Aldridge 2011; Evert et al. 2017): 1 minus the cosine of the same z-scores.

    0 = the same direction, 1 = unrelated, 2 = opposite. Unlike Burrows's it does not grow with how
    strongly a text has its habits, so short texts count less against the author.
    """
    z_text, z_author = _z(text, author, background)
    lengths = float(np.linalg.norm(z_text) * np.linalg.norm(z_author))
    return 1 - float(z_text @ z_author) / lengths if lengths else 1.0


def _z(text: Sequence[str], author: Sequence[str], background: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array([function_word_rates([piece]) for piece in background])
    mean, deviation = table.mean(axis=0), table.std(axis=0)
    used = deviation > 0
    return (
        (function_word_rates(text) - mean)[used] / deviation[used],
        (function_word_rates(author) - mean)[used] / deviation[used],
    )
