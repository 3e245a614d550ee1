def solve_arithmetic(a: int, b: int, shift: int) -> int:
    """Subtract b from a and then shift the result to the left by shift bits."""
    result = a - b
    result = result << shift
    return result
