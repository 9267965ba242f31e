"""Saving and loading: what comes back is what was written; a file that is not whole changes nothing."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

import gradlib
from gradlib import ShapeError, nn, serialization
from gradlib.serialization import load, load_into, load_tree, save, save_tree


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def model(seed=0, width=4):
    gradlib.manual_seed(seed)
    return nn.Sequential(nn.Conv1d(2, 3, 2), nn.BatchNorm1d(3), nn.Flatten(), nn.Linear(9, width), nn.LSTM(width, 2))


def same(ours, theirs):
    a, b = ours.state_dict(), theirs.state_dict()
    assert a.keys() == b.keys()
    return all(np.array_equal(a[name], b[name]) and a[name].dtype == b[name].dtype for name in a)


@pytest.mark.parametrize("layout", ["gradlib", "torch"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_model_comes_back_bit_for_bit(path, layout, dtype):
    ours, other = model(0).astype(dtype), model(1).astype(dtype)
    save(ours, path, layout=layout)
    assert not same(ours, other)
    load_into(other, path)  # the file says which layout it has
    assert same(ours, other)


def test_pytorchs_layout_turns_the_matrices_that_it_stores_transposed(path):
    ours = model()
    save(ours, path, layout="torch")
    arrays, state = load(path), ours.state_dict()
    turned = {name for name in state if arrays[name].shape != state[name].shape}
    assert turned == {"3.weight", "4.weight_ih_l0", "4.weight_hh_l0"}
    assert np.array_equal(arrays["3.weight"].T, state["3.weight"])


def test_arrays_come_back_with_their_dtypes_and_shapes(path):
    state = {"a": np.arange(3), "b": np.float32(2.5), "c": np.ones((2, 0)), "d": np.array([True])}
    state["e"] = np.arange(6.0).reshape(3, 2).T  # not contiguous
    state["f"] = np.arange(3.0).astype(">f4")  # the other end first
    save(state, path)
    back = load(path)
    assert back.keys() == state.keys()
    for name, array in state.items():
        array = np.asarray(array)
        assert np.array_equal(back[name], array) and back[name].shape == array.shape
        assert back[name].dtype == array.dtype.newbyteorder("=")


def test_a_tree_comes_back(path):
    tree = {"lr": 0.1, 3: [None, True, "x", {"y": np.arange(4.0)}], "big": 2**100, "inf": float("inf")}
    save_tree(tree, path)
    back = load_tree(path)
    assert back.pop(3)[3]["y"].tolist() == tree.pop(3)[3]["y"].tolist() and back == tree
    assert type(load_tree(path)["big"]) is int


@pytest.mark.parametrize("share", np.linspace(0, 0.99, 12))
def test_a_file_that_is_cut_short_is_refused(path, share):
    save(model(), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    refused(path, "is not a complete safetensors file")


# As a user who is not root, whom no file refuses itself.
UNREADABLE = """
import os, sys
from gradlib.serialization import load
os.geteuid() or os.setuid(65534)
try:
    load(sys.argv[1])
except PermissionError as error:
    print(error.strerror)
