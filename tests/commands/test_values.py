"""The types of options that click lacks."""

from __future__ import annotations

import click
import pytest

from fashion_wb.commands.values import Size


@pytest.mark.parametrize(
    ("text", "size"),
    [("4GiB", 4 << 30), ("500MB", 500_000_000), ("1.5 tib", 3 << 39), ("100 b", 100), ("2kB", 2000)],
)
def test_a_size_is_a_number_and_its_unit(text, size):
    assert Size().convert(text, None, None) == size


@pytest.mark.parametrize(
    "text", ["", "7", "GiB", "0MB", "-1GB", "4 gigabytes", "1e3MB", "nanMB", "9" * 400 + "GB"]
)
def test_what_is_not_a_size_is_refused_with_an_example(text):
    with pytest.raises(click.BadParameter, match="is not a size such as 4GiB or 500MB"):
        Size().convert(text, None, None)
