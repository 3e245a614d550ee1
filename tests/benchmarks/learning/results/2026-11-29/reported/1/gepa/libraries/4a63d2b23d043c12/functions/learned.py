import math

def reverse_list(input_list):
    """Returns the input list reversed."""
    return input_list[::-1]

def multiply_numbers(a, b):
    """Returns the product of the two numbers."""
    return a * b

def compute_exponentiation(base, exponent):
    """Returns the base raised to the exponent, rounded to 3 significant figures."""
    result = math.pow(base, exponent)
    return round(result, 3)

def compute_scientific_notation(number):
    """Returns the number in scientific notation."""
    return "{:.3e}".format(number)

def canConstruct(ransomNote, magazine):
    """Returns True if the ransom note can be constructed using the letters in the magazine, and False otherwise.

    Each letter in the magazine string can only be used once in your ransom note.

    :param ransomNote: str
    :param magazine: str
    :return: bool
    """
    magazine_freq = {}
    ransom_note_freq = {}

    for char in magazine:
        if char in magazine_freq:
            magazine_freq[char] += 1
        else:
            magazine_freq[char] = 1

    for char in ransomNote:
        if char in ransom_note_freq:
            ransom_note_freq[char] += 1
        else:
            ransom_note_freq[char] = 1

    for char in ransom_note_freq:
        if char not in magazine_freq or magazine_freq[char] < ransom_note_freq[char]:
            return False

    return True