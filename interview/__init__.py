"""The game: rooms, panels, questions, scores."""
