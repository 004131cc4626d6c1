"""Draws the graph of the modules in Sources, and checks that the sources keep to the architecture.

usage: module_graph.py --draw | --write | --check [FOLDER]

--draw prints the graph, as Markdown. --write puts it between the two markers in Sources/README.md or, where there are none, into a new
section at its end. --check prints a line for each breach of a rule, `path:line: what is wrong`, and exits with 1 if there is any.

FOLDER is the repository; without it, the one this file lies in. The graph is that of the `import` lines. Which folder a module lies in,
and what a module in C depends on, is read from Package.swift. A symbolic link in Sources counts as the folder it leads to.
"""

import fnmatch
import os
import pathlib
import re
import statistics
import sys
import unicodedata

# From the bottom to the top, by folder (C modules by name): a module may import only what lies in a lower layer.
LAYERS = [
    ["CDiffusion*", "KernelTable", "Kernels"], ["Platform", "Text"], ["TensorCore", "Bytes"], ["Files"],
    ["Checkpoint", "Diffusion", "Images"], ["Models"], ["Sampling"], ["Output", "Training"], ["Scoring"],
    ["Terminal"], ["CommandLine"], ["sample", "train"],
]
ALLOWED_IN_LAYER = [("Kernels", "KernelTable"), ("Kernels", "CDiffusion*")]  # (importing, imported)

LONGEST_FILE, MEDIAN_UNDER, LONGEST_LINE = 350, 100, 120
PROGRAMS, PROGRAM_LINES_UNDER = ["sample", "train"], 1500

# Who may print and end the process, and what looks like printing but is not.
MAY_PRINT = PROGRAMS + ["Terminal"]
NOT_PRINTING = [("Sources/Platform/PeakMemory.swift", "fputs(")]  # writes to a file in /proc
# Who may import the C library, and Foundation.
IMPORTS_FOR_FEW = [(r"Glibc|Musl|Darwin", ["Sources/Platform/"]), (r"Foundation\w*", ["Sources/Bytes/", "Tests/"])]

README = "Sources/README.md"
BEGIN, END = "<!-- module graph: begin -->", "<!-- module graph: end -->"
INTRODUCTION = ["Each folder of Sources, from the bottom to the top, with the name it is imported by and what it imports. Blank lines part",
                "layers; nothing imports from a layer above its own. What comes along with another import is left out."]

IMPORT = re.compile(
    r"^[ \t]*(?:@\w+(?:\([^)\n]*\))?[ \t]+)*(?:(?:public|package|internal|fileprivate|private)[ \t]+)?"
    r"import[ \t]+(?:(?:struct|class|enum|protocol|typealias|func|let|var|actor)[ \t]+)?(\w+)", re.M)
# Calls of the language's and the system's own functions: `file.print(` and `func print(` are something else.
FORBIDDEN = re.compile(
    r"(?<![\w.`])(?<!func )(?<!case )(?:(?:Swift|Glibc|Musl|Darwin|Foundation|DiffusionPlatform)\.)?"
    r"(?:(?P<prints>(?:print|fputs|writeError|writeToStandardOutput)\(|FileHandle\.standard\w*|STD(?:OUT|ERR)_FILENO\b)"
    r"|(?P<ends>(?:exit|_exit|abort|fatalError)\())")
# Where something other than code begins: a comment, a literal of a regular expression (no blank after its first slash), a string.
NOT_CODE = re.compile(
    r"//.*|(?P<block>/\*)|\#+/.*?/\#+|(?<=[(,=:\[ ])/(?![\s/*),])(?:\\.|[^\\\n/])+/"
    r"|(?P<hashes>\#*)(?P<quotes>\"\"\"(?=[ \t]*\n)|\")|(?P<paren>(?!))")
NOT_CODE_INSIDE = re.compile(NOT_CODE.pattern.replace("(?!)", "[()]"))  # and in an interpolation, which a parenthesis ends
# What may stand in Package.swift: module("Files", name: "DiffusionFiles"), program("sample"), .target(name: "KernelTable").
TARGET = re.compile(
    r'\bmodule\(\s*"(?P<folder>\w+)"(?:,\s*name:\s*"(?P<other>\w+)")?|\bprogram\(\s*"(?P<program>\w+)"'
    r'|\.(?:\w*[tT]arget|systemLibrary)\(\s*name:\s*"(?P<name>\w+)"')


