"""What crosses the border of kapteam: the day on paper."""
