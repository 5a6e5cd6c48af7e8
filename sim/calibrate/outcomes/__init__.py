"""From outcomes that a client knows to the behavioural parameters that reproduce them."""
