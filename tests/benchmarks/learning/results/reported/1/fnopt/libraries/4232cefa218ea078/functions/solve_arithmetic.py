def solve_arithmetic(num1: int, num2: int, shift: int) -> int:
    """Solves the arithmetic operation (num1 * num2) << shift and returns the result in hexadecimal."""
    result = (num1 * num2) << shift
    return result
