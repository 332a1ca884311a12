"""The rules of `day_fraud`, one file each for what they look at."""
