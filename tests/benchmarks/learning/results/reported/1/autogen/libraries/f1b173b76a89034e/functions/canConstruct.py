from collections import Counter

def canConstruct(ransomNote: str, magazine: str):
    """Determine if one string can be constructed from another using the characters in the first string, with each character in the first string used at most once."""
    if len(ransomNote) > len(magazine):
        return False
    magazine_counter = Counter(magazine)
    for char in ransomNote:
        if magazine_counter[char] == 0:
            return False
        magazine_counter[char] -= 1
    return True
