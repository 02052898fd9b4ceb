"""What a network says of whole texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from models.heads import TaskArrays
from training.features import Example
from training.holding import by_length, whole
from training.network import JointNetwork


def predict_logits(
    network: JointNetwork, examples: Sequence[Example], *, what: str = ""
) -> TaskArrays:
    """Logits of whole texts per task, computed as the network is set to round.

    Parameters
    ----------
    network : JointNetwork
        Is left in evaluation mode.
    examples : sequence of Example
    what : str
        Name of the progress bar; none without it.

    Returns
    -------
    mapping of task to ndarray of shape (n_examples, n_labels)
    """
    network.eval()
    logits = {
        task: np.empty((len(examples), head.out_features), np.float32)
        for task, head in network.linear_heads().items()
    }
    for members, batch in by_length([whole(example) for example in examples], what=what):
        with torch.inference_mode():
            scores = network.logits(network.pool(batch))
        for task, rows in scores.items():
            logits[task][members.numpy()] = rows.cpu().numpy()
    return logits
