"""Join plain ES modules into the single module that a widget can carry.

A widget travels to the page as one string, so its modules cannot import each other by address there. Each module
becomes a function that runs once and returns its exports; nothing else is changed, and there is no build step:
the files in `js/` are ordinary modules that a browser or node can also load one by one.

What a module may write: ``import { a, b } from "./other.js";`` at the start of a line, ``export function``,
``export const`` and ``export class``; the entry alone has an ``export default``.
"""

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "js"

_IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class)\*? ?(\w+))", re.MULTILINE)
_UNKNOWN = re.compile(r"^(?:import|export(?! default))\b.*", re.MULTILINE)


@cache
def bundle(entry):
    """Return the source of one ES module: `entry` (a file below `js/`) and, before it, all that it imports.

    Raises
    ------
    ValueError
        For an import or export of another form, or modules that import each other in a circle.
    """
    parts = {}
    _add((FOLDER / entry).resolve(), parts, above=())
    return "\n".join(parts.values())


def _add(path, parts, above):
    if path in parts:
        return
    if path in above:
        raise ValueError(f"{path.name}: imports itself through {' -> '.join(p.name for p in above)}")
    source = path.read_text(encoding="utf-8")

    def destructure(found):
        other = (path.parent / found[2]).resolve()
        _add(other, parts, (*above, path))
        return f"const {{{found[1]}}} = {_variable(other)};\n"

    source = _IMPORT.sub(destructure, source)
    names = _EXPORT.findall(source)
    if strange := _UNKNOWN.search(_EXPORT.sub("", source)):
        raise ValueError(f"{path.name}: cannot join {strange[0]!r}; see cnnlab/widgets/modules.py for what can be")
    if above:
        source = _EXPORT.sub("", source)
        source = f"const {_variable(path)} = (() => {{\n{source}\nreturn {{{', '.join(names)}}};\n}})();"
    parts[path] = source


def _variable(path):
    return "$" + "_".join(path.relative_to(FOLDER).with_suffix("").parts)
