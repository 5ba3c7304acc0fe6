"""Code is cut where its author would cut it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_engineering.application.code_chunks import code_spans

PYTHON = '''import os
import re


# Adds one.
@cached
def first(x):
    y = x + 1

    return y


class Second:
    """Has methods."""

    def one(self):
        return 1

    # Says two.
    def two(self):
        return 2


TABLE = [
    1,
    2,
]
'''
GO = """package main

// Sum adds.
func Sum(a int, b int) int {
	total := a + b

	return total
}

type Point struct {
	X int
}
"""
TYPESCRIPT = """export interface Shape {
  area: number;
}

export const area = (shape: Shape) => {
  return shape.area;
};

export default async function main() {
  await run();
}
"""
C = """#include <stdio.h>

static int
add(int a, int b)
{
    return a + b;
}

int main(void)
{
    return add(1, 2);
}
"""


def cut(source: str, most: int) -> list[str]:
    return [source[start:end] for start, end in code_spans(source, lambda start, end: end - start <= most)]


def test_code_that_fits_is_not_cut() -> None:
    assert cut(PYTHON, 10_000) == [PYTHON.rstrip()]


def test_python_is_cut_between_definitions_which_keep_their_comments_and_decorators() -> None:
    parts = cut(PYTHON, 170)
    assert parts[0] == "import os\nimport re"
    assert parts[1].startswith("# Adds one.\n@cached\ndef first(x):")
    assert parts[1].endswith("return y")
    assert parts[2].startswith("class Second:")


def test_a_class_that_does_not_fit_is_cut_between_its_methods() -> None:
    parts = cut(PYTHON, 80)
    assert "    def one(self):\n        return 1" in parts
    assert "    # Says two.\n    def two(self):\n        return 2" in parts


@pytest.mark.parametrize(
    ("source", "most", "whole"),
    [
        (GO, 90, ["// Sum adds.\nfunc Sum(", "type Point struct {\n\tX int\n}"]),
        (TYPESCRIPT, 80, ["export interface Shape {", "export const area = ", "export default async function"]),
        (C, 70, ["static int\nadd(int a, int b)\n{\n    return a + b;\n}", "int main(void)\n{"]),
    ],
)
def test_other_languages_keep_their_functions_and_types_whole(source: str, most: int, whole: list[str]) -> None:
    parts = cut(source, most)
    assert [sum(part.startswith(start) for part in parts) for start in whole] == [1] * len(whole)
    assert not [part for part in parts if part.startswith(("}", ")"))]


def test_a_closing_brace_below_a_blank_line_stays_with_what_it_closes() -> None:
    assert cut("int f() {\n    g();\n\n}\n\nint h() {\n}\n", 24) == ["int f() {\n    g();\n\n}", "int h() {\n}"]


def test_a_fence_stays_with_the_code_next_to_it() -> None:
    parts = cut(f"```py\n{PYTHON}```", 80)
    assert parts[0].startswith("```py\nimport os")
    assert parts[-1].endswith("]\n```")


def test_code_that_is_indented_ever_further_is_cut_as_well() -> None:
    source = "\n".join(" " * deep + "def f():" for deep in reversed(range(2000)))
    assert len(cut(source, 3000)) > 300


@given(
    st.lists(st.sampled_from(["def f():", "    x = 1", "", "}", "  # c", "class A {", "\t", "y" * 50]), max_size=40),
    st.integers(1, 120),
)
def test_no_line_is_lost_cut_or_doubled(lines: list[str], most: int) -> None:
    source = "\n".join(lines)
    parts = cut(source, most)
    assert [line for part in parts for line in part.splitlines() if line.strip()] == [
        line.rstrip() for line in lines if line.strip()
    ]
    assert all(len(part) <= most or "\n" not in part for part in parts)
