"""Makes the weights that classifiers/models/weights/ carries from the packages they were published in. Run by hand."""
