"""The gateway: say this, as this model; admitted, limited, streamed, cancellable, observed."""
