"""FLAME files are read, whoever wrote them; nothing that stands in them is run."""

from __future__ import annotations

import contextlib
import os
import pickle
import pickletools
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from flame_files import flame_arrays, landmark_arrays, write_pickle

from flame.errors import FlameFileError
from flame.model_files import LANDMARK_FILES, read_flame_model, write_flame_model
from flame.pickles import read_pickle
from flame.reading import MAX_BYTES, read_arrays


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_come_back_from_every_protocol(protocol: int) -> None:
    made = {
        "plain": np.arange(6.0).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "big_endian": np.arange(4, dtype=">i4"),
        "csc": scipy.sparse.csc_matrix(np.eye(4)[:, [1, 0, 3, 2]]),
        "csr": scipy.sparse.csr_array(np.triu(np.ones((3, 4)))),
        "coo": scipy.sparse.coo_matrix(np.eye(3)),
        "number": np.float32(3.5),
        "empty": np.zeros((0, 3)),
    }
    read = read_pickle(pickle.dumps(made, protocol))
    for name, value in made.items():
        dense = value.toarray() if hasattr(value, "toarray") else value
        assert np.array_equal(read[name], dense), name


def test_text_and_lists_come_back() -> None:
    made = {
        "bs_type": "lrotmin",
        "names": ["a", "b"],
        "set": {1, 2},
        "none": None,
        "pair": (1, 2.5),
    }
    assert read_pickle(pickle.dumps(made, 2)) == made | {"pair": [1, 2.5]}


