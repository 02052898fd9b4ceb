"""One task learnt by SetFit, in an environment of its own (PyPI: setfit 1.2.0).

``python setfit_peer.py IN.json OUT.json`` reads ``{base, prompt, texts, answers, ask, max_steps,
seed}``; ``answers`` are label numbers, or lists of 0 and 1 for several labels a text. It writes the
answers to ``ask``, the seconds it took and the peak memory. It imports nothing of this project.
"""

import json
import resource
import sys
import time
from pathlib import Path


def main() -> None:
    """Train and predict once."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    task = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    started = time.monotonic()
    is_multilabel = isinstance(task["answers"][0], list)
    options = {"multi_target_strategy": "one-vs-rest"} if is_multilabel else {}
    model = SetFitModel.from_pretrained(task["base"], device="cpu", **options)
    model.model_body.default_prompt_name = None  # the prompt is put before each text here
    texts = [task["prompt"] + text for text in task["texts"]]
    data = Dataset.from_dict({"text": texts, "label": task["answers"]})
    arguments = TrainingArguments(
        output_dir=f"{sys.argv[2]}.run",
        batch_size=16,
        num_epochs=1,
        max_steps=task["max_steps"],
        seed=task["seed"],
        save_strategy="no",
        report_to="none",
        show_progress_bar=False,
    )
    Trainer(model=model, args=arguments, train_dataset=data).train()
    seconds = time.monotonic() - started
    given = model.predict([task["prompt"] + text for text in task["ask"]], use_labels=False)
    answer = {
        "answers": [value.tolist() if hasattr(value, "tolist") else value for value in given],
        "seconds": seconds,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    Path(sys.argv[2]).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
