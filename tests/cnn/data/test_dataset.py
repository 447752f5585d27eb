"""The split is exact, stratified and determined by the seed; the images match published statistics."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fashion_wb.cnn.data import dataset
from fashion_wb.errors import FashionWbError

LABELS = np.repeat(np.arange(10, dtype=np.uint8), 6_000)


@pytest.fixture(scope="module")
def loaded(data_dir) -> dataset.FashionMnist:
    return dataset.load(0, data_dir)


def _digest(split: dataset.FashionMnist) -> str:
    parts = (split.train.images, split.train.labels, split.valid.images, split.valid.labels)
    return hashlib.sha256(b"".join(part.numpy().tobytes() for part in parts)).hexdigest()


def test_shapes_and_types(loaded, data_dir):
    for split, size in (
        (loaded.train, 50_000),
        (loaded.valid, 10_000),
        (dataset.load_test(data_dir), 10_000),
    ):
        assert split.images.shape == (size, 1, 28, 28) and split.images.dtype == torch.uint8
        assert split.labels.shape == (size,) and split.labels.dtype == torch.int64
        assert split.images.is_contiguous()


def test_every_class_is_split_five_to_one(loaded, data_dir):
    assert torch.bincount(loaded.train.labels).tolist() == [5_000] * 10
    assert torch.bincount(loaded.valid.labels).tolist() == [1_000] * 10
    assert torch.bincount(dataset.load_test(data_dir).labels).tolist() == [1_000] * 10


def test_training_and_validation_images_together_are_all_training_images(loaded, data_dir):
    raw = np.fromfile(data_dir / "train-images-idx3-ubyte", dtype=np.uint8, offset=16).reshape(60_000, 784)
    rows = torch.cat([loaded.train.images, loaded.valid.images]).reshape(60_000, 784).numpy()
    assert np.array_equal(np.sort(rows.view("V784"), axis=0), np.sort(raw.copy().view("V784"), axis=0))


def test_labels_match_their_images(loaded, data_dir):
    raw = np.fromfile(data_dir / "train-labels-idx1-ubyte", dtype=np.uint8, offset=8)
    images = np.fromfile(data_dir / "train-images-idx3-ubyte", dtype=np.uint8, offset=16)
    train, valid = dataset.split_indices(raw, 0)
    for split, indices in ((loaded.train, train), (loaded.valid, valid)):
        assert np.array_equal(split.labels.numpy(), raw[indices])
        assert np.array_equal(split.images.numpy(), images.reshape(60_000, 1, 28, 28)[indices])


def test_pixel_mean_and_deviation_match_the_published_values(loaded):
    pixels = torch.cat([loaded.train.images, loaded.valid.images]).numpy()
    counts = np.bincount(pixels.ravel(), minlength=256) / pixels.size
    levels = np.arange(256) / 255
    mean = float((counts * levels).sum())
    assert mean == pytest.approx(0.28604, abs=5e-6)
    assert float((counts * (levels - mean) ** 2).sum()) ** 0.5 == pytest.approx(0.35302, abs=5e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31 - 1), st.randoms(use_true_random=False))
def test_any_seed_gives_a_disjoint_exhaustive_stratified_split(seed, random):
    labels = LABELS.copy()
    np.random.Generator(np.random.PCG64(random.getrandbits(32))).shuffle(labels)
    train, valid = dataset.split_indices(labels, seed)
    assert np.array_equal(np.sort(np.concatenate([train, valid])), np.arange(60_000))
    assert np.bincount(labels[train]).tolist() == [5_000] * 10
    assert np.bincount(labels[valid]).tolist() == [1_000] * 10


def test_the_first_images_contain_all_classes_evenly():
    train, valid = dataset.split_indices(LABELS, 3)
    for part in (train, valid):
        first = np.bincount(LABELS[part[:1_000]], minlength=10)
        assert first.min() > 60 and first.max() < 140


def test_the_seed_determines_the_split(loaded, data_dir):
    assert _digest(dataset.load(0, data_dir)) == _digest(loaded)
    assert _digest(dataset.load(1, data_dir)) != _digest(loaded)


def test_the_split_neither_uses_nor_changes_global_random_state(loaded, data_dir):
    np.random.seed(1)
    torch.manual_seed(1)
    before = (np.random.get_state()[1].copy(), torch.get_rng_state())
    assert _digest(dataset.load(0, data_dir)) == _digest(loaded)
    assert np.array_equal(np.random.get_state()[1], before[0])
    assert torch.equal(torch.get_rng_state(), before[1])


CHILD = """
import hashlib, sys
from pathlib import Path
from fashion_wb.cnn.data import dataset
split = dataset.load(0, Path(sys.argv[1]))
parts = (split.train.images, split.train.labels, split.valid.images, split.valid.labels)
print(hashlib.sha256(b"".join(part.numpy().tobytes() for part in parts)).hexdigest())
print("torchvision" in sys.modules)
"""


@pytest.mark.processes
def test_another_process_gets_the_same_split_and_needs_no_torchvision(loaded, data_dir):
    command = [sys.executable, "-c", CHILD, str(data_dir)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert output.split() == [_digest(loaded), "False"]


def test_the_split_of_seed_0_has_not_changed():
    train, valid = dataset.split_indices(LABELS, 0)
    assert train[:4].tolist() == [18538, 43636, 39167, 50499]
    assert valid[:4].tolist() == [15642, 37375, 24357, 46204]


@pytest.mark.parametrize("limit", [10, 11, 1_000, 50_000])
def test_a_limit_keeps_the_first_images_of_the_same_split(loaded, data_dir, limit):
    small = dataset.load(0, data_dir, limit=limit)
    for part, whole, size in (
        (small.train, loaded.train, limit),
        (small.valid, loaded.valid, limit // 5),
    ):
        assert torch.equal(part.images, whole.images[:size])
        assert torch.equal(part.labels, whole.labels[:size])


@pytest.mark.parametrize("limit", [0, 9, -1, 50_001, True, 10.0, "100"])
def test_a_limit_out_of_range_is_an_error(data_dir, limit):
    with pytest.raises(FashionWbError, match=r"limit must be an integer in \[10, 50000\].* got"):
        dataset.load(0, data_dir, limit=limit)


@pytest.mark.parametrize("seed", [-1, 2**31, 1.5, "0"])
def test_a_seed_out_of_range_is_an_error(data_dir, seed):
    with pytest.raises(FashionWbError, match="seed must"):
        dataset.load(seed, data_dir)


def test_writing_into_loaded_tensors_does_not_change_later_loads(loaded, data_dir):
    before = _digest(loaded)
    mine, test = dataset.load(0, data_dir), dataset.load_test(data_dir)
    mine.train.images.fill_(255)
    test.images.fill_(255)
    assert _digest(dataset.load(0, data_dir)) == before
    assert int(dataset.load_test(data_dir).images.min()) == 0


def test_preload_reads_only_the_training_images(data_dir):
    dataset._load_pool.cache_clear()
    dataset.preload(data_dir)
    assert dataset._load_pool.cache_info().currsize == 1
    dataset.load(0, data_dir)
    assert dataset._load_pool.cache_info().misses == 1
