"""Text for LaTeX: what means something to it is escaped, and long names may be broken."""

import re

SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}
RUN = 5
"""A name may be broken after so many letters or digits in a row, and after any other sign."""


def escaped(text: str) -> str:
    r"""The text with every character escaped that means something to LaTeX.

    >>> print(escaped("a_b & 5 %"))
    a\_b \& 5 \%
    """
    return "".join(SIGNS.get(sign, sign) for sign in text)


def breakable(name: str) -> str:
    r"""A name, escaped, which LaTeX may break where the column is too narrow for it.

    >>> print(breakable("learning_rate"))
    learn\-ing\_\allowbreak{}rate
    """
    parts = re.findall(rf"[^\W_]{{{RUN}}}(?=[^\W_]{{3}})|[^\W_]+|[\W_]", name)
    shown = []
    for place, part in enumerate(parts):
        follows = parts[place + 1] if place + 1 < len(parts) else ""
        if not part[0].isalnum():
            shown.append(escaped(part) + ("" if part.isspace() or not follows else r"\allowbreak{}"))
        else:
            shown.append(escaped(part) + (r"\-" if follows and follows[0].isalnum() else ""))
    return "".join(shown)


def mathematical(text: str) -> str:
    r"""A number or an interval as mathematics.

    >>> print(mathematical("+1.2e-05"))
    $+1.2\cdot10^{-5}$
    """
    powers = re.sub(
        r"([0-9.])e([+-])0*([0-9]+)", lambda power: f"{power[1]}\\cdot10^{{{power[2].strip('+')}{power[3]}}}", text
    )
    return f"${powers}$"
