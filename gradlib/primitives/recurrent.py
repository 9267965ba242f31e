r"""Recurrent networks over a whole sequence: one entry for each kind of cell.

A cell turns the state h before a step into the state after it. What the step reads from its input does not
depend on the state, so one matrix product gives it for all steps at once, before the loop:

    a = x W_ih + b_ih                                     (T, N, in) @ (in, k·H) -> (T, N, k·H)

and these entries take it from there. T steps, N sequences, H numbers in a state, k·H numbers that a
step computes on its way: k is 1 for Elman's network, 3 for a GRU, 4 for an LSTM.

*Backpropagation through time.* The state hₜ is read twice: it is an output, where the gradient Gₜ arrives, and
it goes into step t + 1. So with p the numbers that a step computes before its nonlinearities,

    ∂L/∂hₜ = Gₜ + what step t + 1 passes back
    ∂L/∂pₜ = ∂L/∂hₜ · (the slopes of step t)
    step t passes back  ∂L/∂pₜ W_hhᵀ

which is a loop from the last step to the first. What the inputs get needs no loop:

    ∂L/∂a = ∂L/∂p       ∂L/∂h₀ = what step 1 passes back
    ∂L/∂W_hh = Σₜ hₜ₋₁ᵀ ∂L/∂pₜ, one matrix product over T·N rows

One sweep gives all of them, so one rule returns all gradients (`joint`).
"""

from __future__ import annotations

import numpy as np

from .reductions import sum_
from .table import Primitive, Vjp


def _rows(x):
    return x.reshape(-1, x.shape[-1])  # (T, N, m) -> (T·N, m)


def _states_before(states, first):
    """Return the state that each step starts from: (T, N, H) and (N, H) -> (T, N, H)."""
    return np.concatenate([np.expand_dims(first, 0), states[:-1]])


def _weight_gradient(before, deltas):
    """Compute Σₜ hₜ₋₁ᵀ ∂L/∂pₜ as one product over T·N rows."""
    return _rows(before).mT @ _rows(deltas)  # (H, T·N) @ (T·N, k·H) -> (H, k·H)


def _transposed(weight):
    """Copy Wᵀ into contiguous memory: each of the T products with it then takes half of the time."""
    return weight.mT.copy() if type(weight) is np.ndarray else weight.mT


# Elman's network: h' = φ(a + h W) ------------------------------------------------------------


def _rnn_forward(a, weight, first, nonlinearity="tanh"):
    states = np.empty_like(a)
    state = first
    for step, inputs in enumerate(a):
        total = np.matmul(state, weight, out=states[step])  # (N, H) @ (H, H) -> (N, H)
        total += inputs
        state = np.tanh(total, out=total) if nonlinearity == "tanh" else np.maximum(total, 0, out=total)
    return states


def _rnn_rule(g, z, a, weight, first, nonlinearity="tanh"):
    """The slope of φ is known from its result: 1 - h² for tanh, [h > 0] for relu."""
    back, deltas, transposed = 0, [], _transposed(weight)
    for step in reversed(range(len(z))):
        h = z[step]
        slope = 1 - h * h if nonlinearity == "tanh" else h > 0
        deltas.append((g[step] + back) * slope)  # ∂L/∂pₜ, (N, H)
        back = deltas[-1] @ transposed
    deltas = np.stack(deltas[::-1])
    return deltas, _weight_gradient(_states_before(z, first), deltas), back


rnn = Primitive(
    "rnn", _rnn_forward,
    joint=Vjp(_rnn_rule, r"\operatorname{BPTT} {g}"),
    latex=r"{z}_t = \varphi({x}_t + {z}_{t-1}\,{y})",
    precision="single",
)  # fmt: skip


# Gates ------------------------------------------------------------


def _gate_scales(a, size):
    """½ in the columns of i, f, o, and 1 in those of g.

    One tanh serves all four blocks, since σ(x) = ½ + ½ tanh(x/2), and cannot overflow: 7 µs for a step's (32, 256),
    where σ by an exp, a division and a choice takes 12.
    """
    scales = np.full_like(a, 0.5, shape=4 * size)
    scales[2 * size : 3 * size] = 1
    return scales


# Long short-term memory ------------------------------------------------------------
#
#     i, f, o = σ(p)   g = tanh(p)   c' = f · c + i · g   h' = o · tanh(c')        p = a + h W, blocks i f g o
#
# The result holds the states h and the memories c, (2, T, N, H). Into a list `kept`, if one is given, the forward
# pass puts the gates, so that the rule need not compute them again. Measured with T = 32, N = 32, 64 inputs, H = 64,
# float32, one thread, a training step takes 1.3 to 1.4 of the time of PyTorch's, which is one fused operation too;
# without `kept` 1.6 to 1.8; recorded operation by operation 3.4. (GRU 0.75 and 1.6, RNN 0.5 and 1.1.)


def _lstm_forward(a, weight, first, first_memory, kept=None):
    steps, count, size = *a.shape[:2], weight.shape[0]
    scales = _gate_scales(a, size)
    shifts = 1 - scales
    gates = a * scales  # once for all steps; the loop works on in this array
    weight = weight * scales
    states = np.empty_like(a, shape=(2, steps, count, size))
    h, c = first, first_memory
    for step, now in enumerate(gates):
        now += h @ weight  # (N, H) @ (H, 4H) -> (N, 4H)
        np.tanh(now, out=now)
        now *= scales
        now += shifts
        i, f, g, o = (now[:, size * k : size * (k + 1)] for k in range(4))  # (N, H) each
        c = np.multiply(f, c, out=states[1, step])
        c += i * g
        h = np.multiply(o, np.tanh(c), out=states[0, step])
    if kept is not None:
        kept.append(gates)
    return states


