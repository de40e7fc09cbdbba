"""Pure rules of the game: no Django, no I/O, no clock."""
