"""The seam to python-docx and python-pptx: what it replaces is what it was written for."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module

import pytest


@pytest.mark.parametrize("package", ["docx", "pptx"])
def test_what_is_replaced_only_passes_on_the_namespaces(package: str) -> None:
    """In a process of its own: here another test may have installed the seam."""
    code = f"""
import inspect
from {package}.oxml.xmlchemy import BaseOxmlElement
print(inspect.getsource(BaseOxmlElement.xpath).split('\"\"\"')[-1].split("return")[-1].strip())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    spaces = "nsmap" if package == "docx" else "_nsmap"
    assert done.stdout.strip() == f"super().xpath(xpath_str, namespaces={spaces})"


@pytest.mark.parametrize("package", ["docx", "pptx"])
def test_kept_expressions_find_the_same(package: str) -> None:
    from doc_pipeline.extraction.xpath_seam import keep_xpaths

    keep_xpaths(package)
    keep_xpaths(package)
    oxml = import_module(f"{package}.oxml")
    element = import_module(f"{package}.oxml.xmlchemy").BaseOxmlElement
    assert list(inspect.signature(element.xpath).parameters) == ["self", "xpath_str"]
    space = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    prefix, uri = ("w", "http://schemas.openxmlformats.org/wordprocessingml/2006/main")
    if package == "pptx":
        prefix, uri = ("p", "http://schemas.openxmlformats.org/presentationml/2006/main")
    tag = "p" if package == "docx" else "sp"
    root = oxml.parse_xml(
        f'<{prefix}:{tag} xmlns:{prefix}="{uri}" xmlns:r="{space}"><{prefix}:r r:id="a"/>'
        f"</{prefix}:{tag}>"
    )
    assert root.xpath(f"./{prefix}:r/@r:id") == ["a"]
    assert root.xpath("count(./*)") == 1.0
