"""Wilson's interval, against scipy's and against what it must be at the ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from coursekit.intervals import wilson


@given(st.integers(1, 5000).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_it_is_scipys_interval_and_holds_the_share(pair: tuple[int, int]) -> None:
    hits, count = pair
    low, high = wilson(hits, count)
    expected = binomtest(hits, count).proportion_ci(method="wilson")
    assert low == pytest.approx(expected.low, abs=1e-6)
    assert high == pytest.approx(expected.high, abs=1e-6)
    assert 0 <= low <= hits / count <= high <= 1


def test_none_right_is_no_proof_that_none_ever_will_be() -> None:
    low, high = wilson(0, 200)
    assert low == 0
    assert 0.01 < high < 0.03


@pytest.mark.parametrize(("hits", "count"), [(1, 0), (-1, 5), (6, 5), (0, -3)])
def test_what_is_no_share_is_refused(hits: int, count: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(hits, count)
