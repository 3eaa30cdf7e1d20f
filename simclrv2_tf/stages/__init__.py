"""The method: pretrain, fine-tune, distil."""
