"""Uniform numbers keyed by what they decide, and what is drawn with them.

A draw belongs to (seed, replication, stream, entity, decision, occurrence), never to the order of
calls: the same key gives the same number in any engine, worker, order, resume or snapshot. Keys
are integers in [0, 2^63). The generator is Philox4x64-10 (Salmon, Moraes, Dror and Shaw,
"Parallel random numbers: as easy as 1, 2, 3", SC 2011), without state.

The logarithm, the exponential and the normal quantile are made of + - * / and exponent bits only
(square roots are exact by IEEE 754), because libraries differ in the last bit between processors.
Every function gives the same bits compiled and as plain Python.
"""

import hashlib
import math
import unicodedata
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.compilation import Record, blank, compiled, entry, hot, inlined, instruction, write

Keys = npt.NDArray[np.int64]

# In plain Python words are exact integers cut to 64 bits; compiled they are uint64, where cutting
# costs nothing. (A literal below 2^63 is an int64, and the two must not meet.)
WORD = 0xFFFFFFFFFFFFFFFF
MULTIPLIER_0 = 0xD2E7470EE14C6C93
MULTIPLIER_1 = 0xCA5A826395121157
WEYL_0 = 0x9E3779B97F4A7C15
WEYL_1 = 0xBB67AE8584CAA73B
ROUNDS = 10
BLOCK = 4
"""Consecutive occurrences of a decision that cost one run of Philox."""

# The first 128 fractional bits of e: the fixed Philox key under which new persons get their keys.
PERSON_KEY_0 = 0xB7E151628AED2A6A
PERSON_KEY_1 = 0xBF7158809CF4F3C7

UNIT = 2.0**-52
SMALLEST_NORMAL = 2.0**-1022
LARGEST = (2.0 - UNIT) * 2.0**1023
SCALE_OF_SUBNORMALS = 54
EXPONENT_BIAS = 1023
FRACTION_BITS = 52
FRACTION_MASK = (1 << FRACTION_BITS) - 1
BITS_OF_ONE = 0x3FF0000000000000
BITS_OF_ROOT_HALF = 0x3FE6A09E667F3BCD

# ln 2 in two parts; the first ends in 21 zero bits, so that its product with an exponent is exact.
LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
INVERSE_LN2 = 1.44269504088896338700e00
EXP_OVERFLOW = 7.09782712893383973096e02
EXP_UNDERFLOW = -7.45133219101941108420e02

# Wichura (1988), PPND16; from the highest power to the constant.
CENTRE_TOP = (
    2509.0809287301227,
    33430.57558358813,
    67265.7709270087,
    45921.95393154987,
    13731.69376550946,
    1971.5909503065513,
    133.14166789178438,
    3.3871328727963665,
)
CENTRE_BOTTOM = (
    5226.495278852854,
    28729.085735721943,
    39307.89580009271,
    21213.794301586597,
    5394.196021424751,
    687.1870074920579,
    42.31333070160091,
    1.0,
)
TAIL_TOP = (
    0.0007745450142783414,
    0.022723844989269184,
    0.2417807251774506,
    1.2704582524523684,
    3.6478483247632045,
    5.769497221460691,
    4.630337846156546,
    1.4234371107496835,
)
TAIL_BOTTOM = (
    1.0507500716444169e-09,
    0.0005475938084995345,
    0.015198666563616457,
    0.14810397642748008,
    0.6897673349851,
    1.6763848301838038,
    2.053191626637759,
    1.0,
)
FAR_TAIL_TOP = (
    2.0103343992922881e-07,
    2.7115555687434876e-05,
    0.0012426609473880784,
    0.026532189526576124,
    0.29656057182850487,
    1.7848265399172913,
    5.463784911164114,
    6.657904643501103,
)
FAR_TAIL_BOTTOM = (
    2.0442631033899397e-15,
    1.421511758316446e-07,
    1.8463183175100548e-05,
    0.0007868691311456133,
    0.014875361290850615,
    0.1369298809227358,
    0.599832206555888,
    1.0,
)

