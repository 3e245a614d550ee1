"""What holds of every real function: shown on modules of the standard library."""

import ast
import symtable
import sysconfig
from functools import cache
from pathlib import Path

import libcst
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

from fnopt.library.concrete import anchored
from fnopt.library.edit import Add, Remove, Revise, apply
from fnopt.library.function import Library, read
from fnopt.library.listing import listing
from fnopt.library.module import Module, read_module
from fnopt.library.scope import names
from fnopt.records import Fault

DEFINITIONS = libcst.FunctionDef | libcst.ClassDef
STDLIB = Path(sysconfig.get_paths()["stdlib"])
MODULES = """abc base64 bisect calendar code codeop colorsys contextlib copy copyreg csv dataclasses
    difflib filecmp fileinput fnmatch fractions functools getopt glob heapq hmac html/__init__
    keyword linecache mimetypes nturl2path numbers operator posixpath pprint quopri random
    reprlib sched secrets shlex shutil stat statistics string stringprep tabnanny textwrap
    token tokenize traceback types uuid warnings weakref
""".split()  # noqa: SIM905


@cache
def library(name: str) -> Library:
    """One module of the standard library as a library of its own."""
    path = f"functions/{name.partition('/')[0]}.py"
    return read({path: (STDLIB / f"{name}.py").read_bytes()})


FUNCTIONS = [
    (module, function.name)
    for module in MODULES
    for function in library(module).functions
    if len(_places := library(module).modules[function.path].bound[function.name]) == 1
]


def content(of: Library) -> bytes:
    """The bytes of its one file."""
    (data,) = of.files.values()
    return data


def module_of(of: Library) -> Module:
    """Its one module."""
    (module,) = of.modules.values()
    return module


def test_there_are_enough_functions() -> None:
    """The properties are shown on hundreds of functions."""
    assert len(FUNCTIONS) > 300


def test_revising_with_itself_changes_nothing() -> None:
    """Over all functions: a fault that says so, never other bytes."""
    for module, name in FUNCTIONS:
        function = library(module).get(name)
        assert function is not None
        outcome = apply(library(module), Revise(name, function.source), "functions")
        assert isinstance(outcome, tuple), (module, name)
        assert [one.rule for one in outcome] == ["no-change"], (module, name, outcome)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(FUNCTIONS), st.sampled_from(["\n", "\r\n"]))
def test_a_revision_leaves_every_other_byte_alone(one: tuple[str, str], newline: str) -> None:
    """What stands before and behind the function stays, and the result compiles."""
    source = content(library(one[0])).replace(b"\n", newline.encode())
    before = read({"functions/a.py": source})
    module = before.modules["functions/a.py"]
    (index,) = module.bound[one[1]]
    statement = module.statements[index]
    function = before.get(one[1])
    assert function is not None
    code = function.source.rstrip("\n") + "\n    pass\n"
    if module.source(statement).count(b"\n") == 1:
        return  # a body on the line of ``def`` takes no further line
    after = apply(before, Revise(one[1], code), "functions")
    assert isinstance(after, Library), (one, after)
    data = after.files["functions/a.py"]
    head, tail = source[: statement.above], source[statement.end :]
    assert data.startswith(head)
    assert data.endswith(tail)
    middle = data[len(head) : len(data) - len(tail)].decode()
    assert middle == code.replace("\n", newline)
    ast.parse(data)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(FUNCTIONS), st.sampled_from(MODULES))
def test_adding_and_removing_gives_the_files_back(one: tuple[str, str], home: str) -> None:
    """A function with all that it needs comes and goes without a trace."""
    code = listing(library(one[0]), one[1])
    base = read({"functions/home.py": content(library(home))})
    after = apply(base, Add(one[1], code), "functions")
    if not isinstance(after, Library):
        refused = {fault.rule for fault in after}
        assert refused <= {"exists", "duplicate", "name", "work-at-import"}, (one, after)
        return
    ast.parse(after.files[f"functions/{one[1]}.py"])
    back = apply(after, Remove(one[1]), "functions")
    leftover = {"in-use", "has-callers"}
    if isinstance(back, tuple) and {fault.rule for fault in back} <= leftover:
        return
    assert isinstance(back, Library), (one, back)
    assert back.files == base.files or _unneeded(back, one[1])


def _unneeded(left: Library, name: str) -> bool:
    """Whether only statements are left that do more than serve the function."""
    module = left.modules[f"functions/{name}.py"]
    kept = [one for one in module.statements if one.kind not in ("import", "future", "docstring")]
    return bool(kept) and not any(one.is_public for one in kept)


