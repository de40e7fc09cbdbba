"""Django's Postgres backend of this project, named by ``ENGINE`` in the settings."""
