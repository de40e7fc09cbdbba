"""Tests without a database and without a socket."""
