"""Parts of other people's code, taken from where the user has cloned it. Nothing of it is kept in this project."""

import ast
import subprocess
import sys
from importlib import metadata
from itertools import cycle
from pathlib import Path


class Peer:
    """A clone at `folder` of the GitHub repository `source`, or the installed package of that name."""

    def __init__(self, source, folder=None):
        self.source = source
        if "/" in source and not folder:
            sys.exit(f"--peer must name a clone of https://github.com/{source}.")
        self.folder = Path(folder).resolve() if folder else None

    def version(self):
        if not self.folder:
            return f"{self.source} {metadata.version(self.source)}"
        command = ["git", "-C", str(self.folder), "rev-parse", "HEAD"]
        return f"{self.source} at {subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()}"

    def pick(self, path, names, given, sizes=None):
        """
        The functions and classes `names` of one of its files, without running the rest of that file, which often needs
        much that is not installed. `given` is what they find as global names; whole numbers that are keys of `sizes`
        are replaced, as where 768 is written for the width; by a tuple's in turn, where the same one means several.
        """
        tree = ast.parse((self.folder / path).read_text(encoding="utf-8"))
        wanted = [node for node in tree.body if getattr(node, "name", None) in names]
        missing = set(names) - {node.name for node in wanted}
        if missing:
            sys.exit(f"{self.folder / path}: has no {', '.join(sorted(missing))}.")
        module = _Sizes(sizes or {}).visit(ast.Module(body=wanted, type_ignores=[]))
        scope = dict(given)
        exec(compile(module, path, "exec"), scope)
        return scope


class _Sizes(ast.NodeTransformer):
    def __init__(self, sizes):
        self.sizes = {written: cycle(ours if isinstance(ours, tuple) else (ours,)) for written, ours in sizes.items()}

    def visit_Constant(self, node):
        if type(node.value) is int and node.value in self.sizes:
            return ast.copy_location(ast.Constant(next(self.sizes[node.value])), node)
        return node
