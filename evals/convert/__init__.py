"""Makes the weights that classifiers/models/weights/ carries, from the packages their authors published. Run by hand."""
