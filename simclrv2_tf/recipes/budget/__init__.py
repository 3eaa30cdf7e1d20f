"""What time, memory and machine allow."""
