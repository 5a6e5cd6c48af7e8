"""From a panel of brand choices to tastes, habit, price sensitivity and the appeal of brands."""
