"""Words the rules know, in both languages. Latin words are lower case; ``|`` parts synonyms."""
