import math

def compute_exponentiation(base, exponent):
    """
    Compute the exponentiation of a number.
    
    Args:
    base (float): The base number.
    exponent (int): The exponent to raise the base to.
    
    Returns:
    float: The result of base raised to the power of exponent.
    """
    return math.pow(base, exponent)

def multiply_numbers(a, b):
    """
    Multiply two numbers.
    
    Args:
    a (float): The first number.
    b (float): The second number.
    
    Returns:
    float: The product of a and b.
    """
    return a * b

def can_construct_ransom_note(ransom, magazine):
    """
    Determine if a ransom note can be constructed from the letters in the magazine.
    
    Args:
    ransom (str): The ransom note as a string.
    magazine (str): The magazine as a string.
    
    Returns:
    bool: True if the ransom note can be constructed, False otherwise.
    """
    ransom_count = {}
    magazine_count = {}
    
    for char in magazine:
        if char in magazine_count:
            magazine_count[char] += 1
        else:
            magazine_count[char] = 1
    
    for char in ransom:
        if char in ransom_count:
            ransom_count[char] += 1
            if ransom_count[char] > magazine_count[char]:
                return False
        else:
            return False
    
    return True