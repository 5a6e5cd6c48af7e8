"""From a trial of messages to what relevance is worth."""
