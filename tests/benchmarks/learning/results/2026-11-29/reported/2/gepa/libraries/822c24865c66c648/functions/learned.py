def compute_exponentiation(number: str, exponent: str) -> str:
    """
    Compute the exponentiation of a number.
    
    Args:
    number (str): The base number as a string.
    exponent (str): The exponent as a string.
    
    Returns:
    str: The result of the exponentiation as a string in scientific notation.
    """
    base = float(number)
    exp = float(exponent)
    result = base ** exp
    return f"{result:.3e}"

def compute_multiplication(a: str, b: str) -> str:
    """
    Compute the multiplication of two numbers.
    
    Args:
    a (str): The first number as a string.
    b (str): The second number as a string.
    
    Returns:
    str: The result of the multiplication as a string.
    """
    return str(int(a) * int(b))

def compute_bitwise_left_shift(number: str, shift: str) -> str:
    """
    Compute the bitwise left shift of a number.
    
    Args:
    number (str): The number as a string.
    shift (str): The shift amount as a string.
    
    Returns:
    str: The result of the bitwise left shift as a string.
    """
    base = int(number)
    shift_amount = int(shift)
    result = base << shift_amount
    return str(result)

def compute_bitwise_right_shift(number: str, shift: str) -> str:
    """
    Compute the bitwise right shift of a number.
    
    Args:
    number (str): The number as a string.
    shift (str): The shift amount as a string.
    
    Returns:
    str: The result of the bitwise right shift as a string.
    """
    base = int(number)
    shift_amount = int(shift)
    result = base >> shift_amount
    return str(result)