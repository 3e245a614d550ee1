def reverse_words(words: list) -> str:
    """Reverse the order of words in a list."""
    return ", ".join(map(str, words[::-1]))
