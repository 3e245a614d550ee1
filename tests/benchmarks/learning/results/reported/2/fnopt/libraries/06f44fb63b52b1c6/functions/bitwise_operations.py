def bitwise_operations(left: int, right: int) -> int:
    """Perform bitwise operations on two integers."""
    result = left - (right << 0x2)
    return result
