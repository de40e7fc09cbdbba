"""Channels consumers: the event stream and the control socket of a room."""
