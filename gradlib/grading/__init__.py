"""Grade a class so that an answer can lie about values only: `make grade LESSON=04 SUBMITTED=folder`.

Three processes share the work on one submission:

- The **parent** (`parent.py`) has the files of the class and the gradebook. It reads a submission, repairs its
  notebook, starts the two others, and writes down the verdicts.
- The **judge** (`judge.py`) has the cases, the expected values and the seeds. It runs the checks, and asks the runner
  what the answer returns.
- The **runner** (`runner.py`) has the submitted notebook. It runs the cells, and calls the answer when the judge asks.

The judge runs the same check as the learner's notebook does, with the same words. Its answer is a stand-in: to call it
sends the arguments to the runner, where the learner's function runs, and brings back the result (`wire.py`). A class is
called, read and added in the same way. Nothing that the runner sends is ever run: it is numbers, texts, arrays,
containers, a few known classes filled with these, and names of objects that stay with the runner. So whatever an answer
does to Python in its own process, to the checks there, to the stack or to the environment changes only which values
it returns, and wrong ones are judged wrong.

The runner has a copy of the library without the checks (`released.py`), and as few rights as the system can take away
(`sandbox.py`): another user, no network, no files but its own folder, little memory, few processes, an end. The parent
alone writes `gradebook.jsonl`, a line for each graded submission, and makes the tables from it; so a call after a crash
goes on where the last one ended.

It needs Linux for the limits and processes, and runs with less protection on macOS. There is no fallback for Windows
and the browser, where nobody grades a class.
"""
