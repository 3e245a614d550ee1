def reverse_words(words: list) -> str:
    """Reverses a list of words."""
    return ", ".join(map(str, words[::-1]))
