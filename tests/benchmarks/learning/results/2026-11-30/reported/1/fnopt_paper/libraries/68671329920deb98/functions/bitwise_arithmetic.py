def bitwise_arithmetic(num1: int, num2: int, operation: str) -> int:
    """
    Perform a bitwise operation on two numbers.

    Args:
    num1 (int): The first number.
    num2 (int): The second number.
    operation (str): The operation to perform, either 'AND', 'OR', 'XOR', 'NOT'.

    Returns:
    int: The result of the bitwise operation.
    """
    if operation == 'AND':
        return num1 & num2
    elif operation == 'OR':
        return num1 | num2
    elif operation == 'XOR':
        return num1 ^ num2
    elif operation == 'NOT':
        return ~num1
    else:
        raise ValueError("Invalid operation")
