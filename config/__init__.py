"""The project: settings, mounts, server, logs, telemetry. No app imports it but for `refusals`."""
