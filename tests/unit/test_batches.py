"""Batches hold samples of like length, every sample once an epoch."""

from hypothesis import given
from hypothesis import strategies as st

from llm_engineering.infrastructure.training.batches import order, sampler

LENGTHS = st.lists(st.integers(1, 800), max_size=90)


@given(LENGTHS, st.integers(1, 5), st.integers(0, 3))
def test_every_sample_is_there_once_and_in_the_same_place_for_a_seed(lengths: list[int], size: int, seed: int) -> None:
    found = order(lengths, size, seed)
    assert sorted(found) == list(range(len(lengths)))
    assert found == order(lengths, size, seed)


def padding(lengths: list[int], found: list[int], size: int) -> float:
    batches = [[lengths[index] for index in found[at : at + size]] for at in range(0, len(found), size)]
    return 1 - sum(lengths) / sum(max(batch) * len(batch) for batch in batches)


def test_there_is_little_padding_and_long_and_short_take_turns() -> None:
    lengths = [60 + (index * 97) % 290 for index in range(64)]
    found = order(lengths, 2, 1)
    assert padding(lengths, list(range(64)), 2) > 0.15
    assert padding(lengths, found, 2) < 0.03
    assert [lengths[index] for index in found] != sorted(lengths)
    half = [lengths[index] for index in found[:32]]
    assert abs(sum(half) / 32 - sum(lengths) / 64) < 40, "the first half of an epoch is like the second"


def test_every_epoch_has_an_order_of_its_own() -> None:
    made = sampler(list(range(30)), 2, seed=4)
    first = list(made)
    made.set_epoch(1)
    assert list(made) != first
    made.set_epoch(0)
    assert list(made) == first
    assert len(made) == 30
