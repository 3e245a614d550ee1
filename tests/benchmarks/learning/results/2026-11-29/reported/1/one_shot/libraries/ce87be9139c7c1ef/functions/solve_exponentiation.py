import math

def solve_exponentiation(base: float, exponent: float) -> float:
    """Compute the exponentiation of a number."""
    return math.pow(base, exponent)
