"""services of the game."""
