from pathlib import Path

import numpy as np
from tiny import tiny_config, tiny_rows, tiny_taxonomy, tiny_tokenizer_json
from tokenizers import Tokenizer

from training.features import build_examples, collate, plan_batches
from training.labelled import Labels
from training.targets import target_rows

TOKENIZER = Tokenizer.from_str(tiny_tokenizer_json())
TAXONOMY = tiny_taxonomy()


def test_segments_become_their_own_tokens() -> None:
    row = next(row for row in tiny_rows() if row.segments)
    config = tiny_config(Path("."))
    (example,) = build_examples([row], TOKENIZER, TAXONOMY, prompt="q: ", config=config)
    assert example.spans[0] == (0, len(example.ids))
    decoded = [TOKENIZER.decode(example.ids[start:end].tolist()) for start, end in example.spans]
    assert decoded[1] == "goed geholpen"
    assert decoded[2].startswith("maar te duur")


def test_second_owner_gets_its_share_of_the_target() -> None:
    labels = [Labels("mixed", ("price",), "board", "hr"), Labels("positive", ("price",), "hr")]
    targets = target_rows(labels, TAXONOMY, second_owner_share=0.3)["department"]
    order = TAXONOMY.labels("department")
    assert targets[0, order.index("board")] == np.float32(0.7)
    assert targets[0, order.index("hr")] == np.float32(0.3)
    assert targets[1, order.index("hr")] == 1.0


def test_collate_masks_padding_and_keeps_span_order() -> None:
    config = tiny_config(Path("."))
    examples = build_examples(tiny_rows()[:3], TOKENIZER, TAXONOMY, prompt="", config=config)
    batch = collate(examples)
    assert batch.mask.sum(dim=1).tolist() == [len(example.ids) for example in examples]
    assert batch.is_segment.tolist() == [False, False, False, True, True]
    assert batch.span_rows.tolist() == [0, 1, 2, 2, 2]


def test_plan_batches_takes_every_row_once() -> None:
    lengths = np.arange(100) % 17
    plan = plan_batches(lengths, batch_size=8, rng=np.random.default_rng(0))
    assert sorted(np.concatenate(plan).tolist()) == list(range(100))
