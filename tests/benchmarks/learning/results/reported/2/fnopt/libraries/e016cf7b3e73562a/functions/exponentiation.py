import math

def exponentiation(base: float, exponent: float) -> float:
    """Compute the exponentiation of a number."""
    result = math.pow(base, exponent)
    return round(result, 3)
