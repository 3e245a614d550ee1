# This module has functions for various calculations and operations.
import math

def reverse_list(words):
    """Reverse a list of words."""
    return words[::-1]

def compute_exponentiation(base, exponent):
    """Compute the exponentiation of a number."""
    return base ** exponent

def compute_integer_exponentiation(base, exponent):
    """Compute the exponentiation of a number using integer arithmetic."""
    result = 1
    for _ in range(exponent):
        result *= base
    return result

def compute_negative_exponentiation(base, exponent):
    """Compute the negative exponentiation of a number."""
    if exponent == 0:
        return 1
    elif exponent < 0:
        return compute_exponentiation(1 / base, -exponent)
    else:
        return compute_exponentiation(base, exponent)