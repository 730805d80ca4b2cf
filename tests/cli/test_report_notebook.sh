#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_report_notebook.sh - the notebook of a run, read by the packages of Jupyter: valid, rendered, run again.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/interop.sh
. "$(dirname "$0")/interop.sh"
needs_python nbformat nbconvert ipykernel
fresh
small_task
train_once runs --config small.yaml
cp -r "$run" 'class "<b>" *x*'
expect 0 '' "$rarebit" report 'class "<b>" *x*' --notebook --output page.html

"$python" - page.ipynb <<'END' || fail 'the notebook is not valid'
import sys
import nbformat
book = nbformat.read(sys.argv[1], as_version=4)
nbformat.validate(book, relax_add_props=False)
assert (book.nbformat, book.nbformat_minor) == (4, 5)
assert all(cell.execution_count for cell in book.cells if cell.cell_type == "code")
END

"$python" -m nbconvert --to html page.ipynb --output rendered.html >"$stdout" 2>&1 || fail "$(tail -3 "$stdout")"
figures=$(grep -o '<svg' page.html | wc -l)
rendered=$(grep -cE '^<img alt="[^"]*" src="data:image/svg\+xml' rendered.html)
((rendered == figures)) || fail "$rendered of $figures figures are rendered"
grep -qF 'class "&lt;b&gt;" *x*<a' rendered.html ||
  fail 'the name of the folder is not shown as it is'

# Run again, its cells read the page beside it.
JUPYTER_DATA_DIR=$PWD/jupyter "$python" -m nbconvert --to notebook --execute page.ipynb --output again.ipynb >"$stdout" 2>&1 ||
  fail "$(tail -3 "$stdout")"
shown=$(jq '[.cells[] | select(.outputs[0].data["text/html"] // "" | if type == "array" then join("") else . end | contains("<svg class=\"rb-fig\""))] | length' again.ipynb)
((shown == figures)) || fail "run again, $shown cells show a figure, not $figures"
