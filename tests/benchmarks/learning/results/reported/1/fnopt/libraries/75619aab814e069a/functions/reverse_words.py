from typing import List


def reverse_words(words: List[str]) -> str:
    """Reverses a list of words."""
    return ' '.join(reversed(words))
