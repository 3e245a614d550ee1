def twos_complement_subtract(a: int, b: int) -> int:
    """Subtract two signed integers and return the result in two's-complement form."""
    # Add the two numbers
    sum_ab = a + b
    
    # If the sum is negative, subtract the sum from the larger number
    if sum_ab < 0:
        sum_ab = (2**32) + sum_ab
    
    # Return the result in two's-complement form
    return sum_ab
