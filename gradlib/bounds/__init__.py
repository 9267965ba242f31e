r"""Bounds of the values of a function, proven by interval arithmetic.

An `Interval` is a pair of arrays. It stands for all numbers from `low` to `high`, entry by entry. An operation on
intervals gives an interval that contains every possible result:

    [a, b] + [c, d] = [a + c, b + d]        [a, b] · [c, d] = [min, max of ac, ad, bc, bd]

and for an increasing function, f([a, b]) = [f(a), f(b)]. Composed, the operations bound a whole network.

*The bounds hold in floating point too.* They contain the exact real result, and also the result of the same
operations in this dtype, with sums in any order; parameters and constants are the numbers that the dtype holds.
A quotient by exactly 0 has no value and is left out.
The assumptions, and how the bounds allow for them, with ε the distance from 1 to the next number:

- +, -, ·, / and √ are correctly rounded (IEEE 754): the bounds move out by one number, `np.nextafter`;
- exp, log, tanh, … are within 4 units in the last place, the most that NumPy's own tests allow, and functions made
  of a few of them, such as a sigmoid, within 8: the bounds move out by 16 ε |z|, which covers the error of the bound
  and the error of the bounded value;
- a sum of n products differs from the exact one by at most γ Σ|xᵢ||yᵢ| with γ = nε/(1 - nε), in any order of
  addition, with or without fused multiply-add (Higham, Accuracy and Stability of Numerical Algorithms, 2002,
  section 3.1, there with half of this ε): the bounds move out by twice that.

*Intervals forget.* An interval knows its ends, not where they came from: x - x is [-1, 1] for x in [0, 1], because
the second x is treated as another number. So the bounds of a deep network are true but wide. The sampled range is too
narrow; the true range lies between the two. Small boxes have tight bounds.

Moore, Kearfott and Cloud, Introduction to Interval Analysis (2009), chapters 2 and 5; the matrix product by
midpoint and radius is Rump's (BIT 39, 1999).
"""

from . import rules
from .estimate import Bounds, estimate_bounds
from .interval import RULES, Interval

__all__ = ["RULES", "Bounds", "Interval", "estimate_bounds", "rules"]
