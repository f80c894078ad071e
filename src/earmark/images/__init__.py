"""Pictures in: decoded, borders and axes trimmed, colour maps inverted to decibels."""