def python_2_pickle(arrays: dict[str, Any]) -> bytes:
    """Write arrays as Python 2 and its numpy did: text of Latin-1 bytes, old module names."""
    out = BytesIO()
    out.write(b"\x80\x02}(")
    for name, given in arrays.items():
        array = np.ascontiguousarray(given, "<f8" if given.dtype.kind == "f" else "<i8")
        out.write(b"U" + bytes([len(name)]) + name.encode())
        out.write(
            b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85U\x01btR(K\x01("
        )
        for size in array.shape:
            out.write(b"J" + int(size).to_bytes(4, "little"))
        out.write(b"tcnumpy\ndtype\n(U\x02" + array.dtype.str[1:].encode() + b"K\x00K\x01tR")
        out.write(b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T")
        out.write(array.nbytes.to_bytes(4, "little") + array.tobytes() + b"tb")
    out.write(b"u.")
    return out.getvalue()


def test_a_python_2_file_is_read(tmp_path: Path) -> None:
    arrays = flame_arrays()
    arrays["kintree_table"] = np.array([[0, 0, 1, 1, 1], range(5)])
    data = python_2_pickle(arrays)
    pickletools.dis(data, out=StringIO())  # it is well formed
    path = tmp_path / "generic_model.pkl"
    path.write_bytes(data)
    model = read_flame_model(path)
    assert model.n_shapes == 300
    assert model.n_expressions == 100
    assert np.allclose(model.template, arrays["v_template"])
    assert model.parents == (-1, 0, 1, 1, 1)


CHUMPY_WRITER = """
import inspect, pickle, sys
import numpy as np
inspect.getargspec = getattr(inspect, "getargspec", inspect.getfullargspec)
for name, kind in dict(bool=bool, int=int, float=float, complex=complex, object=object,
                       unicode=str, str=str).items():
    if not hasattr(np, name):
        setattr(np, name, kind)
import chumpy, scipy.sparse
arrays = dict(np.load(sys.argv[1]))
for name in ("v_template", "shapedirs", "weights"):
    arrays[name] = chumpy.Ch(arrays[name])
arrays["posedirs"] = chumpy.array(arrays["posedirs"])
arrays["J_regressor"] = scipy.sparse.csc_matrix(arrays["J_regressor"])
pickle.dump(arrays, open(sys.argv[2], "wb"), 2)
"""


@pytest.mark.slow
@pytest.mark.network
def test_a_file_written_by_real_chumpy_is_read_without_it(tmp_path: Path) -> None:
    python = os.environ.get("SOLILOQUY_CHUMPY_PYTHON", "")
    if not python:
        python = str(tmp_path / "venv" / "bin" / "python")
        steps = (
            [sys.executable, "-m", "venv", str(tmp_path / "venv")],
            [python, "-m", "pip", "install", "-q", "setuptools<=65.5", "wheel", "six"],
            [python, "-m", "pip", "install", "-q", "numpy", "scipy"],
            [
                python,
                "-m",
                "pip",
                "install",
                "-q",
                "--no-build-isolation",
                "--no-deps",
                "chumpy==0.70",
            ],
        )
        for step in steps:
            if subprocess.run(step, check=False, capture_output=True).returncode:
                pytest.skip("chumpy cannot be installed here")
    arrays = flame_arrays()
    np.savez(tmp_path / "arrays.npz", **arrays)
    target = tmp_path / "flame2023.pkl"
    command = [python, "-c", CHUMPY_WRITER, str(tmp_path / "arrays.npz"), str(target)]
    subprocess.run(command, check=True, capture_output=True)
    assert b"chumpy" in target.read_bytes()
    model = read_flame_model(target)
    assert "chumpy" not in sys.modules
    assert np.allclose(model.template, arrays["v_template"])
    assert np.allclose(model.expression_directions, arrays["shapedirs"][..., 300:], atol=1e-7)
    assert np.allclose(model.joint_regressor, arrays["J_regressor"])


class _Runs:
    """Pickles as a call of anything."""

    def __init__(self, call: Any, *arguments: Any) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.call, self.arguments


def attacks(trap: Path) -> dict[str, bytes]:
    """Pickles that would make `trap` when loaded; each is checked to do so by `pickle` itself."""
    made = f"open({str(trap)!r}, 'w').close()"
    import builtins

    return {
        "os.system": pickle.dumps(_Runs(os.system, f"touch {trap}"), 2),
        "builtins.eval": pickle.dumps(_Runs(builtins.eval, made), 4),
        "builtins.exec in protocol 0": pickle.dumps(_Runs(builtins.exec, made), 0),
        # Attributes of a module that is allowed, dotted: numpy -> its copy of os -> system.
        "getattr through numpy": (
            b"\x80\x04\x8c\x05numpy\x8c\x1fcore.multiarray.os.system.__call__\x93"
            b"\x8c" + bytes([len(f"touch {trap}")]) + f"touch {trap}".encode() + b"\x85R."
        ),
        "numpy's own exec": (
            b"cnumpy.testing._private.utils\nrunstring\n(S'" + made.replace("'", '"').encode()
            + b"'\n}tR."
        ),
        # Attributes set by BUILD on something callable, then called.
        "build on a function": (
            b"cnumpy.core.multiarray\n_reconstruct\n}S'__globals__'\n}sb0cposix\nsystem\n(S'touch "
            + str(trap).encode() + b"'\ntR."
        ),
        "copyreg": (
            b"ccopyreg\n_reconstructor\n(csubprocess\nPopen\nc__builtin__\nobject\nNtR}S'args'\n"
            b"S'touch " + str(trap).encode() + b"'\nsb0cposix\nsystem\n"
            b"(S'touch " + str(trap).encode() + b"'\ntR."
        ),
        "old style instance": f"(S'touch {trap}'\nios\nsystem\n.".encode(),
        "object opcode": f"(cos\nsystem\nS'touch {trap}'\no.".encode(),
        "chumpy with another name": (
            b"cchumpy.utils\nos.system\n(S'touch " + str(trap).encode() + b"'\ntR."
        ),
        "an extension code": b"\x80\x02\x82\x01.",
        "a persistent id": b"\x80\x02Ppersistent\n.",
    }  # fmt: skip


NAMES = tuple(attacks(Path("trap")))


def wrapped(kind: str, attack: bytes, folder: Path) -> Path:
    """Hide a pickle in one of the places where FLAME's files have one."""
    path = folder / {"landmark.pkl": "flame_static_embedding.pkl"}.get(kind, kind)
    if path.suffix == ".pkl":
        path.write_bytes(attack)
        return path
    header = BytesIO()
    described = {"descr": "|O", "fortran_order": False, "shape": ()}
    np.lib.format.write_array_header_1_0(header, described)
    array = header.getvalue() + attack
    if path.suffix == ".npy":
        path.write_bytes(array)
    else:
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("v_template.npy", array)
    return path


@pytest.mark.parametrize("place", ["model.pkl", "model.npz", "landmark_embedding.npy"])
@pytest.mark.parametrize("name", NAMES)
def test_an_attack_runs_nothing_in_a_model_or_a_landmark_file(
    name: str, place: str, tmp_path: Path
) -> None:
    trap = tmp_path / "trap"
    path = wrapped(place, attacks(trap)[name], tmp_path)
    with pytest.raises(FlameFileError) as caught:
        read_arrays(path)
    assert not trap.exists()
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["os.system", "builtins.eval", "old style instance", "object opcode"]
)
def test_the_attacks_are_real(name: str, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    code = "import pickle, sys; pickle.loads(sys.stdin.buffer.read())"
    subprocess.run([sys.executable, "-c", code], input=attacks(trap)[name], check=False)
    assert trap.exists()


@pytest.mark.parametrize("landmark_file", LANDMARK_FILES)
def test_a_malicious_landmark_file_beside_a_good_model_runs_nothing(
    landmark_file: str, tmp_path: Path
) -> None:
    trap = tmp_path / "trap"
    write_pickle(tmp_path / "generic_model.pkl", flame_arrays())
    made = wrapped("evil" + Path(landmark_file).suffix, attacks(trap)["os.system"], tmp_path)
    made.rename(tmp_path / landmark_file)
    with pytest.raises(FlameFileError, match=r"system"):
        read_flame_model(tmp_path / "generic_model.pkl")
    assert not trap.exists()


def bombs() -> dict[str, bytes]:
    """Small pickles that ask for a lot of memory or time."""
    array = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nI0\ntS'b'\ntR"
    kind = b"cnumpy\ndtype\n(S'f8'\nI0\nI1\ntR"
    laughs = b"\x80\x02](K\x01e" + b"".join(b"q%c](" % i + b"h%c" % i * 9 + b"e" for i in range(60))
    keys = b"\x80\x02}" + b"K\x01\x85" + b"2\x86" * 60 + b"K\x01s."
    text = b"X\x00\x00\x10\x00" + b"a" * 2**20 + b"q\x00"
    copies = b"".join(
        array.replace(b"tS", b"tS") + b"(I1\n(I131072\nt" + kind + b"I00\nh\x00tb"
        for _ in range(400)
    )
    return {
        "an array larger than its bytes": (
            array + b"(I1\n(I1000000000\nI1000\nt" + kind + b"I00\nS'x'\ntb."
        ),
        "a memo place far away": b"\x80\x02K\x01r\xff\xff\xff\x7f.",
        "text longer than the file": b"\x80\x04\x8d\xff\xff\xff\xff\x0f\x00\x00\x00abc.",
        "a frame longer than the file": b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x0fK\x01",
        "a thousand million laughs": laughs + b".",
        "keys that take for ever to hash": keys,
        "one text as four hundred arrays": b"\x80\x02" + text + b"0](" + copies + b"e.",
        "a sparse matrix as large as a disk": pickle.dumps(
            scipy.sparse.csc_matrix((1_000_000, 1_000_000)), 2
        ),
        "bytes from a number": b"c__builtin__\nbytes\n(I10000000000\ntR.",
    }  # fmt: skip


@pytest.mark.parametrize("name", tuple(bombs()))
def test_a_bomb_takes_neither_memory_nor_time(name: str) -> None:
    import tracemalloc

    data = bombs()[name]
    tracemalloc.start()
    begun = time.process_time()
    with contextlib.suppress(FlameFileError):  # a sentence, or a harmless value: either is well
        read_pickle(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * 2**20
    assert time.process_time() - begun < 5.0


def test_an_npz_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file,
        file.open("v_template.npy", "w", force_zip64=True) as stream,
    ):
        for _ in range(MAX_BYTES // 2**24 + 2):
            stream.write(bytes(2**24))
    with pytest.raises(FlameFileError, match="unpacks to"):
        read_arrays(path)


def test_an_npy_that_declares_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    header = BytesIO()
    described = {"descr": "<f8", "fortran_order": False, "shape": (10**9, 10**3)}
    np.lib.format.write_array_header_1_0(header, described)
    path = tmp_path / "bomb.npy"
    path.write_bytes(header.getvalue() + bytes(80))
    with pytest.raises(FlameFileError, match="declares"):
        read_arrays(path)


def test_any_cut_or_flipped_file_ends_in_a_sentence(tmp_path: Path) -> None:
    data = pickle.dumps(flame_arrays(20, 20), 2)
    rng = np.random.default_rng(0)
    path = tmp_path / "model.pkl"
    for _ in range(150):
        broken = bytearray(data[: rng.integers(1, len(data))])
        for place in rng.integers(0, min(len(broken), 400), 3):
            broken[place] = rng.integers(0, 256)
        path.write_bytes(bytes(broken))
        with pytest.raises(FlameFileError):
            read_flame_model(path)


def test_landmarks_are_found_beside_the_model(tmp_path: Path) -> None:
    arrays = flame_arrays()
    path = write_pickle(tmp_path / "model.pkl", arrays)
    assert read_flame_model(path).embedding is None
    marks = landmark_arrays(len(arrays["f"]))
    deca = {
        "static_lmk_faces_idx": marks["lmk_face_idx"],
        "static_lmk_bary_coords": marks["lmk_b_coords"],
    }
    np.save(tmp_path / "landmark_embedding.npy", deca, allow_pickle=True)  # type: ignore[arg-type]
    embedding = read_flame_model(path).embedding
    assert embedding is not None
    assert np.array_equal(embedding.faces, marks["lmk_face_idx"])


def test_eyelids_are_found_beside_the_model(tmp_path: Path) -> None:
    arrays = flame_arrays()
    path = write_pickle(tmp_path / "model.pkl", arrays)
    lids = np.random.default_rng(0).normal(0, 0.01, (2, *arrays["v_template"].shape))
    for name, one in zip(("l", "r"), lids, strict=True):
        np.save(tmp_path / f"{name}_eyelid.npy", one)
    model = read_flame_model(path)
    moved = model.vertices(eyelids=[[0.5, 1.0]])[0] - model.vertices()[0]
    assert np.allclose(moved, 0.5 * lids[0] + lids[1], atol=1e-6)


def broken(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    arrays: dict[str, Any] = flame_arrays()
    change(arrays)
    return arrays


def body() -> dict[str, Any]:
    """A body model: SMPL's 24 joints."""
    arrays = flame_arrays()
    n = len(arrays["v_template"])
    return arrays | {
        "weights": np.full((n, 24), 1 / 24),
        "J_regressor": np.zeros((24, n)),
        "posedirs": np.zeros((n, 3, 207)),
        "kintree_table": np.zeros((2, 24), int),
    }


WRONG: dict[str, tuple[Any, str]] = {
    "a body model": (body(), "24 joints.*SMPL"),
    "a list": ([1, 2], "not named arrays"),
    "no expressions": (
        broken(lambda a: a.update(shapedirs=a["shapedirs"][..., :50])), "50 columns"),
    "a missing field": (broken(lambda a: a.pop("posedirs")), "no 'posedirs'"),
    "another vertex count": (
        broken(lambda a: a.update(shapedirs=a["shapedirs"][:-1])), r"'shapedirs' has shape \[119"),
    "faces beyond the vertices": (broken(lambda a: a.update(f=a["f"] + 500)), "faces"),
    "values that are no numbers": (
        broken(lambda a: a["v_template"].__setitem__((3, 1), np.nan)), "not numbers"),
    "joints in a ring": (
        broken(lambda a: a.update(kintree_table=np.array([[0, 2, 1, 1, 1], range(5)]))), "parent"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_gets_one_sentence(name: str, tmp_path: Path) -> None:
    value, words = WRONG[name]
    path = write_pickle(tmp_path / "model.pkl", value)
    with pytest.raises(FlameFileError, match=words) as caught:
        read_flame_model(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_and_one_that_is_a_picture_get_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FlameFileError, match="No such file"):
        read_flame_model(tmp_path / "none.pkl")
    (tmp_path / "picture.pkl").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    with pytest.raises(FlameFileError, match=r"picture\.pkl"):
        read_flame_model(tmp_path / "picture.pkl")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(FlameFileError, match=r"no \.npz"):
        read_flame_model(tmp_path / "text.npz")


def test_the_same_model_has_one_basis_id_in_every_format(tmp_path: Path) -> None:
    arrays = flame_arrays()
    from_pickle = read_flame_model(write_pickle(tmp_path / "a.pkl", arrays))
    np.savez(tmp_path / "b.npz", **arrays)
    from_npz = read_flame_model(tmp_path / "b.npz")
    rewritten = read_flame_model(write_flame_model(from_pickle, tmp_path / "c.npz"))
    assert from_pickle.basis_id == from_npz.basis_id == rewritten.basis_id
    arrays["shapedirs"][3, 1, 350] += 1e-4
    changed = read_flame_model(write_pickle(tmp_path / "d.pkl", arrays))
    assert changed.basis_id != from_pickle.basis_id
