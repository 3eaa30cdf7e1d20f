"""TFRecord files, and the labels of records."""