def test_a_revision_and_its_opposite_give_the_bytes_back() -> None:
    """An import and a helper that came with a revision go with the next."""
    for name in ("wrap", "dedent", "indent", "shorten", "fill"):
        base = library("textwrap")
        function = base.get(name)
        assert function is not None
        body = function.source.rstrip("\n") + "\n    return _ZZ, zlib\n"
        there = apply(base, Revise(name, f"import zlib\n_ZZ = 1\n\n\n{body}"), "functions")
        assert isinstance(there, Library)
        back = apply(there, Revise(name, function.source), "functions")
        assert isinstance(back, Library)
        assert content(back) == content(base)


@pytest.mark.parametrize("name", MODULES)
def test_spans_of_libcst_are_those_of_ast(name: str) -> None:
    """Two parsers, each on its own: every statement and its comments at the same bytes."""
    module = module_of(library(name))
    found = anchored(module)
    assert isinstance(found, Module)
    assert found.concrete
    assert found.statements == module.statements


@pytest.mark.parametrize("name", ["textwrap", "shlex", "heapq", "calendar", "colorsys", "bisect"])
def test_texts_are_those_of_libcst(name: str) -> None:
    """What would be spliced is the node's code, and starts where its byte span does."""
    module = anchored(module_of(library(name)))
    assert isinstance(module, Module)
    wrapper = MetadataWrapper(libcst.parse_module(module.text.body))
    spans = wrapper.resolve(ByteSpanPositionProvider)
    nodes = [one for one in wrapper.module.body if isinstance(one, DEFINITIONS)]
    ours = [one for one in module.statements if one.kind in ("function", "class")]
    for node, one in zip(nodes, ours, strict=True):
        code = wrapper.module.code_for_node(node.with_changes(leading_lines=()))
        assert module.source(one).decode() == code
        assert node.decorators or one.start == spans[node].start  # a span begins at the keyword


TEXTS = st.sampled_from(
    ["def f():", " pass", "\n", "\n    return f", "import a", "from b import c", ";", "@d", "# c",
     "'''", "X = 1", "class C:", "\r\n", "\t", "\x0c", "\r", "é", "if X:", "  # i", "\n\n", "#!x"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(TEXTS, max_size=12).map("".join))
def test_spans_agree_on_any_text(source: str) -> None:
    """However comments, blank lines, decorators and line ends are mixed."""
    module = read_module("functions/a.py", source.encode())
    if isinstance(module, Module):
        found = anchored(module)
        assert isinstance(found, Module)
        assert found.statements == module.statements


@pytest.mark.parametrize("name", MODULES)
def test_names_are_those_of_the_compiler(name: str) -> None:
    """The interpreter's own symbol tables know the same global names of each function."""
    source = (STDLIB / f"{name}.py").read_text()
    tree = ast.parse(source)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            segment = ast.get_source_segment(source, node)
            assert segment is not None
            decorators = "".join(f"@{ast.unparse(one)}\n" for one in node.decorator_list)
            found = names(node, deferred=False)
            expected = _globals(symtable.symtable(decorators + segment, "", "exec"))
            assert found.uses - {node.name} == expected - {node.name}, (name, node.name)


def _globals(table: symtable.SymbolTable) -> set[str]:
    """The names that code in the table, or within, looks up in the module."""
    found = {
        one.get_name()
        for one in table.get_symbols()
        if one.is_referenced() and (one.is_global() or table.get_type() == "module")
    }
    for child in table.get_children():
        found |= _globals(child)
    return found


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(), st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_no_bytes_raise(data: bytes) -> None:
    """Whatever a file holds, it is a module or a fault."""
    assert isinstance(read_module("functions/a.py", data), Module | Fault)


TOKENS = st.sampled_from(
    ["def f():", "def g(x):", " pass", "\n", "\n    return f", "import a", "from b import c", ";",
     "@d", "# c", "'''", "X = 1", "_h = f", "class C:", "\r\n", "\t", "\x0c", "\\", "é", "if X:"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(TOKENS, max_size=20).map("".join), st.lists(TOKENS, max_size=8).map("".join))
def test_no_edit_raises_or_breaks_a_file(source: str, extra: str) -> None:
    """Whatever the file and the code are: a library that reads as well as before, or faults."""
    text = f"{source}\ndef f():\n    return 1\n{extra}\n"
    before = read({"functions/a.py": text.encode()})
    if before.faults:
        return
    code = f"{extra}\ndef f():\n    return 2\n"
    for edit in (Revise("f", code), Remove("f"), Add("k", code.replace("f()", "k()"))):
        after = apply(before, edit, "functions")
        assert isinstance(after, tuple) or after.faults == ()
