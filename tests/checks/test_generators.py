"""Where an answer draws random numbers, a right one passes with whatever generator, and none passes by its luck."""

import numpy as np
import pytest

from gradlib.checks import lesson_08, lesson_11, lesson_12, lesson_13

from .harness import all_answers, answers_to

all_answers()
DRAWN = [
    lesson_08.he, lesson_08.deep_net, lesson_11.even_batches, lesson_11.split_and_scale, lesson_12.repair,
    lesson_12.treat, lesson_13.normed,
]  # fmt: skip


@pytest.mark.parametrize("exercise", DRAWN, ids=lambda exercise: exercise.name)
def test_a_right_answer_passes_with_100_generators(exercise):
    right = answers_to(exercise).rights[0]
    for number in range(100):

        def with_another_generator(*arguments, number=number):
            *others, rng = arguments
            return right(*others, np.random.default_rng([number, int(rng.integers(2**32))]))

        report = exercise.report(with_another_generator)
        assert report.passed, f"generator {number}\n{report.text}"
