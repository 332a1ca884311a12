"""The parts that the stacks are made of, one noun a file."""
