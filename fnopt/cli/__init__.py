"""What did the user ask? The only printing, the only exit codes."""
