def multiply_and_shift(value1: int, value2: int, shift: int) -> int:
    """Multiply the two numbers and shift the result by the specified amount."""
    result = value1 * value2
    shifted_result = result << shift
    return shifted_result
