"""What the gateway does: the pipeline, the streams, the queues."""
