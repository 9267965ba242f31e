"""Errors in a kernel: the learner's lines and the message; all frames on request, in the debugger, and elsewhere."""

import re
import subprocess
import sys
import textwrap

import pytest
from nbclient import NotebookClient
from nbformat import v4

from gradlib.tracebacks import WIDTH

WRITTEN_OVER = """\
x = gradlib.Tensor([3.0], requires_grad=True)
z = (x * x).sum()
x.data += 10
z.backward()"""


class Kernel:
    def __init__(self, client):
        self.client = client

    def outputs(self, source):
        cell = v4.new_code_cell(textwrap.dedent(source))
        self.client.nb.cells.append(cell)
        self.client.execute_cell(cell, len(self.client.nb.cells) - 1)
        return cell.outputs

    def shown(self, source):
        """The error of a cell as it is shown, without colours."""
        (output,) = self.outputs(source)
        assert output.output_type == "error", output
        return re.sub(r"\x1b\[[\d;]*m", "", "\n".join(output.traceback))

    def printed(self, source):
        return "".join(output.text for output in self.outputs(source))


@pytest.fixture(scope="module")
def module_kernel():
    client = NotebookClient(v4.new_notebook(), kernel_name="python3", timeout=120, allow_errors=True)
    with client.setup_kernel():
        yield Kernel(client)


@pytest.fixture
def kernel(module_kernel):
    module_kernel.outputs(
        "import gradlib, numpy as np; gradlib.full_tracebacks(False); get_ipython().run_line_magic('xmode', 'Context')"
    )
    return module_kernel


def files(text):
    """The files whose lines are shown, "cell" for the cells."""
    return re.findall(r"^File .*?(\w+\.py):", text, flags=re.MULTILINE)


def test_the_last_line_shown_is_the_learners(kernel):
    text = kernel.shown(WRITTEN_OVER)
    assert "----> 4 z.backward()" in text
    assert "GraphError: backward() needs the values that" in text
    assert files(text) == []
    assert len(text.splitlines()) < 15


def test_what_is_hidden_is_said(kernel):
    hidden = "[... 3 frames hidden: gradlib.full_tracebacks() shows them]"
    assert hidden in kernel.shown(WRITTEN_OVER)
    assert "hidden" not in kernel.shown("1 / 0")


def test_all_frames_on_request_and_folded_again(kernel):
    kernel.outputs("gradlib.full_tracebacks()")
    text = kernel.shown(WRITTEN_OVER)
    assert files(text) == ["tensor.py", "autograd.py", "autograd.py"]
    assert "hidden" not in text
    kernel.outputs("gradlib.full_tracebacks(False)")
    assert files(kernel.shown("%tb")) == []


def test_a_function_that_the_library_calls_is_shown(kernel):
    text = kernel.shown("""\
        def f(x):
            return x @ np.ones((7, 7))
        gradlib.gradcheck(f, np.ones((2, 3)))""")
    assert text.index("----> 3 gradlib.gradcheck(f") < text.index("----> 2     return x @ np.ones((7, 7))")
    assert files(text) == []


@pytest.mark.parametrize("call", ["np.linalg.inv(np.zeros((2, 2)))", "np.stack([gradlib.Tensor([1.0]), np.ones(2)])"])
def test_frames_of_numpy_are_hidden(kernel, call):
    text = kernel.shown(call)
    assert f"----> 1 {call}" in text and "hidden" in text
    assert files(text) == []


def test_frames_of_a_check_are_hidden(kernel):
    text = kernel.shown("""\
        from gradlib.checks import lesson_00 as check
        def double(x):
            raise KeyboardInterrupt
        check.double(double)""")
    assert "----> 4 check.double(double)" in text
    assert text.index("hidden: ") < text.index("KeyboardInterrupt: ") < text.index("You stopped the check here.")
    assert files(text) == []


def test_an_error_of_another_package_is_shown_whole(kernel):
    text = kernel.shown("import json; json.loads('no')")
    assert files(text) == ["__init__.py", "decoder.py", "decoder.py"]
    assert "hidden" not in text


def test_an_error_without_a_line_of_the_learners_is_shown_whole(kernel):
    """IPython itself calls the library here, as a button does."""
    error, _ = kernel.outputs("""\
        class Odd:
            _repr_html_ = gradlib.Tensor([1.0, 2.0]).backward
        Odd()""")
    assert "tensor.py" in "".join(error.traceback)


def test_long_messages_are_wrapped_between_words(kernel):
    text = kernel.shown(WRITTEN_OVER)
    message = text[text.index("GraphError: ") :].splitlines()
    assert len(message) > 1 and max(map(len, message)) <= WIDTH
    whole = kernel.outputs(WRITTEN_OVER)[0].evalue
    assert " ".join(message) == f"GraphError: {whole}"


