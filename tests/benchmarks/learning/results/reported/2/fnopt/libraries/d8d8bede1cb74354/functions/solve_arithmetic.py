def solve_arithmetic(a: int, b: int, shift: int) -> int:
    """Subtracts the second number from the first and right shifts the result by the specified number of bits."""
    result = a - b
    if result < 0:
        result += (1 << shift)
    return result
