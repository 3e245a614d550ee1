"""What is asked? Task formats, splits and scorers."""
