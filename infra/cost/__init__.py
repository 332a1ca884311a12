"""What a deployment costs a month, by list prices and measured figures, beside what it replaces."""