def code_only(text):
    """`text` with blanks for what is not code; places and lines stay. What a string interpolates is code."""
    parts, place = [], 0
    strings = []  # those whose interpolations we are in: [hashes, quotes, how many parentheses are open]

    def string_end(hashes, quotes, place):
        """From within a string: the place behind its end or its next interpolation's parenthesis."""
        end = rf"(?P<code>\\{hashes}\()|\\{hashes}.|(?P<end>{quotes}{hashes}" + (r"|\n)" if quotes == '"' else ")")
        for match in re.compile(end, re.S).finditer(text, place):
            if match["code"]:
                strings.append([hashes, quotes, 0])
            if match["code"] or match["end"]:
                return match.end()
        return len(text)

    while match := (NOT_CODE_INSIDE if strings else NOT_CODE).search(text, place):
        stop = match.end()
        parts.append(text[place : match.start()])
        if match["paren"]:
            strings[-1][2] += 1 if match["paren"] == "(" else -1
            if strings[-1][2] < 0:
                stop = string_end(*strings.pop()[:2], stop)
        elif match["quotes"]:
            stop = string_end(match["hashes"], match["quotes"], stop)
        elif match["block"]:
            depth = 1  # such comments nest
            while depth and (mark := re.compile(r"/\*|\*/|\Z").search(text, stop)):
                depth += {"/*": 1, "*/": -1, "": -depth}[mark[0]]
                stop = mark.end()
        parts.append(match[0] if match.end() == stop and match["paren"] else re.sub(r"[^\n]", " ", text[match.start() : stop]))
        place = stop
    return "".join(parts) + text[place:]


class SourceFile:
    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        self.lines = path.read_text(encoding="utf-8", errors="replace").removesuffix("\n").split("\n")
        self.code = code_only("\n".join(self.lines))
        self.imports = [(self.line(found.start(1)), found[1]) for found in IMPORT.finditer(self.code)]
        self.folder = self.path.split("/")[1] if self.path.startswith("Sources/") else None

    def line(self, place):
        return self.code.count("\n", 0, place) + 1


class Tree:
    def __init__(self, root):
        self.root = root
        walk = (pathlib.Path(folder, name) for top in ("Sources", "Tests") for folder, _, names in os.walk(root / top) for name in names)
        self.files = [SourceFile(root, path) for path in sorted(walk) if path.suffix == ".swift"]
        self.sources = [file for file in self.files if file.folder]
        self.package = SourceFile(root, root / "Package.swift")
        # The name of each module and its folder, and each folder with those that it imports.
        self.folders = {path.name: path.resolve().name for path in (root / "Sources").iterdir() if path.is_symlink()}
        self.graph = {file.folder: set() for file in self.sources}
        self.read_package()
        for file in self.sources:
            self.graph[file.folder] |= {self.folders[name] for _, name in file.imports if name in self.folders} - {file.folder}
        # All that a folder imports, also by way of others: with each round, by one more.
        self.reach = {folder: set(direct) for folder, direct in self.graph.items()}
        for folder in [folder for _ in self.graph for folder in self.graph]:
            self.reach[folder].update(*(self.reach.get(to, ()) for to in self.graph[folder]))

    def read_package(self):
        text = re.sub(r"^\s*//.*", "", "\n".join(self.package.lines), flags=re.M)
        prefix = re.search(r'name \?\? "(\w+)\\\(folder\)"', text)
        found, needs = list(TARGET.finditer(text)), {}
        for target, following in zip(found, [match.start() for match in found[1:]] + [len(text)]):
            arguments = text[target.start() : following]
            folder, name = target["folder"] or target["program"], target["other"] or target["program"] or target["name"]
            if target["name"]:
                path = re.search(r'\bpath:\s*"([^"]*)"', arguments)
                folder = (path[1] if path else f"Sources/{name}").removeprefix("Sources/")
            if (self.root / "Sources" / folder).is_dir():
                self.folders[name or (prefix[1] if prefix else "") + folder] = folder
                needs[folder] = re.search(r"\bdependencies:\s*\[([^\]]*)\]|$", arguments)[1] or ""
        for folder in needs.keys() - self.graph.keys():
            if self.module(folder).startswith("CDiffusion"):
                self.graph[folder] = {self.folders[name] for name in re.findall(r'"(\w+)"', needs[folder]) if name in self.folders}

    def module(self, folder):
        """What a folder is imported as: a name, or how its names begin."""
        names = [name for name, of in self.folders.items() if of == folder]
        return os.path.commonprefix(names) + "…" * (len(names) > 1)

    def is_named(self, folder, name):
        return fnmatch.fnmatchcase(self.module(folder) if name.endswith("*") else folder, name)

    def layer(self, folder):
        """0 is the lowest; a module that LAYERS does not name is above all."""
        return next((i for i, names in enumerate(LAYERS) if any(self.is_named(folder, name) for name in names)), len(LAYERS))

    def order(self, folder):
        names = (LAYERS + [[]])[self.layer(folder)]
        return self.layer(folder), names.index(folder) if folder in names else -1, len(self.reach.get(folder, "")), folder

    def drawing(self):
        rows, layer = [("folder", "import", "imports")], None
        for folder in sorted(self.graph, key=self.order):
            direct = self.graph[folder]
            along = {to for to in direct for by in direct if to in self.reach.get(by, ()) and by not in self.reach.get(to, ())}
            rows += [("", "", "")] if self.layer(folder) != layer else []
            rows.append((folder, self.module(folder), ", ".join(sorted(direct - along, key=self.order, reverse=True))))
            layer = self.layer(folder)
        wide = [max(len(row[i]) for row in rows) for i in (0, 1)]
        table = [f"{row[0]:{wide[0]}}  {row[1]:{wide[1]}}  {row[2]}".rstrip() for row in rows]
        return INTRODUCTION + ["", "```text"] + table + ["```"]

    def write(self):
        text = (self.root / README).read_text(encoding="utf-8")
        if BEGIN not in text or END not in text.split(BEGIN, 1)[1]:
            text = f"{text.rstrip()}\n\n## The modules\n\n{BEGIN}\n{END}\n"
        before, rest = text.split(BEGIN, 1)
        (self.root / README).write_text("\n".join([before + BEGIN, *self.drawing(), END + rest.split(END, 1)[1]]), encoding="utf-8")


