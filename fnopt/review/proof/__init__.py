"""Do the figures in the commits follow from the evidence? Nothing is asked of a model, nothing of
the repository is imported or run: commits and evidence in, findings out."""
