import math

def compute_exponentiation(base, exponent):
    """Compute the exponentiation of a number.

    Compute base^exponent and return the result correct to 3 significant figures.
    Return the answer in scientific notation using 'e' notation (e.g., 1.23e+4).

    Parameters:
    - base (float): The base number.
    - exponent (float): The exponent number.

    Returns:
    - str: The result in scientific notation.
    """
    result = math.pow(base, exponent)
    return f"{result:.3e}"

def can_construct_ransom_note(ransom, magazine):
    """Given two strings representing a ransom note and a magazine, return True if you can construct the ransom note using the letters in the magazine, and False otherwise.

    Each letter in the magazine string can only be used once in your ransom note.

    Parameters:
    - ransom (str): The ransom note string.
    - magazine (str): The magazine string.

    Returns:
    - bool: True if the ransom note can be constructed, False otherwise.
    """
    ransom_dict = {}
    for char in ransom:
        if char in ransom_dict:
            ransom_dict[char] += 1
        else:
            ransom_dict[char] = 1
    
    for char in magazine:
        if char in ransom_dict:
            ransom_dict[char] -= 1
            if ransom_dict[char] < 0:
                return False
    
    return True