"""Small data sets of real kinds, and what the data checks are to accuse in each."""
