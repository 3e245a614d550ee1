def multiply_and_shift(value1: int, value2: int, shift: int) -> int:
    """Multiply value1 by value2 and shift the result by shift bits to the left."""
    result = value1 * value2
    result <<= shift
    return result
