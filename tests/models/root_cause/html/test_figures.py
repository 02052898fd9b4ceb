import itertools

import pytest

from models.root_cause.html.figures import (
    MAX_RIBS,
    BoneItem,
    Fishbone,
    RibItem,
    lay_fishbone,
    lay_sparkline,
    lay_upright_fishbone,
    shorten,
)


def bones(*sizes: int) -> list[BoneItem]:
    return [
        BoneItem(
            department=f"department {number}",
            count="10",
            ribs=tuple(
                RibItem(
                    cause_id=f"C{number}{row}",
                    name="a name that is far too long to stand beside a rib of the fishbone",
                    count="1.234",
                    weight=1 / (row + 1),
                    is_contested=False,
                )
                for row in range(size)
            ),
        )
        for number, size in enumerate(sizes)
    ]


LAYOUTS = [lay_fishbone(bones(*sizes)) for sizes in [(1,), (9, 2), (3, 8, 12, 1, 2, 4)]] + [
    lay_upright_fishbone(bones(*sizes)) for sizes in [(1,), (9, 2), (3, 8, 12, 1, 2, 4)]
]


@pytest.mark.parametrize("fish", LAYOUTS)
def test_fishbone_stays_within_its_view_box(fish: Fishbone) -> None:
    for bone in fish.bones:
        points = [(bone.tip_x, bone.tip_y), (bone.foot_x, bone.foot_y), (bone.tip_x, bone.label_y)]
        points += [(rib.x1, rib.y - 20) for rib in bone.ribs] + [
            (rib.x2, rib.y) for rib in bone.ribs
        ]
        if bone.n_more:
            points.append((bone.more_x, bone.more_y))
        for x, y in points:
            assert 0 <= x <= fish.width
            assert 0 <= y <= fish.height


@pytest.mark.parametrize("fish", LAYOUTS)
def test_fishbone_ribs_do_not_overlap(fish: Fishbone) -> None:
    ribs = [rib for bone in fish.bones for rib in bone.ribs]
    for first, second in itertools.combinations(ribs, 2):
        is_beside = first.x2 < second.x1 or second.x2 < first.x1
        assert is_beside or abs(first.y - second.y) > 25


@pytest.mark.parametrize("fish", LAYOUTS)
def test_fishbone_labels_leave_room_for_the_count(fish: Fishbone) -> None:
    for bone in fish.bones:
        for rib in bone.ribs:
            assert len(rib.label) * 7.4 <= rib.x2 - rib.x1 - 40
            assert rib.label.endswith("…")


@pytest.mark.parametrize("fish", LAYOUTS)
def test_fishbone_counts_the_ribs_that_it_leaves_out(fish: Fishbone) -> None:
    for bone in fish.bones:
        assert len(bone.ribs) <= MAX_RIBS
        assert len(bone.ribs) + bone.n_more == len(bone.item.ribs)


def test_fishbone_ribs_of_larger_causes_are_thicker() -> None:
    widths = [rib.width for rib in lay_fishbone(bones(4)).bones[0].ribs]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > widths[-1]


@pytest.mark.parametrize("size", [1, 3, 8])
def test_fishbone_bones_do_not_cross_the_counts(size: int) -> None:
    for bone in lay_fishbone(bones(size, size)).bones:
        for rib in bone.ribs:
            share = (rib.y - 20 - bone.foot_y) / (bone.tip_y - bone.foot_y)  # at the text's top
            assert rib.count_x < bone.foot_x + share * (bone.tip_x - bone.foot_x) - 2


def test_sparkline_runs_from_left_to_right_and_down_to_zero() -> None:
    line = lay_sparkline([0.0, 0.5, 1.0], width=108, height=58)
    assert line is not None
    assert line.points == "4.0,54.0 54.0,29.0 104.0,4.0"
    assert (line.end_x, line.end_y) == (104.0, 4.0)


def test_sparkline_of_nothing_but_zero_lies_on_the_floor() -> None:
    line = lay_sparkline([0.0, 0.0], height=44)
    assert line is not None
    assert line.end_y == 40.0


def test_sparkline_needs_two_periods() -> None:
    assert lay_sparkline([0.3]) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("kort", "kort"), ("lang in de wacht", "lang in…"), ("ononderbroken", "ononderbr…"),
     ("een ononderbroken", "een onond…"), ("abc def · ghi", "abc def…")],
)  # fmt: skip
def test_shorten_cuts_at_a_word(text: str, expected: str) -> None:
    assert shorten(text, 10) == expected
