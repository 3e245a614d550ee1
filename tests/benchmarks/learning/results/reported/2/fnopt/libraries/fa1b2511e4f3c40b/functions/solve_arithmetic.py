def solve_arithmetic(a: int, b: int, shift: int) -> int:
    """Returns the result of (a << shift) - b."""
    return (a << shift) - b
