import math

def compute_exponentiation(base, exponent):
    """
    Compute an exponentiation of a number.

    Args:
    base (float): The base number.
    exponent (int): The exponent to raise the base by.

    Returns:
    str: The result of the exponentiation in scientific notation with 3 significant figures.
    """
    result = base ** exponent
    return f"{result:.3e}"

def multiply_numbers(num1, num2):
    """
    Multiply two numbers.

    Args:
    num1 (float): The first number.
    num2 (float): The second number.

    Returns:
    str: The result of the multiplication as a string.
    """
    return str(num1 * num2)

def can_construct_ransom_note(ransom_note, magazine):
    """
    Check if a ransom note can be constructed using the letters in the magazine.

    Args:
    ransom_note (str): The ransom note to construct.
    magazine (str): The magazine to use.

    Returns:
    bool: True if the ransom note can be constructed, False otherwise.
    """
    magazine_count = {}
    for char in magazine:
        if char in magazine_count:
            magazine_count[char] += 1
        else:
            magazine_count[char] = 1
    
    for char in ransom_note:
        if char not in magazine_count or magazine_count[char] == 0:
            return False
        magazine_count[char] -= 1
    
    return True