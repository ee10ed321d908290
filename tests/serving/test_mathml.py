"""Formulas in Markdown become MathML; everything else stays."""

import pytest
from nbconvert.filters import markdown2html

from cnnlab.serving.mathml import formula, markdown


def test_inline_and_display():
    text = markdown("Inline $x_1 * y$ and\n\n$$\ny = 2\n$$\n")
    assert text.count("<math") == 2 and text.count('display="block"') == 1 and "$" not in text
    assert '<span class="cnnlab-display-math">' in text


@pytest.mark.parametrize(
    "source",
    [
        "a price of \\$5 and \\$6",
        "`$x$` and ``a ` $y$``",
        "```python\ncost = '$x$'\n```",
        "~~~\n$x$\n~~~",
        "- item\n\n  ```\n  $x$\n  ```",
        "```\nnever closed $x$",
        "from $5 to $6",
        "a lone $ sign",
        "$ spaced $",
        "no dollars",
    ],
)
def test_left_alone(source):
    assert markdown(source) == source


def test_code_and_formula_side_by_side():
    text = markdown("`$a$` then $b$ then ```` ``` ```` and $c$, \\$1 and $d$")
    assert text.count("<math") == 3 and text.startswith("`$a$` then ")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"\color{#0072B2}{x}", 'mathcolor="#0072B2"'),
        (r"\textcolor{red}{x}", 'mathcolor="red"'),
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", "<mtr>"),
        (r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}", "<mtable>"),
        (r"\left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1", "<mfrac>"),
        (r"\begin{cases} x & x > 0 \\ 0 & x \le 0 \end{cases}", "&#x0003E;"),
        (r"\sum_{u=0}^{k-1} x_{i+u}\, w_u", "<msubsup>"),
        (r"\text{rows out}", "<mtext>"),
        (r"\operatorname{softmax}(\mathbf{z})_i", "softmax"),
    ],
)
def test_what_lessons_write_is_converted(source, expected):
    result = formula(source)
    assert result.startswith("<math") and expected in result and "\n" not in result


@pytest.mark.parametrize("source", [r"\frac{", r"\notacommand{x}", "a & b"])
def test_what_cannot_be_converted_is_shown_as_source(source):
    result = formula(source)
    assert result.startswith("<code>") and result.endswith("</code>")


@pytest.mark.parametrize("source", ["a*b*c", "x_1 y_2", "|x|", "[a](b)", "~x~", r"\notacommand*{_x_}|", "a<b", "!x"])
def test_markdown_does_not_touch_the_inside_of_a_formula(source):
    """In a table, where a bar would split the cell, too."""
    html = markdown2html(markdown(f"| h |\n| - |\n| ${source}$ |\n"))
    assert html.count("<td>") == 1
    assert "<em>" not in html and "<strong>" not in html and "<a " not in html and "<del>" not in html
    assert html.count("<math") == html.count("</math>") == ("notacommand" not in source)
