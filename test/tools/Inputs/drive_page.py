# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Opens a report page in a headless Chromium, uses it, and prints what it shows.

    drive_page.py CHROMIUM FILE.html

Prints the title, the order of the nodes after a click on the header of a column, and the count after a
search; all by a script that is added to a copy of the page, and errors of any script.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

DRIVER = """<script>
addEventListener("error", event => document.body.dataset.error = event.message);
</script>"""
STEPS = """<script>
const columns = [...document.querySelectorAll("#node-table thead th")];
const header = name => columns.find(th => th.textContent.trim() === name).querySelector("button");
const order = () => [...document.querySelectorAll("#node-table tbody tr")].map(row => row.id).join(" ");
const show = (name, value) => { document.body.dataset[name] = value; };
header("#").click(); header("#").click(); show("descending", order());
header("Operator").click(); show("operators", order());
const search = document.getElementById("search");
search.value = "relu relu"; search.dispatchEvent(new Event("input"));
show("count", document.getElementById("count").textContent);
document.getElementById("theme").click(); show("theme", document.documentElement.dataset.theme);
show("images", document.images.length);
show("scripts", document.scripts.length);
</script>"""


def main():
    chromium, page = sys.argv[1], pathlib.Path(sys.argv[2])
    text = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "page.html"
        copy.write_text(text.replace("<body>", "<body>" + DRIVER).replace("</body>", STEPS + "</body>"),
                        encoding="utf-8")
        dom = subprocess.run([chromium, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=" + folder,
                              "--dump-dom", copy.as_uri()], capture_output=True, timeout=120, text=True).stdout
    body = re.search(r"<body([^>]*)>", dom)
    print("title", re.search(r"<title>(.*?)</title>", dom).group(1))
    print(*sorted(re.findall(r'data-(\w+)="(.*?)"', body.group(1))), sep="\n")


if __name__ == "__main__":
    main()
