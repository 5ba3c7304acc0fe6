"""A chart in the dashboard is a picture of the figures, and nothing but."""

import re

from steps.charts import HEIGHT, WIDTH, line_chart


def test_each_line_is_drawn_within_the_picture() -> None:
    chart = line_chart("Loss", {"loss": [(1, 3.5), (2, 2.0), (3, 2.5)], "held-out": [(0, 3.7), (3, 2.9)]}, "step")
    lines = re.findall(r'points="([^"]+)"', chart)
    assert [len(line.split()) for line in lines] == [3, 2]
    places = [tuple(map(float, point.split(","))) for line in lines for point in line.split()]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places)
    high, low = places[0], places[1]
    assert high[1] < low[1], "more is further up"
    assert chart.count("<polyline") == 2
    assert "3.7" in chart
    assert "<h2>Loss</h2>" in chart


def test_a_line_that_stays_where_it_is_can_be_drawn() -> None:
    assert "nan" not in line_chart("Rate", {"rate": [(1, 0.5), (2, 0.5)]}, "step")
    assert "<polyline" in line_chart("Rate", {"rate": [(1, 0.5)]}, "step")


def test_without_a_point_there_is_no_chart() -> None:
    assert line_chart("Margin", {"margin": []}, "step") == ""


def test_names_are_escaped() -> None:
    assert "<script>" not in line_chart("<script>", {"<script>": [(1, 1)]}, "<script>")
