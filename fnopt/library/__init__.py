"""What is a learned function? Pure values: functions, edits, schemas, rules. No import runs."""
