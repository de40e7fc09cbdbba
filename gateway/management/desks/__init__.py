"""The desks of ``manage.py gateway``: one module per kind of thing."""

from gateway.management.desks import (
    config,
    explain,
    faults,
    keys,
    prices,
    providers,
    routes,
    tenants,
)

ALL = (tenants, keys, providers, routes, prices, faults, explain, config)

__all__ = ["ALL"]
