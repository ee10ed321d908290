"""Formulas in Markdown as MathML, which browsers draw themselves: no MathJax, no request, no script."""

import re

from latex2mathml.converter import convert
from nbconvert.preprocessors import Preprocessor

# What may hold a dollar sign that is no formula comes first: the first alternative that matches wins.
TOKENS = re.compile(
    r"""
      (?P<code>  ^[ \t]*(?P<fence>`{3,}|~{3,}).*?(?:^[ \t]*(?P=fence)[`~]*[ \t]*$|\Z)  # fenced block
               | (?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`) )                    # code span
    | (?P<escaped> \\[\\$] )
    | \$\$(?P<display>.+?)\$\$
    | \$(?P<inline>(?![\s$])(?:\\.|[^\\$])*?(?<!\s))\$(?!\d)
    """,
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)
MARKDOWN = str.maketrans({character: f"&#{ord(character)};" for character in "*_`[]|~!\\"})


def formula(source, display=False):
    """Return LaTeX as one line of HTML: MathML, or the source itself in <code> where it cannot be converted."""
    kind = "block" if display else "inline"
    try:
        # latex2mathml knows the outer environments only.
        result = convert(source.replace("{aligned}", "{split}"), display=kind)
    except Exception:  # noqa: BLE001 - its parser raises whatever comes; a page must never fail for a formula
        result = "&<"
    # Left over commands and column marks mean that it did not understand: show the source rather than nonsense.
    if re.search(r"&(?!#|\w+;)|<m[ion]>\\", result):
        text = source.strip().replace("&", "&amp;").replace("<", "&lt;").translate(MARKDOWN)
        result = f"<code>{' '.join(text.split())}</code>"
    result = re.sub(r">([^<]+)<", lambda match: f">{match[1].translate(MARKDOWN)}<", result)
    return f'<span class="cnnlab-display-math">{result}</span>' if display else result


def markdown(source):
    """Return Markdown with every formula replaced; code and escaped dollars stay as they are."""

    def replace(match):
        if match["display"] is not None:
            return formula(match["display"], display=True)
        if match["inline"] is not None:
            return formula(match["inline"])
        return match[0]

    return TOKENS.sub(replace, source)


class MathMLPreprocessor(Preprocessor):
    """Named in our templates' conf.json, so the static pages and Voila, stand-alone or on Binder, all get it."""

    def preprocess_cell(self, cell, resources, index):
        if cell.cell_type == "markdown":
            cell.source = markdown(cell.source)
        return cell, resources
