"""What is a learned function? Pure values: functions, edits, schemas, rules. Nothing is imported."""
