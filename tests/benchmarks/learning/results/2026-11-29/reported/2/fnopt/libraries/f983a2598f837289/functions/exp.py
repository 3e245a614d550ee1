import math

def exp(number: float, exponent: float) -> float:
    """Compute the exponentiation of a number."""
    return math.pow(number, exponent)
