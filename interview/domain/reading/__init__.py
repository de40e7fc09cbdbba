"""Texts read by rules: a résumé into claims, an answer into features. Nothing here gives points."""
