def solve_arithmetic(a: int, b: int, shift: int) -> int:
    """Compute (a << shift) - b and return the result as a negative value in hexadecimal."""
    result = (a << shift) - b
    return -result & 0xFFFFFFFF
