"""Plain functions that make valid things to test with; tests name only what matters to them."""
