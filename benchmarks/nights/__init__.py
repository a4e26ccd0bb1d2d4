"""From a day's files to published lists and from a log to a registered model, at any number of users."""
