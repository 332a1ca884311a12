"""What surrounds the two deployables: the system on one machine, and later its deployment."""
