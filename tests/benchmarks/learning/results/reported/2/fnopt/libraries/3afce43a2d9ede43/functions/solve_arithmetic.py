def solve_arithmetic(a: int, b: int, shift: int) -> int:
    """Subtract b from a and shift the result left by shift bits."""
    result = a - b
    return result << shift
