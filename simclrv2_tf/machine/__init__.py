"""What the machine has: cores, memory, GPUs, packages."""
