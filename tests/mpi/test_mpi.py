"""Training on several processes that mpiexec starts: `pip install -e ".[mpi]"`. programs.py has what each of them runs.

RUNS=50 in the environment asks for so many runs in a row instead of 10.
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from notebooks import read

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MPIEXEC = Path(sys.executable).parent / "mpiexec"
RUNS = int(os.environ.get("RUNS", "10"))
SECONDS = 60  # after which a run hangs: the longest takes 5 s on two cores
PAGE = (ROOT / "docs" / "many_machines.md").read_text(encoding="utf-8")


def start(processes, *command, **options):
    assert MPIEXEC.exists(), 'these tests need MPI: python -m pip install -e ".[mpi]"'
    line = [MPIEXEC, "-n", str(processes), sys.executable, *map(str, command)]
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # there are more processes than cores
    environment = os.environ | threads
    return subprocess.Popen(
        line,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )


def ended(child):
    """The output of a run; one that hangs is killed and fails."""
    try:
        out, err = child.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        raise
    return child.returncode, out, err


def run(processes, name, *arguments):
    return ended(start(processes, HERE / "programs.py", name, *arguments))


def passes(processes, name, *arguments):
    """Run a program; every process must come to its end. Returns what they printed."""
    code, out, err = run(processes, name, *arguments)
    assert code == 0 and out.count("passed") == processes, out + err
    return out


def fails(processes, name, *arguments):
    """Run a program that must end with an error, within 10 seconds; returns what it printed."""
    began = time.monotonic()
    code, out, err = run(processes, name, *arguments)
    assert code != 0 and "passed" not in out
    assert time.monotonic() - began < 10
    return out + err


PROGRAMS = [
    "the_group", "reductions", "broadcasts", "gradients", "gradients_on_a_device", "accumulation",
    "a_parameter_of_one_process", "buffers", "two_forwards_with_a_buffer", "sgd", "trainer", "one_callback_stops_all",
    "the_sampler",
]  # fmt: skip


@pytest.mark.parametrize("processes", [2, 4])
@pytest.mark.parametrize("name", PROGRAMS)
def test_program(processes, name):
    passes(processes, name)


def test_a_resumed_run_is_the_run_that_never_stopped(tmp_path):
    out = passes(2, "a_resumed_run", tmp_path)
    lines = re.findall(r"epoch (\d)/(\d)", out)  # process 0 alone prints
    assert lines == [*((str(i), "4") for i in (1, 2, 3, 4)), ("1", "2"), ("2", "2"), ("3", "4"), ("4", "4")]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert "the checkpoint was written by 2 processes" in fails(4, "a_run_of_another_number", tmp_path)


@pytest.mark.parametrize("processes", [2, 4])
@pytest.mark.parametrize("name", ["an_error", "an_error_before_mpi", "an_error_under_an_unknown_launcher"])
def test_an_error_of_one_process_ends_all(processes, name):
    said = fails(processes, name)
    assert said.count("Traceback") == 1 and "KeyError: 'the row of process 1'" in said


@pytest.mark.parametrize("name", ["an_exit", "a_short_loop"])
def test_a_process_that_comes_to_its_end_early_ends_all(name):
    assert "process 1: the end of the script" in fails(3, name)


@pytest.mark.parametrize("processes", [2, 4])
def test_a_process_that_is_killed_ends_all(processes):
    assert "Killed (signal 9)" in fails(processes, "a_kill")


def test_control_c_ends_all():
    child = start(2, HERE / "programs.py", "wait_for_a_signal")
    assert child.stdout.readline() == "trains\n"
    child.send_signal(signal.SIGINT)
    code, _, err = ended(child)
    assert code != 0 and "KeyboardInterrupt" in err


def test_calls_that_differ_are_named():
    said = fails(2, "different_calls")
    assert "process 0: all_reduce of float64 (2,), sum; process 1: all_reduce of float64 (3,), sum" in said


def test_models_that_differ_are_refused():
    assert "where process 0 has weight (2, 3) float32, process 1 has weight (2, 4) float32" in fails(
        2, "different_models"
    )


def test_a_trainer_tells_that_batches_are_missing():
    said = fails(2, "different_numbers_of_batches")
    assert "1 of 2 processes had no more batches when the others had one" in said


def test_runs_in_a_row():
    for turn in range(RUNS):
        passes(4 if turn % 5 == 4 else 2, "train")


def test_the_script_of_the_page(tmp_path):
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "train.py").write_text(script, encoding="utf-8")
    code, out, err = ended(start(2, "train.py", cwd=tmp_path))
    assert code == 0, err
    assert out.count("epoch 5/5") == 1 and (tmp_path / "digits.safetensors").exists()
    alone = subprocess.run([sys.executable, "train.py"], cwd=tmp_path, capture_output=True, text=True)
    assert alone.returncode == 0 and alone.stdout.count("epoch 5/5") == 1, alone.stderr


def test_the_job_of_the_page():
    (job,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    spec = yaml.safe_load(job)["spec"]
    parts = spec["mpiReplicaSpecs"]
    (launcher,) = parts["Launcher"]["template"]["spec"]["containers"]
    assert all(isinstance(word, str) for word in launcher["args"])
    assert int(launcher["args"][2]) == parts["Worker"]["replicas"] * spec["slotsPerWorker"]


def test_the_environment_of_mpiexec():
    """`-genv` sets it on all machines, and a host file names the processes of each."""
    hosts = ["-f", "/dev/stdin", "-n", "2", "-genv", "OMP_NUM_THREADS", "1"]
    # os.write, since print under PYTHONUNBUFFERED writes a line and its end apart, and the two processes' may mix.
    show = [sys.executable, "-c", "import os; os.write(1, os.environ['OMP_NUM_THREADS'].encode() + b'\\n')"]
    said = subprocess.run([MPIEXEC, *hosts, *show], input="localhost:2\n", capture_output=True, text=True, timeout=60)
    assert said.stdout == "1\n1\n", said.stderr


def test_the_script_of_lesson_19_prints_what_the_lesson_shows_without_mpi(tmp_path):
    cells = [cell.source for cell in read(ROOT / "notebooks" / "19_cost_and_scale.ipynb").cells]
    (script,) = [cell.partition("\n")[2] for cell in cells if cell.startswith("%%writefile")]
    (shown,) = [found for cell in cells for found in re.findall(r'print\("(2 processes, .*)"\)', cell)]
    (tmp_path / "two_processes.py").write_text(script, encoding="utf-8")
    code, out, err = ended(start(2, tmp_path / "two_processes.py"))
    assert code == 0 and out.splitlines() == [shown], out + err
