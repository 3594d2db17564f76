"""How far a measured share may be from the true one."""

from __future__ import annotations

from math import sqrt

Z = 1.959964  # of the normal distribution: 95 % lie within


def wilson(hits: int, count: int, z: float = Z) -> tuple[float, float]:
    """The interval of Wilson (1927) for a share, which stays within 0 and 1 and is honest near both ends.

    Args:
        hits: how often it was right.
        count: out of how many.
        z: standard deviations to either side; the default gives 95 %.

    Returns:
        The lowest and the highest share that the observation fits well, each in 0..1.

    Raises:
        ValueError: if ``count`` is not positive, or ``hits`` is not within 0 and ``count``.
    """
    if count < 1 or not 0 <= hits <= count:
        raise ValueError(f"{hits} of {count} is no share")
    share, square = hits / count, z * z
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = z / (1 + square / count) * sqrt(share * (1 - share) / count + square / (4 * count * count))
    return (0.0 if hits == 0 else middle - half), (1.0 if hits == count else middle + half)