def check_drawing(tree):
    lines = (tree.root / README).read_text(encoding="utf-8").split("\n") if (tree.root / README).exists() else []
    if BEGIN not in lines or END not in lines[lines.index(BEGIN) :]:
        yield README, 1, "has no drawing of the modules; run module_graph.py --write"
        return
    start = lines.index(BEGIN) + 1
    drawn, now = lines[start : lines.index(END, start)], tree.drawing()
    if drawn != now:
        same = next((i for i, (a, b) in enumerate(zip(drawn, now)) if a != b), min(len(drawn), len(now)))
        yield README, start + same + 1, "from here on the drawing is not what the sources say; run module_graph.py --write"


def check_imports(tree):
    for folder in tree.graph:
        if tree.layer(folder) == len(LAYERS) or not tree.module(folder):
            place = next((file.path for file in tree.sources if file.folder == folder), "Package.swift")
            yield place, 1, f"{folder} has no place in {'LAYERS in module_graph.py' if tree.module(folder) else 'Package.swift'}"
    for file in tree.files:
        for line, name in file.imports:
            for pattern, places in IMPORTS_FOR_FEW:
                if re.fullmatch(pattern, name) and not file.path.startswith(tuple(places)):
                    yield file.path, line, f"imports {name}, which only {' and '.join(places)} may"
            of, to = file.folder, tree.folders.get(name)
            if of and to and of != to and tree.layer(to) >= tree.layer(of):
                where = "above it" if tree.layer(to) > tree.layer(of) else "in the same layer"
                if not any(tree.is_named(of, a) and tree.is_named(to, b) for a, b in ALLOWED_IN_LAYER):
                    yield file.path, line, f"{of} imports {to}, which lies {where}"


def check_sizes(tree):
    for file in [tree.package] + tree.files:
        if file is not tree.package and len(file.lines) > LONGEST_FILE:
            yield file.path, LONGEST_FILE + 1, f"the file has {len(file.lines)} lines; at most {LONGEST_FILE} are allowed"
        for number, line in enumerate(file.lines, 1):
            # An accent that is a character of its own (x̂) takes no place.
            if len(line) > LONGEST_LINE and (width := sum(not unicodedata.combining(c) for c in line)) > LONGEST_LINE:
                yield file.path, number, f"the line has {width} characters; at most {LONGEST_LINE} are allowed"
    median = statistics.median([len(file.lines) for file in tree.sources] or [0])
    total = sum(len(file.lines) for file in tree.sources if file.folder in PROGRAMS)
    if median >= MEDIAN_UNDER:
        yield "Sources", 1, f"the median of the files has {median:g} lines; fewer than {MEDIAN_UNDER} are allowed"
    if total >= PROGRAM_LINES_UNDER:
        yield "Sources/sample", 1, f"the programs have {total} lines together; fewer than {PROGRAM_LINES_UNDER} are allowed"


def check_printing(tree):
    for file in tree.sources:
        for found in FORBIDDEN.finditer(file.code if file.folder not in MAY_PRINT else ""):
            if (file.path, found["prints"]) not in NOT_PRINTING:
                words = f"{found[0].rstrip('(')} {'prints' if found['prints'] else 'ends the process'}"
                yield file.path, file.line(found.start()), f"{words}; only {', '.join(MAY_PRINT)} may"


def main(command="", folder=None):
    if command not in ("--draw", "--write", "--check"):
        sys.exit(__doc__.split("\n\n")[1])
    tree = Tree(pathlib.Path(folder) if folder else pathlib.Path(__file__).resolve().parents[2])
    if command == "--write":
        return tree.write()
    if command == "--draw":
        return print("\n".join(tree.drawing()))
    findings = sorted(found for check in (check_imports, check_drawing, check_sizes, check_printing) for found in check(tree))
    print("".join(f"{path}:{line}: {words}\n" for path, line, words in findings), end="")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
