def solve_arithmetic(a: int, b: int, shift: int) -> int:
    """Subtract b from a shifted by shift bits and return the result as a negative value in two's-complement form."""
    result = (a << shift) - b
    return -result
