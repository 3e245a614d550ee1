def solve_ransom_note(ransom_note: str, magazine: str) -> bool:
    """
    Return True if you can construct the ransom note using the letters in the magazine, and False otherwise.
    Each letter in the magazine string can only be used once in your ransom note.
    """
    return all(ransom_note.count(c) <= magazine.count(c) for c in ransom_note)

def compute_two_complement(num: int) -> int:
    """
    Compute the two's-complement of a signed integer.
    """
    if num < 0:
        return (1 << 32) + num
    return num

def calculate_expression(expression: str) -> int:
    """
    Evaluate an arithmetic expression.
    """
    return eval(expression)

def compute_abs_value(num: int) -> int:
    """
    Compute the absolute value of a number.
    """
    return abs(num)