"""Names of searches are split and joined."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.records.search_name import join_name, split_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bayes", ("bayes", 0)),
        ("bayes-r3", ("bayes", 3)),
        ("bayes-r0", ("bayes", 0)),
        ("my-search-r12", ("my-search", 12)),
        ("bayes-r3-r4", ("bayes-r3", 4)),
        ("-r3", ("-r3", 0)),
        ("bayes-r", ("bayes-r", 0)),
        ("bayes-r03", ("bayes-r03", 0)),
        ("bayes-r-1", ("bayes-r-1", 0)),
        ("bayes-r3x", ("bayes-r3x", 0)),
        ("bayes-r٣", ("bayes-r٣", 0)),
        ("r3", ("r3", 0)),
        ("", ("", 0)),
    ],
)
def test_names_are_split_into_method_and_replicate(name, expected):
    assert split_name(name) == expected


@given(st.text(min_size=1), st.integers(0, 999_999_999))
def test_a_joined_name_splits_into_its_parts(method, replicate):
    assert split_name(join_name(method, replicate)) == (method, replicate)
