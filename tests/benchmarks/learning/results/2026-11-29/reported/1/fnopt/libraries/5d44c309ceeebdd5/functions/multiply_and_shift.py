def multiply_and_shift(value1: int, value2: int, shift: int) -> int:
    """Multiply the two integers and shift the result by the given number of bits."""
    result = (value1 * value2) << shift
    return result
