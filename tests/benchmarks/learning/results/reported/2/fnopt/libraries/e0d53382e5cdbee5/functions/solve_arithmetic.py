def solve_arithmetic(a: int, b: int, shift: int) -> int:
    """Subtract the second number from the first and shift the result by the specified amount."""
    result = a - b
    shifted_result = result >> shift
    return shifted_result