LARGEST_POISSON_MEAN = 500.0
CERTAINTY = 1e-15
"""More than `1 - mean` and `exp(-mean)` are rounded by."""


@hot
def philox4x64(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> tuple[int, int, int, int]:
    """Philox4x64-10: four random words for a counter of four words and a key of two.

    Words are integers in [0, 2^64), in and out uint64 when compiled; from Python, words of 2^63 and
    more are passed as numpy.uint64.
    """
    c0, c1, c2, c3 = _word(c0), _word(c1), _word(c2), _word(c3)
    k0, k1 = _word(k0), _word(k1)
    for _ in range(ROUNDS):
        high_0, low_0 = high_product(MULTIPLIER_0, c0), (MULTIPLIER_0 * c0) & WORD
        high_1, low_1 = high_product(MULTIPLIER_1, c2), (MULTIPLIER_1 * c2) & WORD
        c0, c1, c2, c3 = high_1 ^ c1 ^ k0, low_1, high_0 ^ c3 ^ k1, low_0
        k0, k1 = (k0 + WEYL_0) & WORD, (k1 + WEYL_1) & WORD
    return c0, c1, c2, c3


@inlined
def _word(key: int) -> int:
    return int(np.uint64(key))


@instruction
def high_product(a: int, b: int) -> int:
    """The upper 64 bits of the product of two words."""
    return (a * b) >> 64


@compiled
def uniform(
    seed: int, replication: int, stream: int, entity: int, decision: int, occurrence: int
) -> float:
    """The uniform number of this key, strictly inside (0, 1), on a grid of 2^-52.

    All six are integers in [0, 2^63). Philox runs under the key (seed, replication) at the counter
    (entity, stream, decision, occurrence // 4), and gives four consecutive occurrences.
    """
    words = philox4x64(entity, stream, decision, occurrence >> 2, seed, replication)
    return _open_unit(words[occurrence & 3])


@compiled
def uniforms4(
    seed: int, replication: int, stream: int, entity: int, decision: int, block: int
) -> tuple[float, float, float, float]:
    """`uniform` for the occurrences 4 block .. 4 block + 3, at the price of one."""
    w0, w1, w2, w3 = philox4x64(entity, stream, decision, block, seed, replication)
    return _open_unit(w0), _open_unit(w1), _open_unit(w2), _open_unit(w3)


_UNIFORMS = Record(
    "Uniforms",
    dict.fromkeys(("seed", "replication", "stream", "decision", "occurrence"), int)
    | {"entities": (np.dtype(np.int64), 1), "numbers": (np.dtype(np.float64), 1)},
)


@entry(_UNIFORMS)
def _fill_uniforms(s: Any) -> int:
    for i in range(len(s.numbers)):
        s.numbers[i] = uniform(
            s.seed, s.replication, s.stream, s.entities[i], s.decision, s.occurrence
        )
    return 0


def uniforms_of(
    seed: int, replication: int, stream: int, entities: Keys, decision: int, occurrence: int
) -> npt.NDArray[np.float64]:
    """`uniform` of many entities."""
    numbers = np.empty(len(entities))
    words = blank(_UNIFORMS)
    key = {"seed": seed, "replication": replication, "stream": stream}
    key |= {"decision": decision, "occurrence": occurrence}
    write(words, _UNIFORMS, {**key, "entities": entities, "numbers": numbers})
    _fill_uniforms(words)
    return numbers


@inlined
def _open_unit(word: int) -> float:
    return (float(word >> 12) + 0.5) * UNIT


@compiled
def person_key(hamlet_key: int, stream: int, month: int, index: int) -> int:
    """The key in [0, 2^63) of the `index`-th person whom `stream` brings to a hamlet in a month.

    It depends neither on the seed nor on the order of arrival elsewhere: Philox under the fixed key
    (PERSON_KEY_0, PERSON_KEY_1) at the counter (hamlet_key, stream, month, index), first word
    without its last bit. Among ten million persons two share a key with probability 5e-6.
    """
    word, _, _, _ = philox4x64(hamlet_key, stream, month, index, PERSON_KEY_0, PERSON_KEY_1)
    return int(np.int64(word >> 1))


_KEYS = Record(
    "Keys",
    {"stream": int}
    | {name: (np.dtype(np.int64), 1) for name in ("hamlet_keys", "months", "indices", "keys")},
)


@entry(_KEYS)
def _fill_keys(s: Any) -> int:
    for i in range(len(s.keys)):
        s.keys[i] = person_key(s.hamlet_keys[i], s.stream, s.months[i], s.indices[i])
    return 0


def person_keys(hamlet_keys: Keys, stream: int, months: Keys, indices: Keys) -> Keys:
    """`person_key` of many people whom one stream brings; arrays of one length."""
    values = {"hamlet_keys": hamlet_keys, "months": months, "indices": indices}
    values["keys"] = np.empty(len(hamlet_keys), dtype=np.int64)
    words = blank(_KEYS)
    write(words, _KEYS, values | {"stream": stream})
    _fill_keys(words)
    return values["keys"]


def entity_key(text: str) -> int:
    """The key in [0, 2^63) of an id: BLAKE2b of the text, normalised (NFC) and in UTF-8.

    The first 63 bits of the 8-byte digest, big-endian.
    """
    normal = unicodedata.normalize("NFC", text)
    digest = hashlib.blake2b(normal.encode("utf-8"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


@hot
def log(x: float) -> float:
    """The natural logarithm, within 1 ulp for every positive x, subnormal ones included.

    log(1) = 0 exactly, log(0) = -inf, log(inf) = inf, nan for negative x and nan. The approximation
    of FreeBSD msun / fdlibm `e_log.c` (Sun Microsystems, 1993): x = 2^k (1 + f) with 1 + f in
    [sqrt(1/2), sqrt(2)), then s = f / (2 + f) and a polynomial in s^2.
    """
    if SMALLEST_NORMAL <= x <= LARGEST:
        return _log_of_normal(x, 0)
    if 0.0 < x < SMALLEST_NORMAL:
        return _log_of_normal(x * _power_of_two(SCALE_OF_SUBNORMALS), -SCALE_OF_SUBNORMALS)
    if x == 0.0:
        return -math.inf
    return x if x > 0.0 else math.nan


@compiled
def _log_of_normal(x: float, exponent: int) -> float:
    """log(x 2^exponent) for normal x."""
    shifted = int(np.float64(x).view(np.int64)) + (BITS_OF_ONE - BITS_OF_ROOT_HALF)
    k = float((shifted >> FRACTION_BITS) - EXPONENT_BIAS + exponent)
    f = _from_bits((shifted & FRACTION_MASK) + BITS_OF_ROOT_HALF) - 1.0
    s = f / (2.0 + f)
    half_square = 0.5 * f * f
    rest = _log_polynomial(s * s)
    return k * LN2_HIGH - ((half_square - (s * (half_square + rest) + k * LN2_LOW)) - f)


@inlined
def _log_polynomial(z: float) -> float:
    w = z * z
    even = w * (
        3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01)
    )
    odd = z * (
        6.666666666666735130e-01
        + w
        * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01))
    )
    return even + odd


