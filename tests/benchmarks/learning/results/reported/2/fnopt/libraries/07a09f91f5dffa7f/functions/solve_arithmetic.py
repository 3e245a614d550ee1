def solve_arithmetic(a: int, b: int, shift: int) -> int:
    """Subtract the second number from the first, then shift the result by the specified amount and return the result as a negative hexadecimal value."""
    result = a - b
    shifted_result = result >> shift
    return -shifted_result
