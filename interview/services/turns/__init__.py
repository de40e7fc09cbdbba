"""The life of a turn: queued with an answer, spoken by a worker, interrupted, asked again."""
