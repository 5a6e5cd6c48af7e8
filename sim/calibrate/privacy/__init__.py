"""From a survey on privacy to the thresholds of customers."""
