def reverse_words(words: list[str]) -> list[str]:
    """Reverse the list of words."""
    return words[::-1]
