from math import pow

def calculate_exponentiation(number: float, exponent: float) -> float:
    """Compute the exponentiation of a number."""
    return round(pow(number, exponent), 3)