def test_lines_of_a_message_stay_lines(kernel):
    assert kernel.shown("raise ValueError('one\\n  two')").endswith("ValueError: one\n  two")


@pytest.mark.parametrize("mode", ["Plain", "Context", "Verbose", "Minimal", "Docs", "Doctest"])
def test_the_users_mode_stays(kernel, mode):
    kernel.outputs(f"get_ipython().run_line_magic('xmode', '{mode}')")
    text = kernel.shown(WRITTEN_OVER)
    assert "GraphError: backward() needs" in text
    assert mode == "Docs" or max(map(len, text.splitlines())) <= WIDTH  # Docs has a printer of its own
    assert ("z.backward()" in text) == (mode not in ("Minimal", "Doctest"))
    assert "autograd.py" not in text
    assert kernel.printed("print(get_ipython().InteractiveTB.mode)") == f"{mode}\n"


def test_the_users_handler_stays(kernel):
    """It gets its own kind of errors alone, and may show them in the usual way."""
    kernel.outputs("""\
        def handler(shell, *error, tb_offset=None):
            print("mine")
            shell.showtraceback(error)
        get_ipython().set_custom_exc((gradlib.GraphError,), handler)""")
    printed, error = kernel.outputs(WRITTEN_OVER)
    assert printed.text == "mine\n"
    assert "hidden" in error.traceback[-2]
    assert "ZeroDivisionError" in kernel.shown("1 / 0")
    kernel.outputs("get_ipython().set_custom_exc((), None)")


def test_the_debugger_and_programs_reach_every_frame(kernel):
    kernel.shown(WRITTEN_OVER)
    printed = kernel.printed("""\
        import io, sys, traceback
        from IPython.core.debugger import Pdb
        out = io.StringIO()
        shell = get_ipython()
        shell.InteractiveTB.pdb = Pdb(stdin=io.StringIO("p self\\nup\\np root.shape\\nq\\n"), stdout=out)
        shell.InteractiveTB.pdb.use_rawinput = False
        shell.InteractiveTB.debugger(force=True)
        shell.InteractiveTB.pdb = None
        print([frame.name for frame in traceback.extract_tb(sys.last_traceback)][2:])
        print(out.getvalue())""")
    assert "['backward', 'backward_walk', 'refuse_overwritten']" in printed
    assert "_Writes object" in printed and "backward_walk" in printed


def test_an_error_that_the_library_answers_with_a_better_one_is_hidden(kernel):
    text = kernel.shown("""\
        class Net(gradlib.nn.Module):
            def forward(self, x):
                raise KeyError("mine")
        try:
            Net()(3)
        except KeyError as error:
            raise ValueError("also mine") from error""")
    assert "KeyError: 'mine'" in text and "direct cause" in text and "ValueError: also mine" in text
    assert files(text) == []


def test_a_name_that_is_missing_after_a_restart(kernel):
    assert kernel.shown("tripled").endswith("""\
NameError: name 'tripled' is not defined
Is 'tripled' misspelt, or has the cell that defines it not run yet?
Run > Run All Above Selected Cell runs all the cells before this one.""")
    local = kernel.shown("""\
        def f():
            n += 1
        f()""")
    assert "misspelt" not in local


def test_a_name_from_another_library(kernel):
    made = "x = gradlib.Tensor([1.0, 2.0], requires_grad=True); x.sum().backward(); "
    assert kernel.shown(made + "x.grad.zero_()").endswith("""\
AttributeError: 'numpy.ndarray' object has no attribute 'zero_'
Write a[...] = 0, or t.grad = None for a gradient.""")
    assert kernel.shown(made + "x.mm(x)").endswith("""\
AttributeError: 'Tensor' object has no attribute 'mm'
Write x @ y.""")
    assert kernel.shown("gradlib.exp").count("method") == 1
    assert kernel.shown(made + "x.abacus").endswith("object has no attribute 'abacus'")


def test_a_second_import_changes_nothing(kernel):
    kernel.outputs("""\
        import sys
        for name in [name for name in sys.modules if name.startswith("gradlib")]:
            del sys.modules[name]
        import gradlib""")
    assert kernel.shown(WRITTEN_OVER).count("hidden") == 1
    kernel.outputs("gradlib.full_tracebacks()")
    assert "autograd.py" in kernel.shown(WRITTEN_OVER)


@pytest.mark.parametrize("before", ["", "import IPython; "])
def test_plain_python_shows_every_frame(before):
    program = f"{before}import gradlib; gradlib.full_tracebacks(False)\n{WRITTEN_OVER}"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stderr
    assert said.count("autograd.py") == 2 and "hidden" not in said
