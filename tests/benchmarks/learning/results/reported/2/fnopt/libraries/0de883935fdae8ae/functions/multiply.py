import math


def multiply(a: float, b: float) -> float:
    """Multiply two floats."""
    return math.pow(a, b)
