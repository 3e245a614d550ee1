def solve_ransom_note(ransom_note: str, magazine: str) -> bool:
    """Given two strings representing a ransom note and a magazine, return True if you can construct the ransom note using the letters in the magazine, and False otherwise."""
    ransom_note_dict = {}
    for char in ransom_note:
        if char in ransom_note_dict:
            ransom_note_dict[char] += 1
        else:
            ransom_note_dict[char] = 1
    magazine_dict = {}
    for char in magazine:
        if char in magazine_dict:
            magazine_dict[char] += 1
        else:
            magazine_dict[char] = 1
    for char, count in ransom_note_dict.items():
        if char not in magazine_dict or magazine_dict[char] < count:
            return False
    return True
