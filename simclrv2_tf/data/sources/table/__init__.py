"""Tables of images: csv and Parquet."""
