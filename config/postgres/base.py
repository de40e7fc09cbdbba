"""Postgres whose queries are counted and whose pooled connections are alive when they are taken.

Psycopg's own check asks the server with an empty query at every checkout, fourteen times a turn.
But a server that ends a connection says so, and a connection at rest has nothing else to say: only
one whose socket can be read is asked.
"""

import select

from django_prometheus.db.backends.postgresql import base
from psycopg import Connection, OperationalError
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection of one thread, from the process's pool while it works."""

    def get_new_connection(self, conn_params: dict[str, object]) -> Connection[tuple[object, ...]]:
        """Return a connection that is alive; the pool replaces those that are not."""
        while True:
            connection: Connection[tuple[object, ...]] = super().get_new_connection(conn_params)
            if self.pool is None or is_alive(connection):
                return connection
            connection.close()
            self.pool.putconn(connection)


def is_alive(connection: Connection[tuple[object, ...]]) -> bool:
    """Return whether the server still answers on a connection at rest."""
    look = select.poll()
    look.register(connection.fileno(), select.POLLIN)
    if not look.poll(0):
        return True
    try:
        ConnectionPool.check_connection(connection)
    except OperationalError:
        return False
    return True
