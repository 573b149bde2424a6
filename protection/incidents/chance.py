"""How likely so many claims are when nothing has happened: the upper tail of a Poisson distribution.

Claims come one by one and do not know of each other, so their number on a day spreads as Poisson's (1837) around the
usual rate, unless something happened to many at once. What is less likely than ALARM is proposed as an incident.
"""

import math

ALARM = 1e-4  # one cluster in ten thousand by chance; see the test that measures it on noise
AT_LEAST = 5  # claims: what is less is decided one by one anyway


def chance(count: int, usual: float) -> float:
    """The probability of `count` claims or more where `usual` (above 0) are to be expected."""
    if count <= usual:
        return 1.0 - sum(_exactly(number, usual) for number in range(count))
    total, number = 0.0, count
    while (term := _exactly(number, usual)) > total * 1e-12:
        total += term
        number += 1
    return total


def most_by_chance(usual: float) -> int:
    """As many claims as still come by chance on one day in a hundred."""
    number = math.ceil(usual)
    while chance(number + 1, usual) > 0.01:
        number += 1
    return number


def in_words(probability: float) -> str:
    """Such as "by chance less than once in a million"."""
    for limit, words in ((1e-9, "a billion"), (1e-6, "a million"), (1e-5, "a hundred thousand")):
        if probability < limit:
            return f"by chance less than once in {words}"
    return f"by chance about once in {round(1 / probability, -3):,.0f}"


def _exactly(number: int, usual: float) -> float:
    return math.exp(-usual + number * math.log(usual) - math.lgamma(number + 1))
