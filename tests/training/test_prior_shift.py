import numpy as np
import pytest

from training.prior_shift import estimate_prior

MEANS = np.array([[2.0, 0.0], [0.0, 2.0], [-2.0, -2.0]])


def draw(shares: list[float], n_rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points of three Gaussians and the log likelihood of each."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(3, size=n_rows, p=shares)
    points = MEANS[labels] + rng.normal(size=(n_rows, 2))
    return labels, -0.5 * ((points[:, None, :] - MEANS) ** 2).sum(axis=2)


def posterior(logs: np.ndarray, shares: list[float]) -> np.ndarray:
    joint = np.exp(logs) * np.asarray(shares)
    return joint / joint.sum(axis=1, keepdims=True)


def test_shares_are_found_where_only_they_differ() -> None:
    calibrated, field = [0.4, 0.4, 0.2], [0.1, 0.2, 0.7]
    labels, logs = draw(field, 4000, seed=1)
    shift = estimate_prior(posterior(logs, calibrated), np.asarray(calibrated))
    assert shift.has_converged
    assert shift.field == pytest.approx(field, abs=0.03)
    before = posterior(logs, calibrated).argmax(axis=1) == labels
    after = (np.log(posterior(logs, calibrated)) + shift.bias).argmax(axis=1) == labels
    assert after.mean() > before.mean()


def test_equal_shares_are_left_as_they_are() -> None:
    shares = [0.5, 0.3, 0.2]
    _, logs = draw(shares, 4000, seed=2)
    shift = estimate_prior(posterior(logs, shares), np.asarray(shares))
    assert np.abs(shift.bias).max() < 0.15


def test_nothing_to_estimate_on_is_an_error() -> None:
    with pytest.raises(ValueError, match="must have shape"):
        estimate_prior(np.zeros((0, 3)), np.ones(3) / 3)
