"""The stages of the method: pretrain, fine-tune, distil, evaluate."""
