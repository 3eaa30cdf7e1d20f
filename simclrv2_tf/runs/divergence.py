"""Steps in a row whose numbers are not finite, in words."""

import dataclasses
import os

import numpy as np

_NAMED = 5  # examples that the words list


@dataclasses.dataclass
class Divergence:
    """What is known when training stops for bad numbers.

    Attributes:
      step: The last bad step.
      bad: How many in a row.
      learning_rate: Of that step.
      largest_norm: Of the gradients that were finite, since the last report.
      kept: Prefix of the newest checkpoint, None for none.
      examples: int (batch,), numbers of the last step's examples.
    """

    step: int
    bad: int
    learning_rate: float
    largest_norm: float
    kept: str | None
    examples: np.ndarray

    def noted(self):
        """Dictionary for the journal, with all examples."""
        values = dataclasses.asdict(self)
        return {**values, "examples": [int(i) for i in self.examples]}

    def words(self, source):
        """What happened, where, and what to try.

        Args:
          source: The `Source`, which names examples.
        """
        named = [source.where(i) for i in self.examples[:_NAMED]]
        others = len(self.examples) - len(named)
        return (
            f"Training stops at step {self.step}: in {self.bad} steps in a "
            f"row ({self.step - self.bad + 1} to {self.step}) the loss or "
            "the gradient was not finite, and none of them was applied. "
            f"Learning rate {self.learning_rate:.4g}; largest gradient norm "
            f"since the last report {self.largest_norm:.4g}; the last batch "
            f"held {', '.join(named)} and {others} others, listed in "
            f"events.jsonl. {self._checkpoint()} Try a lower --learning_rate "
            "or a longer --warmup_epochs; --rollback passes over these "
            "batches."
        )

    def _checkpoint(self):
        if self.kept is None:
            return "There is no checkpoint yet."
        return f"The checkpoint {os.path.basename(self.kept)} is untouched."
