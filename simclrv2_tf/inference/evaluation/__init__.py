"""The accuracy and calibration of a classifier."""