@inlined
def _from_bits(bits: int) -> float:
    return float(np.int64(bits).view(np.float64))


@inlined
def _power_of_two(exponent: int) -> float:
    return _from_bits((exponent + EXPONENT_BIAS) << FRACTION_BITS)


@compiled
def exp(x: float) -> float:
    """The exponential, within 1 ulp, subnormal results included.

    exp(0) = 1 exactly, exp(-inf) = 0, inf above EXP_OVERFLOW, 0 below EXP_UNDERFLOW, nan for nan.
    The approximation of FreeBSD msun / fdlibm `e_exp.c` (Sun Microsystems, 1993):
    x = k ln 2 + r with |r| <= ln(2) / 2, then a rational function of r.
    """
    if x > EXP_OVERFLOW:
        return math.inf
    if x < EXP_UNDERFLOW:
        return 0.0
    if x != x:
        return x
    k = int(x * INVERSE_LN2 + (0.5 if x >= 0.0 else -0.5))
    high, low = x - k * LN2_HIGH, k * LN2_LOW
    mantissa = _exp_of_small(high, low)
    # Two steps, because 2^1024 and 2^-1075 are no normal numbers; only the second can round.
    half = k >> 1
    return mantissa * _power_of_two(half) * _power_of_two(k - half)


@inlined
def _exp_of_small(high: float, low: float) -> float:
    """exp(high - low) for a difference of at most ln(2) / 2."""
    r = high - low
    t = r * r
    p = 6.61375632143793436117e-05 + t * (
        -1.65339022054652515390e-06 + t * 4.13813679705723846039e-08
    )
    c = r - t * (1.66666666666666019037e-01 + t * (-2.77777777770155933842e-03 + t * p))
    return 1.0 - ((low - (r * c) / (2.0 - c)) - high)


