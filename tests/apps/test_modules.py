"""Joining ES modules: what may be written, and what is refused."""

import re
from collections import Counter

import pytest

from cnnlab.widgets import modules


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(modules, "FOLDER", tmp_path)
    modules.bundle.cache_clear()
    yield tmp_path
    modules.bundle.cache_clear()


def test_each_module_comes_once_and_before_those_that_import_it(folder):
    (folder / "a.js").write_text("export const one = 1;\nexport function two() {\n  return one + one;\n}\n")
    (folder / "b.js").write_text('import { one, two } from "./a.js";\nexport const three = one + two();\n')
    (folder / "main.js").write_text(
        'import { two } from "./a.js";\nimport { three } from "./b.js";\nexport default {};\n'
    )
    source = modules.bundle("main.js")
    assert source.count("const one = 1") == 1
    assert source.index("const $a =") < source.index("const $b =") < source.index("export default")
    assert "return {one, two};" in source and "const { one, two } = $a;" in source
    assert "import" not in source


@pytest.mark.parametrize("line", ['import x from "./a.js";', 'export { x } from "./a.js";', "export let x = 1;"])
def test_other_forms_are_refused_by_name(folder, line):
    (folder / "main.js").write_text(line + "\n")
    with pytest.raises(ValueError, match=r"main\.js: cannot join"):
        modules.bundle("main.js")


def test_a_circle_is_refused(folder):
    (folder / "a.js").write_text('import { b } from "./b.js";\nexport const a = b;\n')
    (folder / "b.js").write_text('import { a } from "./a.js";\nexport const b = a;\n')
    with pytest.raises(ValueError, match="imports itself through"):
        modules.bundle("a.js")


def test_a_class_gets_its_look_once():
    """Two explorers that give one class two looks spoil each other's pages."""
    style = (modules.FOLDER / "explorer.css").read_text(encoding="utf-8")
    named = Counter(re.findall(r"^(?:\.cnnlab )?(\.cnn-[\w-]+) \{", style, re.MULTILINE))
    assert not [name for name, times in named.items() if times > 1]
