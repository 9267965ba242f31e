"""The mistakes that failing cases prove, in the words of the lessons, each under a code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mistake:
    """A mistake.

    rank : a mistake of lower rank is named first, since it explains others.
    sentence : what is wrong, and where it shows.
    lesson : where the course builds it correctly, or "".
    certain : the case proves it even where one of its operations is broken for another reason.
    """

    rank: float
    sentence: str
    lesson: str = ""
    certain: bool = False


MISTAKES: dict[str, Mistake] = {
    # --- where backward begins
    "NO_SEED": Mistake(1, "backward() does not begin with a gradient of 1 at the result, so nothing flows.", "03"),
    "SEED_VALUE": Mistake(
        1,
        "backward() begins with the result's value. It must begin with 1, the slope of the result with "
        "respect to itself.",
        "03",
    ),
    "SAME_ERROR": Mistake(1, "The same error is raised in many places: the first one says where."),
    # --- local derivatives
    "ADD": Mistake(2, "`+` is wrong: both inputs get the gradient that arrives.", "02"),
    "MUL": Mistake(2, "`*` is wrong: each factor gets the gradient that arrives, times the other factor.", "02"),
    "MUL_SWAPPED": Mistake(
        2, "Sides exchanged: in x · y each factor gets its own value. It must get the other factor's.", "02"
    ),
    "SUB": Mistake(2, "`-` is wrong.", "02"),
    "SUB_SIGN": Mistake(
        2, "The second input of `-` gets +1. It must get -1: when it grows, the difference falls.", "02"
    ),
    "DIV": Mistake(
        2, "`/` is wrong: the derivative of x/y is 1/y with respect to x, and -x/y² with respect to y.", "02"
    ),
    "DIV_SIGN": Mistake(2, "The derivative of x/y with respect to y lacks its minus sign: it is -x/y².", "02"),
    "POW": Mistake(2, "The derivative of xⁿ is wrong: it is n·xⁿ⁻¹.", "02"),
    "POW_FACTOR": Mistake(2, "The derivative of xⁿ lacks the factor n: it is n·xⁿ⁻¹.", "02"),
    "POW_EXPONENT": Mistake(2, "The derivative of xⁿ is n·xⁿ⁻¹. Here the exponent was not reduced.", "02"),
    "NEG": Mistake(2, "`-x` must pass on the gradient that arrives with its sign changed.", "02"),
    "EXP": Mistake(2, "The derivative of exp is exp(x), the result itself.", "02"),
    "LOG": Mistake(2, "The derivative of log is 1/x, where x is the input.", "02"),
    "TANH": Mistake(2, "The derivative of tanh is wrong: it is 1 - tanh(x)².", "03"),
    "TANH_INPUT": Mistake(
        2, "The local derivative in the wrong place: 1 - tanh(x)² was computed with x instead of tanh(x).", "03"
    ),
    "SIGMOID": Mistake(2, "The derivative of the sigmoid s is wrong: it is s(1 - s).", "03"),
    "SIGMOID_HALF": Mistake(2, "The derivative of the sigmoid s is s(1 - s). One of the two factors is missing.", "03"),
    "SQRT": Mistake(2, "The derivative of √x is wrong: it is 1/(2√x).", "02"),
    "SIN": Mistake(2, "The derivative of sin is wrong: it is cos(x).", "02"),
    "COS": Mistake(2, "The derivative of cos is wrong: it is -sin(x).", "02"),
    "ABS": Mistake(2, "The derivative of |x| is wrong: it is the sign of x.", "02"),
    "RELU": Mistake(2, "relu is wrong: it passes a gradient on where its input is positive.", "03"),
    "RELU_OPEN": Mistake(2, "relu lets the gradient through where its input is negative. There it is flat.", "03"),
    "UPSTREAM": Mistake(
        2,
        "Forgetting what arrives: a local derivative knows nothing of what comes after it. It must be "
        "multiplied by the gradient that arrives.",
        "02",
    ),
    "ADD_UPSTREAM": Mistake(
        2, "Forgetting what arrives: `+` passes on 1. It must pass on the gradient that arrives.", "02"
    ),
    # --- reuse
    "ASSIGNS": Mistake(3, "`=` instead of `+=`: a value that is used twice keeps only what came last.", "03"),
    "PATHS_MULTIPLIED": Mistake(
        2.5,
        "Multiplying paths: the steps of one path follow each other and multiply. Different paths lie side by"
        " side and add.",
        "02",
    ),
    "SAME_TWICE": Mistake(
        4,
        "An operation that takes the same value twice is wrong, though a value that is used by two operations"
        " is right. One of its two shares is lost.",
        "03",
    ),
    "PARENTS_SET": Mistake(
        4,
        "The inputs of an operation are kept in a set, in which the same value stands only once. In x + x one"
        " of two shares is lost.",
        "03",
    ),
    "PARENTS_DICT": Mistake(
        4,
        "The local derivatives are kept in a dictionary by input. In x - x the second one overwrites the first.",
        "03",
    ),
    "EQUAL_VALUES": Mistake(
        1.5,
        "Two different leaves of equal value are taken for one: `__eq__` and `__hash__` compare numbers, and "
        "must compare identity.",
        "03",
    ),
    "REUSE": Mistake(3, "backward raises an error as soon as a value is used twice.", "03"),
    "MUTATES": Mistake(
        3,
        "Changing a value before going backward: an operation, or backward itself, writes into the data of an input.",
        "03",
        certain=True,
    ),
    # --- order
    "ORDER": Mistake(
        5, "A value passes its gradient on before all of its shares have come: the order is not topological.", "03"
    ),
    "REDO": Mistake(
        5, "A value passes on all that it has whenever a share comes, so earlier shares are passed on again.", "03"
    ),
    "NOT_REVERSED": Mistake(5, "The order runs from the leaves to the result. Backward, it must be reversed.", "03"),
    "COUNTS_DEAD": Mistake(
        5,
        "backward waits for a share from a branch that the result does not depend on. It never comes.",
        "03",
    ),
    "DEAD_LEAKS": Mistake(5, "A branch that the result does not depend on passes a gradient on.", "03"),
    "UNUSED": Mistake(5, "A leaf that the result does not depend on gets a gradient.", "03"),
    # --- constants
    "CONSTANT": Mistake(3, "A plain number next to an operator is handled wrongly.", "03"),
    "RSUB": Mistake(
        3,
        "Sides exchanged: 2 - x is computed, or differentiated, as x - 2. `__radd__` may forget which side it"
        " stands on, `__rsub__` may not.",
        "03",
        certain=True,
    ),
    "RDIV": Mistake(
        3,
        "Sides exchanged: 2 / x is computed, or differentiated, as x / 2. `__rmul__` may forget which side it"
        " stands on, `__rtruediv__` may not.",
        "03",
        certain=True,
    ),
    "RPOW": Mistake(3, "2 ** x is wrong: its derivative is 2ˣ·ln 2.", "03"),
    "POW_SPECIAL": Mistake(3, "A power with a special exponent is wrong: 0, 1, negative, or a root.", "03"),
    "POW_VALUE": Mistake(3, "In x ** y the gradient of the exponent is missing or wrong: it is xʸ·ln x.", "03"),
    "INTEGERS": Mistake(
        3, "Integers as data: an integer has no room for a gradient of 0.5. Convert data and gradients to floats.", "01"
    ),
    "INTEGERS_CONSTANT": Mistake(9, "Values of integers get no gradient (a convention, PyTorch's too)."),
    "ARRAY_LEFT": Mistake(
        7,
        "With a NumPy number or array on the left NumPy carries out the operation, entry by entry. "
        "`__array_ufunc__ = None` leaves it to the class.",
        "06",
    ),
    # --- accumulation
    "TWICE": Mistake(
        6, "A second backward() over the same graph gives neither the same gradient nor twice that.", "03"
    ),
    "STALE": Mistake(
        6,
        "The gradients of intermediate values stay from one backward() to the next, which passes them on "
        "again. Set them to zero, or keep them apart from the sum in `.grad`.",
        "03",
        certain=True,
    ),
    "ZERO": Mistake(6, "Zeroing does not set the gradient to zero, or sets a copy to zero.", "03"),
    "OVERWRITES": Mistake(
        9,
        "Each backward() replaces the gradient, where PyTorch adds (a convention; a loss that is swept in "
        "parts needs `+=`).",
        "03",
    ),
    "FREED": Mistake(
        9, "backward() frees the graph, so a second one has nothing to go through (a convention, PyTorch's too)."
    ),
    # --- cost
    "COST": Mistake(
        6, "The time explodes with reuse: each path is walked, instead of each value once.", "03", certain=True
    ),
    "QUADRATIC": Mistake(
        8,
        "The cost grows with the square of the number of values: is each of them searched for in a list? Use a set.",
        "03",
    ),
    "RECURSION": Mistake(
        8,
        "Recursion works in every test until a chain is about a thousand long. Walk the graph with a stack.",
        "03",
        certain=True,
    ),
    "DEEP": Mistake(9, "The gradient through a long chain is wrong, though not through a short one."),
    "RECURSES": Mistake(6, "A function calls itself and finds no end."),
    "HANGS": Mistake(6, "There was no answer in time."),
    "CRASHES": Mistake(1, "It ends Python, or takes all memory."),
    # --- arrays
    "CUT": Mistake(
        3,
        "The operation gives a result, but no gradient comes through: it computes with `.data`, where the graph ends.",
        "06",
        certain=True,
    ),
    "ALIAS": Mistake(
        5,
        "One array for two leaves: the gradients of both inputs of a sum are the same array. Whoever changes "
        "one in place changes the other.",
        "06",
    ),
    "UNBROADCAST": Mistake(
        4,
        "The gradient of a stretched input is not summed back to its shape: a bias gets a gradient for each example.",
        "06",
    ),
    "UNB_AXIS": Mistake(
        4, "The gradient of a stretched input is summed over the wrong axis. Only a square shape hides it.", "04"
    ),
    "UNB_ONE": Mistake(
        4,
        "An axis of size 1 that was stretched is not summed back correctly: its gradient is summed over that "
        "axis, which keeps its place.",
        "04",
    ),
    "UNB_LEAD": Mistake(
        4, "The gradient of a stretched input is not summed over the axes that broadcasting has put in front.", "04"
    ),
    "UNB_SCALAR": Mistake(
        4, "The gradient of a single number is not summed over all the entries that it was used for.", "04"
    ),
    "UNB_MEAN": Mistake(
        3.5,
        "The mean over the stretched axes: an entry that was used four times moves the loss four times. Its "
        "gradient is the sum.",
        "04",
    ),
    "SUM": Mistake(3, "The gradient of sum() is wrong: each entry gets the gradient that arrives.", "04"),
    "SUM_AXIS": Mistake(
        4,
        "The gradient of a sum over an axis is not spread along that axis. The removed axis must be put back first.",
        "04",
    ),
    "MEAN": Mistake(4, "The 1/N of a mean, left out: the shape is right, and the gradient is N times too large.", "04"),
    "MEAN_AXIS": Mistake(
        4,
        "The gradient of a mean is wrong: each entry gets 1/n of what arrives, where n is the number of entries "
        "of that mean.",
        "04",
    ),
    "MAX": Mistake(4, "The gradient of max() is wrong: the largest entry gets all of it.", "04"),
    "MAX_AXIS": Mistake(
        4, "The gradient of max over an axis is wrong: in each row the largest entry gets all of what arrives.", "04"
    ),
    "MAX_TIES": Mistake(
        4,
        "At a tie in max every winner gets the whole gradient. Their shares must sum to what arrives.",
        "04",
        certain=True,
    ),
    "SOFTMAX": Mistake(4.5, "The gradient of softmax is wrong.", "07"),
    "LOG_SOFTMAX": Mistake(4.5, "The gradient of log_softmax is wrong.", "07"),
    "LOGSUMEXP": Mistake(4, "The gradient of logsumexp is wrong: it is softmax.", "07"),
    "MATMUL": Mistake(
        3,
        "The gradients of a matrix product A @ B are wrong: they are G @ Bᵀ and Aᵀ @ G. Square matrices hide it.",
        "05",
    ),
    "MATMUL_VECTOR": Mistake(
        4,
        "A product with a vector is wrong: `.T` of a vector, which has one axis, stays as it is. For a row or"
        " a column it needs a second one.",
        "05",
    ),
    "MATMUL_BATCH": Mistake(
        4, "`.T` of a stack reverses all axes, and the stack loses its order. Only the last two may be exchanged.", "05"
    ),
    "MATMUL_BROADCAST": Mistake(4, "One matrix for a whole stack: its gradient is not summed over the stack.", "05"),
    "TRANSPOSE": Mistake(4, "The gradient of a transpose is not transposed back.", "05"),
    "PERMUTE": Mistake(4, "The gradient of a permutation of axes needs the inverse permutation.", "05"),
    "RESHAPE": Mistake(4, "The gradient of reshape does not go back to the shape of the input.", "04"),
    "INDEX": Mistake(4, "The gradient of indexing is wrong: the chosen entries get what arrives, all others 0.", "04"),
    "INDEX_REPEATS": Mistake(
        4,
        "`+=` with an index that repeats: one use is written over the other. `np.add.at` adds both.",
        "04",
    ),
    "INDEX_CUT": Mistake(
        4, "Indexing cuts the graph: it reads `.data`, and no gradient comes back.", "06", certain=True
    ),
    "KEEPDIMS": Mistake(9, "A reduction keeps its axis, which NumPy removes (a convention)."),
    "UNSTABLE": Mistake(
        7,
        "At large inputs the result or its gradient is inf or nan. Subtract the maximum first, or use the stable form.",
        "07",
        certain=True,
    ),
    # --- modes and memory
    "NO_GRAD": Mistake(6, "A graph is recorded inside no_grad(), too.", "06"),
    "NO_GRAD_STUCK": Mistake(
        6,
        "After no_grad(), or after an error inside it, gradients stay switched off. Restore the switch in `finally`.",
        "06",
        certain=True,
    ),
    "NO_GRAD_NESTED": Mistake(
        6,
        "The end of an inner no_grad() switches gradients on again inside the outer one. Restore what was before.",
        "06",
    ),
    "DETACH": Mistake(6, "detach() does not cut the graph, or cuts it for the original, too.", "06"),
    "CONSTANT_GRADIENT": Mistake(8, "A constant (requires_grad=False) gets a gradient.", "06"),
    "LEAK": Mistake(
        7, "The graph stays in memory after its result is gone: a list or a cache still holds it.", "06", certain=True
    ),
    "CYCLE": Mistake(
        9, "A closure that holds its result: the numbers are right, and the memory waits for the collector.", "06"
    ),
    # --- layers, losses, optimizers
    "STEP_IN_A_COPY": Mistake(
        6,
        "`p = p - lr * p.grad` makes another value and gives it the name p. The model holds the old one, "
        "which has not moved.",
        "10",
    ),
    "SGD": Mistake(6, "SGD's step is wrong: it is -lr times the gradient.", "10"),
    "MOMENTUM": Mistake(6, "Momentum is wrong: the velocity is 0.9 of the last one, plus the gradient.", "10"),
    "MOMENTUM_AVERAGED": Mistake(9, "Momentum averages the gradients, where PyTorch adds them (a convention).", "10"),
    "ADAM": Mistake(
        6, "Adam's step is wrong: with a constant gradient each one is as long as the learning rate.", "10"
    ),
    "ADAM_BIAS": Mistake(
        6, "Adam without its correction: the averages begin at 0, and the first steps have the wrong length.", "10"
    ),
    "ADAM_COUNT": Mistake(
        6,
        "The power that stands still: Adam divides by 1 - βᵗ, and t must grow by one with every step, for all"
        " parameters alike.",
        "10",
    ),
    "LINEAR": Mistake(5, "A linear layer is wrong: y = xW + b, with the gradients xᵀG of W and GWᵀ of x.", "05"),
    "BIAS_BATCH": Mistake(5, "The bias as a batch: its gradient is not summed over the examples.", "05"),
    "ALIKE": Mistake(7, "All first weights are equal, so the units stay alike.", "08"),
    "MISSING_PARAMETERS": Mistake(
        6, "parameters() does not find all layers, and those that it misses never learn.", "08"
    ),
    "MSE": Mistake(6, "The mean squared error is wrong.", "09"),
    "CROSS_ENTROPY": Mistake(6, "Cross-entropy of scores is wrong: its gradient is (softmax - one-hot)/N.", "09"),
    "LOSS_MEAN": Mistake(
        6, "The missing 1/N: the loss is a mean over the batch, and its gradient is N times too large.", "09"
    ),
    "LOSS_TWICE": Mistake(
        6,
        "Divided by the batch once more: the 1/N of the mean is in the gradient already. Only one place should divide.",
        "09",
    ),
    "LOSS_SUM": Mistake(9, "The loss is a sum over the batch, where PyTorch takes the mean (a convention)."),
}

# What is usually computed by something else, and may fail only because that does.
_STRETCHED = {"UNBROADCAST", "UNB_AXIS", "UNB_LEAD", "UNB_ONE", "UNB_SCALAR", "UNB_MEAN"}
_ARITHMETIC = {
    "ADD", "ADD_UPSTREAM", "UPSTREAM", "MUL", "MUL_SWAPPED", "SUB", "SUB_SIGN", "NEG", "DIV", "DIV_SIGN", "EXP", "LOG",
}  # fmt: skip
_SOFTMAX = _ARITHMETIC | _STRETCHED | {"SUM", "SUM_AXIS", "MAX", "MAX_AXIS", "RESHAPE", "CUT", "LOGSUMEXP"}
BUILT_ON: dict[str, set[str]] = {
    **{each: {"UNB_MEAN"} for each in _STRETCHED},
    "UNBROADCAST": {"UNB_LEAD", "UNB_ONE", "UNB_MEAN"},
    "UNB_AXIS": {"UNBROADCAST", "UNB_LEAD", "UNB_MEAN"},
    "UNB_SCALAR": {"UNBROADCAST", "UNB_LEAD", "UNB_MEAN"},
    "SUM_AXIS": {"SUM"},
    "MEAN": {"SUM"},
    "MEAN_AXIS": {"SUM", "SUM_AXIS", "DIV", "DIV_SIGN", "MUL"},
    "MAX": {"CUT"},
    "MAX_AXIS": {"MAX", "CUT"},
    "MAX_TIES": {"MAX", "MAX_AXIS", "CUT"},
    "LOGSUMEXP": _SOFTMAX,
    "SOFTMAX": _SOFTMAX,
    "LOG_SOFTMAX": _SOFTMAX | {"SOFTMAX"},
    "UNSTABLE": _SOFTMAX,  # where backward raises an error
    "MATMUL_BROADCAST": {"MATMUL", "MATMUL_BATCH", *_STRETCHED},
    "RELU_OPEN": {"RELU"},
    "NO_GRAD_NESTED": {"NO_GRAD"},
    "BIAS_BATCH": {"ADD", *_STRETCHED},
    "SGD": {"STEP_IN_A_COPY"},
    "MOMENTUM": {"SGD", "STEP_IN_A_COPY"},
    "ADAM_COUNT": {"ADAM", "ADAM_BIAS"},
    "MSE": _ARITHMETIC | {"SUM", "MEAN", "MEAN_AXIS"},
    "CROSS_ENTROPY": _SOFTMAX | {"SOFTMAX", "LOG_SOFTMAX", "INDEX", "INDEX_CUT", "MEAN", "MEAN_AXIS"},
}

_STAGES = {
    "value": "The value is wrong already, before any gradient. About: ",
    "raises": "backward raises an error. Perhaps: ",
    "gradient": "",
}


def sentence(mistake: str, stage: str) -> str:
    """The sentence on a mistake that showed in the value, in the gradient, or in an error that backward raised."""
    return _STAGES[stage] + MISTAKES[mistake].sentence


def rank(mistake: str, stage: str) -> float:
    """Small for what is named first: a wrong value explains a wrong gradient."""
    return MISTAKES[mistake].rank + {"value": -1.5, "raises": 0.5, "gradient": 0.0}[stage]
