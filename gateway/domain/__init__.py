"""Pure rules of the gateway: no Django, no I/O, no clock."""
