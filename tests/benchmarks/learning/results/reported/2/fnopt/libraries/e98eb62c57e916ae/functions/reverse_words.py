def reverse_words(words: list) -> str:
    """Reverse the order of words in a list, as in: a comma-separated list of words with a space after the comma. Reverse this list of words: …"""
    return ", ".join(map(str, words[::-1]))
