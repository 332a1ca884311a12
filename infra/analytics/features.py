"""The product's features, by their names in the answers."""

from typing import Final

FEATURES: Final = ("tokenize", "detokenize", "createGrant")
