from pathlib import Path

import numpy as np
from tiny import tiny_config, tiny_rows, tiny_taxonomy, tiny_tokenizer_json
from tokenizers import Tokenizer

from training.features import build_examples, collate, plan_batches, plan_parts
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


def test_plan_parts_takes_every_row_once_and_keeps_to_the_limit() -> None:
    lengths = np.random.default_rng(0).integers(5, 200, 60)
    parts = plan_parts(lengths, call_tokens=50, most_tokens=400)
    assert sorted(np.concatenate(parts).tolist()) == list(range(60))
    assert all(len(part) * lengths[part].max() <= 400 for part in parts)


def test_plan_parts_cuts_where_padding_costs_more_than_a_call() -> None:
    lengths = np.asarray([100, 10, 10, 10, 100, 11])
    cheap_calls = plan_parts(lengths, call_tokens=50, most_tokens=10_000)
    assert [sorted(part.tolist()) for part in cheap_calls] == [[1, 2, 3, 5], [0, 4]]
    dear_calls = plan_parts(lengths, call_tokens=1_000, most_tokens=10_000)
    assert [sorted(part.tolist()) for part in dear_calls] == [[0, 1, 2, 3, 4, 5]]


def test_plan_parts_lets_a_row_above_the_limit_run_alone() -> None:
    parts = plan_parts(np.asarray([3, 900]), call_tokens=0, most_tokens=100)
    assert [part.tolist() for part in parts] == [[0], [1]]


def test_plan_parts_has_few_numbers_of_rows() -> None:
    lengths = np.random.default_rng(1).integers(5, 200, 44)
    parts = plan_parts(lengths, call_tokens=50, most_tokens=2_000, multiple_of=8)
    assert sorted(np.concatenate(parts).tolist()) == list(range(44))
    assert all(len(part) % 8 == 0 for part in parts[:-1])


def test_collate_pads_to_a_multiple() -> None:
    config = tiny_config(Path("."))
    examples = build_examples(tiny_rows()[:3], TOKENIZER, TAXONOMY, prompt="", config=config)
    batch = collate(examples, multiple_of=16)
    assert batch.ids.shape[1] % 16 == 0
    assert batch.mask.sum(dim=1).tolist() == [len(example.ids) for example in examples]
