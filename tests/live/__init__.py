"""Tests on a whole running stack: real servers, real workers, real faults."""
