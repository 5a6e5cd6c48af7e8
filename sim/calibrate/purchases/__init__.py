"""From a purchase log to how often customers buy, when they stop, and what they spend."""
