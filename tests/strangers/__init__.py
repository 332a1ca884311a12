"""What strangers may send, and what the real processes make of it."""
