def multiply_and_shift(value1: int, value2: int, shift: int) -> int:
    """Multiply two integers and shift the result by a specified number of bits."""
    result = value1 * value2
    return result << shift
