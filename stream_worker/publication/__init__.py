"""What readers see of a day: the catalog, switching between generations, and removing them."""
