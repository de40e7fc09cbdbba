"""How large a figure may be: the same wherever it is typed, and what every program can print."""

#: Of deadlines, waits, faults, and of how long an answer is kept.
LONGEST_SECONDS = 86_400
SHORTEST_HEDGE_SECONDS = 0.05
SHORTEST_WINDOW_SECONDS = 0.001
LONGEST_WINDOW_SECONDS = 31 * 86_400
#: The most that a program reading JSON as floating point still counts exactly.
MOST_UNITS = 2**53 - 1
MOST_COUNT = 2**31 - 1
MOST_RETRIES = 10
MOST_ATTEMPTS = 50
MOST_WEIGHT_OF_A_TARGET = 10_000
MOST_WEIGHT_OF_A_TENANT = 1_000
#: Of a public name, and so of a pattern that one can be called like.
LONGEST_PUBLIC_NAME = 128
MOST_PATTERNS = 64
