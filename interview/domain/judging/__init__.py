"""The judge's tier: a model reads an answer, the rules decide how far its opinion counts."""
