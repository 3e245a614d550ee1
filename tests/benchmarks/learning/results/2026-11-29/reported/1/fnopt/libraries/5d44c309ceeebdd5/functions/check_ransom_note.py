def check_ransom_note(ransom_note: str, magazine: str) -> bool:
    """Check if the ransom note can be constructed from the magazine."""
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
