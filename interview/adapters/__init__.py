"""The outside world behind the game's ports."""
