"""Groups of modes: what they train, begin, export, apply or judge."""

TRAINING = ("train", "train_then_eval")
BEGINNING = (*TRAINING, "recommend")  # of these a directory may be new
EXPORTING = (*TRAINING, "export")
APPLYING = ("eval", "embed", "predict", "probe", "curate")
JUDGING = ("eval", "probe", "curate")  # of these, by images held out
