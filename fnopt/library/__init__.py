"""What is a learned function? Pure values on libcst: functions, edits, schemas, rules."""
