"""What does it look like? Progress and tables on a terminal."""
