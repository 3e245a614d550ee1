def reverse_words(words: list) -> str:
    """Reverse the order of words in the given list."""
    return ", ".join(map(str, words[::-1]))
