"""Every way to bring the stack up."""
