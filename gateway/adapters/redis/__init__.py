"""The ports that hold across processes, kept in Redis (or Valkey) by atomic scripts."""
