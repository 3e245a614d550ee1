import math

def compute_exponentiation(base, exponent):
    """Compute the exponentiation of a number.
    Return the final answer correct to 3 significant figures in scientific notation using 'e' notation (e.g., 1.23e+4).
    """
    result = base ** exponent
    formatted_result = "{:.3e}".format(result)
    return formatted_result

def can_construct_ransom_note(ransom, magazine):
    """Return True if you can construct the ransom note using the letters in the magazine, and False otherwise.
    Each letter in the magazine string can only be used once in your ransom note.
    """
    magazine_dict = {}
    for char in magazine:
        if char in magazine_dict:
            magazine_dict[char] += 1
        else:
            magazine_dict[char] = 1
    
    ransom_dict = {}
    for char in ransom:
        if char in ransom_dict:
            ransom_dict[char] += 1
        else:
            ransom_dict[char] = 1
    
    for char, count in ransom_dict.items():
        if char not in magazine_dict or magazine_dict[char] < count:
            return False
    
    return True

def compute_exponentiation_improved(base, exponent):
    """Compute the exponentiation of a number.
    Return the final answer correct to 3 significant figures in scientific notation using 'e' notation (e.g., 1.23e+4).
    """
    result = base ** exponent
    formatted_result = "{:.3e}".format(result)
    return formatted_result

def can_construct_ransom_note_improved(ransom, magazine):
    """Return True if you can construct the ransom note using the letters in the magazine, and False otherwise.
    Each letter in the magazine string can only be used once in your ransom note.
    """
    magazine_dict = {}
    for char in magazine:
        if char in magazine_dict:
            magazine_dict[char] += 1
        else:
            magazine_dict[char] = 1
    
    ransom_dict = {}
    for char in ransom:
        if char in ransom_dict:
            ransom_dict[char] += 1
        else:
            ransom_dict[char] = 1
    
    for char, count in ransom_dict.items():
        if char not in magazine_dict or magazine_dict[char] < count:
            return False
    
    return True

def compute_exponentiation_wrong(base, exponent):
    """Compute the exponentiation of a number.
    Return the final answer correct to 3 significant figures in scientific notation using 'e' notation (e.g., 1.23e+4).
    """
    result = base ** exponent
    formatted_result = "{:.3e}".format(result)
    return formatted_result

def can_construct_ransom_note_wrong(ransom, magazine):
    """Return True if you can construct the ransom note using the letters in the magazine, and False otherwise.
    Each letter in the magazine string can only be used once in your ransom note.
    """
    magazine_dict = {}
    for char in magazine:
        if char in magazine_dict:
            magazine_dict[char] += 1
        else:
            magazine_dict[char] = 1
    
    ransom_dict = {}
    for char in ransom:
        if char in ransom_dict:
            ransom_dict[char] += 1
        else:
            ransom_dict[char] = 1
    
    for char, count in ransom_dict.items():
        if char not in magazine_dict or magazine_dict[char] < count:
            return False
    
    return True

def compute_exponentiation_improved_wrong(base, exponent):
    """Compute the exponentiation of a number.
    Return the final answer correct to 3 significant figures in scientific notation using 'e' notation (e.g., 1.23e+4).
    """
    result = base ** exponent
    formatted_result = "{:.3e}".format(result)
    return formatted_result

def can_construct_ransom_note_improved_wrong(ransom, magazine):
    """Return True if you can construct the ransom note using the letters in the magazine, and False otherwise.
    Each letter in the magazine string can only be used once in your ransom note.
    """
    magazine_dict = {}
    for char in magazine:
        if char in magazine_dict:
            magazine_dict[char] += 1
        else:
            magazine_dict[char] = 1
    
    ransom_dict = {}
    for char in ransom:
        if char in ransom_dict:
            ransom_dict[char] += 1
        else:
            ransom_dict[char] = 1
    
    for char, count in ransom_dict.items():
        if char not in magazine_dict or magazine_dict[char] < count:
            return False
    
    return True