"""


@pytest.mark.skipif(os.name != "posix", reason="files have no such rights here")
def test_a_file_without_rights_is_not_called_damaged():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = Path(folder) / "model.safetensors"
        save({"a": np.arange(3)}, path)
        path.chmod(0)
        done = subprocess.run([sys.executable, "-c", UNREADABLE, path], capture_output=True, text=True)
    assert done.stdout == "Permission denied\n", done.stderr


@pytest.mark.parametrize("place", [0, 3, 8, 9, 40])
def test_a_damaged_head_is_refused(path, place):
    save(model(), path)
    damaged = bytearray(path.read_bytes())
    damaged[place] ^= 0xFF
    path.write_bytes(damaged)
    refused(path, "is not a complete safetensors file")


@pytest.mark.parametrize("bit", [0, 3, 7])
def test_no_bit_may_be_another(path, bit):
    ours = nn.Linear(2, 3)
    save(ours, path)
    whole = path.read_bytes()
    unnoticed = 0
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << bit
        path.write_bytes(damaged)
        other = nn.Linear(2, 3)
        before = other.state_dict()
        try:
            load_into(other, path)
        except ValueError:
            assert all(np.array_equal(before[name], array) for name, array in other.state_dict().items())
        else:  # the name of the checksum itself was hit: the numbers are right, and are not checked
            unnoticed += 1
            assert same(ours, other)
    assert unnoticed <= len("crc32")


@pytest.mark.parametrize(
    ("here", "there"), [(np.float64(3).tobytes(), np.float64(3.5).tobytes()), (b"0.125", b"0.625")]
)
def test_a_damaged_tree_is_refused(path, here, there):
    save_tree({"weights": np.arange(5.0), "lr": 0.125}, path)
    damaged = path.read_bytes().replace(here, there)
    assert damaged != path.read_bytes()
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match="the checksum differs"):
        load_tree(path)


def test_a_file_is_as_public_as_any_and_a_link_stays_one(path):
    plain, link = path.with_name("plain"), path.with_name("link")
    plain.write_text("")
    link.symlink_to(path)
    save(model(), link)
    assert path.stat().st_mode == plain.stat().st_mode
    assert link.is_symlink() and load(path).keys() == load(link).keys()


def test_numbers_that_numpy_does_not_have_are_named(path):
    head = b'{"x":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}'
    path.write_bytes(len(head).to_bytes(8, "little") + head + b"\0\0")
    with pytest.raises(ValueError, match="holds numbers of a kind that NumPy does not have: .*bfloat16"):
        load(path)


def test_the_layout_is_that_of_the_file(path):
    save(model(), path, layout="torch")
    with pytest.raises(ValueError, match="was written with layout='torch', not 'gradlib': leave layout out"):
        load_into(model(), path, layout="gradlib")


def test_another_kind_of_file_is_refused(path):
    path.write_text("weights: 3\n" * 20)
    refused(path, "is not a complete safetensors file")


def refused(path, words):
    other = model(1)
    before = other.state_dict()
    with pytest.raises(ValueError, match=words):
        load_into(other, path)
    assert all(np.array_equal(before[name], array) for name, array in other.state_dict().items())


def test_another_models_file_is_refused_and_all_that_is_wrong_is_named(path):
    save(model(width=5), path)
    other = model(1)
    before = other.state_dict()
    with pytest.raises(ShapeError, match=r"3.weight is \(9, 5\), the module's is \(9, 4\); .*Nothing was loaded"):
        load_into(other, path)
    save(nn.Linear(2, 2), path)
    with pytest.raises(KeyError, match="missing: 0.weight, .*; unexpected: bias, weight. Nothing was loaded"):
        load_into(other, path)
    assert all(np.array_equal(before[name], array) for name, array in other.state_dict().items())


@pytest.mark.parametrize("wrong", [None, 3, np.array(1.0), ["a"]])
def test_what_is_not_a_path_or_a_model_is_refused(path, wrong):
    save({"a": np.ones(1)}, path)
    for call in (
        lambda: load(wrong), lambda: load_tree(wrong), lambda: save({}, wrong), lambda: save_tree({}, wrong),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=f"path must be a text or a pathlib.Path, got {type(wrong).__name__}."):
            call()
    with pytest.raises(TypeError, match=f"load_into takes a model, got {type(wrong).__name__}. For the arrays alone"):
        load_into(wrong, path)
    with pytest.raises(ValueError, match="layout must be 'gradlib' or 'torch', got"):
        save(nn.Linear(1, 1), path, layout=wrong)


def test_a_missing_file_and_wrong_requests(path):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load(path)
    with pytest.raises(ValueError, match="layout must be 'gradlib' or 'torch', got 'jax'"):
        save(model(), path, layout="jax")
    with pytest.raises(TypeError, match="layout='torch' needs the model itself"):
        save(model().state_dict(), path, layout="torch")
    with pytest.raises(TypeError, match="save takes a model or a dict of arrays, got list"):
        save([1], path)
    with pytest.raises(TypeError, match="'a' has dtype object, but a file holds only bools, integers and floats"):
        save({"a": np.array([None])}, path)
    for name in (1, "__metadata__"):
        with pytest.raises(TypeError, match=f"names of arrays must be texts other than '__metadata__', got {name!r}"):
            save({name: np.ones(1)}, path)
    for value in (np.datetime64("2020"), np.complex64(1j)):
        with pytest.raises(TypeError, match="a checkpoint holds arrays, numbers, texts, lists and dicts, got"):
            save_tree([value], path)
    with pytest.raises(TypeError, match=r"keys of a dict must be texts or numbers, got \(1, 2\)"):
        save_tree({(1, 2): 3}, path)
    with pytest.raises(FileNotFoundError, match="there is no folder .*nowhere: make it first"):
        save(model(), path.parent / "nowhere" / "x")
    with pytest.raises(IsADirectoryError, match="is a folder: name a file in it"):
        save(model(), path.parent)
    with pytest.raises(TypeError, match="a checkpoint holds arrays, numbers, texts, lists and dicts, got object"):
        save_tree({"x": object()}, path)
    save(model(), path)
    with pytest.raises(ValueError, match="holds arrays, not a checkpoint"):
        load_tree(path)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(path, monkeypatch):
    save(model(0), path)
    before = path.read_bytes()

    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(serialization.os, "replace", fail)
    with pytest.raises(OSError, match="the disk is full"):
        save(model(1), path)
    assert path.read_bytes() == before and os.listdir(path.parent) == [path.name]


def test_what_a_killed_run_left_is_taken_away_in_time(path):
    old, new = path.with_name(f".{path.name}.0123abcd"), path.with_name(f".{path.name}.4567cdef")
    for leftover in (old, new):
        leftover.write_text("half")
    os.utime(old, (0, 0))
    save(model(), path)
    assert sorted(os.listdir(path.parent)) == [new.name, path.name]  # the new one may be under way


def test_an_interruption_right_after_the_new_file_is_in_place_is_one_still(path, monkeypatch):
    replace = os.replace

    def replace_and_interrupt(*paths):
        replace(*paths)
        raise KeyboardInterrupt

    monkeypatch.setattr(serialization.os, "replace", replace_and_interrupt)
    with pytest.raises(KeyboardInterrupt):
        save(model(0), path)
    assert load(path) and os.listdir(path.parent) == [path.name]


@pytest.fixture
def without_the_package(monkeypatch):
    """A function that hides the package safetensors, as the browser has none."""

    def hide():
        for name in ("safetensors", "safetensors.numpy"):
            monkeypatch.setitem(sys.modules, name, None)

    return hide


ALL_KINDS = {
    kind: np.arange(6).reshape(2, 3).astype(kind)
    for kind in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
} | {"number": np.array(2.5), "empty": np.zeros((0, 3))}


@pytest.mark.parametrize("hidden", ["to write", "to read", "for both"])
def test_the_package_is_not_needed_and_the_format_is_the_same(hidden, tmp_path, monkeypatch, without_the_package):
    path = tmp_path / "all.safetensors"
    if hidden != "to read":
        without_the_package()
    save(ALL_KINDS, path)
    if hidden == "to write":
        monkeypatch.undo()
    if hidden == "to read":
        without_the_package()
    found = load(path)
    assert found.keys() == ALL_KINDS.keys()
    for name, array in ALL_KINDS.items():
        assert found[name].dtype == array.dtype and found[name].shape == array.shape
        np.testing.assert_array_equal(found[name], array)
        assert found[name].flags.writeable


def header(path):
    content = path.read_bytes()
    return json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])


def test_without_the_package_arrays_have_its_places(tmp_path, without_the_package):
    arrays = {"2.weight": np.ones((2, 3), np.float32), "0.bias": np.ones(3), "0.weight": np.zeros((3, 3), np.float32)}
    save(arrays, tmp_path / "theirs")
    without_the_package()
    save(arrays, tmp_path / "ours")
    ours, theirs = header(tmp_path / "ours"), header(tmp_path / "theirs")
    assert ours == theirs and list(ours) == list(theirs)


def test_without_the_package_a_file_that_is_cut_short_is_refused(tmp_path, without_the_package):
    path = tmp_path / "short.safetensors"
    save({"weight": np.arange(6.0), "bias": np.ones(2)}, path)
    content = path.read_bytes()
    without_the_package()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match="is not a complete safetensors file"):
            load(path)


def test_without_the_package_an_unknown_kind_is_named(tmp_path, without_the_package):
    path = tmp_path / "brain.safetensors"
    text = json.dumps({"w": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"ab")
    without_the_package()
    with pytest.raises(ValueError, match="'w' has dtype BF16"):
        load(path)


HEADERS = [
    b"[1]",
    b'{"a": 1}',
    b'{"a": {}}',
    b'{"__metadata__": 5}',
    b"[" * 100_000,
    b'{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 8]}}',
    b'{"a": {"dtype": "F32", "shape": [2.0], "data_offsets": [0, 8]}}',
    b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}',
    b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}',
    b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": ["0", 8]}}',
    b'{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},'
    b' "b": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}',
]


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("reader", ["package", "own"])
def test_headers_that_do_not_fit_are_refused(header, reader, tmp_path, monkeypatch):
    if reader == "own":
        monkeypatch.setattr(serialization, "_content", lambda path: serialization._from_bytes(path.read_bytes()))
    (tmp_path / "a").write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    with pytest.raises(ValueError, match="is not a complete safetensors file"):
        load(tmp_path / "a")


@pytest.mark.parametrize(
    "tree", ["{", '{"array": "9"}', '{"x": 1, "y": 2}', '{"dict": 5}', '{"dict": [[{"list": []}, 1]]}', "[" * 100_000]
)
def test_trees_that_are_none_are_refused(tree, tmp_path):
    serialization._write(tmp_path / "a", {}, {"tree": tree})
    with pytest.raises(ValueError, match="is not a checkpoint that save_tree wrote"):
        load_tree(tmp_path / "a")


def test_what_cannot_be_written(tmp_path):
    loop = []
    loop.append(loop)
    with pytest.raises(ValueError, match="lists and dicts that contain themselves"):
        save_tree(loop, tmp_path / "a")
    with pytest.raises(ValueError, match="half of a character"):
        save({"\ud800": np.ones(1)}, tmp_path / "a")
    assert not list(tmp_path.iterdir())
