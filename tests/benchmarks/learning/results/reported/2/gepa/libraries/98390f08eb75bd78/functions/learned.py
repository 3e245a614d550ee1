def solve_bitwise_operation(operation, num1, num2):
    """
    Solves a bitwise operation on two numbers.

    Args:
    operation (str): The bitwise operation to perform. Options are '<<', '>>', '&', '|', '^'.
    num1 (int): The first number.
    num2 (int): The second number.

    Returns:
    str: The result of the bitwise operation in hexadecimal.
    """
    result = eval(f"{num1} {operation} {num2}")
    return f"0x{result:X}"

def compute_multiplication(num1, num2):
    """
    Computes the product of two numbers.

    Args:
    num1 (int): The first number.
    num2 (int): The second number.

    Returns:
    str: The product in hexadecimal.
    """
    result = hex(num1 * num2)[2:]
    return result

def compute_exponentiation(base, exponent):
    """
    Computes the exponentiation of a number.

    Args:
    base (float): The base number.
    exponent (int): The exponent.

    Returns:
    str: The exponentiation in scientific notation.
    """
    result = "{:.3e}".format(base ** exponent)
    return result