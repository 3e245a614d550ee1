def multiply_and_shift(input1, input2, shift):
    """
    Multiply two signed integers and shift the result by the specified number of bits.
    
    Args:
    input1 (int): The first signed integer.
    input2 (int): The second signed integer.
    shift (int): The number of bits to shift the result by.
    
    Returns:
    int: The result of multiplying the two integers and shifting the result by the specified number of bits.
    """
    result = (input1 * input2) << shift
    return result

def reverse_list(input_list):
    """
    Reverse the order of elements in a list.
    
    Args:
    input_list (list): The list to be reversed.
    
    Returns:
    list: The reversed list.
    """
    return input_list[::-1]

def can_construct(ransom_note, magazine):
    """
    Check if you can construct the ransom note using the letters in the magazine.
    
    Args:
    ransom_note (str): The ransom note string.
    magazine (str): The magazine string.
    
    Returns:
    bool: True if the ransom note can be constructed using the letters in the magazine, False otherwise.
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

def exponentiation(base, exponent):
    """
    Compute the exponentiation of a number.
    
    Args:
    base (float): The base number.
    exponent (float): The exponent.
    
    Returns:
    float: The result of the exponentiation.
    """
    return base ** exponent

def reverse_string(input_string):
    """
    Reverse the order of characters in a string.
    
    Args:
    input_string (str): The string to be reversed.
    
    Returns:
    str: The reversed string.
    """
    return input_string[::-1]

def reverse_list_words(input_list):
    """
    Reverse the order of words in a list.
    
    Args:
    input_list (list): The list of words to be reversed.
    
    Returns:
    list: The reversed list of words.
    """
    return input_list[::-1]