def calculate_result(num1: int, num2: int, shift: int) -> int:
    """Subtract the second number from the first and shift the result by the given number of bits."""
    result = num1 - num2
    return result >> shift
