"""What readers see of a day: the catalog, the switches between generations, and their end."""