def _lstm_rule(g, z, a, weight, first, first_memory, kept=None):
    r"""Two gradients are passed back, to h and to c. With t = tanh(c') and the blocks of p in order,

    ∂L/∂c' = G_c + back_c + ∂L/∂h' · o (1 - t²)          back_c = ∂L/∂c' · f
    ∂L/∂p  = ∂L/∂c' · g i (1 - i),   ∂L/∂c' · c f (1 - f),   ∂L/∂c' · i (1 - g²),   ∂L/∂h' · t o (1 - o)
    """
    states, memories = z[0], z[1]
    steps, _, size = states.shape
    before, memories_before = _states_before(states, first), _states_before(memories, first_memory)
    if kept and type(kept[0]) is type(g):
        gates = kept[0]
    else:  # on tensors: computed again, so that a derivative of this rule sees how the gates came about
        scales = _gate_scales(a, size)
        products = (_rows(before) @ weight).reshape(a.shape)  # (T·N, H) @ (H, 4H) -> (T, N, 4H)
        gates = np.tanh((a + products) * scales) * scales + (1 - scales)
    input_gate, forget, candidate, output = (gates[:, :, size * k : size * (k + 1)] for k in range(4))
    squashed = np.tanh(memories)
    to_memory = output * (1 - squashed * squashed)
    slopes = np.concatenate(
        [
            candidate * input_gate * (1 - input_gate),
            memories_before * forget * (1 - forget),
            input_gate * (1 - candidate * candidate),
            squashed * output * (1 - output),
        ],
        axis=2,
    )  # (T, N, 4H)

    g_states, g_memories = g[0], g[1]
    back, back_memory, deltas, transposed = 0, 0, [], _transposed(weight)
    for step in reversed(range(steps)):
        dh = g_states[step] + back
        dc = g_memories[step] + back_memory + dh * to_memory[step]
        deltas.append(np.concatenate([dc, dc, dc, dh], axis=1) * slopes[step])  # (N, 4H)
        back = deltas[-1] @ transposed  # (N, 4H) @ (4H, H) -> (N, H)
        back_memory = dc * forget[step]
    deltas = np.stack(deltas[::-1])
    return deltas, _weight_gradient(before, deltas), back, back_memory


lstm = Primitive(
    "lstm", _lstm_forward,
    joint=Vjp(_lstm_rule, r"\operatorname{BPTT} {g}"),
    latex=r"{z}_t = \operatorname{lstm}({x}_t + {z}_{t-1}\,{y})",
    precision="single",
)  # fmt: skip


# Gated recurrent unit ------------------------------------------------------------
#
#     r, z = σ(a + u)   n = tanh(a + r · u)   h' = (1 - z) · n + z · h        u = h W + b, blocks r z n


def _gru_forward(a, weight, bias, first):
    steps, count, size = *a.shape[:2], weight.shape[0]
    states = np.empty_like(a, shape=(steps, count, size))
    h = first
    for step in range(steps):
        recurrent = h @ weight + bias  # (N, H) @ (H, 3H) -> (N, 3H)
        gates = np.tanh((a[step, :, : 2 * size] + recurrent[:, : 2 * size]) * 0.5) * 0.5 + 0.5
        candidate = np.tanh(a[step, :, 2 * size :] + gates[:, :size] * recurrent[:, 2 * size :])
        h = np.add(candidate, gates[:, size:] * (h - candidate), out=states[step])
    return states


def _gru_rule(g, z, a, weight, bias, first):
    r"""With z the update gate,

    ∂L/∂aₙ = ∂L/∂h' · (1 - z)(1 - n²)      ∂L/∂uₙ = ∂L/∂aₙ · r
    ∂L/∂aᵣ = ∂L/∂aₙ · uₙ r (1 - r)         ∂L/∂a_z = ∂L/∂h' · (h - n) z (1 - z)
    passed back: ∂L/∂h' · z + ∂L/∂u Wᵀ
    """
    before = _states_before(z, first)
    steps, _, size = before.shape
    back, deltas, deltas_u, transposed = 0, [], [], _transposed(weight)
    for step in reversed(range(steps)):
        h, inputs = before[step], a[step]
        u = h @ weight + bias
        gates = np.tanh((inputs[:, : 2 * size] + u[:, : 2 * size]) * 0.5) * 0.5 + 0.5
        reset, update, u_n = gates[:, :size], gates[:, size:], u[:, 2 * size :]
        n = np.tanh(inputs[:, 2 * size :] + reset * u_n)
        dh = g[step] + back  # ∂L/∂h', (N, H)
        dn = dh * (1 - update) * (1 - n * n)
        gates_delta = np.concatenate([dn * u_n, dh * (h - n)], axis=1) * (gates * (1 - gates))  # (N, 2H)
        deltas.append(np.concatenate([gates_delta, dn], axis=1))  # ∂L/∂aₜ, (N, 3H)
        deltas_u.append(np.concatenate([gates_delta, dn * reset], axis=1))  # ∂L/∂uₜ, (N, 3H)
        back = dh * update + deltas_u[-1] @ transposed  # (N, 3H) @ (3H, H) -> (N, H)
    deltas, deltas_u = np.stack(deltas[::-1]), np.stack(deltas_u[::-1])
    return deltas, _weight_gradient(before, deltas_u), sum_(deltas_u, axis=(0, 1)), back


gru = Primitive(
    "gru", _gru_forward,
    joint=Vjp(_gru_rule, r"\operatorname{BPTT} {g}"),
    latex=r"{z}_t = \operatorname{gru}({x}_t,\ {z}_{t-1}\,{y} + {w})",
    precision="single",
)  # fmt: skip