@compiled
def power(x: float, y: float) -> float:
    """x^y for x >= 0 as exp(y log x), with relative error below (1 + |y log x|) 2^-51.

    Exact are x^1 = x, x^0 = 1 (0^0 too) and 1^y = 1; 0^y is 0 for y > 0 and inf for y < 0; nan for
    negative x.
    """
    if y == 0.0:
        return 1.0
    if y == 1.0 and x >= 0.0:
        return x
    return exp(y * log(x))


@compiled
def normal_quantile(p: float) -> float:
    """The standard normal quantile, with relative error below 1e-15.

    normal_quantile(1/2) = 0 exactly, -inf at 0, inf at 1, nan outside [0, 1]. Wichura, "Algorithm
    AS 241: The percentage points of the normal distribution", Applied Statistics 37 (1988), PPND16.
    """
    if not 0.0 <= p <= 1.0:
        return math.nan
    q = p - 0.5
    if -0.425 <= q <= 0.425:
        return q * _ratio(CENTRE_TOP, CENTRE_BOTTOM, 0.180625 - q * q)
    tail = p if q < 0.0 else 1.0 - p
    if tail == 0.0:
        return -math.inf if q < 0.0 else math.inf
    r = math.sqrt(-log(tail))
    if r <= 5.0:
        size = _ratio(TAIL_TOP, TAIL_BOTTOM, r - 1.6)
    else:
        size = _ratio(FAR_TAIL_TOP, FAR_TAIL_BOTTOM, r - 5.0)
    return -size if q < 0.0 else size


@inlined
def _ratio(top: tuple[float, ...], bottom: tuple[float, ...], r: float) -> float:
    """The quotient of two polynomials of one degree at r."""
    numerator, denominator = 0.0, 0.0
    for i in range(len(top)):
        numerator = numerator * r + top[i]
        denominator = denominator * r + bottom[i]
    return numerator / denominator


@inlined
def exponential(u: float) -> float:
    """The exponential draw of mean 1 that belongs to the uniform number u: -log(u)."""
    return -log(u)


@compiled
def lognormal(u: float, median: float, sd_log: float) -> float:
    """The lognormal draw of u: median exp(sd_log z), where z is the normal quantile of u."""
    return median * exp(sd_log * normal_quantile(u))


@compiled
def poisson(u: float, mean: float) -> int:
    """The Poisson count of u: the smallest n with P(N <= n) >= u; -1 unless 0 <= mean <= 500.

    P(N <= n) is summed from 0 upwards, p(n) = p(n - 1) mean / n, in this order and no other. A
    larger u never gives a smaller count.
    """
    if not 0.0 <= mean <= LARGEST_POISSON_MEAN:
        return -1
    if u <= 1.0 - mean - CERTAINTY:
        return 0  # P(N = 0) = exp(-mean) is at least 1 - mean, by more than it is rounded
    count, probability = 0, exp(-mean)
    cumulative = probability
    while u > cumulative:
        count += 1
        probability = probability * mean / count
        if count > mean and cumulative + probability == cumulative:
            break  # the sum has reached 1 as nearly as it can, and u lies above it
        cumulative += probability
    return count
